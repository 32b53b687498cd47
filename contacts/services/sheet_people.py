"""Whom the lines of a file mean, and what one line will do: shared by customers, orders and tags."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from contacts.enums import Verdict
from contacts.models import Customer
from contacts.selectors import customers_by_external


@dataclass(frozen=True)
class Judged:
    """What a line will do. `changes`: [[field, before, after]], JSON values. A fault has `column` and `message`."""

    verdict: str
    key: str = ""
    customer_id: int | None = None
    column: str = ""
    message: str = ""
    changes: list[list[Any]] = field(default_factory=list)


def faulty(column: str, message: str) -> Judged:
    """A line that cannot be written."""
    return Judged(Verdict.FAULT, column=column, message=message)


@dataclass(frozen=True)
class Found:
    """Who a line means: a customer, or the id of one not known yet, or why nobody is certain."""

    customer: Customer | None = None
    fresh: str = ""
    fault: Judged | None = None


class People:
    """Everybody whom a slice of lines may mean, read at once: three queries."""

    def __init__(self, tenant_id: int, lines: Iterable[dict[str, Any]]) -> None:
        told = list(lines)
        self._external = customers_by_external(
            tenant_id=tenant_id,
            external_userids={one["external_userid"] for one in told if "external_userid" in one},
        )
        self._by: dict[str, dict[str, list[Customer]]] = {}
        for column in ("unionid", "phone"):
            wanted = {one[column] for one in told if one.get(column)}
            rows = Customer.objects.filter(tenant_id=tenant_id, **{f"{column}__in": wanted}).order_by("pk")
            self._by[column] = {}
            for row in rows if wanted else ():
                self._by[column].setdefault(getattr(row, column), []).append(row)

    def find(self, told: dict[str, Any]) -> Found:
        """WeCom's id before the union id before the phone; what names two people is a fault.

        Of one person's records the one that stands for the person is meant.
        """
        external = told.get("external_userid", "")
        if external in self._external:
            return Found(self._external[external])
        if external:
            return Found(fresh=external)
        for column in ("unionid", "phone"):
            if column not in told:
                continue
            rows = self._by[column].get(told[column], [])
            if len({one.person_id or one.pk for one in rows}) > 1:
                return Found(
                    fault=faulty(column, _("Several people have it: write WeCom's id of the one you mean."))
                )
            if rows:
                return Found(min(rows, key=lambda one: (one.person_id is not None, one.pk)))
        column = "unionid" if "unionid" in told else "phone"
        return Found(fault=faulty(column, _("Nobody here has it: write WeCom's id, or correct it.")))
