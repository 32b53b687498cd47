"""The planner of a week: first come, first served beside the best schedule; put in force and taken back."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.pages import ConsoleView, TemplatePage, go, is_part, toast
from contacts.policies.touch import week_start
from groups.selectors import groups_to_pick
from sop.selectors.planned import planner_plan
from sop.selectors.planner import MOST_MOVES, planner_size
from sop.selectors.planner_shown import plan_last, planner_shown
from sop.services.planner import planner_apply, planner_undo
from sop.views.days import day_named
from tenants import clock
from tenants.enums import Permission

MOVES = 1
AT_ONCE = 300  # messages that are planned with the page


class PlannerPage(TemplatePage):
    """What a week may hold: each message by both ways, with what binds it.

    A plan of very many messages comes after the page, by htmx: `?planned=1` waits for it, for browsers that run no
    scripts.
    """

    template_name = "sop/planner.html"
    partial_name = "sop/_planner_plan.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        asked = Asked(self.request, self.request.GET)
        wanted: dict[str, Any] = {
            "tenant": self.request.tenant, "starts_on": asked.starts_on, "group_ids": asked.group_ids,
        }  # fmt: skip
        base = {"asked": asked, "can_operate": self.can(Permission.OPERATE)}
        if is_part(self.request):
            return base | self.plan(wanted, asked)
        is_later = not self.request.GET.get("planned") and planner_size(**wanted) > AT_ONCE
        return base | {
            **({} if is_later else self.plan(wanted, asked)),
            "is_later": is_later,
            "groups": groups_to_pick(tenant_id=self.request.tenant.pk),
            "moves": range(MOST_MOVES + 1),
            "last": plan_last(tenant=self.request.tenant, starts_on=asked.starts_on),
            "sheet": "css/sop.css",
        }

    def plan(self, wanted: dict[str, Any], asked: "Asked") -> dict[str, Any]:
        planned = planner_plan(**wanted, moves=asked.moves)
        return {"shown": planner_shown(tenant=wanted["tenant"], planned=planned), "planned": planned}


class Asked:
    """The week, groups and days of moving that a request names; what makes no sense is as if it were not there."""

    def __init__(self, request: Any, data: Any) -> None:
        today = clock.local_date(clock.now(), request.tenant.timezone)
        try:
            day = day_named(data.get("week"))
        except ValueError:
            day = today
        self.today = today
        self.starts_on = week_start(day)
        picked = [int(one) for one in data.getlist("groups") if one.isdecimal() and len(one) < 19]
        self.picked = set(picked)
        self.group_ids = picked or None
        moves = data.get("moves", "")
        self.moves = min(int(moves), MOST_MOVES) if moves.isdecimal() and len(moves) < 3 else MOVES

    @property
    def ends_on(self) -> date:
        return self.starts_on + timedelta(days=6)

    @property
    def previous(self) -> date:
        return self.starts_on - timedelta(days=7)

    @property
    def following(self) -> date:
        return self.starts_on + timedelta(days=7)

    @property
    def query(self) -> str:
        """The part of the address that names groups and moves."""
        return "".join(f"&groups={one}" for one in sorted(self.picked)) + f"&moves={self.moves}"


class PlannerApplyView(ConsoleView):
    """POST: put the plan in force that was shown."""

    write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        asked = Asked(self.request, request.POST)
        row = planner_apply(
            tenant=self.request.tenant, starts_on=asked.starts_on, group_ids=asked.group_ids, moves=asked.moves,
            mark=request.POST.get("mark", ""), actor=self.request.actor,
        )  # fmt: skip
        said = _("%(moved)s moved, %(dropped)s left out.") % {
            "moved": len(row.moves),
            "dropped": len(row.dropped),
        }
        toast(request, said, self.url("sop:planner_undo", pk=row.pk))
        return go(request, f"{self.url('sop:planner')}?week={asked.starts_on}{asked.query}")


class PlannerUndoView(ConsoleView):
    """POST: take a plan back."""

    write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        back = planner_undo(tenant=self.request.tenant, plan_id=pk, actor=self.request.actor)
        said = ngettext("%(n)s message is as it was.", "%(n)s messages are as they were.", back)
        toast(request, said % {"n": back})
        return go(request, self.url("sop:planner"))
