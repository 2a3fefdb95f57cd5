"""All that the stand-in remembers, and what is due later."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.clock import Clock
from askpro.testing.stripe.state.ids import Ids, digest
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("API_VERSION", "DAY", "Keys", "Owner", "Timer", "World")

API_VERSION = "2026-05-27.dahlia"
"""The one shape in which the stand-in answers."""
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Keys:
    """What an account signs its requests with."""

    account: str
    test: str
    live: str


@dataclass(slots=True)
class Owner:
    """An account. One of Connect has a platform (``parent``) and exists in one mode only."""

    thing: Obj
    parent: str | None = None
    livemode: bool | None = None


@dataclass(frozen=True, slots=True)
class Timer:
    """Something Stripe, a bank or the customer's time will do at ``due``; what it is says ``askpro…timers``."""

    due: int
    action: str
    account: str
    livemode: bool
    thing: str
    word: str = ""


class World:
    """The whole of Stripe."""

    def __init__(self, *, seed: int, clock: Clock, base_url: str) -> None:
        self.clock, self.ids, self.base_url = clock, Ids(seed), base_url.rstrip("/")
        self.books: dict[tuple[str, bool], Book] = {}
        self.owners: dict[str, Owner] = {}
        self.keys: dict[str, tuple[str, bool]] = {}
        self.denied: dict[str, tuple[str, ...]] = {}
        """Restricted keys, and the paths that are closed to them."""
        self.exchange: dict[str, tuple[str, Fraction]] = {}
        """Currencies that balances do not hold: into which one they are changed, and at what rate, coin for coin."""
        self.timers: list[Timer] = []
        self.queue: list[Any] = []
        """Deliveries under way, see ``hooks.delivery``."""
        self.request: dict[str, str | None] | None = None
        """Id and idempotency key of the request being answered; events carry it."""

    def book(self, account: str, livemode: bool) -> Book:
        """The account's book in that mode."""
        return self.books.setdefault((account, livemode), Book(self, account, livemode))

    def open(self, name: str, account: Obj) -> Keys:
        """An account of its own, with keys made of its name."""
        keys = Keys(account["id"], f"sk_test_{name}", f"sk_live_{name}")
        self.owners[account["id"]] = Owner(account)
        self.keys |= {keys.test: (account["id"], False), keys.live: (account["id"], True)}
        return keys

    def parent_book(self, book: Book) -> Book | None:
        """The platform's book, for a connected account's."""
        parent = self.owners[book.account].parent
        return self.book(parent, book.livemode) if parent else None

    def anywhere(self, identifier: str, livemode: bool | None = None) -> Obj | None:
        """The object of that id, whosever it is."""
        if identifier in self.owners:
            return self.owners[identifier].thing
        found = self.home(identifier, livemode)
        return found.objects[identifier] if found else None

    def home(self, identifier: str, livemode: bool | None = None) -> Book | None:
        """The book that holds an object."""
        for book in self.books.values():
            if identifier in book.objects and livemode in (None, book.livemode):
                return book
        return None

    def later(self, seconds: int, action: str, book: Book, thing: str, word: str = "") -> None:
        """Have something done when that much time has passed."""
        self.timers.append(Timer(self.clock.now() + seconds, action, book.account, book.livemode, thing, word))

    def due(self) -> list[Timer]:
        """What is due now, oldest first; taken off the list."""
        now = self.clock.now()
        ready = sorted((one for one in self.timers if one.due <= now), key=lambda one: one.due)
        self.timers = [one for one in self.timers if one.due > now]
        return ready

    def application(self, account: str) -> str:
        """The id of a platform's Connect application."""
        return f"ca_{digest(f'application:{account}', 24)}"
