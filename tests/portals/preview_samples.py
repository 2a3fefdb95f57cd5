"""Two houses with a customer each, made up, to look at the pages: enough of everything that can be shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from askpro.i18n import Reader
from askpro.money import Money
from askpro.web import charts
from askpro.web.portal import saving_views, views
from askpro.web.portal.rooms import CUSTOMER
from askpro.web.theme import labels
from askpro.web.theme.css import sheet_path, tenant_css
from askpro.web.theme.environment import Theme
from askpro.web.theme.tokens import validated

__all__ = ("BRANDS", "HOUSES", "NOW", "House", "pages", "site")

NOW = datetime(2026, 11, 21, 8, 14, tzinfo=UTC)
_DAYS = (3.41, .12, .37, 2.1, 3.8, 3.6, 4.25, 1.7, .5, .18, 2.12, 3.05, 1.5, 2.05, 3.5, .6, .31, 3.3, 4.0, 1.44, 4.0,
         3.66, .41, .29, 4.46, 2.5, 1.7, 1.72, 4.13, .62)  # fmt: skip


@dataclass(frozen=True)
class House:
    """A made-up tenant: what it chose and how its customer reads."""

    slug: str
    name: str
    brand: str
    font: str
    radius: int
    reader: Reader
    currency: str
    customer: str
    logo: str
    legal: tuple[str, ...]

    def sheet(self, theme: Theme) -> tuple[str, str]:
        """The address of the house's style sheet, and the sheet."""
        chosen = validated(theme.file, brand=self.brand, font=self.font, radius=self.radius)
        css = tenant_css(chosen, theme.file, theme.assets.url)
        return sheet_path(self.slug, css), css

    def money(self, amount: str) -> Money:
        return Money.of(amount, self.currency)


_STAR = '<rect width="32" height="32" rx="7" fill="#123a7a"/><path d="M16 5l2.6 8.4L27 16l-8.4 2.6L16 27l-2.6-8.4L5 16l8.4-2.6z" fill="#fff"/>'  # noqa: E501 one drawing
_WING = '<circle cx="16" cy="16" r="16" fill="#f26b1d"/><path d="M6 11c5 0 8 2 10 6 2-4 5-6 10-6-1 7-4 12-10 13C10 23 7 18 6 11z" fill="#14161a"/>'  # noqa: E501 one drawing

HOUSES = (
    House("nordstern", "Nordstern Telefonie", "#123a7a", "inter", 10, Reader("de", "Europe/Berlin"), "EUR",
          "Frau Wagner-Rösch", _STAR, ("Impressum", "Datenschutz", "Hilfe")),
    House("falke", "Falke Voice", "#f26b1d", "figtree", 14, Reader("en", "Europe/London"), "GBP",
          "Ms Wagner-Rösch", _WING, ("Imprint", "Privacy", "Help")),
)  # fmt: skip

BRANDS = tuple(
    replace(HOUSES[0], slug=f"brand-{colour}", brand=f"#{colour}")
    for colour in ("123a7a", "f26b1d", "ffe600", "7ed321", "00c2e8", "e6007e", "14161a", "f7c6d9")
)
"""The same house in the colours that are hardest to read."""


def site(house: House, theme: Theme, room: str = "", scheme: Any = "auto", nav: bool = True) -> views.Site:
    """What surrounds a page of that house."""
    return views.Site(
        brand=views.Brand(
            house.name,
            house.sheet(theme)[0],
            logo_url=f"/logo/{house.slug}.svg",
            legal=tuple(views.Link(text, "#legal") for text in house.legal),
        ),
        nav=tuple(views.NavItem(p.label, f"{p.name}.html", p.name == room) for p in CUSTOMER) if nav else (),
        languages=(
            views.Option("Deutsch", "de", "?lang=de", house.reader.language == "de"),
            views.Option("English", "en", "?lang=en", house.reader.language == "en"),
        ),
        scheme=scheme,
        csrf="token",
    )


def _form(house: House, **changes: Any) -> views.TopupForm:
    german = house.reader.language == "de"
    return views.TopupForm(
        action="topup_review.html",
        tiles=tuple(views.Tile(f"{n}.00", house.money(str(n))) for n in (10, 25, 50, 100)),
        minimum=house.money("10"),
        maximum=house.money("500"),
        methods=(
            views.Method("m1", "Visa •••• 4242", "gültig bis 08/28" if german else "valid until 08/28"),
            views.Method("m2", "SEPA DE•• 4711", "Guthaben nach 2–3 Tagen" if german else "credit after 2–3 days"),
            views.Method("new", "Neue Zahlungsart" if german else "New payment method"),
        ),
        **{"chosen": "25.00", "method": "m1", **changes},
    )


