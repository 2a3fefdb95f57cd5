"""What a test does in place of customers, banks and the clock."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import NoReturn

from askpro.sdk.context import Context
from askpro.sdk.payments import ChargeResult, CheckoutSession, CustomerRef, DisputeState, Feature

__all__ = ("Delivery", "Hands")

Delivery = tuple[Mapping[str, str], bytes]
"""Headers (names in lower case) and raw body."""


class Hands(ABC):
    """The first five every bench has. Each of the others belongs to what its docstring names, and is needed with it."""

    @abstractmethod
    async def pay(self, session: CheckoutSession) -> None:
        """The customer pays, and it works."""

    @abstractmethod
    async def decline(self, session: CheckoutSession) -> None:
        """The customer tries to pay, and is declined for good."""

    @abstractmethod
    async def delay(self, session: CheckoutSession) -> None:
        """The customer pays by something that takes days; ``wait`` will settle it."""

    @abstractmethod
    async def lose(self, session: CheckoutSession) -> None:
        """The customer pays, but nobody can say so until ``wait``. Not needed where the bench ``knows``."""

    @abstractmethod
    async def wait(self) -> None:
        """Enough time passes for everything to be decided."""

    # where the bench ``hears``

    async def signed_event(self, ctx: Context, key: str) -> Delivery:
        """A genuine event about that key, signed for that tenant."""
        self._lacks("signed_event", "hears of events")

    async def deliveries(self, key: str) -> Sequence[Delivery]:
        """Every genuine event about that key of ``ctx`` so far, oldest first, each signed a moment ago."""
        self._lacks("deliveries", "hears of events")

    # where the provider asks somebody over the network

    async def lose_answer(self, key: str) -> None:
        """The next request that carries this key is done, but its answer never comes. Later ones are answered."""
        self._lacks("lose_answer", "speaks with somebody over the network")

    # by feature

    async def saved_method(self, customer: CustomerRef, behaviour: str) -> str:
        """SAVED_METHODS, OFF_SESSION: the ref of a method that will ``succeed``, ``decline`` or ``lose``."""
        self._needed("saved_method", Feature.OFF_SESSION)

    async def confirm_setup(self, session: CheckoutSession, customer: CustomerRef) -> None:
        """SETUP: the customer agrees on the page of ``create_setup``."""
        self._needed("confirm_setup", Feature.SETUP)

    async def give_mandate(self, customer: CustomerRef, consent: str) -> str:
        """MANDATES: the ref of a mandate for recurring payments whose page also showed ``consent``."""
        self._needed("give_mandate", Feature.MANDATES)

    async def revoke_mandate(self, ref: str) -> None:
        """MANDATES: the customer or his bank takes it back."""
        self._needed("revoke_mandate", Feature.MANDATES)

    async def dispute(self, payment: ChargeResult) -> str:
        """DISPUTES: the customer's bank takes the whole payment back; the provider's number of that."""
        self._needed("dispute", Feature.DISPUTES)

    async def close_dispute(self, ref: str, end: DisputeState) -> None:
        """DISPUTES: the bank decides, WON or LOST; nothing to do where it had decided from the start."""
        self._needed("close_dispute", Feature.DISPUTES)

    async def destination(self, ctx: Context) -> str:
        """PAYOUT: where that tenant's share goes. From now on there is money enough to send."""
        self._needed("destination", Feature.PAYOUT)

    async def onboard(self) -> None:
        """ONBOARDING: the tenant of ``ctx`` answers everything the provider wants to know."""
        self._needed("onboard", Feature.ONBOARDING)

    async def keep_settings(self, values: Mapping[str, str]) -> None:
        """ENDPOINT, ONBOARDING: add these to the settings of ``ctx``, and give ``ctx`` anew."""
        self._needed("keep_settings", Feature.ENDPOINT)

    def _needed(self, hand: str, feature: Feature) -> NoReturn:
        self._lacks(hand, f"claims {feature.value}")

    def _lacks(self, hand: str, why: str) -> NoReturn:
        raise NotImplementedError(f"{type(self).__name__} has no {hand}(), and the provider {why}")
