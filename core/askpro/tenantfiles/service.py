"""What tools use of tenant files."""

from __future__ import annotations

from askpro.tenantfiles.applying import Applied, apply_platform, apply_tenant, diff_platform, diff_tenant
from askpro.tenantfiles.definition import Commission, Definition, PlatformDefinition, PriceList
from askpro.tenantfiles.reading import read_platform, read_tenant, slugs
from askpro.tenantfiles.writing import write_platform, write_tenant

__all__ = (
    "Applied",
    "Commission",
    "Definition",
    "PlatformDefinition",
    "PriceList",
    "apply_platform",
    "apply_tenant",
    "diff_platform",
    "diff_tenant",
    "read_platform",
    "read_tenant",
    "slugs",
    "write_platform",
    "write_tenant",
)
