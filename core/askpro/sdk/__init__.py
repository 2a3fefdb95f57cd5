"""Everything a plugin may import, and all that it may import: ``from askpro.sdk import …``.

Beside it only the ground: ``askpro.errors``, ``askpro.money``, ``askpro.clock``, ``askpro.ids``.
"""

from __future__ import annotations

from askpro.sdk.context import Context, HttpClient, HttpReply, Store, StoreUnit, TenantRef
from askpro.sdk.hookspecs import HookSpecs, hookimpl
from askpro.sdk.jobs import JobSpec
from askpro.sdk.manifest import CAPABILITIES, Manifest, parse_manifest
from askpro.sdk.notices import ChargeQuestion, Finding, Notice, Refusal
from askpro.sdk.payments import (
    ChargeRequest,
    ChargeResult,
    CheckoutRequest,
    CheckoutSession,
    CustomerRef,
    Dispute,
    DisputeState,
    EventKind,
    Feature,
    Limits,
    Mandate,
    Outcome,
    PayoutRequest,
    PayoutResult,
    ProviderCapabilities,
    ProviderEvent,
    RefundRequest,
    RefundResult,
    SavedMethod,
    SetupRequest,
    Waiting,
)
from askpro.sdk.providers import (
    Disputes,
    EventRefused,
    Mandates,
    NotSent,
    OffSession,
    PaymentProvider,
    Payouts,
    Refunds,
    SavedMethods,
    Setup,
)
from askpro.sdk.rates import Currency, Rate, RateMissing, RateSource
from askpro.sdk.routes import Guard, PageContext, PageRequest, Reply, RouteSpec
from askpro.sdk.settings import NoSettings, Secret, Setting, SettingField
from askpro.sdk.version import SDK_VERSION

__all__ = (
    "CAPABILITIES",
    "SDK_VERSION",
    "ChargeQuestion",
    "ChargeRequest",
    "ChargeResult",
    "CheckoutRequest",
    "CheckoutSession",
    "Context",
    "Currency",
    "CustomerRef",
    "Dispute",
    "DisputeState",
    "Disputes",
    "EventKind",
    "EventRefused",
    "Feature",
    "Finding",
    "Guard",
    "HookSpecs",
    "HttpClient",
    "HttpReply",
    "JobSpec",
    "Limits",
    "Mandate",
    "Mandates",
    "Manifest",
    "NoSettings",
    "NotSent",
    "Notice",
    "OffSession",
    "Outcome",
    "PageContext",
    "PageRequest",
    "PaymentProvider",
    "PayoutRequest",
    "PayoutResult",
    "Payouts",
    "ProviderCapabilities",
    "ProviderEvent",
    "Rate",
    "RateMissing",
    "RateSource",
    "RefundRequest",
    "RefundResult",
    "Refunds",
    "Refusal",
    "Reply",
    "RouteSpec",
    "SavedMethod",
    "SavedMethods",
    "Secret",
    "Setting",
    "SettingField",
    "Setup",
    "SetupRequest",
    "Store",
    "StoreUnit",
    "TenantRef",
    "Waiting",
    "hookimpl",
    "parse_manifest",
)
