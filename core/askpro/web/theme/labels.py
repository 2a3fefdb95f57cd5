"""What states and kinds are called when a customer reads them, and how a state looks. One mapping, one badge.

Customers are told what a state means for them, in an adjective; staff words stay elsewhere. The look has
five kinds, which differ in shape as well as in colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from askpro.errors import N_

__all__ = ("KINDS", "STATUSES", "Badge", "Look", "kind", "status")

Look = Literal["ok", "warn", "bad", "info", "neutral"]


@dataclass(frozen=True, slots=True)
class Badge:
    """``label`` is a message id. ``quiet``: the normal case, left out where there is little room."""

    look: Look
    label: str
    quiet: bool = False


STATUSES: dict[str, Badge] = {
    "booked": Badge("ok", N_("Booked"), quiet=True),
    "settled": Badge("ok", N_("Booked"), quiet=True),
    "pending": Badge("warn", N_("Pending")),
    "unknown": Badge("warn", N_("Being checked")),
    "declined": Badge("bad", N_("Failed")),
    "failed": Badge("bad", N_("Failed")),
    "expired": Badge("neutral", N_("Expired")),
    "cancelled": Badge("neutral", N_("Cancelled")),
    "reversed": Badge("neutral", N_("Reversed")),
    "completed": Badge("ok", N_("Completed"), quiet=True),
    "unanswered": Badge("neutral", N_("Not answered")),
    "in_progress": Badge("info", N_("In progress")),
    "overrun": Badge("warn", N_("Not fully covered")),
    "frozen": Badge("bad", N_("Locked")),
    "active": Badge("ok", N_("Active"), quiet=True),
    "off": Badge("info", N_("Off")),
    "paused": Badge("warn", N_("Paused")),
    "default": Badge("neutral", N_("Default")),
    "test": Badge("warn", N_("Test mode")),
}

KINDS: dict[str, str] = {
    "call": N_("Call"),
    "calls": N_("Calls (daily total)"),
    "topup": N_("Top-up"),
    "refund": N_("Refund"),
    "promo": N_("Bonus credit"),
    "adjustment": N_("Adjustment"),
    "fee": N_("Fee"),
    "number": N_("Phone number, monthly"),
    "correction": N_("Correction"),
    "expiry": N_("Expired credit"),
    "dispute": N_("Disputed payment"),
    "transfer": N_("Transfer"),
    "inbound": N_("Incoming calls"),
    "outbound": N_("Outgoing calls"),
    "ai": N_("AI minutes"),
    "tokens": N_("AI tokens"),
    "booking": N_("Bookings"),
    "numbers": N_("Phone numbers"),
    "sms": N_("SMS"),
    "other": N_("Other"),
}


def status(state: str) -> Badge:
    """How a state is shown. One that nobody named is shown as it is, in the neutral look."""
    return STATUSES.get(state) or Badge("neutral", state.replace("_", " ").capitalize())


def kind(name: str) -> str:
    """The message id for a kind of booking or usage; a plugin's own kind is shown by its name."""
    return KINDS.get(name) or name.replace("_", " ").capitalize()
