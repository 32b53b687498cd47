"""One lead: who it is, why this tier, what happened, what to do next."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from console.formats import moment as moment_words
from console.pages import ConsoleView, render
from contacts.selectors import group_names, orders_for, tags_of
from leads.enums import (
    CLOSED_STATES,
    CloseReason,
    FollowResult,
    LeadEventKind,
    LeadState,
    NextAction,
)
from leads.models import Lead
from leads.policies.wording import scripts_for
from leads.selectors.board import by_work_order, doubts_of, lead_get, lead_list, lead_tab, lead_text
from leads.selectors.detail import behaviours_of, lead_events, why_of
from team.selectors import staff_list
from tenants import clock
from tenants.enums import Permission

ICONS = {
    "message": "message-2", "purchase_click": "link", "link_click": "link", "pay_click": "credit-card",
    "order": "receipt", "refund": "receipt-refund", "lesson": "player-play", "assignment": "clipboard-check",
    "join": "users-group", "leave": "logout", "form": "forms", "live": "video", "checkin": "circle-check",
    "radar": "eye", "coupon": "ticket", "draw": "gift", "red_packet": "gift", "mini_program": "apps",
}  # fmt: skip
FACETS = {
    "message": "msg", "purchase_click": "click", "link_click": "click", "pay_click": "click", "radar": "click",
    "lesson": "learn", "assignment": "learn", "checkin": "learn", "order": "order", "refund": "order",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One line of the timeline. `facet`: msg, click, learn, order, change or other."""

    at: datetime
    facet: str
    icon_name: str
    text: str
    detail: str = ""
    is_mine: bool = False
    before: str | None = None
    after: str | None = None


class LeadView(ConsoleView):
    """The lead page; `?asof=2026-11-12` shows the tier at the end of that day by the rule in force then."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            lead = lead_get(tenant_id=self.request.tenant.pk, lead_id=pk)
        except Lead.DoesNotExist as error:
            raise Http404 from error
        now = clock.now()
        day, as_of = self._as_of(lead, now)
        entries = _entries(lead, as_of if day else None)
        doubts = doubts_of([lead]).get(lead.pk, [])
        context = {
            "lead": lead,
            "text": lead_text(lead),
            "tier_shown": "S?" if lead.is_maybe_s else lead.tier,
            "why": why_of(lead=lead, as_of=as_of, now=now),
            "asof_day": day,
            "asof_min": clock.local_date(lead.window.starts_at, self.request.tenant.timezone),
            "asof_max": clock.local_date(now, self.request.tenant.timezone),
            "entries": entries,
            "facets": _facets(entries),
            "doubts": doubts,
            "doubts_open": sum(1 for one in doubts if one.state == "open"),
            "orders": list(orders_for(tenant_id=lead.tenant_id, customer_ids=[lead.customer_id])[:5]),
            "groups": group_names(tenant_id=lead.tenant_id, customer_ids=[lead.customer_id]).get(
                lead.customer_id, []
            ),
            "tags": tags_of(tenant_id=lead.tenant_id, customer_ids=[lead.customer_id]).get(
                lead.customer_id, []
            ),
            "scripts": scripts_for(lead.column, [one.text for one in doubts if one.state == "open"]),
            "results": FollowResult.choices,
            "next_actions": NextAction.choices,
            "times": _times(now, self.request.tenant.timezone),
            "reasons": CloseReason.choices,
            "colleagues": staff_list(tenant_id=lead.tenant_id, active_only=True),
            "is_closed": lead.state in CLOSED_STATES,
            "can_reopen": lead.state in (LeadState.WON, LeadState.NOT_BUYING),
            "can_work": self.can(Permission.WORK),
            "sees_personal": self.can(Permission.SEE_PERSONAL),
            "is_overdue": lead.next_action_at is not None and lead.next_action_at < now,
            "form_key": uuid4().hex,
            **_neighbours(lead, now),
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


def _times(now: datetime, zone: str) -> list[dict[str, Any]]:
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


def _neighbours(lead: Lead, now: datetime) -> dict[str, Any]:
    """The leads before and after in the work order, and this one's place."""
    rows = lead_tab(lead_list(tenant_id=lead.tenant_id), "board", now=now, day_ends_at=now)
    ids = list(by_work_order(rows, now=now).values_list("pk", flat=True))
    if lead.pk not in ids:
        return {"order_place": None, "order_total": len(ids)}
    at = ids.index(lead.pk)
    around = {one.pk: one for one in rows.filter(pk__in=ids[max(at - 1, 0) : at + 2])}
    return {
        "order_place": at + 1,
        "order_total": len(ids),
        "before": around.get(ids[at - 1]) if at else None,
        "after": around.get(ids[at + 1]) if at + 1 < len(ids) else None,
    }


def _entries(lead: Lead, until: datetime | None) -> list[Entry]:
    """Behaviours and the lead's own history in one line, newest first."""
    rows = [
        Entry(
            at=one.occurred_at,
            facet=FACETS.get(one.kind, "other"),
            icon_name=ICONS.get(one.kind, "point"),
            text=f"{one.get_kind_display()}: {one.object_title}"
            if one.object_title
            else str(one.get_kind_display()),
            detail=" · ".join(part for part in (one.text[:80], one.source) if part),
        )
        for one in behaviours_of(lead=lead, until=until)
    ]
    rows += [_event_entry(one) for one in lead_events(lead=lead, until=until)]
    return sorted(rows, key=lambda one: one.at, reverse=True)


def _event_entry(event: Any) -> Entry:
    who = event.actor_name or _("System")
    if event.kind == LeadEventKind.TIER:
        detail = _("%(who)s · rule v%(number)s") % {"who": who, "number": event.data["rule"]}
        return Entry(
            event.at, "change", "target-arrow", "", detail, before=event.data["from"], after=event.data["to"]
        )
    said = [event.data.get(key) for key in ("text", "note", "reason", "action")]
    if event.kind == LeadEventKind.FOLLOWED:
        said = [FollowResult(event.data["result"]).label, *said]
    if event.kind == LeadEventKind.CLOSED_NOT_BUYING and event.data.get("reason") in CloseReason.values:
        said = [CloseReason(event.data["reason"]).label, event.data.get("note")]
    detail = " · ".join(str(part) for part in [*said, who] if part)
    return Entry(event.at, "change", "user-check", str(event.get_kind_display()), detail, is_mine=True)


def _facets(entries: list[Entry]) -> list[dict[str, Any]]:
    names = {
        "all": _("All"), "msg": _("Messages"), "click": _("Clicks"), "learn": _("Learning"), "order": _("Orders"),
        "change": _("Changes"),
    }  # fmt: skip
    return [
        {"key": key, "label": label, "count": sum(1 for one in entries if key in ("all", one.facet))}
        for key, label in names.items()
    ]
