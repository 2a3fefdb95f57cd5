"""Resellers as reviewed files: ``tenants/<slug>/`` into rows and back (``askpro tenants apply|diff|export``)."""
