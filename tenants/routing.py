"""Migrations run as the owner of the tables; everything else as the application's role."""

from typing import Any


class OwnerMigrates:
    """Sends reads and writes to "default" and lets only "owner" migrate: both name one database."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "owner"

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "default"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"

    def allow_relation(self, obj1: Any, obj2: Any, **hints: Any) -> bool:
        return True
