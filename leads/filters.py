"""Filters of the lead board, kept in the URL."""

from collections.abc import Iterable
from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from leads.models import Doubt, Lead
from leads.selectors import window_list
from team.selectors import staff_list

NOBODY = "none"


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

    class Meta:
        model = Lead
        fields: list[str] = []

    def __init__(self, *args: Any, staff: Iterable[Any] | None = None, **kwargs: Any) -> None:
        """`staff`: the colleagues to choose from, where the page has read them already."""
        super().__init__(*args, **kwargs)
        tenant_id = self.request.tenant.pk
        listed = [(one.pk, str(one)) for one in (staff_list(tenant_id=tenant_id) if staff is None else staff)]
        self.filters["owner"].extra["choices"] = [(NOBODY, _("Nobody yet")), *listed]
        self.filters["camp"].extra["choices"] = [
            (one.pk, one.name) for one in window_list(tenant_id=tenant_id)[:50]
        ]
        groups = Lead.objects.filter(tenant_id=tenant_id, group__isnull=False).order_by("group__name")
        self.filters["group"].extra["choices"] = list(
            groups.values_list("group_id", "group__name").distinct()[:200]
        )
        basis: Any = Lead._meta.get_field("group").related_model._meta.get_field("payment_basis")
        self.filters["payment"].extra["choices"] = basis.choices
        doubts = Doubt.objects.filter(tenant_id=tenant_id).order_by("text").values_list("text", flat=True)
        self.filters["doubt"].extra["choices"] = [(text, text) for text in doubts.distinct()[:100]]

    def by_owner(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(owner=None) if value == NOBODY else rows.filter(owner_id=value)

    def by_doubt(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(pk__in=Doubt.objects.filter(text=value).values("lead_id"))
