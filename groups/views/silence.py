"""The review of silent members: the queue, decisions about many with undo, and the switch of a group."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.dateparse import parse_datetime
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from console.keys import keys_of
from console.listing import BulkAction, ListPage
from console.pages import ConsoleView, go, toast
from contacts.enums import BehaviourKind
from groups.enums import CASE_DECISIONS, CaseState, SilentReason
from groups.filters import SilentFilter
from groups.models import Group, SilentCase
from groups.policies.silence import is_reviewed
from groups.selectors import ACTIVE_KINDS
from groups.selectors.silence import (
    case_counts,
    case_list,
    full_groups,
    last_pass,
    name_inviters,
    silence_limits,
    unknown_silence,
)
from groups.services.passes import review_ask
from groups.services.silence_cases import Decided, cases_decide, cases_undo, silence_switch
from groups.tables.silence import SilentTable
from groups.views.detail import group_or_404
from tenants import clock
from tenants.enums import Permission
from tenants.roles import allows

TABS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "": (gettext_lazy("Waits for a decision"), (CaseState.OPEN,)),
    "asked": (gettext_lazy("Tasks under way"), (CaseState.WAKING, CaseState.REMOVING)),
    "kept": (pgettext_lazy("silent member", "Kept"), (CaseState.KEPT,)),
    "over": (gettext_lazy("Active again or gone"), (CaseState.BACK, CaseState.LEFT)),
}
SWITCH = {"on": True, "off": False, "type": None}


def activity_labels() -> list[Any]:
    """What counts as an activity, in words (R19)."""
    return [kind.label for kind in BehaviourKind if kind in ACTIVE_KINDS]


class SilentListPage(ListPage):
    """People to decide about, over all groups."""

    template_name = "groups/silent.html"
    table_class = SilentTable
    filterset_class = SilentFilter
    key = "groups.silent"
    title = gettext_lazy("Silent members")
    purpose = gettext_lazy(
        "Once a week, or whenever you ask: who was not active, posts ads or only fills seats, with the evidence. "
        "You decide; nobody is ever removed by itself."
    )

    def queryset(self) -> QuerySet[SilentCase]:
        tab = TABS.get(self.request.GET.get("tab", ""), TABS[""])
        is_open = self.request.GET.get("state")
        return case_list(tenant_id=self.request.tenant.pk, states=None if is_open else tab[1])

    def bulk(self) -> list[BulkAction]:
        if not self.can(Permission.OPERATE):
            return []
        return [
            BulkAction(_("Keep"), self.url("groups:silent_decide", decision="keep")),
            BulkAction(_("Re-activate"), self.url("groups:silent_decide", decision="wake")),
            BulkAction(
                _("Propose removal"), self.url("groups:silent_decide", decision="remove"), is_danger=True
            ),
        ]

    def show(self, context: dict[str, Any]) -> HttpResponse:
        tenant_id = self.request.tenant.pk
        rows = [row.record for row in context["table"].page.object_list]
        name_inviters(rows, tenant_id=tenant_id)
        for row in rows:
            row.whys = [SilentReason(one) for one in row.reasons]
            row.last_label = BehaviourKind(row.last_kind).label if row.last_kind else ""
        return super().show(context | self._aside)

    @cached_property
    def _aside(self) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        counts = case_counts(tenant_id=tenant_id)
        return {
            "tabs": [
                (key, label, sum(counts[one] for one in states)) for key, (label, states) in TABS.items()
            ],
            "present_tab": self.request.GET.get("tab", ""),
            "total": sum(counts.values()),
            "last": last_pass(tenant_id=tenant_id),
            "limits": silence_limits(tenant_id=tenant_id),
            "full": full_groups(tenant_id=tenant_id),
            "activities": activity_labels(),
        }


class SilentAsk(ConsoleView):
    """Make the review now."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        review_ask(tenant=self.request.tenant, actor=self.request.actor)
        toast(request, _("The review is being made; load this page again in a moment."))
        return go(request, self.url("groups:silent"))


