"""Direct debit passes the conformance kit, on PostgreSQL with row-level security."""

from __future__ import annotations

import pytest
from sepa_bench import SepaBench, sepa, sepa_host

from askpro.testing.providers import PaymentProviderContract

pytestmark = pytest.mark.anyio
__all__ = ("sepa", "sepa_host")


@pytest.fixture
def bench(sepa: SepaBench) -> SepaBench:
    return sepa


class TestSepa(PaymentProviderContract):
    """Every promise of the kit."""
