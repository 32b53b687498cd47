"""The calendar of all groups, its ledger, and moving what is still to come."""

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.core import signing
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import formats
from console.listing import FORMATS
from console.pages import ConsoleView, FormPage, TemplatePage, go, render, toast
from groups.enums import PaymentBasis
from groups.selectors import group_get
from sop.enums.calendar import Field
from sop.filters import payments_asked
from sop.forms import RetimeForm
from sop.models import Touch
from sop.selectors.board import MOVABLE, PAGE, Board, board_of
from sop.selectors.board_groups import REST_PART, WEEK_PART, Wanted, cast_of
from sop.selectors.board_lines import board_lines
from sop.selectors.calendar import day_ledger, decorate, week_days
from sop.selectors.replans import Replan, replan_of
from sop.services.calendar import Moved, calendar_back, calendar_move, due_of, replan_apply
from sop.views.days import day_named
from sop.views.touches import found_touch
from tenants import audit, clock
from tenants.enums import Permission

_SALT = "sop.calendar.back"
_BACK_S = 15 * 60
_SHIFTS = {"earlier": (-30, 0), "later": (30, 0), "day_before": (0, -1), "day_after": (0, 1)}


def _number(raw: str) -> int | None:
    return int(raw) if raw.isdecimal() and len(raw) < 19 else None


def asked_of(request: Any, data: Any) -> Wanted:
    """What the address asks for; what makes no sense is as if it were not there."""
    today = clock.local_date(clock.now(), request.tenant.timezone)
    part, field = data.get("run", ""), data.get("field", "")
    return Wanted(
        day=_day(data.get("week"), default=today),
        part=part if part in (WEEK_PART, REST_PART) or _number(part) else "",
        operator=_number(data.get("operator", "")),
        field=field if field in Field.values else "",
        words=data.get("q", "").strip()[:64],
        group_id=_number(data.get("only", "")),
        payments=tuple(payments_asked(data)),
        page=_number(data.get("page", "")) or 1,
        lane=data.get("lane", "")[:32],
    )


def _day(raw: str | None, *, default: date) -> date:
    try:
        return day_named(raw)
    except ValueError:
        return default


class CalendarPage(TemplatePage):
    """Groups by the days of a week over every run (R50). By htmx: the board alone, as after a move."""

    template_name = "sop/calendar.html"
    partial_name = "sop/_board.html"
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        if request.GET.get("export") in FORMATS:
            return self.export(request.GET["export"])
        return super().get(request, **kwargs)

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant, wanted = self.request.tenant, asked_of(self.request, self.request.GET)
        board = board_of(tenant=tenant, wanted=wanted)
        day = self.picked(board)
        return {
            "board": board,
            "wanted": wanted,
            "day": day,
            "fields": Field.choices,
            "payment_bases": PaymentBasis.choices,
            "previous": board.days[0] - timedelta(days=7),
            "following": board.days[0] + timedelta(days=7),
            "page_numbers": range(1, board.pages + 1),
            "first_row": (min(wanted.page, board.pages) - 1) * PAGE + 1,
            "can_operate": self.can(Permission.OPERATE),
            "can_export": self.can(Permission.EXPORT),
            "is_filtered": bool(
                wanted.words or wanted.operator or wanted.field or wanted.group_id or wanted.payments
            ),
            **self.ledger(board, day),
        }

    def picked(self, board: Board) -> date:
        """The day in hand: the one asked for, else today, else the first of the week."""
        fallback = board.today if board.today in board.days else board.days[0]
        day = _day(self.request.GET.get("day"), default=fallback)
        return day if day in board.days else fallback

    def ledger(self, board: Board, day: date) -> dict[str, Any]:
        group_id = _number(self.request.GET.get("group", ""))
        rows = [row for band in board.bands for row in band.rows if row.group.pk == group_id]
        if not rows:
            return {"group": None}
        group = rows[0].group
        touches = day_ledger(tenant=self.request.tenant, group_id=group.pk, day=day)
        return {"group": group, "ledger": touches, "cell": rows[0].cells[board.days.index(day)]}

    def export(self, form: str) -> HttpResponseBase:
        """The week of all groups asked for, one line a message; written to the audit trail."""
        if not self.can(Permission.EXPORT):
            return self.forbidden(Permission.EXPORT)
        tenant = self.request.tenant
        board = board_of(tenant=tenant, wanted=asked_of(self.request, self.request.GET), every=True)
        lines = board_lines(board, tenant.timezone)
        with transaction.atomic():
            audit.record(
                tenant=tenant, actor=self.request.actor, verb="console.list.exported",
                changes={"list": [None, "sop.calendar"], "rows": [None, len(lines) - 1]},
            )  # fmt: skip
        return FORMATS[form](lines, f"calendar-{board.days[0]:%Y%m%d}.{form}")


