"""Everything else such a company keeps: each table filled from one row of it, references spread over what is there.

The first row of a table comes from the tests' planting, which fills every table there is, also new ones.
"""

from importlib import import_module
from typing import Any

from django.apps import apps
from django.db import models

from benchmarks import page_days, page_plays, page_work
from benchmarks.page_work import Each
from benchmarks.rows import rows_like
from leads.services.rules import rules_current
from tenants.models import Tenant
from tenants.scoping import TenantModel

MANY = 240
FIRST = page_work.FIRST | page_plays.FIRST | page_days.FIRST
TABLES = page_work.TABLES | page_plays.TABLES | page_days.TABLES
STRIDE = 7_919  # a prime: neighbours do not share what they refer to


def tables_fill(tenant: Tenant, *, share: int = 1) -> None:
    """One row in every table, then as many as `TABLES` says; of what is many only the share."""
    rules_current(tenant_id=tenant.pk)  # a real edition of the rule: one that says nothing breaks the board
    import_module("tests.isolation.planting").plant(tenant, "基准")
    for label, fields in FIRST.items():
        model = apps.get_model(label)
        model.objects.filter(pk=_first(model).pk).update(**fields)
    known: dict[str, list[int]] = {}
    for label, (count, changes) in TABLES.items():
        model = apps.get_model(label)
        rows = count if count <= MANY else max(MANY, count // share)
        rows_like(
            _first(model), source="generate_series(1, %s) n", params=[rows - 1],
            changes={**_spread(model, known, changes), **_rendered(changes, known)},
        )  # fmt: skip
        known.pop(label, None)


def _first(model: Any) -> Any:
    return model.objects.order_by("pk")[0]


def _rendered(changes: dict[str, str | Each], known: dict[str, list[int]]) -> dict[str, str]:
    return {
        column: one
        if isinstance(one, str)
        else f"case when not ({one.but}) then {_at(apps.get_model(one.label), known, one.position)} end"
        for column, one in changes.items()
    }


def _spread(model: Any, known: dict[str, list[int]], changes: dict[str, Any]) -> dict[str, str]:
    """Every reference of the first row that nothing else is said of, spread over all rows of its table."""
    row = _first(model)
    return {
        field.column: _at(field.related_model, known, f"n::bigint * {STRIDE}")
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey)
        and issubclass(field.related_model, TenantModel)
        and field.column not in changes
        and getattr(row, field.column) is not None
    }


def _at(model: Any, known: dict[str, list[int]], position: str) -> str:
    """The id at a position of a table, counted from 0 and round again."""
    label = model._meta.label
    if label not in known:
        known[label] = list(model.objects.order_by("pk").values_list("pk", flat=True))
    ids = known[label]
    return f"('{{{','.join(map(str, ids))}}}'::bigint[])[1 + mod({position}, {len(ids)})]"
