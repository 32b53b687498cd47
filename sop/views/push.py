"""The weekly push table (R61): the grid of a group's week, and what happens to its slots."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from console import formats
from console.listing import FORMATS
from console.pages import ConsoleView, TemplatePage, go, render, tenant_url, toast
from groups.enums import DAY_ITEMS, PLAN_DAYS, Kind, PaymentBasis, Slot
from groups.selectors import groups_open
from groups.selectors.week_exempt import week_exempt
from groups.services.week_alerts import next_week_due
from sop.enums import PUSH_TYPES, ContentType
from sop.filters import payments_asked
from sop.policies.push import PLACES, Place
from sop.selectors.push import next_monday
from sop.selectors.push_grid import Grid, grid_of, weeks_across
from sop.selectors.push_offer import materials_offered
from sop.selectors.push_table import table_lines
from sop.selectors.topics import topics_for
from sop.services.push import Undo, default_save, slot_move, slots_clear, week_fix, week_undo
from sop.services.push_confirm import week_confirm
from sop.services.push_pick import material_put_in_slot, topic_put_in_slot
from sop.views.push_guard import group_open, week_of
from tenants import audit, clock, preferences
from tenants.enums import Permission

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from groups.models import Group

_NAMED_BY = ("name", "planned_name", "chat_id", "series")
TABS = 5  # groups that stand as tabs; the others are in a list
SIDE_BY_SIDE = 60  # groups whose weeks stand beside each other; of more, those next to the chosen one


class WeekPage(TemplatePage):
    """One group's week: fill, move, mend, confirm; below it the same week of all groups."""

    template_name = "sop/week.html"
    partial_name = "sop/week.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> Any:
        if request.GET.get("export") in FORMATS:
            return self.export(request.GET["export"])
        return super().get(request, **kwargs)

    def groups(self) -> "QuerySet[Group]":
        """The groups of the kind asked for, paid for as asked."""
        kind, rows = self.request.GET.get("kind", ""), groups_open(tenant_id=self.request.tenant.pk)
        if payments := payments_asked(self.request.GET):
            rows = rows.filter(payment_basis__in=payments)
        return rows.filter(kind=kind) if kind in Kind.values else rows

    @cached_property
    def every(self) -> "list[Group]":
        """The same with no more than a list names them by: there may be a thousand."""
        return list(self.groups().select_related(None).only(*_NAMED_BY))

    def monday(self) -> date:
        return week_of(self.request.GET.get("week"), default=next_monday(self.request.tenant))

    def chosen(self) -> "Group | None":
        asked = self.request.GET.get("group", "")
        if not asked:
            return self.groups().first()
        found = next((one for one in self.every if str(one.pk) == asked), None)
        if found is None:
            raise Http404
        return self.groups().get(pk=found.pk)

    def context(self, **kwargs: Any) -> dict[str, Any]:
        group, monday = self.chosen(), self.monday()
        every = self.every
        series = [one for one in every if group is not None and one.series == group.series]
        beside = series if len(series) > 1 else every
        shown = _nearest(beside, group, SIDE_BY_SIDE)
        across = weeks_across(tenant=self.request.tenant, groups=shown, monday=monday)
        filled = across.filled
        return {
            "group": group,
            "monday": monday,
            "previous": monday - timedelta(days=PLAN_DAYS),
            "following": monday + timedelta(days=PLAN_DAYS),
            "across": across.rows,
            "beside": len(beside),
            "tabs": [(one, filled.get(one.pk, 0)) for one in _nearest(every, group, TABS)],
            "more": len(every),
            "every": [(one, filled.get(one.pk, 0)) for one in every],
            "payments": payments_asked(self.request.GET),
            "payment_bases": PaymentBasis.choices,
            "kinds": Kind.choices,
            "kind": self.request.GET.get("kind", ""),
            "can_export": self.can(Permission.EXPORT),
            **(grid_context(self.request, group, monday) if group else {}),
        }

    def export(self, form: str) -> HttpResponseBase:
        """The table of the chosen group, or of all shown with `?all=1`; written to the audit trail."""
        if not self.can(Permission.EXPORT):
            return self.forbidden(Permission.EXPORT)
        group, monday = self.chosen(), self.monday()
        groups = list(self.groups()) if self.request.GET.get("all") or group is None else [group]
        lines = table_lines(tenant=self.request.tenant, groups=groups, monday=monday)
        with transaction.atomic():
            audit.record(
                tenant=self.request.tenant, actor=self.request.actor, verb="console.list.exported",
                changes={"list": [None, "sop.week"], "rows": [None, len(lines) - 1]},
            )  # fmt: skip
        return FORMATS[form](lines, f"week-{monday:%Y%m%d}.{form}")


