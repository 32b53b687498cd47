"""Long lists of ids for a statement: one text instead of a parameter each, which costs the process and the database
more than the reading."""

from collections.abc import Iterable

from django.db.models.expressions import RawSQL


def array_literal(values: Iterable[int | str]) -> str:
    """Numbers as PostgreSQL reads an array, for `any(%s::bigint[])`; words stand as they are: null, or in quotes."""
    return "{" + ",".join(map(str, values)) + "}"


def ids_of(ids: Iterable[int]) -> RawSQL:
    """For `pk__in=` and `customer__in=`: the same rows as a list would find, whatever its length."""
    return RawSQL("select unnest(%s::bigint[])", [array_literal(ids)])
