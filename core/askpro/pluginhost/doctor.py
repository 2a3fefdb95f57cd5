"""What ``askpro plugins list|doctor``, ``/admin/plugins`` and ``/health`` say about plugins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from askpro.pluginhost.calls import Caller, Tally
from askpro.pluginhost.config import HostConfig
from askpro.pluginhost.records import PluginRecord, PluginReport, Stage

__all__ = ("health", "report", "text")


def report(record: PluginRecord, caller: Caller | None, config: HostConfig) -> PluginReport:
    """One plugin's report."""
    manifest = record.manifest
    total = caller.total if caller is not None else Tally()
    return PluginReport(
        id=record.id,
        title=manifest.title if manifest else record.id,
        version=manifest.version if manifest else "",
        distribution=record.distribution,
        stage=record.stage,
        ready=record.ready,
        required=record.id in config.required,
        reason=record.reason,
        sdk=manifest.sdk if manifest else "",
        capabilities=manifest.capabilities if manifest else (),
        hooks=record.hooks,
        schema_state=_schema(record),
        breaker=caller.breaker.state if caller is not None else "closed",
        calls=total.calls,
        failed=total.failed,
        seconds=total.seconds,
        last_failures=tuple(record.failures),
    )


def _schema(record: PluginRecord) -> str:
    if record.manifest is None or record.manifest.migrations is None:
        return "none"
    return "current" if record.stage in (Stage.MIGRATED, Stage.CONFIGURED, Stage.READY) else "not current"


def health(reports: Sequence[PluginReport], missing: Sequence[str]) -> dict[str, Any]:
    """For ``/health``: names, states and reasons, no data of tenants."""
    return {
        "ready": not missing,
        "missing": list(missing),
        "plugins": [
            {"id": one.id, "version": one.version, "stage": one.stage.value, "ready": one.ready,
             "reason": one.reason, "breaker": one.breaker, "calls": one.calls, "failed": one.failed}
            for one in reports
        ],
    }  # fmt: skip


def text(reports: Sequence[PluginReport]) -> str:
    """For ``askpro plugins doctor``."""
    return "\n\n".join(_paragraph(one) for one in reports) or "No plugin is installed."


def _paragraph(one: PluginReport) -> str:
    state = "ready" if one.ready else f"quarantined after “{one.stage.value}”" if one.reason else one.stage.value
    lines = [f"{one.id} {one.version}  {state}{'  (required)' if one.required else ''}".rstrip()]
    facts = {
        "why": one.reason,
        "from": one.distribution,
        "sdk": one.sdk,
        "may": ", ".join(one.capabilities),
        "hooks": ", ".join(one.hooks),
        "tables": "" if one.schema_state == "none" else one.schema_state,
        "breaker": "" if one.breaker == "closed" else one.breaker,
        "calls": f"{one.calls}, {one.failed} failed, {one.seconds:.2f} s" if one.calls else "",
    }
    lines += [f"  {name:8} {said}" for name, said in facts.items() if said]
    lines += [f"  failed   {f.at:%Y-%m-%d %H:%M:%S} {f.what}: {f.error}" for f in one.last_failures[-3:]]
    return "\n".join(lines)
