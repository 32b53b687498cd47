"""Django's `migrate`, rendering fewer models on its way (scrm.migrating)."""

from django.core.management.commands import migrate

from scrm.migrating import NarrowExecutor

Command = migrate.Command
# Django's command takes its executor from its own module.
migrate.MigrationExecutor = NarrowExecutor  # type: ignore[attr-defined]
