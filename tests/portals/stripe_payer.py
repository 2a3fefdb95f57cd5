"""Somebody who pays with Stripe in a browser: the house's texts in his language, Stripe's pages, what came of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from browsing import Guest
from playwright.sync_api import Browser, expect
from stripe_stage import Stage

from askpro.i18n import Reader, reader
from askpro.money import Money

__all__ = ("Payer", "plain")

READERS = {"nordstern": reader("de", "Europe/Berlin"), "falke": reader("en", "Europe/London")}
CURRENCY = {"nordstern": "EUR", "falke": "GBP"}


def plain(text: str) -> str:
    """In one line, with common spaces."""
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


class Payer:
    """Somebody of a brand at the browser, who reads its language and pays at Stripe's pages."""

    def __init__(self, guest: Guest, stage: Stage) -> None:
        self.guest, self.stage, self.slug = guest, stage, guest.slug
        self.reader: Reader = READERS[guest.slug]

    @classmethod
    @contextmanager
    def at(cls, browser: Browser, stage: Stage, slug: str, email: str, **more: Any) -> Iterator[Payer]:
        assert stage.server is not None
        with Guest.at(browser, stage.server, slug, elsewhere=(stage.address,), **more) as guest:
            guest.sign_in(email)
            yield cls(guest, stage)

    def says(self, message: str, **values: Any) -> str:
        """A text of the house, in the reader's language, as ``read`` gives it."""
        return " ".join((self.reader.gettext(message) % values).split())

    def money(self, amount: str, **how: Any) -> str:
        return self.reader.money(Money.of(amount, CURRENCY[self.slug]), **how).replace("\N{NO-BREAK SPACE}", " ")

    def reads(self, *texts: str) -> None:
        """All of them are on the page, which says of itself that its money is none."""
        said = self.guest.read()
        for text in texts:
            assert text in said
        self.in_test_mode()

    def in_test_mode(self) -> None:
        """The page says so."""
        assert self.guest.page.locator(".masthead .mode").is_visible()

    def look(self, room: str) -> None:
        """axe, width and a picture."""
        self.guest.look(f"stripe-{room}")

    def press(self, message: str, **values: Any) -> None:
        text = self.says(message, **values)
        self.guest.press(text, text)

    def go(self, path: str, *texts: str) -> None:
        self.guest.go(path)
        self.reads(*texts)

    def order(self, amount: str = "50.00", *, look: str = "") -> None:
        """From the form by the check page to Stripe's."""
        self.go("/topup")
        if look:
            self.look(f"{look}-form")
        self.guest.page.locator(f"input[name=amount][value='{amount}']").check(force=True)
        self.press("Continue to check")
        self.in_test_mode()
        if look:
            self.look(f"{look}-check")
        self.guest.page.locator("form.card button").click()
        self.at_stripe()

    def at_stripe(self) -> None:
        expect(self.guest.page).to_have_url(re.compile(re.escape(f"{self.stage.address}/c/pay/")))

    def pay(self, method: str) -> None:
        """On Stripe's page."""
        self.guest.page.locator(f"input[name=method][value={method}]").check()
        self.guest.page.locator("button[value=pay]").click()

    def reference(self) -> str:
        """Of the payment on the page."""
        found = re.search(r"T-\d{6}-[0-9A-Z]{5}", self.guest.read())
        assert found
        return found[0]

    def orders(self, number: str) -> list[str]:
        """The states of a customer's orders, oldest first."""
        found = self.stage.rows(
            self.slug, "select o.state from payments.orders o where o.tenant_id = $1 and o.customer_id = $2"
            " and o.provider = 'stripe' order by o.created_at", self.customer(number),
        )  # fmt: skip
        return [row["state"] for row in found]

    def customer(self, number: str) -> Any:
        return self.stage.houses[self.slug].customers[number].id

    def intents(self, number: str) -> list[dict[str, Any]]:
        """What was asked of the customer's cards and accounts at Stripe."""
        found = self.stage.rows(
            self.slug, "select a.id::text from payments.attempt a join payments.orders o on o.tenant_id = a.tenant_id"
            " and o.id = a.order_id where a.tenant_id = $1 and o.customer_id = $2", self.customer(number),
        )  # fmt: skip
        keys = {row["id"] for row in found}
        return [one for one in self.stage.things("payment_intent", self.slug) if keys & set(one["metadata"].values())]

    def heard(self) -> set[str]:
        """The kinds of events that came by Stripe's webhook and are worked off."""
        found = self.stage.rows(
            self.slug, "select type from payments.inbox where tenant_id = $1 and processed_at is not null"
        )
        return {row["type"] for row in found}

    def wallet(self, number: str) -> str:
        house = self.stage.houses[self.slug]
        found = self.stage.rows(
            self.slug, "select posted from ledger.wallet where tenant_id = $1 and id = $2",
            house.customers[number].wallet_id,
        )  # fmt: skip
        return f"{Money(found[0]['posted'], CURRENCY[self.slug]).decimal:.2f}"
