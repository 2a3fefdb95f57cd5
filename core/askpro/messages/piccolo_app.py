"""Piccolo's view of this package: its tables and migrations."""

from __future__ import annotations

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

__all__ = ("APP_CONFIG",)

APP_CONFIG = AppConfig(
    app_name="askpro_messages",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=table_finder(["askpro.messages.tables"]),
    migration_dependencies=["askpro.tenancy.piccolo_app", "askpro.people.piccolo_app"],
)
