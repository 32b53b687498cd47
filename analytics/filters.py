"""Filters of the league of groups."""

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from analytics.models import DayFigures
from console.filters import LateChoices
from groups.enums import Kind


class LeagueFilter(filters.FilterSet):
    """By name, type and owner of the group."""

    q = filters.CharFilter(label=_("Group"), field_name="group__name", lookup_expr="icontains")
    kind = filters.MultipleChoiceFilter(label=_("Type"), field_name="group__kind", choices=Kind.choices)
    owner = filters.MultipleChoiceFilter(label=_("Owner"), field_name="group__owner", choices=())

    class Meta:
        model = DayFigures
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = self.queryset
        self.filters["owner"].extra["choices"] = LateChoices(lambda: _owners(rows))


def _owners(rows: QuerySet[DayFigures]) -> list[tuple[str, str]]:
    """(staff id, name) of those who own any of the groups, by name."""
    fields = "group__owner_id", "group__owner__name", "group__owner__userid"
    found = rows.exclude(group__owner=None).order_by().values_list(*fields).distinct()
    return sorted(((str(pk), name or userid) for pk, name, userid in found), key=lambda one: (one[1], one[0]))
