"""Today (R123): what waits for one person, in the one work order, two clicks to act."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.pages import ConsoleView, go, render, toast
from team.enums import Bucket, SnoozeReason, WorkKind, WorkState
from team.models import Staff, WorkItem
from team.selectors import (
    NOBODY,
    rail_blocks,
    staff_list,
    work_counts,
    work_item_done_list,
    work_item_list,
)
from team.services import work_item_act
from team.viewer import own_staff
from tenants import clock
from tenants.enums import Permission, Role

TABS = ("all", *Bucket.values, "snoozed", "done", "blocked")
SECTION_ROWS = 25  # of each kind where all kinds stand together; the rest are on the tab of their kind
PAGE_ROWS = 50
RAIL_ROWS = 5
TAB_LABELS = {
    "all": _("All"),
    "must": _("Must do"),
    "remind": _("Reminders"),
    "suggest": _("Suggestions"),
    "snoozed": pgettext_lazy("work", "Put off"),
    "done": _("Done"),
    "blocked": _("Blocked"),
}
NOTES = {
    "must": _("left undone, a promise or a deadline is broken"),
    "remind": _("due today; late ones cost experience"),
    "suggest": _("when there is time"),
}
# What each role looks to first; the list itself keeps the one work order.
ROLE_KINDS: dict[str, tuple[WorkKind, ...]] = {
    Role.OWNER: (WorkKind.APPROVAL, WorkKind.ALERT, WorkKind.CHECK),
    Role.LEADER: (WorkKind.APPROVAL, WorkKind.ALERT, WorkKind.CHECK),
    Role.OPERATOR: (WorkKind.SOP_TASK, WorkKind.NEW_MEMBERS, WorkKind.QUESTION, WorkKind.ALERT),
    Role.SALES: (WorkKind.LEAD, WorkKind.QUESTION, WorkKind.NEW_MEMBERS),
}
DONE_WORDS = {
    "done": _("Done: %(title)s"),
    "snooze": _("Later: %(title)s"),
    "undo": _("Open again: %(title)s"),
}


@dataclass(frozen=True)
class Section:
    """One bucket of the list: its first rows, and how many there are."""

    key: str
    label: Any
    note: Any
    items: list[WorkItem]
    count: int
    page: Page | None = None

    @property
    def hidden(self) -> int:
        """How many stand on the tab of this kind only."""
        return 0 if self.page else max(self.count - len(self.items), 0)


@dataclass(frozen=True)
class Viewer:
    """Whose list is looked at. `staff_id` None: everyone's; NOBODY: what is for anyone."""

    own: Staff | None
    shown: Staff | None
    staff_id: int | None
    people: list[Staff]


