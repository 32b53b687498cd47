"""Filters of the lead board, kept in the URL."""

from collections.abc import Iterable
from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.forms import HiddenInput
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.filters import LateChoices
from leads.enums import TIERS, LeadState
from leads.models import Doubt, FollowUp, Lead, Need
from leads.selectors import window_list
from leads.selectors.energy import energy_since
from team.selectors import staff_list
from tenants import clock

NOBODY = "none"
_TIERS = [(tier, tier) for tier in TIERS]


class LeadFilter(filters.FilterSet):
    """Owner, group, doubt and camp."""

    q = filters.CharFilter(field_name="customer__name", lookup_expr="icontains", label=_("Name"))
    owner = filters.ChoiceFilter(
        label=pgettext_lazy("lead", "Owner"), method="by_owner", empty_label=_("All")
    )
    group = filters.ChoiceFilter(label=_("Group"), field_name="group_id", empty_label=_("All"))
    doubt = filters.ChoiceFilter(label=_("Doubt"), method="by_doubt", empty_label=_("All"))
    camp = filters.ChoiceFilter(label=_("Camp"), field_name="window_id", empty_label=_("All"))
    payment = filters.MultipleChoiceFilter(label=_("Payment"), field_name="group__payment_basis", choices=[])

    # links of the pages lead here; nobody types them
    need = filters.CharFilter(
        label=pgettext_lazy("what they need", "Need"), method="by_need", widget=HiddenInput
    )
    pain = filters.CharFilter(
        label=pgettext_lazy("what they need", "Pain"), method="by_need", widget=HiddenInput
    )
    scenario = filters.CharFilter(
        label=pgettext_lazy("what they need", "Scenario"), method="by_need", widget=HiddenInput
    )
    competitor = filters.CharFilter(
        label=pgettext_lazy("what they need", "Also looks at"), method="by_need", widget=HiddenInput
    )
    touched = filters.ChoiceFilter(
        label=_("Followed up in 7 days at tier"), method="by_touched", choices=_TIERS, widget=HiddenInput
    )
    bought = filters.ChoiceFilter(
        label=_("Bought in 7 days at tier"), method="by_bought", choices=_TIERS, widget=HiddenInput
    )
    closed_from = filters.IsoDateTimeFilter(
        label=_("Closed from"), field_name="closed_at", lookup_expr="gte", widget=HiddenInput
    )
    closed_until = filters.IsoDateTimeFilter(
        label=_("Closed before"), field_name="closed_at", lookup_expr="lt", widget=HiddenInput
    )

    class Meta:
        model = Lead
        fields: list[str] = []

    def __init__(self, *args: Any, staff: Iterable[Any] | None = None, **kwargs: Any) -> None:
        """`staff`: the colleagues to choose from, where the page has read them already."""
        super().__init__(*args, **kwargs)
        tenant_id = self.request.tenant.pk
        listed = [(one.pk, str(one)) for one in (staff_list(tenant_id=tenant_id) if staff is None else staff)]
        self.filters["owner"].extra["choices"] = [(NOBODY, _("Nobody yet")), *listed]
        groups = Lead.objects.filter(tenant_id=tenant_id, group__isnull=False).order_by("group__name")
        self.filters["camp"].extra["choices"] = LateChoices(
            lambda: [(one.pk, one.name) for one in window_list(tenant_id=tenant_id)]
        )
        self.filters["group"].extra["choices"] = LateChoices(
            lambda: groups.values_list("group_id", "group__name").distinct()
        )
        basis: Any = Lead._meta.get_field("group").related_model._meta.get_field("payment_basis")
        self.filters["payment"].extra["choices"] = basis.choices
        doubts = Doubt.objects.filter(tenant_id=tenant_id).order_by("text").values_list("text", flat=True)
        asked = set(filter(None, [self.data.get("doubt")]))
        self.filters["doubt"].extra["choices"] = LateChoices(
            lambda: [(text, text) for text in sorted({*doubts.distinct(), *asked})]
        )

    def by_owner(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(owner=None) if value == NOBODY else rows.filter(owner_id=value)

    def by_doubt(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(pk__in=Doubt.objects.filter(text=value).values("lead_id"))

    def by_need(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(pk__in=Need.objects.filter(kind=name, text=value).values("lead_id"))

    def by_touched(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        touched = FollowUp.objects.filter(at__gte=energy_since(clock.now()), tier=value)
        return rows.filter(pk__in=touched.values("lead_id"))

    def by_bought(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(state=LeadState.WON, closed_at__gte=energy_since(clock.now()), tier=value)
