"""Filters of the script list."""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from content.enums import ScriptKind
from content.models import Script


class ScriptFilter(filters.FilterSet):
    """Search, type, and whether it is in use. Archived ones show only when asked for."""

    q = filters.CharFilter(label=_("Question or words"), method="search")
    kind = filters.ChoiceFilter(label=_("Type"), choices=ScriptKind.choices)
    state = filters.ChoiceFilter(
        label=_("State"), choices=[("archived", _("Archived")), ("unused", _("Never sent"))], method="stand"
    )

    class Meta:
        model = Script
        fields: list[str] = []

    def search(self, rows: QuerySet, name: str, value: Any) -> QuerySet:
        return rows.filter(
            Q(title__icontains=value) | Q(keywords__icontains=value) | Q(text__icontains=value)
        )

    def stand(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(archived_at__isnull=False) if value == "archived" else rows.filter(uses=0)

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        found = super().filter_queryset(queryset)
        return found if self.form.cleaned_data.get("state") == "archived" else found.filter(archived_at=None)
