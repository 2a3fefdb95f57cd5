"""Settings of a plugin: one msgspec Struct from which form, API, checks and storage follow.

    class Settings(msgspec.Struct, frozen=True, kw_only=True):
        api_key: Annotated[Secret[str], Setting("API key", help="From your provider's dashboard.")]
        mode: Annotated[Literal["test", "live"], Setting("Mode", choices={"test": "Test", "live": "Live"})] = "test"

Fields are ``str``, ``int``, ``bool``, ``Decimal``, ``Literal[...]`` of strings, ``Secret[str]``, or one of these
``| None``. A field at level ``platform`` is set by the operator for everybody and never shown to a tenant.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from askpro.errors import InvalidInput

__all__ = ("NoSettings", "Secret", "Setting", "SettingField", "from_form", "setting_fields", "stored", "validate")

T = TypeVar("T")
Level = Literal["tenant", "platform"]


class Secret(Generic[T]):
    """A value that is never printed: write-only for people, ``reveal()`` for the plugin."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """The value itself; never log it."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and bool(self._value == other._value)

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(***)"


@dataclass(frozen=True, slots=True)
class Setting:
    """How a field is shown. Texts are msgids of the plugin's own catalogue."""

    title: str
    help: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    level: Level = "tenant"


class NoSettings(msgspec.Struct, frozen=True):
    """The schema of a plugin that has nothing to set."""


@dataclass(frozen=True, slots=True)
class SettingField:
    """One field of a settings form."""

    name: str
    title: str
    help: str
    kind: Literal["text", "secret", "integer", "decimal", "boolean", "choice"]
    required: bool
    level: Level
    default: Any
    choices: Mapping[str, str]


_KINDS: dict[Any, Literal["text", "secret", "integer", "decimal", "boolean"]] = {
    str: "text",
    int: "integer",
    Decimal: "decimal",
    bool: "boolean",
    Secret[str]: "secret",
}


@functools.lru_cache(maxsize=256)  # asked with every call of a provider, and the same as long as the process lives
def setting_fields(schema: type[msgspec.Struct]) -> tuple[SettingField, ...]:
    """The fields of a schema, in order. Raises TypeError when a field has no title or an unknown type."""
    hints = get_type_hints(schema, include_extras=True)
    return tuple(_field(schema, info, hints[info.name]) for info in msgspec.structs.fields(schema))


def _field(schema: type[msgspec.Struct], info: Any, hint: Any) -> SettingField:
    where = f"{schema.__name__}.{info.name}"
    shown = next((extra for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, Setting)), None)
    if shown is None:
        raise TypeError(f"{where} is not Annotated with a Setting")
    plain = _plain(hint)
    choices = dict(shown.choices)
    if get_origin(plain) is Literal:
        values = [str(value) for value in get_args(plain)]
        if choices and sorted(choices) != sorted(values):
            raise TypeError(f"{where}: the choices are not the values of its Literal")
        choices = choices or {value: value for value in values}
        kind: Any = "choice"
    elif plain in _KINDS:
        kind = _KINDS[plain]
    else:
        raise TypeError(f"{where} has a type no form can show: {plain!r}")
    return SettingField(info.name, shown.title, shown.help, kind, info.required, shown.level, info.default, choices)


def _plain(hint: Any) -> Any:
    """The type without ``Annotated`` and ``| None``."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) in (Union, types.UnionType):
        rest = [arg for arg in get_args(hint) if arg is not type(None)]
        return _plain(rest[0]) if len(rest) == 1 else hint
    return hint


def _decode(kind: Any, value: Any) -> Any:
    if get_origin(kind) is Secret and isinstance(value, str):
        return Secret(value)
    raise ValueError("it must be text")  # msgspec turns this into its own error, with the place


def validate(schema: type[msgspec.Struct], values: Mapping[str, Any]) -> msgspec.Struct:
    """Values as an instance of the schema. Raises InvalidInput naming the field that is wrong."""
    known = {item.name for item in setting_fields(schema)}
    for name in values:
        if name not in known:
            raise InvalidInput(f"there is no setting {name!r}", code="setting_unknown", field=name)
    for item in setting_fields(schema):
        if item.required and values.get(item.name) is None:
            raise InvalidInput(f"{item.name} is missing", code="setting_missing", field=item.name)
        try:
            if item.name in values:
                one = {item.name: values[item.name]}
                msgspec.convert(one, _only(schema, item.name), strict=False, dec_hook=_decode)
        except msgspec.ValidationError as error:
            raise InvalidInput(_said(error, item), code="setting_invalid", field=item.name) from None
    try:
        return msgspec.convert(dict(values), schema, strict=False, dec_hook=_decode)
    except (msgspec.ValidationError, ValueError) as error:  # a rule of the schema's own __post_init__
        raise InvalidInput(str(error), code="setting_invalid") from None


def _said(error: msgspec.ValidationError, item: SettingField) -> str:
    return f"{item.name} cannot be read" if item.kind == "secret" else str(error)


def _only(schema: type[msgspec.Struct], name: str) -> type[msgspec.Struct]:
    hint = get_type_hints(schema, include_extras=True)[name]
    return msgspec.defstruct("One", [(name, hint)])


def from_form(schema: type[msgspec.Struct], form: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """The tenant's own values after a form was sent, ready for ``validate``.

    A secret left blank keeps the old one; other blanks fall back to the default; an unticked box is false.
    Fields of the platform are ignored, whatever a form claims.
    """
    values: dict[str, Any] = {}
    for item in setting_fields(schema):
        if item.level != "tenant":
            continue
        given = form.get(item.name)
        if item.kind == "boolean":
            values[item.name] = given in (True, "on", "true", "1", "yes")
        elif given not in (None, ""):
            values[item.name] = given
        elif item.kind == "secret" and old.get(item.name):
            values[item.name] = old[item.name]
    return values


def stored(schema: type[msgspec.Struct], values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tenant values parted into what may lie in the open and what must be sealed."""
    secret = {item.name for item in setting_fields(schema) if item.kind == "secret"}
    plain = {name: value for name, value in values.items() if name not in secret}
    return plain, {name: value for name, value in values.items() if name in secret}