class _TodayView(ConsoleView):
    """What the page and its actions share: whose list, which tab, what stands in it."""

    def viewer(self) -> Viewer:
        """Leads look at anyone by ?staff=<id> or all; others see their own. An unknown id is a 404."""
        tenant, own = self.request.tenant, own_staff(self.request)
        if not self.can(Permission.APPROVE):
            return Viewer(own, own, own.pk if own else NOBODY, [])
        people = list(staff_list(tenant_id=tenant.pk, active_only=True))
        asked = self.request.GET.get("staff", "")
        if asked and asked != "all":
            shown = next((one for one in people if str(one.pk) == asked), None)
            if shown is None:
                raise Http404
            return Viewer(own, shown, shown.pk, people)
        if own is None or asked == "all":
            return Viewer(own, None, None, people)
        return Viewer(own, own, own.pk, people)

    def page(self) -> dict[str, Any]:
        """Everything the page shows; the same statements whatever the number of items, and one a rail provider."""
        viewer, now = self.viewer(), clock.now()
        since = self._midnight(now)
        tab = self.request.GET.get("bucket", "all")
        tab = tab if tab in TABS else "all"
        asked = self.request.GET.get("kind", "")
        kind = asked if asked in WorkKind.values else ""
        where = {"tenant_id": self.request.tenant.pk, "staff_id": viewer.staff_id, "kind": kind}
        counts = work_counts(**where, since=since)
        sections = self._sections(where, tab, counts)
        first = sections[0].items[0] if sections else None
        if first and self.request.GET.get("one"):
            sections = [replace(sections[0], items=[first])]
        blocked = work_item_list(**where, states=[WorkState.BLOCKED])
        snoozed = work_item_list(**where, states=[WorkState.SNOOZED]).order_by("snoozed_until", "pk")
        finished = work_item_done_list(**where, since=since)
        return {
            "viewer": viewer,
            "tab": tab,
            "one": bool(self.request.GET.get("one")),
            "kind": kind,
            "kinds": self._kinds(counts, kind),
            "tabs": [(key, TAB_LABELS[key], counts[key]) for key in TABS],
            "sections": sections,
            "focus_id": first.pk if first else 0,
            "blocked": self._paged(blocked) if tab == "blocked" else list(blocked[:RAIL_ROWS]),
            "snoozed": self._paged(snoozed) if tab == "snoozed" else [],
            "next_back": snoozed.first() if counts["snoozed"] and not counts["all"] else None,
            "reasons": SnoozeReason.choices,
            "finished": self._paged(finished) if tab == "done" else list(finished[:SECTION_ROWS]),
            "done_hidden": max(counts["done"] - SECTION_ROWS, 0),
            "counts": counts,
            "planned": counts["all"] + counts["snoozed"] + counts["done"] + counts["missed"],
            "buckets_done": " · ".join(
                f"{counts[f'{one}_done']}/{counts[f'{one}_done'] + counts[one]}" for one in Bucket.values
            ),
            "rail_blocks": rail_blocks(tenant=self.request.tenant, staff=viewer.shown, now=now),
        }

    def _kinds(self, counts: dict[str, int], chosen: str) -> list[tuple[str, Any, int]]:
        """(kind, name, how many wait), what the visitor's role looks to first; kinds without any are left out."""
        first = ROLE_KINDS.get(self.request.role, ())
        ordered = sorted(WorkKind, key=lambda one: first.index(one) if one in first else len(first))
        found = [(str(one), one.label, counts[f"kind:{one}"]) for one in ordered]
        return [one for one in found if one[2] or one[0] == chosen]

    def _sections(self, where: dict[str, Any], tab: str, counts: dict[str, int]) -> list[Section]:
        """The buckets shown, each in the work order; empty ones are left out, one bucket alone is paged."""
        made = []
        for bucket in Bucket.values:
            if not counts[bucket] or tab not in ("all", bucket):
                continue
            rows = work_item_list(**where, bucket=bucket)
            page = self._paged(rows) if tab == bucket else None
            items = list(page.object_list if page else rows[:SECTION_ROWS])
            if items:
                made.append(Section(bucket, TAB_LABELS[bucket], NOTES[bucket], items, counts[bucket], page))
        return made

    def _paged(self, rows: QuerySet[WorkItem]) -> Page:
        return Paginator(rows, PAGE_ROWS).get_page(self.request.GET.get("page"))

    def _midnight(self, now: datetime) -> datetime:
        zone = self.request.tenant.timezone
        return clock.day_bounds(clock.local_date(now, zone), zone)[0]


class TodayPage(_TodayView):
    """The home page."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "team/today.html", self.page(), partial="team/_today.html")


class ItemActView(_TodayView):
    """Done, later, undo: one click, answered with the list as it is now."""

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        own = own_staff(request)
        try:
            item = work_item_act(
                tenant=self.request.tenant,
                item_id=pk,
                verb=verb,
                actor=self.request.actor,
                staff_ids=[own.pk] if own else [],
                why=request.POST.get("why") or SnoozeReason.BUSY,
            )
        except (WorkItem.DoesNotExist, KeyError, ValueError) as error:
            raise Http404 from error
        if item.opens:
            return go(request, item.opens.url)
        undo = self.url("team:item_act", pk=pk, verb="undo") if verb != "undo" else ""
        toast(request, DONE_WORDS[verb] % {"title": item.title}, undo)
        if getattr(request, "htmx", False):
            return render(request, "team/_today.html", self.page(), partial="team/_today.html")
        return go(request, self.url("team:today"))
