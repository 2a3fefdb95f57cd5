"""Auto-top-up: the rule, its check page with the words to agree to, and what to do when it is paused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from litestar import Response

from askpro import clock
from askpro.errors import AskProError, InvalidInput
from askpro.money import Money
from askpro.payments import autotopup, methods, queries
from askpro.payments.autotopup import Draft
from askpro.payments.consent import Consent
from askpro.payments.methods import MethodView, Overview
from askpro.payments.rule import Rule
from askpro.payments.topup import bounds
from askpro.sdk.payments import SavedMethod
from askpro.web import typed_money
from askpro.web.portal import rule_words as words
from askpro.web.portal.frame import FieldError, Link, Notice, Option
from askpro.web.portal.methods import until
from askpro.web.portal.saving_views import AutoTopupForm, AutoTopupPage, AutoTopupReviewPage, AutoTopupState
from askpro.web.portal.views import Method
from askpro.web.portal.visit import Visit
from askpro.web.theme.labels import status

__all__ = ("Entry", "check", "review", "save", "show", "switch_off")

_HERE, _METHODS = "/auto-topup", "/payment-methods"
_FIELDS = ("threshold", "mode", "amount", "cap", "method")
_MODES = ("fixed", "target")
_SHOWN = "shown"
"""The field that names the words which the check page has shown."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What was typed, understood; ``draft`` None: it means nothing yet. ``method``: that it names, if it is there."""

    draft: Draft | None
    errors: tuple[FieldError, ...]
    method: SavedMethod | None = None


async def show(visit: Visit) -> Response[bytes]:
    """``GET /auto-topup``; the fields come back from the check page."""
    sent = {name: visit.query(name, 200) for name in _FIELDS}
    notices = []
    match visit.query("done", 10):
        case "saved":
            notices = [Notice("ok", visit.gettext("Auto-top-up is saved."))]
        case "off":
            notices = [Notice("ok", visit.gettext("Auto-top-up is switched off. Nothing is charged by itself."))]
    return await _form_page(visit, sent if any(sent.values()) else None, notices=notices)


async def check(visit: Visit) -> Response[bytes]:
    """``POST /auto-topup``: to the check page, or back to the form with what is wrong."""
    sent = await visit.form()
    found = await _overview(visit)
    entry = await _read(visit, sent, found=found)
    if entry.errors or entry.draft is None:
        return await _form_page(visit, sent, entry.errors, found=found)
    return visit.redirect(f"{_HERE}/review?{urlencode(_plain(entry.draft))}")


async def review(visit: Visit) -> Response[bytes]:
    """``GET /auto-topup/review?…``: the rule in words, and what to agree to."""
    entry = await _read(visit, {name: visit.query(name, 200) for name in _FIELDS}, plain=True)
    if entry.errors or entry.draft is None or entry.method is None:
        return visit.redirect(_HERE)
    page, _agreed = await _review(visit, entry.draft, entry.method)
    return visit.page("auto_topup_review.html", page, "topup")


async def save(visit: Visit) -> Response[bytes]:
    """``POST /auto-topup/save``: the fields of the check page, and consent to the very words that it showed.

    If they would be others now (another tax rate, another language), the page is shown again.
    """
    sent = await visit.form()
    entry = await _read(visit, sent, plain=True)
    if entry.errors or entry.draft is None or entry.method is None:
        return visit.redirect(_HERE)
    page, agreed = await _review(visit, entry.draft, entry.method)
    error = ""
    if not sent.get("consent"):
        error = visit.gettext("Please agree, or go back.")
    elif sent.get(_SHOWN) != agreed.digest:
        error = visit.gettext("These words have changed since you opened the page. Please read them once more.")
    if error:
        page = replace(page, errors=(FieldError("consent", error),))
        return visit.page("auto_topup_review.html", page, "topup", status=422)
    try:
        await autotopup.keep(visit.tenant, visit.customer, entry.draft, entry.method, consent=agreed, by=visit.actor)
    except AskProError as error_:
        return await _form_page(
            visit, _typed(visit, entry.draft), _told(visit, error_, await _limits(visit, entry.draft.provider))
        )
    return visit.redirect(_HERE, done="saved")


