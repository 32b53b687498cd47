"""Filters of the staff list."""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from team.models import Staff


class AccessFilter(filters.FilterSet):
    """Search, and who has a way in."""

    q = filters.CharFilter(label=_("Name or WeCom id"), method="search")
    access = filters.ChoiceFilter(
        label=_("Console login"),
        choices=[
            ("none", _("No login yet")),
            ("linked", _("Linked")),
            ("suspended", _("Suspended")),
        ],
        method="stand",
    )

    class Meta:
        model = Staff
        fields: list[str] = []

    def search(self, rows: QuerySet, name: str, value: Any) -> QuerySet:
        return rows.filter(Q(name__icontains=value) | Q(userid__icontains=value))

    def stand(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        has_login = Q(membership__isnull=False, membership__ended_at=None)
        if value == "none":
            return rows.filter(is_active=True).exclude(has_login)
        return rows.filter(has_login, membership__suspended_at__isnull=value != "suspended")


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
