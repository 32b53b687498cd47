"""Filters of knowledge cards and of who knows them."""

from typing import Any

import django_filters as filters
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from content.enums import CardKind, CardState
from content.models import KnowledgeCard, KnowledgeStanding
from team.selectors import staff_list
from tenants import clock


class CardFilter(filters.FilterSet):
    """Words, kind, state. Cards that were put away show only when asked for."""

    q = filters.CharFilter(label=_("Title or words"), method="search")
    kind = filters.ChoiceFilter(label=_("Type"), choices=CardKind.choices)
    state = filters.ChoiceFilter(
        label=_("State"), choices=[*CardState.choices, ("archived", _("Archived"))], method="stand"
    )

    class Meta:
        model = KnowledgeCard
        fields: list[str] = []

    def search(self, rows: QuerySet, name: str, value: Any) -> QuerySet:
        return rows.filter(
            Q(title__icontains=value) | Q(summary__icontains=value) | Q(aliases__icontains=value)
            | Q(sections__icontains=value)
        )  # fmt: skip

    def stand(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows if value == "archived" else rows.filter(state=value)

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        found = super().filter_queryset(queryset)
        away = self.form.cleaned_data.get("state") == "archived"
        return found.filter(archived_at__isnull=not away)


class KnownFilter(filters.FilterSet):
    """Whose, which card, and how it stands."""

    q = filters.CharFilter(label=_("Colleague or card"), method="search")
    staff = filters.ModelChoiceFilter(
        label=_("Colleague"),
        queryset=lambda request: staff_list(tenant_id=request.tenant.pk, active_only=True),
    )
    card = filters.ModelChoiceFilter(
        label=pgettext_lazy("knowledge", "Card"),
        queryset=lambda request: KnowledgeCard.objects.filter(
            tenant_id=request.tenant.pk, state=CardState.LIVE, archived_at=None
        ).order_by("title"),
    )
    state = filters.ChoiceFilter(
        label=_("State"), method="stand",
        choices=[
            ("known", pgettext_lazy("knowledge", "Known")), ("open", pgettext_lazy("knowledge", "Not yet")),
            ("late", pgettext_lazy("knowledge", "Past its day")),
        ],
    )  # fmt: skip

    class Meta:
        model = KnowledgeStanding
        fields: list[str] = []

    def search(self, rows: QuerySet, name: str, value: Any) -> QuerySet:
        return rows.filter(Q(staff__name__icontains=value) | Q(card__title__icontains=value))

    def stand(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        known = Q(done_edition__gte=F("card__asked_edition"))
        if value == "known":
            return rows.filter(known)
        found = rows.filter(~known, is_asked=True)
        return found.filter(due_at__lt=clock.now()) if value == "late" else found