def _costs(house: House) -> views.Costs:
    german = house.reader.language == "de"
    first = date(2026, 10, 23)
    days = [(first + timedelta(n), house.money(str(value))) for n, value in enumerate(_DAYS)]
    points = [(house.reader.day(day), house.reader.date(day), amount) for day, amount in days]
    dearest = max(days, key=lambda item: item[1].units)
    parts = (("inbound", "31.42"), ("outbound", "18.07"), ("ai", "14.90"), ("numbers", "6.00"), ("sms", "2.16"))
    words = ("7 Tage", "30 Tage", "90 Tage") if german else ("7 days", "30 days", "90 days")
    return views.Costs(
        title="Letzte 30 Tage" if german else "Last 30 days",
        total=Money(sum(amount.units for _, amount in days), house.currency),
        days=charts.bars(points, house.currency),
        parts=charts.stack([(kind, house.money(amount)) for kind, amount in parts], house.currency),
        periods=tuple(views.Option(word, url="#", current=n == 1) for n, word in enumerate(words)),
        dearest_day=house.reader.day(dearest[0]),
        dearest=dearest[1],
    )


def _rows(house: House) -> tuple[views.TransactionRow, ...]:
    german = house.reader.language == "de"
    again = views.Link("Erneut versuchen" if german else "Try again", "topup.html")
    table = (
        ("call", "+49 30 555 0142 · 4:12", 0, "booked", "-0.63", "23.48", None),
        ("calls", "41 Anrufe" if german else "41 calls", 15, "booked", "-3.91", "24.11", None),
        ("topup", "Visa •••• 4242", 45, "settled", "25", "28.02", None),
        ("topup", "SEPA DE•• 4711", 46, "pending", "50", None, None),
        ("topup", "Visa •••• 4242", 97, "declined", "50", None, again),
        ("number", "+49 40 555 0177", 153, "booked", "-3", "3.02", None),
        ("refund", "#2026-10-8841", 209, "booked", "1.2", "6.02", None),
    )
    return tuple(
        views.TransactionRow(
            kind, detail, NOW - timedelta(hours=hours), state, house.money(amount),
            house.money(balance) if balance else None, "call.html" if kind == "call" else "", remedy,
        )
        for kind, detail, hours, state, amount, balance, remedy in table
    )  # fmt: skip


def _filter(house: House, action: str, chips: bool = True) -> views.Filter:
    german = house.reader.language == "de"
    kinds = ("Alle", "Anrufe", "Aufladungen") if german else ("All", "Calls", "Top-ups")
    presets = ("Heute", "Diese Woche", "Dieser Monat") if german else ("Today", "This week", "This month")
    return views.Filter(
        action=action,
        kinds=tuple(views.Option(word, str(n)) for n, word in enumerate(kinds)),
        presets=tuple(views.Option(word, url="#", current=n == 2) for n, word in enumerate(presets)),
        chips=(views.Link("Zeitraum: November" if german else "Period: November", action),) if chips else (),
        start="2026-11-01",
        end="2026-11-30",
        clear_url=action,
    )


def _calls(house: House) -> views.CallsPage:
    table = (
        ("+49 30 555 0142", "inbound", 0, 252, "completed", "0.63"),
        ("+49 89 555 0101", "outbound", 3, 3852, "completed", "9.6315"),
        ("+44 20 7946 0018", "inbound", 5, 31, "overrun", "0.0775"),
        ("+49 151 5550 1234", "outbound", 26, 61, "completed", "0.1525"),
        ("Anonym" if house.reader.language == "de" else "Withheld", "inbound", 30, 5, "in_progress", "0"),
    )
    rows = tuple(
        views.CallRow("call.html", direction, number, NOW - timedelta(hours=h), s, state, house.money(amount))  # type: ignore[arg-type]  # the two directions above
        for number, direction, h, s, state, amount in table
    )
    return views.CallsPage(
        _filter(house, "calls.html"), rows, views.Pager(1, 5, 1214, "", "?page=2"), "?csv",
        Money(sum(row.amount.units for row in rows), house.currency), house.money("2114.5"),
    )  # fmt: skip


