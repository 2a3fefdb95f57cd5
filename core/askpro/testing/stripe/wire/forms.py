"""Forms with brackets in their names, both ways round: ``a[b][0]=x`` and ``{"a": {"b": ["x"]}}``."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from askpro.testing.stripe.wire.faults import invalid

__all__ = ("DEEPEST", "decode", "leaves")

DEEPEST = 10
"""Levels of brackets; more is nobody's request."""

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


def decode(text: str) -> dict[str, Any]:
    """The nested parameters of a form. Raises Fault when a name cannot be read or is given in two ways."""
    root: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if not (match := _NAME.fullmatch(name)):
            raise invalid(f"Invalid parameter name: {name}", param=name)
        keys = [match[1], *re.findall(r"\[([^\]]*)\]", match[2])]
        if len(keys) > DEEPEST:
            raise invalid(f"Parameters are nested too deeply: {name}", param=match[1])
        _put(root, keys, value, name)
    return {name: _lists(value) for name, value in root.items()}


def leaves(value: Any, path: str = "") -> list[str]:
    """Every parameter's path, as ``a.b[].c``; indices are left out, so that one name stands for all of a list."""
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in leaves(inner, f"{path}.{key}" if path else key)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner, f"{path}[]")]
    return [path]


def _put(root: dict[str, Any], keys: list[str], value: str, name: str) -> None:
    place = root
    for position, key in enumerate(keys):
        key = key or str(len(place))  # a[]=x is the next of a list
        if position == len(keys) - 1:
            if isinstance(place.get(key), dict):
                raise invalid(f"Invalid object: {name} is given twice", param=keys[0])
            place[key] = value
        else:
            inner = place.setdefault(key, {})
            if not isinstance(inner, dict):
                raise invalid(f"Invalid object: {name} is given twice", param=keys[0])
            place = inner


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    value = {key: _lists(inner) for key, inner in value.items()}
    if all(key.isdigit() for key in value):
        return [value[key] for key in sorted(value, key=int)]
    return value
