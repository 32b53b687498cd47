"""What SOP shows on pages of other apps: a group's touches and their figures, and the rail beside Today."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.shell import tenant_url
from contacts.selectors.exposures import people_exposed
from groups.selectors import Touches, week_of_group
from sop.enums import (
    GROUP_CHANNELS,
    HIDDEN_KINDS,
    REF,
    TOUCH_OPEN,
    Channel,
    RecipientState,
    RunState,
    TouchState,
)
from sop.models import RunGroup, Touch, TouchRecipient
from sop.policies import calendar
from sop.selectors.calendar import decorate, touch_list
from sop.selectors.group_mix import group_mix, mix_chart
from team.selectors import RailBlock
from tenants import clock
from wecom.selectors import quota_left

if TYPE_CHECKING:
    from groups.models import Group
    from sop.models import Run
    from team.models import Staff
    from tenants.models import Tenant

_DONE = (TouchState.SUBMITTED, TouchState.CONFIRMED)
PANEL_DAYS = 3  # of a group's tab: so many days back and ahead
PANEL_ROWS = 80
RAIL_ROWS = 6


def group_panel(request: Any, group: "Group") -> dict[str, Any]:
    """The tab of a group: its running camps, and its touches of the days around today."""
    tenant, now = request.tenant, clock.now()
    today = clock.local_date(now, tenant.timezone)
    since = clock.day_bounds(today - timedelta(days=PANEL_DAYS), tenant.timezone)[0]
    until = clock.day_bounds(today + timedelta(days=PANEL_DAYS), tenant.timezone)[1]
    rows = (
        touch_list(tenant=tenant)
        .filter(group=group, planned_at__gte=since, planned_at__lt=until)
        .exclude(state=TouchState.CANCELLED)
        .order_by("planned_at", "pk")[:PANEL_ROWS]
    )
    mixed = group_mix(tenant=tenant, group=group)
    return {
        "runs": runs_in_group(tenant=tenant, group=group, day=today),
        "touches": [decorate(one, now) for one in rows],
        "panel_since": since, "panel_until": until - timedelta(seconds=1),
        "ahead": week_of_group(tenant=tenant, group=group, facts=getattr(request, "group_facts", None)),
        "mix": mixed,
        "mix_chart": mix_chart(mixed, [f"{one.monday.month}/{one.monday.day}" for one in mixed.weeks]),
        "mix_rows": [(one, [one.counts.get(kind, 0) for kind, _label in mixed.types]) for one in mixed.weeks],
    }  # fmt: skip


def runs_in_group(*, tenant: "Tenant", group: "Group", day: date) -> list[tuple["Run", str]]:
    """Running camps that the group takes part in, and where each stands on a local day."""
    return [(run, where_in_camp(run, day)) for run in _running(tenant, Q(group=group))]


def group_panel_open(group: "Group") -> QuerySet[Touch]:
    """What the tab counts: what of today is still to come or waits for somebody."""
    zone = group.tenant.timezone
    since, until = clock.day_bounds(clock.local_date(clock.now(), zone), zone)
    return Touch.objects.filter(
        tenant=group.tenant_id, group=group, planned_at__gte=since, planned_at__lt=until, state__in=TOUCH_OPEN
    )


def group_touches(
    *, tenant_id: int, group_id: int, spans: Sequence[tuple[datetime, datetime]]
) -> list[Touches]:
    """Whom the touches planned for each [since, until) meant and whom they reached; distinct people.

    Meant: everybody the gate was asked about by name. Reached: those of carried-out group messages, and of private
    ones those WeCom or the staff member says got it. Sends count touches (group) and messages (private).
    One query where nothing was planned; else one for the private ones and one for the group's more.
    """
    rows = list(
        Touch.objects.filter(
            tenant=tenant_id, group=group_id, planned_at__gte=min(since for since, _until in spans),
            planned_at__lt=max(until for _since, until in spans),
        )
    .values_list("pk", "planned_at", "channel", "state")
    )  # fmt: skip
    private = _told(tenant_id, [pk for pk, _at, channel, _state in rows if channel not in GROUP_CHANNELS])
    within = [[one for one in rows if since <= one[1] < until] for since, until in spans]
    in_group = [
        {pk: state for pk, _at, channel, state in some if channel in GROUP_CHANNELS} for some in within
    ]
    done = [[pk for pk, state in some.items() if state in _DONE] for some in in_group]
    exposed = people_exposed(
        tenant_id=tenant_id, parts=[[f"{REF}:{pk}" for pk in some] for some in [*in_group, *done]]
    )
    return [
        _touches_of(
            done=len(done[n]),
            meant=exposed[n],
            reached=exposed[len(spans) + n],
            private=[one for pk, *_rest in some for one in private.get(pk, [])],
        )
        for n, some in enumerate(within)
    ]


def _touches_of(*, done: int, meant: set[int], reached: set[int], private: list[tuple[int, str]]) -> Touches:
    """Figures of one span: its group touches, and (customer, state) of its private ones."""
    sent = [customer_id for customer_id, state in private if state == RecipientState.SENT]
    named = {customer_id for customer_id, _state in private}
    return Touches(
        intended=len(meant | named),
        reached=len(reached | set(sent)),
        group_sends=done,
        private_sends=len(sent),
        people={
            "intended": frozenset(meant | named),
            "reached": frozenset(reached | set(sent)),
            "group": frozenset(reached),
            "private": frozenset(sent),
        },
    )


def _told(tenant_id: int, touch_ids: list[int]) -> dict[int, list[tuple[int, str]]]:
    """{private touch: (customer id, state) of whom it meant}. One query, none for no touches."""
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    if touch_ids:
        rows = TouchRecipient.objects.filter(tenant=tenant_id, touch__in=touch_ids)
        for touch_id, customer_id, state in rows.values_list("touch_id", "customer_id", "state"):
            found[touch_id].append((customer_id, state))
    return found


def _running(tenant: "Tenant", groups: Q) -> list["Run"]:
    """Running camps in which one of these groups takes part, by start."""
    rows = (
        RunGroup.objects.filter(groups, tenant=tenant, removed_at=None, run__state=RunState.RUNNING)
        .exclude(run__version__template__kind__in=HIDDEN_KINDS)
        .select_related("run")
    )
    return sorted({row.run_id: row.run for row in rows}.values(), key=lambda run: (run.starts_on, run.pk))


def where_in_camp(run: "Run", today: Any) -> str:
    """Day and phase in words: "day 17 · climax"."""
    number = calendar.camp_day(run.starts_on, today)
    if number < 1:
        return ngettext("starts in %(n)s day", "starts in %(n)s days", 1 - number) % {"n": 1 - number}
    key = calendar.phase_in(
        number, [calendar.Phase(one["key"], one["first"], one["last"]) for one in run.phases]
    )
    phase = next((str(one["name"]) for one in run.phases if one["key"] == key), "")
    day = _("day %(n)s") % {"n": number}
    return f"{day} · {phase}" if phase else day


def _of_staff(staff: "Staff | None") -> Q:
    return Q() if staff is None else Q(group__owner=staff)


def rhythm_rail(*, tenant: "Tenant", staff: "Staff | None", now: datetime) -> RailBlock | None:
    """Where each running camp stands today, and what is still to come. Two queries."""
    today = clock.local_date(now, tenant.timezone)
    runs = _running(tenant, _of_staff(staff))[:RAIL_ROWS]
    if not runs:
        return None
    coming = _coming(tenant, runs, now, clock.day_bounds(today, tenant.timezone)[1])
    rows = []
    for run in runs:
        number, days = calendar.camp_day(run.starts_on, today), run.days + run.after_days
        rows.append(
            {
                "label": run.name,
                "value": where_in_camp(run, today),
                "url": tenant_url(tenant, "sop:run", pk=run.pk),
                "max": days,
                "done": min(max(number, 0), days),
                "note": coming.get(run.pk, ""),
            }
        )
    return RailBlock(title=_("Today's rhythm"), rows=rows, url=tenant_url(tenant, "sop:calendar"), order=10)


def _coming(tenant: "Tenant", runs: Iterable["Run"], now: datetime, until: datetime) -> dict[int, str]:
    """{run id: its next two steps of today}: those marked first, peak or end go before others."""
    found: dict[int, dict[tuple[datetime, str], str]] = defaultdict(dict)
    rows = Touch.objects.filter(
        tenant=tenant, run__in=[run.pk for run in runs], planned_at__gte=now, planned_at__lt=until,
        state__in=TOUCH_OPEN,
    ).select_related("step")  # fmt: skip
    for touch in rows.defer("text", "step__text").order_by("planned_at", "pk"):
        mark = f" ({touch.step.get_mark_display()})" if touch.step.mark else ""
        found[touch.run_id][touch.planned_at, touch.step.title] = mark
    said = {}
    for run_id, steps in found.items():
        picked = sorted(sorted(steps, key=lambda step: (not steps[step], step))[:2])
        said[run_id] = _(", ").join(
            f"{clock.local(at, tenant.timezone):%H:%M} {title}{steps[at, title]}" for at, title in picked
        )
    return said


def quota_rail(*, tenant: "Tenant", staff: "Staff | None", now: datetime) -> RailBlock | None:
    """What WeCom still lets each group of the running camps receive, fewest left first. Five queries."""
    seats = RunGroup.objects.filter(
        _of_staff(staff),
        tenant=tenant,
        removed_at=None,
        run__state=RunState.RUNNING,
        group__dismissed_at=None,
    ).select_related("group")
    groups = list({row.group_id: row.group for row in seats}.values())
    if not groups:
        return None
    day = clock.local_date(now, tenant.timezone)
    left = quota_left(
        tenant_id=tenant.pk, receiver_kind="group", receiver_ids=[one.chat_id for one in groups], day=day
    )
    sent = _mass_sent(tenant, [one.pk for one in groups], clock.day_bounds(day, tenant.timezone))
    groups.sort(key=lambda one: (left[one.chat_id], one.pk not in sent, one.name, one.pk))
    rows = [
        {
            "label": one.name or _("Unnamed group"),
            "value": _("%(n)s left") % {"n": left[one.chat_id]},
            "tone": "" if left[one.chat_id] else "bad",
            "time": sent.get(one.pk),
            "url": tenant_url(tenant, "groups:detail", pk=one.pk),
        }
        for one in groups[:RAIL_ROWS]
    ]
    note = _("mass sends in WeCom, by group")
    return RailBlock(title=_("May still be sent"), rows=rows, note=note, order=20)


def _mass_sent(
    tenant: "Tenant", group_ids: list[int], bounds: tuple[datetime, datetime]
) -> dict[int, datetime]:
    """{group id: when its last mass send of the day was confirmed}."""
    rows = Touch.objects.filter(
        tenant=tenant, group__in=group_ids, channel=Channel.GROUP_MASS, state=TouchState.CONFIRMED,
        done_at__gte=bounds[0], done_at__lt=bounds[1],
    )  # fmt: skip
    return dict(rows.order_by("done_at").values_list("group_id", "done_at"))
