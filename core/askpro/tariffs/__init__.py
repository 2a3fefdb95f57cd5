"""Prices: immutable versions, the chain a customer is priced by, and the exact price of a call."""
