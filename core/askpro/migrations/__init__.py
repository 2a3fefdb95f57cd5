"""Migrations: SQL through Piccolo's runner, all in one transaction, under an advisory lock.

Piccolo alone records a migration outside the transaction that made it, goes app by app and lets two runners
collide (traps P8, P9). Here everything happens inside one unit: four processes that start at once run each
migration once, and a plugin whose migration fails leaves no table behind.
"""

from __future__ import annotations

from askpro.migrations.roles import ROLES_SQL, create_roles
from askpro.migrations.runner import migrate, pending
from askpro.migrations.script import sql_migration

__all__ = ("ROLES_SQL", "create_roles", "migrate", "pending", "sql_migration")