def _call(house: House) -> views.CallPage:
    german = house.reader.language == "de"
    exact = house.reader.exact
    words = (
        ("Erste 60 Sekunden", "Minuten danach", "Freiminuten", "Verbindungsentgelt", "Abrechnung")
        if german
        else ("First 60 seconds", "Time after that", "Included minutes", "Connection fee", "Billed time")
    )
    return views.CallPage(
        direction="outbound", number="+49 89 555 0101", began_at=NOW, answered_at=NOW + timedelta(seconds=9),
        seconds=3852, billed_seconds=3900, state="completed",
        tariff="Standard, Version 3", reference="C-2026-11-8841", back_url="calls.html",
        facts=(("Vorwahl" if german else "Prefix", "49 89"),),
        steps=(
            views.PriceStep(words[4], "1:04:12 → 1:05:00 (60/60)"),
            views.PriceStep(words[2], "− 10:00"),
            views.PriceStep(words[3], f"1 × {exact(house.money('0.05'))}", house.money("0.05")),
            views.PriceStep(words[0], f"1:00 × {exact(house.money('0.1725'))} / min", house.money("0.1725")),
            views.PriceStep(words[1], f"54:00 × {exact(house.money('0.15'))} / min", house.money("8.1")),
        ),
        total=house.money("8.3225"),
    )  # fmt: skip


def _done(house: House, outcome: Any) -> views.TopupDonePage:
    settled = outcome == "settled"
    return views.TopupDonePage(
        outcome=outcome, gross=house.money("59.50"), net=house.money("50"), method="Visa •••• 4242",
        reference="AU-2026-11-0093", at=NOW, overview_url="overview.html",
        balance=house.money("73.48") if settled else None, receipt_url="#receipt" if settled else "",
        refresh_url="topup_done.html", retry_url="topup.html",
    )  # fmt: skip


def _saving(house: House) -> dict[str, tuple[str, str, Any]]:
    """Saved methods and auto-top-up."""
    german = house.reader.language == "de"
    fields = (("provider", "stripe"), ("ref", "m1"))
    card, bank = "Visa •••• 4242", "SEPA •••• 3000"
    text = (
        "Sobald Ihr Guthaben auf 10,00 € oder darunter sinkt, belasten wir Visa •••• 4242 für 25,00 € Guthaben."
        if german
        else "When your balance falls to £10.00 or below, we charge Visa •••• 4242 for £25.00 of credit."
    )
    words = ("Lastschrift oder Karte", "abgelaufen 03/2026") if german else ("Card or debit", "expired 03/2026")
    rows = (
        saving_views.MethodRow(card, words[0], "#remove", fields, "08/2028", default=True, in_use=True),
        saving_views.MethodRow(bank, words[0], "#remove", fields, words[1], over=True, default_action="#"),
    )
    desks = (saving_views.MethodDesk("stripe", words[0], "payment_method_add.html", "#"),)
    form = saving_views.AutoTopupForm(
        "auto_topup_review.html", "10,00", (views.Option("Fest", "fixed"), views.Option("Ziel", "target")), "25,00",
        "100,00", (views.Method("m1", card, "08/2028"), views.Method("m2", bank)), "fixed", "m1",
        house.money("5"), house.money("1000"),
    )  # fmt: skip
    state = saving_views.AutoTopupState(
        labels.status("paused"), text, card, house.money("75"), house.money("100"),
        "Ihre Bank hat die Karte dreimal in Folge abgelehnt." if german else "Your bank has refused the card.",
        True, (views.Link("Einmalig aufladen" if german else "Top up once", "topup.html"),), None, "#off",
    )  # fmt: skip
    wrong = (views.FieldError("consent", "Bitte stimmen Sie zu." if german else "Please agree."),)
    return {
        "payment_methods.html": (
            "payment_methods.html", "topup",
            saving_views.MethodsPage(rows, desks, ("Sandbox",), "auto_topup.html", "topup.html"),
        ),
        "payment_method_remove.html": (
            "payment_method_remove.html", "topup",
            saving_views.MethodRemovePage("#", card, words[0], fields, "payment_methods.html", True),
        ),
        "payment_method_add.html": (
            "payment_method_add.html", "topup",
            saving_views.MethodAddPage("#", words[0], text, fields[:1], "payment_methods.html", wrong),
        ),
        "leaving.html": (
            "leaving.html", "topup", saving_views.LeavingPage(words[0], "https://x.example", "payment_methods.html")
        ),
        "auto_topup.html": (
            "auto_topup.html", "topup", saving_views.AutoTopupPage(state, form, "payment_methods.html", "#add")
        ),
        "auto_topup_none.html": (
            "auto_topup.html", "topup", saving_views.AutoTopupPage(None, None, "payment_methods.html", "#add")
        ),
        "auto_topup_review.html": (
            "auto_topup_review.html", "topup",
            saving_views.AutoTopupReviewPage("#", (text,), text, fields, "auto_topup.html", "auto_topup.html", wrong),
        ),
    }  # fmt: skip


