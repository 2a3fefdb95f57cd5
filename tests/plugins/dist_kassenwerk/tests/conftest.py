"""The plugin as installed, in a house of its own, before a Kassenwerk that keeps state."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx
import pytest
from askpro.sdk import CheckoutSession, Context
from askpro.testing import tenant_ref
from askpro.testing.house import PluginHouse, plugin_house
from askpro.testing.providers import Bench, Delivery
from kassenwerk_service import KEY, OTHER_SECRET, SECRET, Kassenwerk

from askpro_kassenwerk.book import Book
from askpro_kassenwerk.provider import KassenwerkProvider
from askpro_kassenwerk.settings import KassenwerkSettings


class KassenwerkBench(Bench):
    """Two resellers that share an account, as strictly as it gets."""

    schema = KassenwerkSettings
    settings: Mapping[str, Any] = {"api_key": KEY, "webhook_secret": SECRET, "mode": "test"}

    def __init__(self, provider: Any, ctx: Context, other: Context, service: Kassenwerk) -> None:
        self.provider, self.ctx, self.other, self.service = provider, ctx, other, service

    async def pay(self, session: CheckoutSession) -> None:
        self.service.pay(session.provider_ref)

    async def decline(self, session: CheckoutSession) -> None:
        self.service.decline(session.provider_ref)

    async def delay(self, session: CheckoutSession) -> None:
        self.service.delay(session.provider_ref)

    async def lose(self, session: CheckoutSession) -> None:
        self.service.hush(session.provider_ref)

    async def wait(self) -> None:
        self.service.wait()

    async def lose_answer(self, key: str) -> None:
        self.service.trouble("lost")

    async def deliveries(self, key: str) -> list[Delivery]:
        reference = Book(self.ctx).reference(key)
        told = [one for one in self.service.told if one[0]["reference"] == reference]
        return [self.service.message(thing, "payment.updated", SECRET, at) for thing, at in told]

    async def signed_event(self, ctx: Context, key: str) -> Delivery:
        payment = self.service.by_reference(Book(self.ctx).reference(key))
        return self.service.message(payment, "payment.updated", SECRET if ctx is self.ctx else OTHER_SECRET)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def house() -> Iterator[PluginHouse]:
    with plugin_house("kassenwerk") as made:
        yield made


@pytest.fixture
async def bench(house: PluginHouse) -> AsyncIterator[KassenwerkBench]:
    service = Kassenwerk()
    async with house.open(transport=httpx.MockTransport(service.answer)) as rooms:
        ctx = await rooms.context(tenant_ref("nordstern"), KassenwerkBench.settings)
        other = await rooms.context(tenant_ref("falke"), {**KassenwerkBench.settings, "webhook_secret": OTHER_SECRET})
        provider = rooms.provider("kassenwerk")
        assert isinstance(provider, KassenwerkProvider)
        yield KassenwerkBench(provider, ctx, other, service)
