"""Lies about disputes, payouts and the tenant's own side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, ClassVar

import msgspec
from lie import Lie
from reference_provider import account_of

from askpro.money import Money
from askpro.sdk import (
    AccountState,
    Context,
    Dispute,
    DisputeState,
    OnboardingLink,
    Outcome,
    PayoutRequest,
    PayoutResult,
    Setting,
)

__all__ = (
    "AnotherAccountEachTime",
    "DisputesAnotherAmount",
    "DisputesAreWon",
    "DisputesNeverEnd",
    "EndpointWithoutSecret",
    "EndpointsPileUp",
    "EveryDisputeIsThere",
    "Growing",
    "PayoutsAreAlwaysSettled",
    "PaysOutAnywhereAndTwice",
    "RegisteredForNothing",
    "SettingsThatGrow",
)


class DisputesAnotherAmount(Lie):
    """A bit more than was paid."""

    caught = ("test_dispute_names_its_payment",)

    async def look_up_dispute(self, ctx: Context, ref: str) -> Dispute:
        found = await super().look_up_dispute(ctx, ref)
        return replace(found, amount=found.amount + Money.of(20, found.amount.currency))


class DisputesAreWon(Lie):
    """Always, and at once."""

    caught = ("test_dispute_names_its_payment", "test_dispute_ends", "test_other_tenant_sees_no_dispute")

    async def look_up_dispute(self, ctx: Context, ref: str) -> Dispute:
        return replace(await super().look_up_dispute(ctx, ref), state=DisputeState.WON)


class DisputesNeverEnd(Lie):
    """What the bank decided is open again."""

    caught = ("test_dispute_ends",)

    async def look_up_dispute(self, ctx: Context, ref: str) -> Dispute:
        found = await super().look_up_dispute(ctx, ref)
        if found.state in (DisputeState.WON, DisputeState.LOST):
            self.of(ctx).disputes[ref] = replace(found, state=DisputeState.WITHDRAWN)
        return found


class EveryDisputeIsThere(Lie):
    """Whatever number is asked for."""

    caught = ("test_unknown_dispute", "test_other_tenant_sees_no_dispute")

    async def look_up_dispute(self, ctx: Context, ref: str) -> Dispute:
        known = self.of(ctx).disputes.get(ref)
        return known or Dispute(ref=ref, payment_ref="p", amount=Money.of(1, "EUR"), state=DisputeState.OPEN)


class PayoutsAreAlwaysSettled(Lie):
    """Also those of which nobody ever heard."""

    caught = ("test_unheard_payout_is_not_sent", "test_payout_goes_to_the_tenant_only")

    async def look_up_payout(self, ctx: Context, key: str, provider_ref: str = "") -> PayoutResult:
        found = await super().look_up_payout(ctx, key)
        if found.outcome is Outcome.NOT_SENT:
            return PayoutResult(key=key, outcome=Outcome.SETTLED, amount=Money.of(50, "EUR"), provider_ref="t")
        return found


class PaysOutAnywhereAndTwice(Lie):
    """Each call sends, wherever it is told to."""

    caught = (
        "test_payout_twice_is_one", "test_payout_goes_to_the_tenant_only", "test_other_tenant_sends_nothing",
        "test_payout_whose_answer_is_lost",
    )  # fmt: skip

    async def payout(self, ctx: Context, request: PayoutRequest) -> PayoutResult:
        self.of(ctx).payouts[request.key] = request, self.number("t")
        return await self.look_up_payout(ctx, request.key)


class Growing(msgspec.Struct, frozen=True, kw_only=True):
    """Never what was saved."""

    days: Annotated[int, Setting("Days")] = 0
    grown: ClassVar[list[int]] = []

    def __post_init__(self) -> None:
        self.grown.append(1)
        msgspec.structs.force_setattr(self, "days", len(self.grown))


class SettingsThatGrow(Lie):
    """What is read is not what was stored."""

    schema = Growing
    caught = ("test_settings_survive_a_round_trip",)


class EndpointsPileUp(Lie):
    """One more with each call."""

    caught = ("test_endpoint_twice_is_one",)

    async def list_endpoints(self, ctx: Context) -> Sequence[str]:
        return [one for one in self.of(ctx).endpoints for _ in range(2)]


class EndpointWithoutSecret(Lie):
    """Nobody could ever believe an event."""

    caught = ("test_endpoint_twice_is_one",)

    async def create_endpoint(self, ctx: Context, url: str) -> Mapping[str, str]:
        await super().create_endpoint(ctx, url)
        return {}


class AnotherAccountEachTime(Lie):
    """Going on with the registration begins anew."""

    caught = ("test_onboarding_opens_one_account",)

    async def start_onboarding(self, ctx: Context, return_url: str, refresh_url: str) -> OnboardingLink:
        return OnboardingLink(url="https://pay.example/register", settings={"account": self.number("acct")})


class RegisteredForNothing(Lie):
    """Everything is answered, and it cannot charge."""

    caught = ("test_account_opens_when_nothing_is_missing",)

    async def look_up_account(self, ctx: Context) -> AccountState:
        return AccountState(ref=account_of(ctx), can_charge=False, can_pay_out=False)
