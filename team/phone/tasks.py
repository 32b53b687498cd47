"""My tasks on the phone: the same rows and the same order as Today."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.pages import go, render, toast
from team.enums import Bucket, SnoozeReason, WorkState
from team.models import WorkItem
from team.phone.base import PhoneView
from team.selectors import rail_blocks, work_counts, work_item_list
from team.services import work_item_act
from tenants import clock

TABS = {
    "must": _("Must do"),
    "remind": _("Reminders"),
    "suggest": _("Suggestions"),
    "snoozed": pgettext_lazy("work", "Put off"),
    "blocked": _("Blocked"),
}
PAGE_ROWS = 50
DONE_WORDS = {
    "done": _("Done: %(title)s"),
    "snooze": _("Later: %(title)s"),
    "undo": _("Open again: %(title)s"),
}


class _TasksView(PhoneView):
    def page(self) -> dict[str, Any]:
        """What the page shows; the same number of queries whatever the number of items."""
        tenant, staff, now = self.request.tenant, self.request.staff, clock.now()
        since = clock.day_bounds(clock.local_date(now, tenant.timezone), tenant.timezone)[0]
        where = {"tenant_id": tenant.pk, "staff_id": staff.pk}
        counts = work_counts(**where, since=since)
        tab = self.request.GET.get("bucket", "")
        if tab not in TABS:
            tab = next((one for one in Bucket.values if counts[one]), Bucket.MUST)
        states = {"blocked": [WorkState.BLOCKED], "snoozed": [WorkState.SNOOZED]}.get(tab, [WorkState.OPEN])
        rows = work_item_list(**where, states=states, bucket=tab if tab in Bucket.values else "")
        items = Paginator(rows, PAGE_ROWS).get_page(self.request.GET.get("page"))
        return {
            "tab": tab,
            "tabs": [(key, label, counts[key]) for key, label in TABS.items()],
            "items": items,
            "focus_id": items[0].pk if items and tab in Bucket.values else 0,
            "reasons": SnoozeReason.choices,
            "counts": counts,
            "planned": counts["all"] + counts["snoozed"] + counts["done"] + counts["missed"],
            "rail_blocks": rail_blocks(tenant=tenant, staff=staff, now=now),
        }


class TasksPage(_TasksView):
    """The phone's first page."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "team/phone_tasks.html", self.page(), partial="team/_phone_tasks.html")


class TaskActView(_TasksView):
    """Done or later, from the phone."""

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        try:
            item = work_item_act(
                tenant=self.request.tenant,
                item_id=pk,
                verb=verb,
                actor=self.request.actor,
                staff_ids=[self.request.staff.pk],
                why=request.POST.get("why") or SnoozeReason.BUSY,
            )
        except (WorkItem.DoesNotExist, KeyError, ValueError) as error:
            raise Http404 from error
        if item.opens:
            return go(request, item.opens.phone_url)
        undo = self.url("team_phone:item_act", pk=pk, verb="undo") if verb != "undo" else ""
        toast(request, DONE_WORDS[verb] % {"title": item.title}, undo)
        if getattr(request, "htmx", False):
            return render(request, "team/_phone_tasks.html", self.page(), partial="team/_phone_tasks.html")
        return HttpResponseRedirect(self.url("team_phone:tasks"))