def _nearest(groups: "list[Group]", group: "Group | None", count: int) -> "list[Group]":
    """At most so many groups: those nearest to the chosen one in the list."""
    at = next((number for number, one in enumerate(groups) if group and one.pk == group.pk), 0)
    first = max(0, min(at - count // 2, len(groups) - count))
    return groups[first : first + count]


def grid_context(request: Any, group: "Group", monday: date) -> dict[str, Any]:
    """What the grid and its rail show."""
    tenant = request.tenant
    grid = grid_of(tenant=tenant, group=group, monday=monday)
    due_monday, due_at = next_week_due(tenant=tenant)
    week_due_at = due_at + (monday - due_monday)
    return {
        "grid": grid,
        "group": group,
        "monday": monday,
        "due_at": week_due_at if week_due_at > clock.now() else None,
        "exempt": week_exempt(tenant_id=tenant.pk, group_ids=[group.pk]).get(group.pk),
        "day_items": preferences.value(tenant.pk, DAY_ITEMS),
        **_rail(request, group),
        "slots": [(str(slot), slot.label, _usual(grid, str(slot))) for slot in Slot],
    }


def _rail(request: Any, group: "Group") -> dict[str, Any]:
    """What can be put into a slot: materials of the library, of one type or all, or topics."""
    words, pick = request.GET.get("words", "").strip()[:64], request.GET.get("pick", "")
    kinds = [one for one in PUSH_TYPES if one != ContentType.NORMS]
    pick = pick if pick in ("topics", *kinds) else ""
    topics = topics_for(tenant=request.tenant, kind=group.kind, words=words) if pick == "topics" else []
    materials = (
        materials_offered(tenant=request.tenant, group_id=group.pk, kind=pick, words=words)
        if pick != "topics"
        else []
    )
    return {
        "words": words,
        "pick": pick,
        "picks": [("", _("All")), *((one.value, one.label) for one in kinds), ("topics", _("Topic bank"))],
        "topics": topics,
        "materials": materials,
    }


def _usual(grid: Grid, slot: str) -> Any:
    return next(cell.at for cell in grid.cells if cell.slot == slot)


def grid_answer(request: Any, group: "Group", monday: date) -> HttpResponse:
    """The grid anew after a step; a form without htmx goes back to the page."""
    if not getattr(request, "htmx", False):
        url = tenant_url(request.tenant, "sop:week")
        return go(request, f"{url}?group={group.pk}&week={monday.isoformat()}")
    context = {**grid_context(request, group, monday), "is_part": True}
    return render(request, "sop/_week.html", context, partial="sop/_week.html")


class WeekActView(ConsoleView):
    """POST: one step on a group's week. Answers with the grid and a toast that takes the step back."""

    http_method_names = ["post"]
    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        group = group_open(self.request, pk)
        monday = week_of(request.POST.get("week") or request.GET.get("week"))
        act = {
            "move": self.move, "clear": self.clear, "fix": self.fix, "pick": self.pick, "undo": self.undo,
            "confirm": self.confirm, "default": self.default,
        }.get(verb)  # fmt: skip
        if act is None:
            raise Http404
        act(group, monday)
        return grid_answer(request, group, monday)

    def move(self, group: "Group", monday: date) -> None:
        source, target = self._place("source"), self._place("target")
        done = slot_move(**self._common(group, monday), source=source, target=target)
        if done.changed:
            self._say(done, _("Moved to %(place)s.") % {"place": place_words(monday, target)})

    def clear(self, group: "Group", monday: date) -> None:
        place = self._place("place")
        done = slots_clear(**self._common(group, monday), places=[place])
        self._say(done, _("%(place)s is empty.") % {"place": place_words(monday, place)})

    def fix(self, group: "Group", monday: date) -> None:
        done = week_fix(**self._common(group, monday), what=self.request.POST.get("what", ""))
        said = ngettext("%(n)s slot changed.", "%(n)s slots changed.", done.changed) % {"n": done.changed}
        self._say(done, said if done.changed else _("Nothing to take over: there was nothing that fits."))

    def pick(self, group: "Group", monday: date) -> None:
        place = self._place("place")
        what = self.request.POST.get("what", "")
        if what[:1] not in ("t", "m") or not what[1:].isdecimal() or len(what) > 18:
            raise Http404
        common, number = self._common(group, monday), int(what[1:])
        if what.startswith("t"):
            done = topic_put_in_slot(**common, place=place, topic_id=number)
        else:
            done = material_put_in_slot(**common, place=place, material_id=number)
        self._say(done, _("Stands at %(place)s now.") % {"place": place_words(monday, place)})

    def undo(self, group: "Group", monday: date) -> None:
        week_undo(**self._common(group, monday), token=self.request.GET.get("token", ""))

    def confirm(self, group: "Group", monday: date) -> None:
        week_confirm(**self._common(group, monday), serves=self.request.POST.get("serves", ""))
        toast(
            self.request,
            _("Confirmed. Staff get their tasks when a slot is due; nothing goes out by itself."),
        )

    def default(self, group: "Group", monday: date) -> None:
        count = default_save(**self._common(group, monday))
        kind = group.get_kind_display() or _("any type")
        said = ngettext(
            "%(n)s slot recurs in groups of type “%(kind)s” now.",
            "%(n)s slots recur in groups of type “%(kind)s” now.",
            count,
        )
        toast(self.request, said % {"n": count, "kind": kind})

    def _common(self, group: "Group", monday: date) -> dict[str, Any]:
        return {
            "tenant": self.request.tenant, "group_id": group.pk, "monday": monday, "actor": self.request.actor,
        }  # fmt: skip

    def _place(self, name: str) -> Place:
        return place_from(self.request.POST.get(name, ""))

    def _say(self, done: Undo, words: str) -> None:
        say_undo(self.request, done, words)


def say_undo(request: Any, done: Undo, words: str) -> None:
    """A toast with the way back, where there is one."""
    url = tenant_url(request.tenant, "sop:week_act", pk=done.week.group_id, verb="undo")
    back = f"{url}?week={done.week.monday.isoformat()}&token={done.token}" if done.token else ""
    toast(request, words, undo_url=back)


def place_from(raw: str) -> Place:
    """ "3-noon" as (3, "noon"). Raises Http404 for anything else."""
    number, _dash, slot = raw.partition("-")
    found = (int(number), slot) if number.isdecimal() and len(number) == 1 else (0, "")
    if found not in PLACES:
        raise Http404
    return found


def place_words(monday: date, place: Place) -> str:
    """26 Nov Wed, noon."""
    day = formats.day(monday + timedelta(days=place[0] - 1), get_language() or "", weekday=True)
    return f"{day} {Slot(place[1]).label}"


def places_said(monday: date, places: Iterable[Place]) -> list[tuple[str, str]]:
    return [(f"{number}-{slot}", place_words(monday, (number, slot))) for number, slot in places]
