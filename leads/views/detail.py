"""One lead: who it is, why this tier, what happened, what to do next."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.formats import moment as moment_words
from console.pages import ConsoleView, render
from contacts.selectors.profile import profile_of
from contacts.selectors.timeline import customer_timeline, facet_counts
from leads.enums import (
    CLOSED_STATES,
    CloseReason,
    FollowResult,
    LeadState,
    NextAction,
)
from leads.models import Lead
from leads.selectors.board import (
    doubts_of,
    lead_get,
    lead_text,
    owner_loads,
)
from leads.selectors.detail import why_of
from leads.selectors.neighbours import neighbours_of
from team.selectors import staff_list
from tenants import clock
from tenants.enums import Permission

FACET_NAMES = {
    "all": _("All"),
    "message": _("Messages"),
    "click": _("Clicks"),
    "learn": pgettext_lazy("timeline", "Learning"),
    "reach": _("Touches"),
    "order": _("Orders"),
    "change": _("Changes"),
}


class LeadView(ConsoleView):
    """The lead page; `?asof=2026-11-12` shows the tier at the end of that day by the rule in force then."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            lead = lead_get(tenant_id=self.request.tenant.pk, lead_id=pk)
        except Lead.DoesNotExist as error:
            raise Http404 from error
        now = clock.now()
        day, as_of = self._as_of(lead, now)
        entries = customer_timeline(
            tenant_id=lead.tenant_id, customer_id=lead.customer_id, with_identity=False
        )
        if day:
            entries = [one for one in entries if one.at <= as_of]
        counts = facet_counts(entries)
        doubts = doubts_of([lead]).get(lead.pk, [])
        profile = profile_of(
            customer=lead.customer, this_year=clock.local_date(now, self.request.tenant.timezone).year
        )
        context = {
            "lead": lead,
            "text": lead_text(lead),
            "tier_shown": "S?" if lead.is_maybe_s else lead.tier,
            "why": why_of(lead=lead, as_of=as_of, now=now),
            "asof_day": day,
            "asof_min": clock.local_date(lead.window.starts_at, self.request.tenant.timezone),
            "asof_max": clock.local_date(now, self.request.tenant.timezone),
            "entries": entries,
            "facets": [
                {"key": key, "label": label, "count": counts[key]} for key, label in FACET_NAMES.items()
            ],
            "doubts": doubts,
            "profile": profile,
            "profile_known": sum(1 for one in profile if one.settled.holds),
            "doubts_open": sum(1 for one in doubts if one.state == "open"),
            "results": FollowResult.choices,
            "next_actions": NextAction.choices,
            "times": times_ahead(now, self.request.tenant.timezone),
            "reasons": CloseReason.choices,
            "is_closed": lead.state in CLOSED_STATES,
            "can_reopen": lead.state in (LeadState.WON, LeadState.NOT_BUYING),
            "can_work": self.can(Permission.WORK),
            "sees_personal": self.can(Permission.SEE_PERSONAL),
            "is_overdue": lead.next_action_at is not None and lead.next_action_at < now,
            "form_key": uuid4().hex,
            "neighbours": neighbours_of(lead, now=now),
        }
        return render(request, "leads/detail.html", context)

    def _as_of(self, lead: Lead, now: datetime) -> tuple[date | None, datetime]:
        """The day asked for, if any, and the moment its tier is read at."""
        try:
            day = parse_date(self.request.GET.get("asof", ""))
        except ValueError:
            day = None
        if day is None:
            return None, now
        zone = self.request.tenant.timezone
        return day, min(clock.day_bounds(day, zone)[1] - timedelta(microseconds=1), now)


class AssignDrawer(ConsoleView):
    """Choose who follows this lead, in the drawer."""

    permission = Permission.WORK

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            lead = lead_get(tenant_id=self.request.tenant.pk, lead_id=pk)
        except Lead.DoesNotExist as error:
            raise Http404 from error
        loads = owner_loads(tenant_id=lead.tenant_id)
        staff = staff_list(tenant_id=lead.tenant_id, active_only=True)
        context = {
            "lead": lead,
            "colleagues": [{"staff": one, "load": loads.get(one.pk, 0)} for one in staff],
            "back": self.url("leads:detail", pk=pk),
        }
        return render(request, "leads/assign.html", context)


class PlanDrawer(ConsoleView):
    """Plan the next action from the board, in the drawer; a late one says why."""

    permission = Permission.WORK

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            lead = lead_get(tenant_id=self.request.tenant.pk, lead_id=pk)
        except Lead.DoesNotExist as error:
            raise Http404 from error
        now = clock.now()
        context = {
            "lead": lead,
            "next_actions": NextAction.choices,
            "is_own": lead.next_action not in NextAction.values,
            "is_late": lead.next_action_at is not None and lead.next_action_at < now,
            "times": times_ahead(now, self.request.tenant.timezone),
            "back": request.headers.get("HX-Current-URL", "") or self.url("leads:board"),
        }
        return render(request, "leads/plan.html", context, partial="leads/plan.html")


def times_ahead(now: datetime, zone: str) -> list[dict[str, Any]]:
    """Times that are one tap away: minutes from now, with the moment in words."""
    evening = clock.at_local(clock.local_date(now, zone), time(20, 0), zone)
    morning = clock.at_local(clock.local_date(now, zone) + timedelta(days=1), time(9, 0), zone)
    wanted = [
        (_("In 1 hour"), now + timedelta(hours=1)),
        (_("This evening"), evening),
        (_("Tomorrow morning"), morning),
        (_("In 3 days"), now + timedelta(days=3)),
    ]
    return [
        {
            "label": label,
            "at": clock.local(at, zone),
            "minutes": max(int((at - now).total_seconds() // 60), 0),
            "words": moment_words(clock.local(at, zone), clock.local(now, zone), "zh-hans"),
        }
        for label, at in wanted
        if at > now
    ]
