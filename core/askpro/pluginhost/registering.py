"""Importing one plugin and taking what it gives: all of it or nothing."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pluggy

from askpro.pluginhost.bounded import wait_for_thread
from askpro.pluginhost.records import Contributions, Hook, PluginRecord, Quarantined
from askpro.sdk.context import Context
from askpro.sdk.hookspecs import PROJECT, HookSpecs
from askpro.sdk.jobs import JobSpec
from askpro.sdk.providers import PaymentProvider
from askpro.sdk.rates import Currency, RateSource
from askpro.sdk.routes import RouteSpec
from askpro.sdk.settings import setting_fields, validate

__all__ = ("HOOKS", "import_plugin", "new_manager", "register", "take")

HOOKS = tuple(sorted(name for name, value in vars(HookSpecs).items() if hasattr(value, f"{PROJECT}_spec")))
"""The names of all hooks."""

_KEY = re.compile(r"[a-z][a-z0-9_]{1,40}")
_CRON = re.compile(r"[\d*/,-]+( [\d*/,-]+){4}")


def new_manager() -> pluggy.PluginManager:
    """A manager that knows the hooks. One a host: tests run side by side."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(HookSpecs)
    return manager


def import_plugin(record: PluginRecord, deadline: float) -> None:
    """Load the entry point. Raises whatever the plugin's import does, TimeoutError when it hangs."""
    if record.entry_point is None:
        raise Quarantined("it is asked for, but not installed")
    found = wait_for_thread(record.entry_point.load, deadline)
    record.plugin = found() if inspect.isclass(found) else found


def register(manager: pluggy.PluginManager, record: PluginRecord) -> None:
    """Make the plugin's hooks known. Raises Quarantined for a hook that does not exist, a wrapper, and the like."""
    if record.plugin is None:
        raise Quarantined("its entry point is None")
    try:
        manager.register(record.plugin, name=record.id)
    except (pluggy.PluginValidationError, ValueError) as error:
        raise Quarantined(" ".join(str(error).split())) from error
    callers = manager.get_hookcallers(record.plugin) or []
    unknown = sorted(caller.name for caller in callers if not caller.has_spec())
    if unknown:
        raise Quarantined(f"there is no hook {', '.join(unknown)}")
    for caller in callers:
        for one in caller.get_hookimpls():
            if one.plugin is not record.plugin:
                continue
            if one.wrapper or one.hookwrapper:
                raise Quarantined(f"{caller.name} is a wrapper; plugins may not wrap hooks")
            record.functions[caller.name] = Hook(one.function, tuple(one.argnames))
    unmarked = [name for name in HOOKS if name not in record.hooks and callable(_attribute(record.plugin, name))]
    if unmarked:
        raise Quarantined(f"{', '.join(unmarked)} is not marked with @hookimpl")


def _attribute(plugin: Any, name: str) -> Any:
    return getattr(plugin, name, None)


def take(record: PluginRecord, ctx: Context, deadline: float) -> Contributions:
    """Ask every ``register_*`` hook of one plugin and check the answers. Raises Quarantined."""

    def ask(hook: str) -> Any:
        found = record.functions.get(hook)
        if found is None:
            return None
        try:
            answer = wait_for_thread(lambda: found.function(*found.bound({"ctx": ctx})), deadline)
        except TimeoutError:
            raise Quarantined(f"{hook} did not come back within {deadline:g} s") from None
        except Exception as error:
            raise Quarantined(f"{hook}: {type(error).__name__}: {error}") from error
        if inspect.isawaitable(answer):
            if inspect.iscoroutine(answer):
                answer.close()
            raise Quarantined(f"{hook} must be a plain function, not a coroutine")
        return answer

    given = Contributions(
        providers=_several(ask, "register_payment_providers", PaymentProvider),
        rate_sources=_several(ask, "register_rate_sources", RateSource),
        currencies=_several(ask, "register_currencies", Currency),
        routes=_several(ask, "register_routes", RouteSpec),
        jobs=_several(ask, "register_jobs", JobSpec),
    )
    schema = ask("register_settings")
    if schema is not None:
        given.settings = schema
    _check(record, given)
    return given


def _several(ask: Callable[[str], Any], hook: str, kind: type) -> tuple[Any, ...]:
    answer = ask(hook)
    if answer is None:
        return ()
    if not isinstance(answer, Sequence) or isinstance(answer, str | bytes):
        raise Quarantined(f"{hook} must give a list")
    for item in answer:
        if not isinstance(item, kind):
            raise Quarantined(f"{hook} gave a {type(item).__name__} that is no {kind.__name__}")
    return tuple(answer)


def _check(record: PluginRecord, given: Contributions) -> None:
    manifest = record.known()
    needs = {"money.charge": given.providers, "pages": given.routes}
    for capability, things in needs.items():
        if things and not manifest.may(capability):
            raise Quarantined(f"its manifest lacks the capability {capability}")
    keys: list[Any] = [one.key for one in given.providers] + [one.key for one in given.rate_sources]
    for key in keys:
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise Quarantined(f"{key!r} cannot be a key")
    for job in given.jobs:
        if not _KEY.fullmatch(job.name) or not _CRON.fullmatch(job.cron):
            raise Quarantined(f"job {job.name!r} has no usable name or cron {job.cron!r}")
    if not inspect.isclass(given.settings) or not issubclass(given.settings, msgspec.Struct):
        raise Quarantined("register_settings must give a msgspec Struct class")
    try:
        fields = setting_fields(given.settings)
        if not any(field.required for field in fields):
            validate(given.settings, {})
    except Exception as error:
        raise Quarantined(f"its settings schema: {error}") from error
