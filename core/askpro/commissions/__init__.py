"""What resellers earn on the calls of their customers."""
