"""Prices: versions that are never changed, chains of them, and the exact price of a call with its explanation."""
