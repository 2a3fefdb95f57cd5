"""Customers, the people who sign in, their passwords and sessions, and the API keys of machines."""
