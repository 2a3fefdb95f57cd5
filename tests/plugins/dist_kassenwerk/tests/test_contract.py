"""What AskPro demands of every payment provider."""

from __future__ import annotations

from askpro.testing.providers import PaymentProviderContract


class TestKassenwerk(PaymentProviderContract):
    """Every promise of the kit."""
