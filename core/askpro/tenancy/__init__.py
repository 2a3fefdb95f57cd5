"""Tenants: who a reseller is, which host is whose, how it looks, which VAT rate holds, and the audit log."""
