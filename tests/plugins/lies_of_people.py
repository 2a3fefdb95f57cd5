"""Lies about tenants, refunds, charges, saved methods and mandates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lie import Lie
from reference_provider import Books

from askpro.errors import NotFound
from askpro.sdk import (
    AccountState,
    ChargeRequest,
    ChargeResult,
    CheckoutSession,
    Context,
    CustomerRef,
    Mandate,
    Outcome,
    RefundRequest,
    RefundResult,
    SavedMethod,
    SetupRequest,
    Waiting,
)

__all__ = (
    "AnybodysDefault",
    "ConsentIsForgotten",
    "EveryMandateIsThere",
    "ForeignMethodsDo",
    "ForgetsTenants",
    "MandatesLiveForEver",
    "NeverForgets",
    "OneAccountForAll",
    "PortalToNowhere",
    "RefundsAnything",
    "SavesUnasked",
    "SetupTakesMoney",
    "ShowsAllMethods",
)


class ForgetsTenants(Lie):
    """One book for all."""

    caught = (
        "test_other_tenant_sees_nothing", "test_other_tenant_refunds_nothing", "test_other_tenant_charges_nobody",
        "test_other_tenant_touches_no_method", "test_other_tenant_sees_no_dispute", "test_other_tenant_sees_no_mandate",
        "test_other_tenant_sends_nothing", "test_endpoint_twice_is_one",
    )  # fmt: skip

    def of(self, ctx: Context) -> Books:
        del ctx
        return self.books.setdefault("all", Books())


class OneAccountForAll(Lie):
    """Who has registered did so for everybody."""

    caught = ("test_other_tenant_has_an_account_of_his_own",)

    async def look_up_account(self, ctx: Context) -> AccountState:
        del ctx
        return AccountState(ref="acct_nordstern", can_charge=True, can_pay_out=True)


class RefundsAnything(Lie):
    """More than was paid, what was never paid, as often as it is asked for."""

    caught = (
        "test_refund_in_parts", "test_refunds_are_exact", "test_nothing_is_no_refund", "test_unpaid_is_not_refunded",
        "test_refund_key_with_another_amount_is_a_conflict", "test_other_tenant_refunds_nothing",
        "test_refund_whose_answer_is_lost",
    )  # fmt: skip

    async def refund(self, ctx: Context, request: RefundRequest) -> RefundResult:
        self.of(ctx).refunds[request.key] = request, self.number("r")
        return await self.look_up_refund(ctx, request.key)


class ForeignMethodsDo(Lie):
    """Whose card it is does not matter, nor whether it is still there."""

    caught = (
        "test_method_belongs_to_its_customer", "test_other_tenant_charges_nobody", "test_revoked_mandate",
        "test_forgotten_methods_are_not_charged", "test_mandate_belongs_to_its_customer",
    )  # fmt: skip

    async def charge(self, ctx: Context, request: ChargeRequest) -> ChargeResult:
        payment = self._payment(ctx, request, "charge")
        payment.state = "settled"
        return self.result(payment)


class NeverForgets(Lie):
    """Removed methods stay."""

    caught = ("test_methods_are_listed_and_forgotten", "test_forgotten_methods_are_not_charged")

    async def remove_method(self, ctx: Context, customer: CustomerRef, ref: str) -> None:
        del ctx, customer, ref


class ShowsAllMethods(Lie):
    """Everybody's to everybody."""

    caught = (
        "test_methods_are_listed_and_forgotten", "test_mandate_belongs_to_its_customer",
    )  # fmt: skip

    async def list_methods(self, ctx: Context, customer: CustomerRef) -> Sequence[SavedMethod]:
        del customer
        return [one for _, one in self.of(ctx).methods.values()]


class AnybodysDefault(Lie):
    """Makes it the default, whosever it is."""

    caught = ("test_methods_are_listed_and_forgotten", "test_other_tenant_touches_no_method")

    async def set_default_method(self, ctx: Context, customer: CustomerRef, ref: str) -> None:
        del ctx, customer, ref


class SavesUnasked(Lie):
    """The method is there before the customer agrees."""

    caught = ("test_setup_saves_a_method",)

    async def create_setup(self, ctx: Context, request: SetupRequest) -> CheckoutSession:
        method = SavedMethod(ref=self.number("m"), kind="card", label="Visa")
        self.of(ctx).methods[method.ref] = request.customer.id, method
        return await super().create_setup(ctx, request)


class SetupTakesMoney(Lie):
    """A page that only saves is told of as a payment."""

    caught = ("test_setup_saves_a_method",)

    async def look_up(self, ctx: Context, key: str, provider_ref: str = "") -> ChargeResult:
        if key in self.of(ctx).setups:
            return ChargeResult(key=key, outcome=Outcome.PENDING, waiting=Waiting.CUSTOMER)
        return await super().look_up(ctx, key)


class PortalToNowhere(Lie):
    """An address without a page."""

    caught = ("test_portal_is_a_page",)

    async def open_portal(self, ctx: Context, customer: CustomerRef, return_url: str) -> str:
        return ""


class ConsentIsForgotten(Lie):
    """The text is the house's, not what the customer agreed to."""

    caught = ("test_mandate_is_kept",)

    async def look_up_mandate(self, ctx: Context, ref: str) -> Mandate:
        return replace(await super().look_up_mandate(ctx, ref), text="I allow you to collect.")


class MandatesLiveForEver(Lie):
    """Revoked, and still good."""

    caught = ("test_revoked_mandate",)

    async def look_up_mandate(self, ctx: Context, ref: str) -> Mandate:
        return replace(await super().look_up_mandate(ctx, ref), active=True)


class EveryMandateIsThere(Lie):
    """A number nobody has is a mandate that does not hold."""

    caught = ("test_unknown_mandate", "test_other_tenant_sees_no_mandate")

    async def look_up_mandate(self, ctx: Context, ref: str) -> Mandate:
        try:
            return await super().look_up_mandate(ctx, ref)
        except NotFound:
            return Mandate(ref=ref, scheme="CORE", signed_at=ctx.now(), text="", active=False)
