"""A test's hands: the customer at the payment page, the bank, the card network, the owner of an account."""

from __future__ import annotations

from fractions import Fraction

from askpro.testing.stripe.acts.accounts import activate, restrict
from askpro.testing.stripe.acts.attempts import settle
from askpro.testing.stripe.acts.checkouts import expire, finish, finish_challenge
from askpro.testing.stripe.acts.disputes import close_dispute, open_dispute
from askpro.testing.stripe.acts.payouts import settle_payout
from askpro.testing.stripe.acts.refunds import settle_refund
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.world import World
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("Hands",)


class Hands:
    """Things that happen outside of the API. Ids in, objects out, as copies of the moment.

    Every method raises LookupError for an id nobody knows, and Fault for what Stripe, or the bank, would not have.
    """

    world: World

    def get(self, identifier: str) -> Obj:
        """Any object, as it is now."""
        if (found := self.world.anywhere(identifier)) is None:
            raise LookupError(identifier)
        return dict(found)

    def pay(self, session: str, method: str = "pm_card_visa", *, save: bool = False, email: str | None = None) -> Obj:
        """The customer pays, or saves, on a checkout's page, with a test token or a saved method."""
        book, thing = self._find(session)
        finish(book, thing, method, save=save, email=email)
        return dict(thing)

    def authenticate(self, intent: str, *, passed: bool = True) -> Obj:
        """The customer answers the bank's 3-D Secure page."""
        book, thing = self._find(intent)
        finish_challenge(book, thing, passed)
        return dict(thing)

    def expire(self, session: str) -> Obj:
        """The checkout's time is up."""
        return dict(expire(*self._find(session)))

    def settle_sepa(self, intent: str, outcome: str = "succeeded") -> Obj:
        """The bank pays a debit, or returns it: insufficient_funds, debit_not_authorized, account_closed, …"""
        book, thing = self._find(intent)
        settle(book, thing, outcome)
        return dict(thing)

    def dispute(self, charge: str, *, reason: str = "fraudulent", amount: int | None = None) -> Obj:
        """The customer objects to a charge (or to a payment intent's)."""
        book, thing = self._find(charge)
        if thing["object"] == "payment_intent":
            thing = book.objects[thing["latest_charge"]]
        return dict(open_dispute(book, thing, reason=reason, amount=amount))

    def close_dispute(self, dispute: str, outcome: str) -> Obj:
        """The bank decides: ``won`` or ``lost``."""
        book, thing = self._find(dispute)
        return dict(close_dispute(book, thing, outcome))

    def settle_refund(self, refund: str, outcome: str = "succeeded") -> Obj:
        """A refund arrives, or fails: lost_or_stolen_card, expired_or_canceled_card, unknown."""
        book, thing = self._find(refund)
        settle_refund(book, thing, outcome)
        return dict(thing)

    def settle_payout(self, payout: str, outcome: str = "paid") -> Obj:
        """A payout arrives, or fails, which it may after it was paid as well: account_closed, no_account, …"""
        book, thing = self._find(payout)
        settle_payout(book, thing, outcome)
        return dict(thing)

    def exchange(self, currency: str, into: str, rate: str) -> None:
        """From now on what is paid in one currency arrives in another: ``rate`` coins of it for one."""
        self.world.exchange[currency] = (into, Fraction(rate))

    def onboard(self, account: str) -> Obj:
        """The owner answers everything Stripe wants to know."""
        owner = self.world.owners[account]
        activate(self.world.book(account, bool(owner.livemode)), owner.thing)
        return dict(owner.thing)

    def restrict(self, account: str) -> Obj:
        """Stripe wants to know more, and stops charges and payouts until it does."""
        owner = self.world.owners[account]
        restrict(self.world.book(account, bool(owner.livemode)), owner.thing)
        return dict(owner.thing)

    def _find(self, identifier: str) -> tuple[Book, Obj]:
        book = self.world.home(identifier)
        if book is None:
            raise LookupError(identifier)
        return book, book.objects[identifier]