async def switch_off(visit: Visit) -> Response[bytes]:
    """``POST /auto-topup/off``; it can be switched on again at any time."""
    if await autotopup.rule(visit.tenant.id, visit.customer.wallet_id) is not None:
        await autotopup.switch_off(visit.tenant.id, visit.customer.wallet_id, by=visit.actor)
    return visit.redirect(_HERE, done="off")


# reading


async def _read(visit: Visit, sent: Mapping[str, str], *, plain: bool = False, found: Overview | None = None) -> Entry:
    """``plain``: amounts as our own addresses write them (``25.00``), not as the reader types them.

    ``found``: the saved methods, if they are known already.
    """
    _, currency = visit.gettext, visit.customer.currency
    errors, amounts = [], {}
    for name in ("threshold", "amount", "cap"):
        try:
            text = sent.get(name, "")
            amounts[name] = (
                typed_money.from_address(text, currency) if plain else typed_money.read(visit.reader, text, currency)
            )
        except InvalidInput as error:
            fine = error.code == "amount_too_fine"
            text = _("This amount has too many decimals") if fine else _("Please enter an amount.")
            errors.append(FieldError(name, text))
    mode: Any = sent.get("mode")
    if mode not in _MODES:
        errors.append(FieldError("mode", _("Choose one of the two")))
    provider, _slash, ref = sent.get("method", "").partition("/")
    if not ref:
        errors.append(FieldError("method", _("Choose a payment method")))
    if errors:
        return Entry(None, tuple(errors))
    draft = Draft(amounts["threshold"], mode, amounts["amount"], amounts["cap"], provider, ref)
    known = [one.method for one in found.methods if one.provider == provider] if found else []
    try:
        wrong, method = await autotopup.check(visit.tenant, visit.customer, draft, saved=known or None)
    except AskProError as error:
        return Entry(draft, _told(visit, error, None))
    limits = await _limits(visit, draft.provider) if wrong else None
    return Entry(draft, tuple(words.fault(visit, field, code, limits) for field, code in wrong), method)


async def _overview(visit: Visit) -> Overview:
    return await methods.overview(visit.tenant, visit.customer, locale=visit.reader.locale)


async def _limits(visit: Visit, provider: str = "") -> tuple[Money, Money] | None:
    """Least and most of one charge: of the house, and of that provider. None: no top-ups are offered."""
    try:
        return await autotopup.bounds_of(visit.tenant, provider) if provider else bounds(visit.tenant)
    except AskProError:
        return None


def _told(visit: Visit, error: AskProError, limits: tuple[Money, Money] | None) -> tuple[FieldError, ...]:
    found = error.extra.get("conflicts") or [(error.field or "method", error.code)]
    return tuple(words.fault(visit, field, code, limits) for field, code in found)


# pages


async def _form_page(
    visit: Visit,
    sent: Mapping[str, str] | None,
    errors: tuple[FieldError, ...] = (),
    *,
    notices: list[Notice] | None = None,
    found: Overview | None = None,
) -> Response[bytes]:
    known = await autotopup.rule(visit.tenant.id, visit.customer.wallet_id)
    found = found or await _overview(visit)
    limits = await _limits(visit) if visit.customer.currency == visit.tenant.currency else None
    adding = next((desk for desk in found.desks if desk.setup), None)
    add_url = f"{_METHODS}/add?{urlencode({'provider': adding.provider})}" if adding else ""
    page = AutoTopupPage(
        state=await _state(visit, known, found, add_url) if known is not None else None,
        form=_form(visit, sent or _typed(visit, known), found, limits) if limits else None,
        methods_url=_METHODS,
        add_url=add_url,
        offered=limits is not None and bool(found.desks),
        silent=found.silent,
        errors=errors,
    )
    return visit.page("auto_topup.html", page, "topup", status=422 if errors else 200, notices=notices or [])


