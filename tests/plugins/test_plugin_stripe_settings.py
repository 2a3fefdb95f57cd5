"""Settings: keys tell what they are, test and real money never mix, and every text is translated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po

import askpro_stripe
from askpro.errors import InvalidInput
from askpro.sdk import Feature
from askpro.sdk.settings import setting_fields, validate
from askpro.testing import make_context, tenant_ref
from askpro_stripe.provider import StripeProvider
from askpro_stripe.scope import ModeChanged, every_scope, scope_for_new, scope_of
from askpro_stripe.settings import StripeSettings

OWN = {"secret_key": "sk_test_1", "publishable_key": "pk_test_1", "webhook_secret": "whsec_1"}
CONNECT = {
    "collecting": "connect",
    "connect_account": "acct_7",
    "platform_secret_key": "sk_live_p",
    "platform_webhook_secret": "whsec_p",
}


def context(values: dict[str, Any]) -> Any:
    return make_context("stripe", tenant=tenant_ref(), settings=validate(StripeSettings, values))


@pytest.mark.parametrize(
    "change",
    [
        {"publishable_key": "pk_live_1"},
        {"secret_key": "pk_test_1"},
        {"secret_key": "rk_live_1"},
        {"webhook_secret": "secret"},
        {"connect_account": "cus_1"},
        {"collecting_allowed": "platform"},
        {"platform_secret_key": "sk_1"},
    ],
)
def test_what_does_not_fit_together_is_refused(change: dict[str, str]) -> None:
    """A test key with a live one, a key of another kind, an account that is none, a way that is not allowed."""
    validate(StripeSettings, OWN)
    with pytest.raises(InvalidInput):
        validate(StripeSettings, {**OWN, **change})


def test_refusals_do_not_tell_the_key() -> None:
    """What is said about a wrong key does not contain it."""
    with pytest.raises(InvalidInput) as refused:
        validate(StripeSettings, {**OWN, "secret_key": "sk_wrong_verysecret"})
    assert "verysecret" not in str(refused.value.detail)


@pytest.mark.parametrize(
    ("values", "live"), [(OWN, False), ({"secret_key": "rk_live_1"}, True), (CONNECT, True), ({}, False)]
)
def test_the_key_tells_whether_money_is_real(values: dict[str, str], live: bool) -> None:
    """``live`` follows from the key that collects."""
    assert StripeProvider().capabilities(context(values)).live is live


def test_features_follow_the_settings() -> None:
    """Nothing is offered before it can work; payouts only to a connected account, onboarding only by a platform."""
    provider = StripeProvider()

    def features(**values: Any) -> frozenset[Feature]:
        return provider.capabilities(context(values)).features

    assert features() == frozenset()
    assert Feature.CHECKOUT in features(**OWN)
    assert not features(**OWN) & {Feature.PAYOUT, Feature.ONBOARDING}
    assert features(**CONNECT) >= {Feature.CHECKOUT, Feature.PAYOUT, Feature.ONBOARDING}
    unfinished = features(**{**CONNECT, "connect_account": None})
    assert Feature.ONBOARDING in unfinished
    assert Feature.CHECKOUT not in unfinished
    assert provider.capabilities(make_context("stripe")).features == frozenset()


@pytest.mark.parametrize(
    ("charges", "account", "destination", "share_to"),
    [("direct", "acct_7", "", ""), ("destination", "platform", "acct_7", ""), ("transfers", "platform", "", "acct_7")],
)
def test_where_connect_charges(charges: str, account: str, destination: str, share_to: str) -> None:
    """On the connected account, or on the platform's, with the money passed on by Stripe or later by us."""
    scope = scope_for_new(context({**CONNECT, "connect_charges": charges}))
    assert (scope.account, scope.destination, scope.share_to) == (account, destination, share_to)
    assert scope.header == ("acct_7" if charges == "direct" else None)


def test_old_payments_keep_their_account() -> None:
    """What was begun on an account is asked there, whatever was chosen since, but never with keys of other money."""
    ctx = context({**CONNECT, **OWN, "collecting": "own"})
    assert scope_of(ctx, "own", False).key.reveal() == "sk_test_1"
    assert scope_of(ctx, "acct_7", True).key.reveal() == "sk_live_p"
    assert {one.account for one in every_scope(ctx)} == {"own", "platform", "acct_7"}
    with pytest.raises(ModeChanged):
        scope_of(ctx, "own", True)


@pytest.mark.parametrize("language", ["de", "en"])
def test_settings_are_translated(language: str) -> None:
    """Every title, help and choice of the form is in the catalogue."""
    file = Path(askpro_stripe.__file__).parent / "locales" / language / "LC_MESSAGES" / "stripe.po"
    with file.open("rb") as source:
        catalogue = read_po(source, locale=language)
    shown = {StripeProvider.title}
    for one in setting_fields(StripeSettings):
        shown |= {one.title, one.help} - {""}
        if one.level == "tenant":
            shown |= set(one.choices.values())
    assert {text for text in shown if not (entry := catalogue.get(text)) or not entry.string} == set()
