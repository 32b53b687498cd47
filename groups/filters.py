"""Filters of the group list; all of them live in the URL."""

from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from console.filters import LateChoices
from groups.enums import (
    CaseState,
    IncidentKind,
    IncidentLevel,
    IncidentState,
    Kind,
    Opening,
    PaymentBasis,
    Purpose,
    Risk,
    Scenario,
    SilentReason,
    State,
    SubKind,
)
from groups.enums.sizes import SIZE_BANDS, SizeBand
from groups.models import Group, GroupTag, Incident, SilentCase
from groups.policies.checks import REGISTRY
from groups.selectors.findings import groups_breaking
from groups.selectors.first_days import channels_to_choose, groups_fed_by
from groups.selectors.group_tags import group_tag_choices, groups_tagged
from team.selectors import staff_list


def _within(band: SizeBand) -> Q:
    """Groups of the band; one without a chat has no size yet."""
    up_to = Q() if band.most is None else Q(customer_count__lte=band.most)
    return Q(customer_count__gte=band.least) & up_to & ~Q(chat_id="")


def _searched(rows: QuerySet[Group], text: str) -> QuerySet[Group]:
    """By the group's name, the name it is to get, or its owner's."""
    return rows.filter(
        Q(name__icontains=text) | Q(planned_name__icontains=text) | Q(owner__name__icontains=text)
    )


def _named(rows: QuerySet[Group]) -> list[tuple[str, str]]:
    shown = rows.only("name", "planned_name", "chat_id").order_by("name", "pk")
    return [(str(row.pk), str(row)) for row in shown]


def _owners(rows: QuerySet[Group]) -> list[tuple[str, str]]:
    """(staff id, name) of those who own any of the groups, by name."""
    found = (
        rows.exclude(owner=None).order_by().values_list("owner_id", "owner__name", "owner__userid").distinct()
    )
    return sorted(((str(pk), name or userid) for pk, name, userid in found), key=lambda one: (one[1], one[0]))


def _series(rows: QuerySet[Group]) -> list[tuple[str, str]]:
    return [(one, one) for one in sorted(set(rows.order_by().values_list("series", flat=True))) if one]


_HEALTH = [("bad", Risk.BAD.label), ("warn", Risk.WARN.label), ("ok", Risk.NONE.label)]
_RISKS = {"bad": [Risk.BAD], "warn": [Risk.WARN], "ok": [Risk.NONE, Risk.NOTE]}


class SilentFilter(django_filters.FilterSet):
    """The review of silent members: by name, reason, state, group."""

    q = django_filters.CharFilter(method="search", label=_("Member or group"))
    reason = django_filters.MultipleChoiceFilter(
        choices=SilentReason.choices, method="by_reason", label=_("Why")
    )
    state = django_filters.MultipleChoiceFilter(choices=CaseState.choices, label=_("Decision"))
    group = django_filters.ChoiceFilter(field_name="group_id", choices=[], label=_("Group"))
    owner = django_filters.ChoiceFilter(field_name="group__owner_id", choices=[], label=_("Owner"))
    payment = django_filters.MultipleChoiceFilter(
        field_name="group__payment_basis", choices=PaymentBasis.choices, label=_("Payment")
    )

    class Meta:
        model = SilentCase
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cases = SilentCase.objects.filter(tenant=self.request.tenant).order_by()
        rows = Group.objects.filter(tenant=self.request.tenant, pk__in=cases.values("group_id"))
        self.filters["group"].extra["choices"] = LateChoices(lambda: _named(rows))
        self.filters["owner"].extra["choices"] = LateChoices(lambda: _owners(rows))

    def search(self, rows: QuerySet[SilentCase], _name: str, text: str) -> QuerySet[SilentCase]:
        return rows.filter(
            Q(customer__name__icontains=text)
            | Q(member__nickname__icontains=text)
            | Q(group__name__icontains=text)
        )

    def by_reason(self, rows: QuerySet[SilentCase], _name: str, values: list[str]) -> QuerySet[SilentCase]:
        wanted = Q()
        for value in values:
            wanted |= Q(reasons__contains=[value])
        return rows.filter(wanted)


