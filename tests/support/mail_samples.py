"""What each mail is given, and two houses that send it: for tests and for pictures."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from askpro.money import Money
from askpro.settings import Settings
from askpro.tenancy.model import Brand, Contact, Link, Tenant, TenantSettings

__all__ = ("HOUSES", "NAME", "SETTINGS", "samples")

NAME = "Wagner & Rösch <Büro>"
"""A recipient whose name has everything in it that could go wrong."""

SETTINGS = Settings(base_domain="askpro.localhost", mail_from="billing@askpro.example")


def _house(slug: str, name: str, currency: str, locale: str, zone: str, brand: Brand, contact: Contact) -> Tenant:
    return Tenant(
        UUID(int=len(slug)), "reseller", slug, name, "active", "reseller", currency, locale, zone, "DE", brand,
        TenantSettings(contact=contact), 1,
    )  # fmt: skip


HOUSES = {
    "nordstern": _house(
        "nordstern", "Nordstern Telefonie", "EUR", "de", "Europe/Berlin",
        Brand(colour="#123a7a", legal=(
            Link("Impressum", "https://www.nordstern.example/impressum"),
            Link("Datenschutz", "https://www.nordstern.example/datenschutz"),
        )),
        Contact(
            "hilfe@nordstern.example", "+49 30 23125 100",
            "Nordstern Telefonie GmbH · Musterweg 1 · 20095 Hamburg · HRB 12345 · USt-IdNr. DE123456789",
        ),
    ),
    "falke": _house(
        "falke", "Falke Voice", "GBP", "en", "Europe/London", Brand(colour="#f26b1d", radius=14),
        Contact("help@falke.example"),
    ),
}  # fmt: skip


def samples(currency: str) -> dict[str, list[dict[str, Any]]]:
    """Mail → values, one set for each way in which it can read."""

    def m(amount: str) -> Money:
        return Money.of(amount, currency)

    paid = {"net": m("1250"), "tax": m("237.5"), "gross": m("1487.5"), "reference": "AU-7Q2K", "order": UUID(int=7)}
    untaxed = {**paid, "tax": m("0"), "gross": m("1250")}
    disputed = {
        "amount": m("59.5"), "reference": "AU-7Q2K", "dispute": UUID(int=8), "customer": f"{NAME} (NO-7)",
        "reason": "product_not_received", "answer_by": date(2026, 12, 4),
    }  # fmt: skip
    end = datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC)
    spending = {
        "scope": "customer", "cap": m("200"), "spent": m("203.48"), "begins": date(2026, 12, 1),
        "until": date(2026, 12, 31),
    }  # fmt: skip
    return {
        "topup.settled": [{**paid, "balance": m("1273.48")}, {**untaxed, "balance": None}],
        "topup.pending": [paid, untaxed],
        "topup.declined": [paid],
        "autotopup.charged": [{**paid, "balance": m("1273.48")}],
        "autotopup.confirm": [
            {"url": "https://bank.example/confirm?a=1&b=2", "gross": m("59.5"), "reference": "AU-7Q2K"},
            {"url": "https://bank.example/confirm", "gross": None, "reference": None},
        ],
        "autotopup.paused": [
            {"reason": reason, "declines": 3} for reason in ("declined", "lost_card", "dispute", "whatever")
        ],
        "refund.settled": [paid, {**paid, "net": m("0"), "tax": m("0")}],
        "refund.declined": [{**paid, "customer": NAME, "reason": None}],
        "wallet.low": [
            {"available": m("4.999999"), "threshold": m("10"), "level": "low"},
            {"available": m("0"), "threshold": m("0.01"), "level": "empty"},
            {"available": m("-3.2"), "threshold": m("10"), "level": None},
        ],
        "spending.soft_cap": [
            {**spending, "period": period, "hard": hard}
            for period in ("day", "week", "month")
            for hard in (m("250"), None)
        ],
        "spending.staff": [
            {**spending, "period": "month", "hard": hard, "scope": scope, "customer": name, "customer_id": str(number)}
            for hard in (m("250"), None)
            for scope, name, number in (("customer", f"{NAME} (NO-7)", UUID(int=5)), ("reseller", "", ""))
        ],
        "promo.granted": [{"amount": m("5"), "expires_at": end}, {"amount": m("5"), "expires_at": None}],
        "promo.expiring": [{"amount": m("5"), "expires_at": end}],
        "dispute.opened": [disputed, {**disputed, "reason": None, "answer_by": None}],
        "dispute.withdrawn": [disputed],
        "dispute.won": [disputed],
        "dispute.lost": [disputed],
        "payout.failed": [
            {"ref": "po_1", "amount": m("250"), "code": "account_closed", "customer": ""},
            {"ref": "po_2", "amount": None, "code": "something_new", "customer": ""},
        ],
        "adjustment.waiting": [
            {"amount": m("-200"), "customer": NAME, "reason": "Goodwill <b>", "adjustment": UUID(int=9)}
        ],
        "plugin": [{"title": "Ihre Lastschrift am 1. Dezember", "paragraphs": ["Erster Satz & mehr.", "Zweiter."]}],
    }