def _notifications(house: House, wrong: str = "") -> views.NotificationsPage:
    german = house.reader.language == "de"
    text = "Geben Sie einen Betrag ein" if german else "Enter an amount, or leave the field empty"
    promo = "Neues zu Bonusguthaben" if german else "News of bonus credit"
    return views.NotificationsPage(
        "#", "settings.html", house.money("34.21"), house.reader.symbol(house.currency),
        low_balance=wrong or ("10,00" if german else "10.00"),
        mails=(views.Option(promo, "mail.promo", current=True),),
        errors=(views.FieldError("low_balance", text),) if wrong else (),
        further=tuple((f"low_balance_{n}", "5,00" if german and n == 2 else "") for n in range(2, 6)),
    )  # fmt: skip


def pages(house: House) -> dict[str, tuple[str, str, Any]]:
    """File name → (template, room, view model)."""
    german = house.reader.language == "de"
    wrong = (
        views.FieldError(
            "other",
            "Geben Sie einen Betrag von 10,00 € bis 500,00 € ein" if german else "Enter £10.00 to £500.00",
        ),
        views.FieldError("method", "Wählen Sie eine Zahlungsart" if german else "Choose a payment method"),
    )
    rows, form = _rows(house), _form(house)
    overview = views.OverviewPage(
        house.customer, house.money("23.489999"), house.money("1.2"), form, _costs(house), rows, "transactions.html",
        "topup.html", days_left=9,
    )  # fmt: skip
    new = views.OverviewPage(
        house.customer, house.money("0"), house.money("0"), None, None, (), "transactions.html", frozen=True
    )
    mine = _filter(house, "transactions.html")
    pager = views.Pager(1, 7, 214, "", "?page=2")
    sums = (house.money("19.04"), house.money("61.22"))
    review = views.TopupReviewPage(
        action="topup_done.html", net=house.money("50"), vat=house.money("9.5"), gross=house.money("59.5"),
        method=form.methods[0], balance_after=house.money("73.489999"), idempotency_key="k-1", amount_url="topup.html",
        method_url="topup.html#f-method", cancel_url="overview.html", vat_rate=Decimal("0.19"),
        fields=(("amount", "50.00"), ("method", "m1")),
    )  # fmt: skip
    settings = views.SettingsPage(
        email="wagner@praxis.example", language_action="#", password_action="#", sign_out_action="#",
        password_minimum=12, scheme_action="#", notifications_url="notifications.html",
        languages=(views.Option("Deutsch", "de", current=german), views.Option("English", "en", current=not german)),
        schemes=tuple(views.Option(word, word) for word in (("Wie das Gerät", "Hell", "Dunkel") if german else
                                                            ("Like the device", "Light", "Dark"))),
    )  # fmt: skip
    sign_in_wrong = (
        views.FieldError("email", "E-Mail oder Passwort stimmt nicht" if german else "Wrong email or password"),
    )
    error = views.ErrorPage(404, "This does not exist.", reference="01JD-8841")
    components = views.ComponentsPage(
        _form(house, chosen="other", other="5,00"), _costs(house), rows, mine, tuple(labels.STATUSES), wrong
    )
    return {
        "sign_in.html": ("sign_in.html", "", views.SignInPage("#", "wagner@praxis.example", "/calls", sign_in_wrong)),
        "overview.html": ("overview.html", "overview", overview),
        "overview_new.html": ("overview.html", "overview", new),
        "topup.html": ("topup.html", "topup", views.TopupPage(form, "overview.html")),
        "topup_wrong.html": (
            "topup.html",
            "topup",
            views.TopupPage(_form(house, chosen="other", other="5,00", method=""), "overview.html", wrong),
        ),
        "topup_review.html": ("topup_review.html", "topup", review),
        **{
            f"topup_{outcome}.html": ("topup_done.html", "topup", _done(house, outcome))
            for outcome in ("settled", "pending", "declined", "unknown")
        },
        "transactions.html": (
            "transactions.html", "transactions", views.TransactionsPage(mine, rows, pager, "?csv", *sums)
        ),
        "transactions_none.html": (
            "transactions.html", "transactions",
            views.TransactionsPage(mine, (), views.Pager(0, 0, 0), "?csv", house.money("0")),
        ),
        "calls.html": ("calls.html", "calls", _calls(house)),
        "call.html": ("call.html", "calls", _call(house)),
        "settings.html": ("settings.html", "settings", settings),
        "notifications.html": ("notifications.html", "settings", _notifications(house)),
        "notifications_wrong.html": ("notifications.html", "settings", _notifications(house, wrong="1.250")),
        **_saving(house),
        "error.html": ("error.html", "", error),
        "unknown_host.html": ("unknown_host.html", "", views.UnknownHostPage("nordstren.askpro.localhost")),
        "components.html": ("components.html", "", components),
    }  # fmt: skip