class GroupFilter(django_filters.FilterSet):
    """Search by name or owner; stage, type, health, payment, purpose, scenario, size, series, owner, ready plan, by
    which channel new members came, frozen."""

    q = django_filters.CharFilter(method="search", label=_("Group or owner"))
    state = django_filters.MultipleChoiceFilter(choices=State.choices, label=_("Stage"))
    kind = django_filters.MultipleChoiceFilter(
        choices=[("none", _("No type yet")), *Kind.choices], method="by_kind", label=_("Type")
    )
    health = django_filters.ChoiceFilter(choices=_HEALTH, method="by_health", label=_("Health"))
    owner = django_filters.MultipleChoiceFilter(field_name="owner_id", choices=[], label=_("Owner"))
    size = django_filters.MultipleChoiceFilter(
        choices=[(band.key, band.label) for band in SIZE_BANDS], method="by_size", label=_("Size")
    )
    rule = django_filters.MultipleChoiceFilter(
        choices=[(one.code, format_lazy("{} {}", one.code, one.title)) for one in REGISTRY.values()],
        method="by_rule", label=_("Check broken"),
    )  # fmt: skip
    payment_basis = django_filters.MultipleChoiceFilter(choices=PaymentBasis.choices, label=_("Payment"))
    purpose = django_filters.MultipleChoiceFilter(choices=Purpose.choices, label=_("Purpose"))
    scenario = django_filters.MultipleChoiceFilter(choices=Scenario.choices, label=_("Scenario"))
    series = django_filters.MultipleChoiceFilter(choices=[], label=_("Series"))
    opening = django_filters.MultipleChoiceFilter(
        choices=Opening.choices, method="by_opening", label=_("Ready plan of a new-user group")
    )
    came = django_filters.MultipleChoiceFilter(choices=[], method="by_source", label=_("New members came by"))
    group_tag = django_filters.MultipleChoiceFilter(choices=[], method="by_group_tag", label=_("Group tag"))
    frozen = django_filters.BooleanFilter(
        field_name="frozen_at", lookup_expr="isnull", exclude=True, label=_("Sends frozen")
    )

    class Meta:
        model = Group
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows, tenant_id = self.queryset, self.request.tenant.pk
        late: dict[str, Callable[[], Iterable[tuple[Any, Any]]]] = {
            "series": lambda: _series(rows),
            "owner": lambda: _owners(rows),
            "group_tag": lambda: group_tag_choices(tenant_id=tenant_id),
            "came": lambda: channels_to_choose(tenant_id=tenant_id),
        }
        for name, read in late.items():
            self.filters[name].extra["choices"] = LateChoices(read)

    def search(self, rows: QuerySet[Group], _name: str, text: str) -> QuerySet[Group]:
        return _searched(rows, text)

    def by_kind(self, rows: QuerySet[Group], _name: str, values: list[str]) -> QuerySet[Group]:
        return rows.filter(kind__in=["" if one == "none" else one for one in values]) if values else rows

    def by_size(self, rows: QuerySet[Group], _name: str, keys: list[str]) -> QuerySet[Group]:
        wanted = [_within(band) for band in SIZE_BANDS if band.key in keys]
        return rows.filter(reduce(or_, wanted)) if wanted else rows

    def by_rule(self, rows: QuerySet[Group], _name: str, codes: list[str]) -> QuerySet[Group]:
        if not codes:
            return rows
        return rows.filter(pk__in=groups_breaking(tenant_id=self.request.tenant.pk, codes=codes))

    def by_group_tag(self, rows: QuerySet[Group], _name: str, values: list[str]) -> QuerySet[Group]:
        if not values:
            return rows
        wanted = [int(one) for one in values]
        return rows.filter(pk__in=groups_tagged(tenant_id=self.request.tenant.pk, tag_ids=wanted))

    def by_opening(self, rows: QuerySet[Group], _name: str, values: list[str]) -> QuerySet[Group]:
        return rows.filter(goals__opening__in=values) if values else rows

    def by_source(self, rows: QuerySet[Group], _name: str, values: list[str]) -> QuerySet[Group]:
        if not values:
            return rows
        wanted = [int(one) for one in values]
        return rows.filter(pk__in=groups_fed_by(tenant_id=self.request.tenant.pk, channel_ids=wanted))

    def by_health(self, rows: QuerySet[Group], _name: str, value: str) -> QuerySet[Group]:
        return rows.filter(risk__in=_RISKS[value]) if value in _RISKS else rows


_STANDING = [("overdue", _("Something overdue")), ("gap", _("With a gap")), ("none", _("Nothing promised"))]


class PromiseFilter(django_filters.FilterSet):
    """Search by name or owner; what a group delivers, how it stands, whose it is."""

    q = django_filters.CharFilter(method="search", label=_("Group or owner"))
    sub_kind = django_filters.MultipleChoiceFilter(choices=SubKind.choices, label=_("Delivers"))
    standing = django_filters.ChoiceFilter(choices=_STANDING, method="by_standing", label=_("Promises"))
    payment_basis = django_filters.MultipleChoiceFilter(choices=PaymentBasis.choices, label=_("Payment"))
    state = django_filters.MultipleChoiceFilter(choices=State.choices, label=_("Stage"))
    owner = django_filters.MultipleChoiceFilter(field_name="owner_id", choices=[], label=_("Owner"))

    class Meta:
        model = Group
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owned = Group.objects.filter(tenant=self.request.tenant, kind=Kind.DELIVERY).values("owner_id")
        rows = staff_list(tenant_id=self.request.tenant.pk).filter(pk__in=owned)
        self.filters["owner"].extra["choices"] = LateChoices(
            lambda: [(str(row.pk), str(row)) for row in rows]
        )

    def search(self, rows: QuerySet[Group], _name: str, text: str) -> QuerySet[Group]:
        return _searched(rows, text)

    def by_standing(self, rows: QuerySet[Group], _name: str, value: str) -> QuerySet[Group]:
        wanted = {"overdue": Q(overdue_count__gt=0), "gap": Q(gap_count__gt=0), "none": Q(promise_count=0)}
        return rows.filter(wanted[value]) if value in wanted else rows


class GroupTagFilter(django_filters.FilterSet):
    """Search, and whether a rule gives it."""

    q = django_filters.CharFilter(method="by_text", label=_("Tag or what it means"))
    rule = django_filters.BooleanFilter(field_name="has_rule", label=_("Has a rule"))

    class Meta:
        model = GroupTag
        fields: list[str] = []

    def by_text(self, rows: QuerySet[GroupTag], _name: str, text: str) -> QuerySet[GroupTag]:
        return rows.filter(Q(name__icontains=text) | Q(note__icontains=text))


class IncidentFilter(django_filters.FilterSet):
    """Search by what happened; state, kind, how bad, drills."""

    q = django_filters.CharFilter(field_name="title", lookup_expr="icontains", label=_("Incident"))
    state = django_filters.MultipleChoiceFilter(choices=IncidentState.choices, label=_("State"))
    kind = django_filters.ChoiceFilter(choices=IncidentKind.choices, label=_("Kind"))
    level = django_filters.ChoiceFilter(choices=IncidentLevel.choices, label=_("How bad"))
    is_drill = django_filters.BooleanFilter(label=_("Drills"))

    class Meta:
        model = Incident
        fields: list[str] = []
