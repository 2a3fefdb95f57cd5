"""What a reseller earns of each call: dated schemes and the calculation."""
