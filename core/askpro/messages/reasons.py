"""Why automatic top-up has stopped, in words for the customer."""

from __future__ import annotations

from askpro.errors import N_

__all__ = ("PAUSED", "paused", "resumes")

_DECLINED = N_("The bank has declined the payment several times.")

PAUSED: dict[str, str] = {
    "declined": _DECLINED,
    "authentication_required": N_("The bank asks you to confirm each payment, which cannot be done automatically."),
    "expired_card": N_("The card has expired."),
    "lost_card": N_("The card has been reported as lost."),
    "stolen_card": N_("The card has been reported as stolen."),
    "method_removed": N_("The payment method you saved is no longer available."),
    "dispute": N_("A payment is disputed."),
}
"""Reason of ``autotopup.paused`` → what the customer is told."""


def paused(reason: str | None) -> str:
    """The message id for a reason; one that nobody named is told as a declined payment."""
    return PAUSED.get(reason or "", _DECLINED)


def resumes(reason: str | None) -> bool:
    """Whether a paid top-up ends such a pause, or another payment method."""
    return reason not in ("method_removed", "dispute")
