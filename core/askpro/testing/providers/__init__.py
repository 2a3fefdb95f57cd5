"""What every payment provider must keep, as tests.

An author subclasses ``PaymentProviderContract`` and gives a fixture ``bench``: the provider, two tenants, and
hands that play the customer, the bank and the clock. A test whose feature the provider does not claim is skipped;
one whose feature it claims fails until the bench has the hands for it.
"""

from __future__ import annotations

import pytest

from askpro.testing.providers.accounts import AccountPromises
from askpro.testing.providers.amounts import AmountPromises
from askpro.testing.providers.bench import Bench
from askpro.testing.providers.charges import ChargePromises
from askpro.testing.providers.disputes import DisputePromises
from askpro.testing.providers.events import EventPromises
from askpro.testing.providers.hands import Delivery, Hands
from askpro.testing.providers.mandates import MandatePromises
from askpro.testing.providers.methods import MethodPromises
from askpro.testing.providers.payments import PaymentPromises
from askpro.testing.providers.payouts import PayoutPromises
from askpro.testing.providers.refunds import RefundPromises
from askpro.testing.providers.tenants import TenantPromises

__all__ = ("Bench", "Delivery", "Hands", "PaymentProviderContract")


@pytest.mark.anyio
class PaymentProviderContract(
    PaymentPromises,
    AmountPromises,
    EventPromises,
    TenantPromises,
    RefundPromises,
    ChargePromises,
    MethodPromises,
    MandatePromises,
    DisputePromises,
    PayoutPromises,
    AccountPromises,
):
    """Inherit from it. Each docstring is a promise."""
