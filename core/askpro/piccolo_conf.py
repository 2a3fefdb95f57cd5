"""Where Piccolo finds the engine and the domains' apps. Only our own commands go through it."""

from __future__ import annotations

from piccolo.conf.apps import AppRegistry

from askpro.db.engine import DB

__all__ = ("APP_REGISTRY", "DB")

APP_REGISTRY = AppRegistry(
    apps=[
        f"askpro.{name}.piccolo_app"
        for name in (
            "tenancy",
            "ledger",
            "pluginhost",
            "events",
            "jobs",
            "people",
            "tariffs",
            "commissions",
            "wallets",
            "calls",
            "payments",
            "messages",
            "web",
        )
    ]
)
