"""The circles tab of a group's page: shares, who moved, the people behind each figure, and a tag for a circle."""

from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from console.keys import key_of
from console.pages import ConsoleView, go, toast
from contacts.selectors import tag_list
from groups.enums import Circle
from groups.models import Group
from groups.policies.circles import CIRCLES, ENGAGED, WINDOW_DAYS
from groups.selectors.circles import (
    CircleFigures,
    circle_figures,
    circle_leavers,
    circle_people,
    circle_rule,
    circles_as_of,
    core_beside_periphery,
)
from groups.services.circles import circle_tag
from groups.views.detail import group_or_404
from tenants.enums import Permission
from tenants.roles import allows
from wecom.archive.selectors import rooms_heard

PEOPLE_A_PAGE = 50
AWAY = "away"  # in the URL: not in the group


def circles_context(request: Any, group: Group) -> dict[str, Any]:
    """What `groups/_circles.html` shows."""
    day = circles_as_of(tenant_id=group.tenant_id)
    rule, minutes = circle_rule(tenant_id=group.tenant_id)
    base = {"circles_day": day, "rule": rule, "answer_minutes": minutes, "window_days": WINDOW_DAYS}
    if day is None:
        return base
    figures = circle_figures(group=group, day=day)
    if request.GET.get("view") == "reach":
        return base | _reach(request, group, day) | {"figures": figures, "view": "reach"}
    return base | {
        "figures": figures,
        "rows": [_row(figures, one) for one in Circle],
        "flows": _moves(figures),
        "chart": _chart(figures),
        "weeks": [
            (when, [counts.get(one.value, 0) / sum(counts.values()) for one in Circle])
            for when, counts in figures.weeks
        ],
        "messages_unknown": not rooms_heard(tenant_id=group.tenant_id, room_ids=[group.chat_id]),
        **_people(request, group, figures),
    }


def _reach(request: Any, group: Group, day: date) -> dict[str, Any]:
    """The core beside the periphery, and what can be done for whole circles."""
    can_operate = allows(request.role, Permission.OPERATE)
    return {
        "beside": core_beside_periphery(group=group, zone=request.tenant.timezone, day=day),
        "can_operate": can_operate,
        "circles": list(Circle),
        "tags": tag_list(tenant_id=group.tenant_id)[:300] if can_operate else [],
    }


def _row(figures: CircleFigures, circle: Circle) -> dict[str, Any]:
    count, before = figures.counts[circle], figures.before[circle]
    known = sum(figures.before.values())
    share = count / figures.total if figures.total else None
    was = before / known if known else None
    return {
        "circle": circle, "count": count, "share": share, "before": before if known else None, "was": was,
        "points": None if share is None or was is None else round(100 * (share - was), 1),
    }  # fmt: skip


def _label(circle: str) -> str:
    return str(Circle(circle).label) if circle else pgettext("circle", "not in the group")


def _moves(figures: CircleFigures) -> list[dict[str, Any]]:
    """Who stands elsewhere than a week ago, upward moves first."""
    rank = {one: number for number, one in enumerate(CIRCLES)}
    rank[""] = len(CIRCLES)
    found = [(before, after, count) for (before, after), count in figures.moves.items() if before != after]
    found.sort(key=lambda one: (rank[one[1]] - rank[one[0]], one[0], one[1]))
    return [
        {
            "before": before or AWAY, "after": after or AWAY, "count": count,
            "before_label": _label(before), "after_label": _label(after),
            "is_up": rank[after] < rank[before],
        }
        for before, after, count in found
    ]  # fmt: skip


def _chart(figures: CircleFigures) -> dict[str, Any] | None:
    """Share of each circle over the weeks as an ECharts option; None with a single point."""
    if len(figures.weeks) < 2:
        return None
    return {
        "legend": {"data": [str(one.label) for one in Circle]},
        "xAxis": {"type": "category", "data": [f"{day.month}/{day.day}" for day, _counts in figures.weeks]},
        "yAxis": {"type": "value", "max": 100, "axisLabel": {"formatter": "{value}%"}},
        "series": [
            {
                "name": str(one.label), "type": "bar", "stack": "all",
                "data": [
                    round(100 * counts.get(one.value, 0) / sum(counts.values()), 1)
                    for _day, counts in figures.weeks
                ],
            }
            for one in Circle
        ],
    }  # fmt: skip


def _people(request: Any, group: Group, figures: CircleFigures) -> dict[str, Any]:
    """The people of `?circle=`, or of `?from=&to=`; unknown words show nobody in particular."""
    circle, before = request.GET.get("circle", ""), request.GET.get("from", "")
    after = request.GET.get("to", "")
    day = figures.day
    if circle in Circle.values:
        rows, label = circle_people(group=group, day=day, circle=circle), _label(circle)
    elif after == AWAY and before in Circle.values:
        rows, label = circle_leavers(group=group, day=day, before=before), _moved(before, "")
    elif after in Circle.values and before in (*Circle.values, AWAY):
        then = "" if before == AWAY else before
        rows = circle_people(group=group, day=day, circle=after, before=then)
        label = _moved(then, after)
    else:
        return {"page": None}
    paginator = Paginator(rows, PEOPLE_A_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    words = gave_words()
    for row in page:
        row.gave_said = [  # type: ignore[attr-defined]
            words[kind] % {"n": count} for kind, count in sorted(row.gave.items()) if kind in words
        ]
    return {"page": page, "paginator": paginator, "page_field": "page", "people_label": label}


def _moved(before: str, after: str) -> str:
    return _("from %(before)s to %(after)s") % {"before": _label(before), "after": _label(after)}


def gave_words() -> dict[str, str]:
    """{kind: what was given, to be filled with a number of days}."""
    return {
        "answer": _("answered members on %(n)s days"),
        "referral": _("brought people on %(n)s days"),
        "share": _("seen to share on %(n)s days"),
    }


class CircleTag(ConsoleView):
    """Put a tag on core and influence, or on one circle."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        group = group_or_404(request, pk)
        asked = request.POST.get("circles", "")
        raw = request.POST.get("tag", "")
        count = circle_tag(
            tenant=self.request.tenant, group=group, actor=self.request.actor,
            circles=[asked] if asked in Circle.values else list(ENGAGED),
            tag_id=key_of(raw) or 0,
        )  # fmt: skip
        said = ngettext("%(n)s person carries the tag", "%(n)s people carry the tag", count)
        toast(request, said % {"n": count})
        return go(request, f"{self.url('groups:detail', pk=pk)}?tab=circles&view=reach")
