"""The rooms of a reseller's staff: payments, disputes, customers, adjustments, payment providers."""