class SilentDecide(ConsoleView):
    """One decision about the picked people."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, decision: str) -> HttpResponse:
        found = cases_decide(
            tenant=self.request.tenant, case_ids=self._picked(), decision=decision, actor=self.request.actor
        )
        undo = f"{self.url('groups:silent_undo')}?{urlencode({'at': found.at.isoformat()})}"
        toast(request, _said(decision, found), undo if found.count else "")
        return go(request, self.url("groups:silent"))

    def _picked(self) -> list[int]:
        if not self.request.POST.get("every"):
            return keys_of(self.request.POST.getlist("pick"))
        query = QueryDict(self.request.POST.get("query", ""))
        tab = TABS.get(query.get("tab", ""), TABS[""])
        rows = case_list(tenant_id=self.request.tenant.pk, states=tab[1])
        made = SilentFilter(query, queryset=rows, request=self.request)
        return list(made.qs.values_list("pk", flat=True)) if made.is_valid() else []


def _said(decision: str, found: Decided) -> str:
    """What a decision did, with those it left out and why."""
    if not found.count and not found.opted_out and not found.frozen:
        return _("Nobody among them waits for a decision.")
    words = {
        "keep": ngettext("%(n)s person is kept", "%(n)s people are kept", found.count),
        "wake": ngettext(
            "A task with words for %(n)s person", "Tasks with words for %(n)s people", found.count
        ),
        "remove": ngettext(
            "The owner is asked to remove %(n)s person", "The owners are asked to remove %(n)s people", found.count
        ),
    }  # fmt: skip
    said = [words[decision] % {"n": found.count}]
    if found.opted_out:
        said.append(
            ngettext(
                "%(n)s asked for no marketing and is left alone",
                "%(n)s asked for no marketing and are left alone",
                found.opted_out,
            )
            % {"n": found.opted_out}
        )
    if found.frozen:
        said.append(
            ngettext(
                "%(n)s sits in a frozen group", "%(n)s sit in a frozen group", found.frozen
            )
            % {"n": found.frozen}
        )  # fmt: skip
    return "; ".join(said)


class SilentUndo(ConsoleView):
    """Take one's own latest decision back."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        decided_at = _moment(request.GET.get("at", ""))
        count = 0
        if decided_at is not None:
            count = cases_undo(tenant=self.request.tenant, decided_at=decided_at, actor=self.request.actor)
        said = ngettext("%(n)s person waits again", "%(n)s people wait again", count)
        toast(request, said % {"n": count})
        return go(request, self.url("groups:silent"))


def _moment(raw: str) -> datetime | None:
    try:
        found = parse_datetime(raw)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


class SilentSwitch(ConsoleView):
    """Whether one group's silent members are reviewed."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        group_or_404(request, pk)
        silence_switch(
            tenant=self.request.tenant, group_id=pk, is_on=SWITCH.get(request.POST.get("to", "")),
            actor=self.request.actor,
        )  # fmt: skip
        return go(request, f"{self.url('groups:detail', pk=pk)}?tab=silent")


def silent_context(request: Any, group: Group) -> dict[str, Any]:
    """What `groups/_silent.html` shows on a group's page."""
    tenant_id = group.tenant_id
    unknown = unknown_silence(tenant_id=tenant_id, groups=[group], now=clock.now())[group.pk]
    rows = list(case_list(tenant_id=tenant_id, states=[CaseState.OPEN]).filter(group=group)[:20])
    name_inviters(rows, tenant_id=tenant_id)
    for row in rows:
        row.whys = [SilentReason(one) for one in row.reasons]  # type: ignore[attr-defined]
        row.last_label = BehaviourKind(row.last_kind).label if row.last_kind else ""  # type: ignore[attr-defined]
    counts = case_counts(tenant_id=tenant_id, group_id=group.pk)
    return {
        "cases": rows,
        "waiting": counts[CaseState.OPEN],
        "states": [(state, state.label, counts[state]) for state in CaseState],
        "why_unknown": unknown,
        "is_reviewed": is_reviewed(kind=group.kind, switch=group.reviews_silence),
        "last": last_pass(tenant_id=tenant_id),
        "limits": silence_limits(tenant_id=tenant_id),
        "activities": activity_labels(),
        "can_operate": allows(request.role, Permission.OPERATE),
        "decisions": list(CASE_DECISIONS),
    }