class CalendarLedgerView(TemplatePage):
    """The touches of one group on one day, docked under the calendar."""

    template_name = "sop/_board_ledger.html"
    partial_name = template_name
    http_method_names = ["get", "head", "options"]

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant = self.request.tenant
        group = group_get(tenant_id=tenant.pk, group_id=kwargs["pk"])
        day = _day(self.request.GET.get("day"), default=clock.local_date(clock.now(), tenant.timezone))
        return {
            "group": group,
            "day": day,
            "ledger": day_ledger(tenant=tenant, group_id=group.pk, day=day),
            "can_operate": self.can(Permission.OPERATE),
            "can_export": self.can(Permission.EXPORT),
        }


class CalendarMovePage(FormPage):
    """A drawer: another time for one touch. A drag or a key posts a day or a shift instead of the form."""

    template_name = "sop/calendar_move_drawer.html"
    form_class = RetimeForm
    write_permission = Permission.OPERATE

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return {"due_at": found_touch(self.request, kwargs["pk"]).due_at}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        touch = decorate(found_touch(self.request, kwargs["pk"]), clock.now())
        return {"touch": touch, "may_move": touch.state in MOVABLE and touch.run.state == "running"}

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        touch, zone = found_touch(request, kwargs["pk"]), self.request.tenant.timezone
        shift = _SHIFTS.get(request.POST.get("shift", ""))
        if shift is not None:
            due_at = due_of(touch=touch, zone=zone, shift_minutes=shift[0], shift_days=shift[1])
            return self.move(touch, due_at)
        if "day" in request.POST:
            day = _day(request.POST["day"], default=clock.local_date(touch.planned_at, zone))
            return self.move(touch, due_of(touch=touch, zone=zone, day=day))
        return super().post(request, **kwargs)

    def done(self, form: RetimeForm, **kwargs: Any) -> HttpResponse:
        return self.move(found_touch(self.request, kwargs["pk"]), form.cleaned_data["due_at"])

    def move(self, touch: Touch, due_at: Any) -> HttpResponse:
        tenant = self.request.tenant
        moved = calendar_move(tenant=tenant, touch_id=touch.pk, due_at=due_at, actor=self.request.actor)
        local = clock.local(due_at, tenant.timezone)
        when = f"{formats.day(local, self.request.LANGUAGE_CODE)} {local:%H:%M}"
        undo = ""
        if moved.may_go_back:
            undo = f"{self.url('sop:calendar_back')}?what={signing.dumps(moved.as_json(), salt=_SALT, compress=True)}"
        toast(
            self.request,
            _("“%(step)s” now stands on %(when)s.") % {"step": touch.step.title, "when": when},
            undo,
        )
        if not getattr(self.request, "htmx", False):
            return go(self.request, f"{self.url('sop:calendar')}?week={local:%Y-%m-%d}")
        changed = {"q:drawer-close": True, "q:calendar-changed": {"touch": touch.pk}}
        return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(changed)})


class CalendarBackView(ConsoleView):
    """POST: put a moved touch back, by the signed word of how it stood."""

    write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            told = signing.loads(request.GET.get("what", ""), salt=_SALT, max_age=_BACK_S)
        except signing.BadSignature as error:
            raise Http404 from error
        is_back = calendar_back(tenant=self.request.tenant, moved=Moved(**told), actor=self.request.actor)
        toast(request, _("It stands where it stood.") if is_back else _("It has gone on since and stays."))
        return go(request, self.url("sop:calendar"))


class ReplanPage(ConsoleView):
    """A drawer: the next place for each blocked touch of the week. POST puts it in force, as it was shown."""

    write_permission = Permission.OPERATE
    http_method_names = ["get", "head", "options", "post"]

    def plan(self, wanted: Wanted) -> Replan:
        tenant, days = self.request.tenant, week_days(wanted.day)
        cast = cast_of(tenant=tenant, days=days, wanted=wanted)
        return replan_of(tenant=tenant, starts_on=days[0], group_ids=[one.pk for one in cast.groups])

    def get(self, request: HttpRequest) -> HttpResponse:
        wanted = asked_of(self.request, request.GET)
        context = {
            "plan": self.plan(wanted),
            "query": request.GET.urlencode(),
            "can_operate": self.can(Permission.OPERATE),
        }
        return render(request, "sop/replan_drawer.html", context, partial="sop/replan_drawer.html")

    def post(self, request: HttpRequest) -> HttpResponse:
        wanted = asked_of(self.request, request.GET)
        tenant, days = self.request.tenant, week_days(wanted.day)
        cast = cast_of(tenant=tenant, days=days, wanted=replace(wanted, page=1))
        row = replan_apply(
            tenant=tenant, starts_on=days[0], group_ids=[one.pk for one in cast.groups],
            mark=request.POST.get("mark", ""), actor=self.request.actor,
        )  # fmt: skip
        said = ngettext(
            "%(n)s blocked message has another place.", "%(n)s blocked messages have another place.",
            len(row.moves),
        )  # fmt: skip
        toast(request, said % {"n": len(row.moves)}, self.url("sop:planner_undo", pk=row.pk))
        return go(request, f"{self.url('sop:calendar')}?{request.GET.urlencode()}")
