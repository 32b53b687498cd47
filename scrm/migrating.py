"""Migrations that render the models an operation reads, instead of all of them.

Django keeps a class for every model of the state a migration runs in, and renders anew whatever is related to a
model that changed. Here every table points to its tenant, so one more index rendered all of them: some 540
operations on some 200 models were a minute of CPU on an empty database. An operation on one table reads that
table's class and the classes it points to, however far; only these are rendered, when they are asked for.

A migration that holds any other operation runs as Django would run it.
"""

from typing import Any

from django.db.migrations import operations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState, StateApps
from django.db.migrations.utils import resolve_relation

Key = tuple[str, str]  # (app label, model's name in lower case)

# What asks for its own table's class by name and follows no key backwards.
_OF_ONE_TABLE = (
    operations.CreateModel,
    operations.AddField,
    operations.RemoveField,
    operations.AddIndex,
    operations.RemoveIndex,
    operations.AddConstraint,
    operations.RemoveConstraint,
    operations.AlterModelOptions,
    operations.RunSQL,
)


class NarrowApps:
    """Stands for the registry of a state. Renders what one model reaches at each question."""

    def __init__(self, state: ProjectState) -> None:
        self._state = state

    def get_model(self, app_label: str, model_name: str) -> Any:
        """The model's class in this state. Raises LookupError when the state does not hold it."""
        key = app_label, model_name.lower()
        return StateApps(list(self._state.real_apps), _reached(self._state, key)).get_model(*key)


class NarrowState(ProjectState):
    """A state whose classes are rendered when they are asked for, never again because another changed."""

    def clone(self) -> "NarrowState":
        return NarrowState({key: model.clone() for key, model in self.models.items()}, self.real_apps)

    @property
    def apps(self) -> NarrowApps:  # type: ignore[override]
        return NarrowApps(self)


class NarrowExecutor(MigrationExecutor):
    """Runs forwards in narrow states where it may. What comes out is the same."""

    def migrate(self, *args: Any, **options: Any) -> ProjectState:
        """As Django's; the returned state is a whole one."""
        return _whole(super().migrate(*args, **options))

    def apply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False, fake_initial: bool = False
    ) -> ProjectState:
        """As Django's. Safe to repeat after a migration that failed: each is one transaction, as ever."""
        if not fake_initial and all(is_of_one_table(one) for one in migration.operations):
            state = NarrowState(state.models, state.real_apps)
        else:
            state = _whole(state)
        return super().apply_migration(state, migration, fake=fake, fake_initial=fake_initial)


def is_of_one_table(operation: Operation) -> bool:
    """Whether the operation reads no model that points to its own."""
    if isinstance(operation, operations.AlterField):
        # Another type of a key takes the columns along that point to it.
        return not (operation.field.primary_key or operation.field.unique)
    return isinstance(operation, _OF_ONE_TABLE)


def _whole(state: ProjectState) -> ProjectState:
    return ProjectState(state.models, state.real_apps) if isinstance(state, NarrowState) else state


def _reached(state: ProjectState, start: Key) -> dict[Key, ModelState]:
    """The model, its bases, and what its keys lead to, one after another."""
    found: dict[Key, ModelState] = {}
    waiting = [start]
    while waiting:
        key = waiting.pop()
        if key not in found and key in state.models:
            found[key] = state.models[key]
            waiting += _named(key, found[key])
    return found


def _named(key: Key, model: ModelState) -> list[Key]:
    """What the model's bases and fields name."""
    said: list[Any] = [base for base in model.bases if isinstance(base, str)]
    for field in model.fields.values():
        if field.remote_field is not None:
            said += [
                field.remote_field.model,
                getattr(field.remote_field, "through", None) or field.remote_field.model,
            ]
    return [resolve_relation(one, *key) for one in said]
