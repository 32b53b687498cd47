"""Counting the rows of several queries in one statement."""

from collections.abc import Mapping

from django.db.models import IntegerField, QuerySet, Subquery

from tenants.models import Tenant


class RowCount(Subquery):
    """How many rows a query has, as a column of another one."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def rows_counted(*, tenant_id: int, queries: Mapping[str, QuerySet]) -> dict[str, int]:
    """{key: rows of its query}, all in one statement; none is asked for no query."""
    if not queries:
        return {}
    columns = {f"rows_{key}": RowCount(query) for key, query in queries.items()}
    found: dict[str, int] = Tenant.objects.filter(pk=tenant_id).values(**columns).get()  # type: ignore[assignment]
    return {key: found[f"rows_{key}"] for key in queries}
