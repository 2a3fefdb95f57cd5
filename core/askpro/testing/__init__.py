"""The kit for authors of plugins: run your provider through the same suite as the built-in ones.

    from askpro.testing import make_context
    from askpro.testing.providers import Bench, PaymentProviderContract

    class TestMyProvider(PaymentProviderContract):
        @pytest.fixture
        async def bench(self) -> Bench: ...

``askpro.testing.providers`` needs pytest; this module does not.
"""

from __future__ import annotations

from askpro.testing.context import make_context, tenant_ref

__all__ = ("make_context", "tenant_ref")
