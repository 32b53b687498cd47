"""Filters of the run and touch lists."""

from typing import TYPE_CHECKING, Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.forms import HiddenInput
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from groups.enums import PaymentBasis
from groups.selectors import group_list
from sop.enums import Channel, RunState, Strategy, TouchState
from sop.models import Run, RunGroup, Touch
from sop.selectors.calendar import run_list
from sop.selectors.execution import FIGURES, execution_touches
from sop.selectors.talks import speech_touches
from team.selectors import staff_list

if TYPE_CHECKING:
    from team.models import Staff

FIGURE_LABELS = {
    "due": _("Was due"),
    "in_window": _("Done in the window"),
    "late": _("Late"),
    "skipped": _("Skipped"),
    "missed": _("Missed"),
    "no_evidence": _("Evidence missing"),
    "blocked": _("Blocked"),
    "waiting": _("Submitted, waits for proof"),
}


def payments_asked(data: QueryDict) -> list[str]:
    """How the groups are paid for that a page asks about (`payment`), each once; what is none is left out."""
    return [one for one in PaymentBasis.values if one in data.getlist("payment")]


class RunFilter(filters.FilterSet):
    q = filters.CharFilter(label=_("Name"), field_name="name", lookup_expr="icontains")
    state = filters.ChoiceFilter(label=_("State"), choices=RunState.choices)
    payment = filters.MultipleChoiceFilter(
        label=_("Payment"), choices=PaymentBasis.choices, method="with_groups_paid"
    )

    class Meta:
        model = Run
        fields: list[str] = []

    def with_groups_paid(self, rows: QuerySet, name: str, values: list[str]) -> QuerySet:
        """Runs with a group now in them that is paid for in one of these ways."""
        if not values:
            return rows
        seats = RunGroup.objects.filter(
            tenant=self.request.tenant, removed_at=None, group__payment_basis__in=values
        )
        return rows.filter(pk__in=seats.values("run"))


def _runs(request: HttpRequest | None) -> QuerySet[Run]:
    return run_list(tenant=request.tenant) if request is not None else Run.objects.none()  # type: ignore[attr-defined]


def _staff(request: HttpRequest) -> "QuerySet[Staff]":
    return staff_list(tenant_id=request.tenant.pk)  # type: ignore[attr-defined]


def _groups(request: HttpRequest | None) -> QuerySet:
    return group_list(tenant_id=request.tenant.pk if request is not None else 0)  # type: ignore[attr-defined]


class TouchFilter(filters.FilterSet):
    """`figure` opens the rows behind a figure of the execution rate; `bundle`, `group`, `step` those of one."""

    q = filters.CharFilter(label=_("Step or group"), method="search")
    state = filters.MultipleChoiceFilter(label=_("State"), choices=TouchState.choices)
    channel = filters.ChoiceFilter(label=_("Channel"), choices=Channel.choices)
    run = filters.ModelChoiceFilter(label=_("Run"), queryset=_runs)
    rule = filters.CharFilter(label=_("Rule"), field_name="rule_code", lookup_expr="iexact")
    figure = filters.ChoiceFilter(
        label=pgettext_lazy("touches", "Figure"),
        choices=[(one, FIGURE_LABELS[one]) for one in FIGURES],
        method="of_figure",
    )
    since = filters.DateFilter(label=_("From"), field_name="planned_at", lookup_expr="date__gte")
    until = filters.DateFilter(label=_("To"), field_name="planned_at", lookup_expr="date__lte")
    staff = filters.ModelChoiceFilter(label=_("Carried out by"), queryset=_staff)
    group = filters.ModelChoiceFilter(label=_("Group"), queryset=_groups, widget=HiddenInput)
    payment = filters.MultipleChoiceFilter(
        label=_("Payment"), choices=PaymentBasis.choices, field_name="group__payment_basis"
    )
    step = filters.CharFilter(label=_("Step"), field_name="step__key", widget=HiddenInput)
    template = filters.NumberFilter(
        label=_("Template"), field_name="run__version__template", widget=HiddenInput
    )
    strategy = filters.ChoiceFilter(
        label=_("Strategy"), choices=Strategy.choices[1:], field_name="step__strategy", widget=HiddenInput
    )  # fmt: skip
    speech = filters.ChoiceFilter(
        label=_("Broadcast or conversation"), method="of_speech",
        choices=[
            ("broadcast", _("Broadcasts sent")), ("conversation", _("Conversations held")),
            ("waiting", _("Conversations to come")),
        ],
    )  # fmt: skip
    bundle = filters.NumberFilter(label=_("Task"), field_name="bundle", widget=HiddenInput)

    class Meta:
        model = Touch
        fields: list[str] = []

    def search(self, rows: QuerySet, name: str, value: Any) -> QuerySet:
        return rows.filter(
            Q(step__title__icontains=value)
            | Q(group__name__icontains=value)
            | Q(staff__name__icontains=value)
        )

    def of_speech(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(pk__in=speech_touches(tenant=self.request.tenant, speech=value).values("pk"))

    def of_figure(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        tenant = self.request.tenant
        return rows.filter(pk__in=execution_touches(tenant_id=tenant.pk, figure=value).values("pk"))
