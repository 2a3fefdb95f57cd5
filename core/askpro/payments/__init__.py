"""Money comes in: orders, attempts to collect them, and what providers tell of them."""