def _form(visit: Visit, sent: Mapping[str, str], found: Overview, limits: tuple[Money, Money]) -> AutoTopupForm | None:
    usable = [one for one in found.methods if one.chargeable]
    if not usable:
        return None
    offered = tuple(_choice(visit, one) for one in usable)
    preferred = next((value for value, one in zip(offered, usable, strict=True) if one.method.default), offered[0])
    chosen = sent.get("method", "")
    _ = visit.gettext
    settings = visit.tenant.settings.topup
    middle = settings.amounts[min(1, len(settings.amounts) - 1)] if settings else ""
    usual = Money.of(middle, limits[0].currency) if middle else limits[0]
    return AutoTopupForm(
        action=_HERE,
        threshold=sent.get("threshold") or words.typed(visit, Money(limits[0].units, usual.currency)),
        modes=(
            Option(_("Buy a fixed amount"), "fixed"),
            Option(_("Fill up to a target"), "target"),
        ),
        amount=sent.get("amount") or words.typed(visit, usual),
        cap=sent.get("cap") or words.typed(visit, Money(usual.units * 4, usual.currency)),
        methods=offered,
        mode=sent.get("mode") or "fixed",
        method=chosen if chosen in {one.value for one in offered} else preferred.value,
        least=limits[0],
        most=limits[1],
    )


def _choice(visit: Visit, one: MethodView) -> Method:
    return Method(f"{one.provider}/{one.method.ref}", one.method.label, until(visit, one.method.expires)[0])


async def _state(visit: Visit, known: Rule, found: Overview, add_url: str) -> AutoTopupState:
    badge = status({"active": "active", "paused": "paused", "off": "off"}[known.state])
    charged = await autotopup.charged_this_month(visit.tenant, known.wallet_id)
    paused = known.state == "paused"
    trouble, remedies = "", []
    _ = visit.gettext
    if paused:
        trouble = words.pause(visit, known)
        if known.reason == "authentication_required" and (url := await _confirm_url(visit, known)):
            remedies.append(Link(_("Confirm the payment now"), url))
        if any(one.chargeable and one.method.ref != known.method_ref for one in found.methods):
            remedies.append(Link(_("Choose another payment method"), "#f-method"))
        elif known.reason != "dispute":
            remedies.append(Link(_("Add another payment method"), add_url or _METHODS))
        if known.reason not in ("dispute", "method_removed"):
            remedies.append(Link(_("Top up once"), "/topup"))
    elif known.state == "active" and known.last_refusal:
        trouble = words.refusal(visit, known.last_refusal)
    resting = known.state == "active" and known.cooldown_until is not None and known.cooldown_until > clock.now()
    return AutoTopupState(
        badge=badge,
        summary=" ".join(await words.sentences(visit, known, known.method_label)) if known.state != "off" else "",
        method=known.method_label,
        charged=charged,
        cap=known.monthly_cap,
        trouble=trouble,
        paused=paused,
        remedies=tuple(remedies),
        next_at=known.cooldown_until if resting else None,
        off_action=f"{_HERE}/off" if known.state != "off" else "",
    )


async def _confirm_url(visit: Visit, known: Rule) -> str:
    """Where the customer pays himself what the bank would not let pass without him, while that is still possible."""
    if known.last_order is None:
        return ""
    attempt = await queries.attempt_of_order(visit.tenant.id, known.last_order)
    return attempt.checkout_url if attempt is not None and attempt.state == "declined" else ""


async def _review(visit: Visit, draft: Draft, method: SavedMethod) -> tuple[AutoTopupReviewPage, Consent]:
    """The check page, and what is agreed to on it."""
    sentences, consent = await words.sentences(visit, draft, method.label), words.consent(visit, method.label)
    agreed = Consent(" ".join((*sentences, consent)), words.VERSION, visit.reader.locale)
    page = AutoTopupReviewPage(
        action=f"{_HERE}/save",
        sentences=sentences,
        consent=consent,
        fields=(*_plain(draft).items(), (_SHOWN, agreed.digest)),
        change_url=f"{_HERE}?{urlencode(_typed(visit, draft))}",
        cancel_url=_HERE,
    )
    return page, agreed


def _plain(draft: Draft) -> dict[str, str]:
    return {
        "threshold": typed_money.in_address(draft.threshold),
        "mode": draft.mode,
        "amount": typed_money.in_address(draft.amount),
        "cap": typed_money.in_address(draft.monthly_cap),
        "method": f"{draft.provider}/{draft.method}",
    }


def _typed(visit: Visit, known: Draft | Rule | None) -> dict[str, str]:
    """As the reader would have typed it."""
    if known is None:
        return {}
    method = known.method if isinstance(known, Draft) else known.method_ref
    return {
        "threshold": words.typed(visit, known.threshold),
        "mode": known.mode,
        "amount": words.typed(visit, known.amount),
        "cap": words.typed(visit, known.monthly_cap),
        "method": f"{known.provider}/{method}",
    }
