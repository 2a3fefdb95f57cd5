"""A request's parameters, read by type. What cannot be read is refused in Stripe's words."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from askpro.testing.stripe.wire.faults import Fault, invalid, missing
from askpro.testing.stripe.wire.forms import leaves

__all__ = ("METADATA_KEYS", "Params", "unknown")

METADATA_KEYS = 50
"""Stripe's limits on metadata: so many keys, names of 40 and values of 500 characters."""


class Params:
    """The values of one form or of one object inside it; ``path`` is how the object is called from outside."""

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self.values, self.path = values, path

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def called(self, name: str) -> str:
        """The name a message uses: ``invoice_settings[default_payment_method]``."""
        return f"{self.path}[{name}]" if self.path else name

    def text(self, name: str, default: str | None = None, *, longest: int = 5000) -> str | None:
        """A string; the empty one unsets, and reads as None."""
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self._bad(name, "string")
        if len(value) > longest:
            raise invalid(f"Invalid string: must be at most {longest} characters", param=self.called(name))
        return value or None

    def need(self, name: str) -> str:
        """A string that must be there."""
        if (value := self.text(name)) is None:
            raise missing(self.called(name))
        return value

    def whole(self, name: str, default: int | None = None) -> int | None:
        """An integer."""
        value = self.values.get(name)
        if value is None or value == "":
            return default
        if not isinstance(value, str) or not re.fullmatch(r"-?\d{1,18}", value):
            raise self._bad(name, "integer")
        return int(value)

    def need_whole(self, name: str) -> int:
        """An integer that must be there."""
        if (value := self.whole(name)) is None:
            raise missing(self.called(name))
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """``true`` or ``false``."""
        value = self.values.get(name)
        if value is None or value == "":
            return default
        if value not in ("true", "false"):
            raise self._bad(name, "boolean")
        return bool(value == "true")

    def choice(self, name: str, allowed: Collection[str], default: str | None = None) -> str | None:
        """One of a few words."""
        value = self.text(name, default)
        if value is not None and value not in allowed:
            words = ", ".join(sorted(allowed))
            raise invalid(f"Invalid {self.called(name)}: must be one of {words}", param=self.called(name))
        return value

    def strings(self, name: str) -> list[str] | None:
        """A list of strings; the empty string is the empty list."""
        value = self.values.get(name)
        if value is None or value == "":
            return None if value is None else []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self._bad(name, "array")
        return list(value)

    def inner(self, name: str) -> Params:
        """An object; a missing one is empty."""
        value = self.values.get(name) or {}
        if not isinstance(value, dict):
            raise self._bad(name, "object")
        return Params(value, self.called(name))

    def items(self, name: str) -> list[Params]:
        """A list of objects."""
        value = self.values.get(name) or []
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self._bad(name, "array")
        return [Params(one, f"{self.called(name)}[{number}]") for number, one in enumerate(value)]

    def metadata(self, old: Mapping[str, str] | None = None) -> dict[str, str]:
        """``old`` with what is given: an empty value drops its key, an empty ``metadata`` drops all of them."""
        given = self.values.get("metadata")
        if given is None:
            return dict(old or {})
        if given == "":
            return {}
        if not isinstance(given, dict) or not all(isinstance(one, str) for one in given.values()):
            raise self._bad("metadata", "object")
        merged = {key: value for key, value in {**(old or {}), **given}.items() if value != ""}
        if len(merged) > METADATA_KEYS:
            raise invalid(f"Metadata can hold at most {METADATA_KEYS} keys", param=self.called("metadata"))
        for key, value in merged.items():
            if len(key) > 40 or len(value) > 500:
                raise invalid(
                    "Metadata keys can have at most 40, values at most 500 characters", param=f"metadata[{key}]"
                )
        return merged

    def _bad(self, name: str, kind: str) -> Fault:
        code = "parameter_invalid_integer" if kind == "integer" else None
        shown = self.values.get(name)
        return invalid(f"Invalid {kind}: {shown}", param=self.called(name), code=code)


def unknown(values: Mapping[str, Any], accepted: Collection[str]) -> str | None:
    """The first parameter nobody declared, called as Stripe calls it; ``a.*`` accepts everything below ``a``."""
    for leaf in leaves(dict(values)):
        steps = leaf.split(".")
        open_below = any(".".join(steps[:cut]) + ".*" in accepted for cut in range(1, len(steps) + 1))
        parent = any(name.startswith((f"{leaf}.", f"{leaf}[]")) for name in accepted)  # an object that is unset by ""
        if leaf not in accepted and not open_below and not parent:
            first, *rest = leaf.replace("[]", "").split(".")
            return first + "".join(f"[{step}]" for step in rest)
    return None
