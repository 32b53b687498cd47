"""Filters of the staff list."""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from team.models import Staff


class StaffFilter(filters.FilterSet):
    """Search, and whether people still work here."""

    q = filters.CharFilter(label=_("Name or WeCom id"), method="search")
    standing = filters.ChoiceFilter(
        label=_("Standing"),
        choices=[
            ("active", _("Working here")),
            ("contact", _("May talk to customers")),
            ("left", _("Left the company")),
        ],
        method="stand",
    )

    class Meta:
        model = Staff
        fields: list[str] = []

    def search(self, rows: QuerySet, name: str, value: Any) -> QuerySet:
        return rows.filter(Q(name__icontains=value) | Q(userid__icontains=value))

    def stand(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        if value == "left":
            return rows.filter(is_active=False)
        return rows.filter(is_active=True, **({"can_contact": True} if value == "contact" else {}))
