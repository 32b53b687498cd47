"""Where steps hold materials of the library, and what came of it (R63): content's registry asks here.

A step names the material it was taken from, through every version and copy; a touch keeps which material and wording
it carried when it was handed over. Words changed by hand stand apart, as the wording "". Figures are those of the last
90 days.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from console.shell import tenant_url
from contacts.enums import BehaviourKind
from contacts.selectors.after import Reached, people_after_each, people_clicked
from contacts.selectors.exposures import people_by_touch
from content.policies.usage import Figures, Place, Usage
from content.selectors.links import tokens_of
from sop.enums import GROUP_CHANNELS, REF, RecipientState, TemplateKind, TouchState
from sop.models import PushSlot, Step, Touch, TouchRecipient
from tenants import clock

if TYPE_CHECKING:
    from tenants.models import Tenant

DAYS = 90
WITHIN = timedelta(hours=24)
DONE = (TouchState.SUBMITTED, TouchState.CONFIRMED)
ALL = "all"
NAMED = 5  # steps or weeks a place names
PEOPLE = ("reached", "clicked", "replied", "left")


@dataclass
class Outcome:
    """The touches and people behind the figures of one wording. `clicked` None: it carried no link."""

    touches: list[int] = field(default_factory=list)
    reached: set[int] = field(default_factory=set)
    clicked: set[int] | None = None
    replied: set[int] = field(default_factory=set)
    left: set[int] | None = None

    def add(self, other: "Outcome") -> None:
        self.touches += other.touches
        self.reached |= other.reached
        self.replied |= other.replied
        if other.clicked is not None:
            self.clicked = (self.clicked or set()) | other.clicked
        if other.left is not None:
            self.left = (self.left or set()) | other.left

    def figures(self) -> Figures:
        if not self.touches:
            return Figures()
        clicked, left = self.clicked, self.left
        return Figures(
            sent=len(self.touches),
            reached=len(self.reached),
            clicked=None if clicked is None else len(clicked),
            replied=len(self.replied),
            left=None if left is None else len(left),
        )


def usage_of_materials(tenant: "Tenant", material_ids: list[int]) -> dict[int, Usage]:
    """{material: where it is used and what came of it}; absent: no step, slot or touch holds it. Eleven queries for any
    number."""
    held = _steps(tenant, material_ids)
    slots = _slots(tenant, material_ids)
    outcomes = outcomes_of(tenant=tenant, material_ids=material_ids)
    found = {}
    for material_id in {*held, *slots, *outcomes}:
        by_wording = dict(outcomes.get(material_id, {}))
        total = Outcome()
        for one in by_wording.values():
            total.add(one)
        found[material_id] = Usage(
            places=(*_places(tenant, held.get(material_id, [])), *_weeks(tenant, slots.get(material_id, []))),
            total=total.figures(),
            by_wording={key: one.figures() for key, one in sorted(by_wording.items())},
            urls=_urls(tenant, material_id, by_wording),
        )
    return found


def _steps(tenant: "Tenant", material_ids: Iterable[int]) -> dict[int, list[Step]]:
    """{material: steps taken from it}. One query. The weekly push table stands for its own steps."""
    rows = Step.objects.filter(tenant=tenant, material__in=list(material_ids)).select_related(
        "version__template"
    )
    found: dict[int, list[Step]] = defaultdict(list)
    for step in rows.exclude(version__template__kind=TemplateKind.WEEK).order_by("pk"):
        found[step.material_id or 0].append(step)
    return found


def _slots(tenant: "Tenant", material_ids: Iterable[int]) -> dict[int, list[PushSlot]]:
    rows = PushSlot.objects.filter(tenant=tenant, material__in=list(material_ids)).select_related(
        "week__group"
    )
    found: dict[int, list[PushSlot]] = defaultdict(list)
    for slot in rows.order_by("-week__monday", "pk"):
        found[slot.material_id or 0].append(slot)
    return found


def _places(tenant: "Tenant", steps: Sequence[Step]) -> tuple[Place, ...]:
    """Each version once, with its steps."""
    versions: dict[int, list[Step]] = defaultdict(list)
    for step in steps:
        versions[step.version_id].append(step)
    return tuple(
        Place(
            label=str(some[0].version),
            url=tenant_url(tenant, "sop:version", pk=some[0].version_id),
            detail=_(", ").join(step.title for step in some[:NAMED]),
        )
        for _pk, some in sorted(versions.items(), reverse=True)
    )


def _weeks(tenant: "Tenant", slots: Sequence[PushSlot]) -> tuple[Place, ...]:
    """The latest weeks whose push table holds it."""
    weeks = {slot.week_id: slot.week for slot in slots}
    base = tenant_url(tenant, "sop:week")
    return tuple(
        Place(
            label=_("Weekly push table"),
            url=f"{base}?group={week.group_id}&week={week.monday.isoformat()}",
            detail=f"{week.group} · {date_format(week.monday, 'SHORT_DATE_FORMAT')}",
        )
        for week in list(weeks.values())[:NAMED]
    )


def _urls(tenant: "Tenant", material_id: int, keys: Iterable[str]) -> dict[tuple[str, str], str]:
    made = {}
    people = tenant_url(tenant, "sop:material_people", pk=material_id)
    for key in [*keys, ALL]:
        for figure in ("sent", *PEOPLE):
            made[key, figure] = f"{people}?figure={figure}&wording={key or '-'}"
    return made


def outcome_of(*, tenant: "Tenant", material_id: int, wording: str) -> Outcome:
    """Of one wording, or of ALL: the touches and people behind its figures."""
    by_wording = outcomes_of(tenant=tenant, material_ids=[material_id]).get(material_id, {})
    if wording != ALL:
        return by_wording.get(wording, Outcome())
    total = Outcome()
    for one in by_wording.values():
        total.add(one)
    return total


def outcomes_of(*, tenant: "Tenant", material_ids: Iterable[int]) -> dict[int, dict[str, Outcome]]:
    """{material: {wording: Outcome}} of what was sent of them in the last 90 days."""
    touches = list(
        Touch.objects.filter(
            tenant=tenant,
            material__in=list(material_ids),
            state__in=DONE,
            done_at__gte=clock.now() - timedelta(days=DAYS),
        )
        .select_related("step")
        .order_by("pk")
    )
    found: dict[int, dict[str, Outcome]] = defaultdict(dict)
    for touch, outcome in zip(touches, touch_outcomes(tenant, touches), strict=True):
        found[touch.material_id or 0].setdefault(touch.wording, Outcome()).add(outcome)
    return found


def touch_outcomes(tenant: "Tenant", touches: list[Touch]) -> list[Outcome]:
    """What became of each carried-out touch (read with its step), in order. Five queries."""
    if not touches:
        return []
    in_group = [one for one in touches if one.channel in GROUP_CHANNELS]
    people = people_by_touch(tenant_id=tenant.pk, touch_keys=[f"{REF}:{one.pk}" for one in in_group])
    private = _recipients(tenant, [one.pk for one in touches if one.channel not in GROUP_CHANNELS])
    tokens = _tokens(tenant, touches)
    clicks = people_clicked(
        tenant_id=tenant.pk, tokens=[token for some in tokens for token in some],
        since=clock.now() - timedelta(days=DAYS),
    )  # fmt: skip
    made = [
        Outcome(
            touches=[one.pk],
            reached=people.get(f"{REF}:{one.pk}", set()) | private.get(one.pk, set()),
            clicked={who for token in some for who in clicks.get(token, ())} if some else None,
            left=set() if one.channel in GROUP_CHANNELS else None,
        )
        for one, some in zip(touches, tokens, strict=True)
    ]
    _afterwards(tenant, touches, made)
    return made


def _afterwards(tenant: "Tenant", touches: list[Touch], made: list[Outcome]) -> None:
    """Who wrote, and who left, within 24 hours after; of those it reached."""
    where: list[int] = []
    reached: list[Reached] = []
    for number, touch in enumerate(touches):
        at = touch.done_at or touch.planned_at
        if touch.channel in GROUP_CHANNELS:
            where.append(number)
            reached.append(Reached(at, group_id=touch.group_id))
            continue
        for customer_id in sorted(made[number].reached):
            where.append(number)
            reached.append(Reached(at, customer_id=customer_id))
    for kind in (BehaviourKind.MESSAGE, BehaviourKind.LEAVE):
        found = people_after_each(tenant_id=tenant.pk, kinds=[kind], reached=reached, within=WITHIN)
        for number, people in zip(where, found, strict=True):
            own = made[number]
            if kind == BehaviourKind.MESSAGE:
                own.replied |= people & own.reached
            elif own.left is not None:
                own.left |= people & own.reached


def _recipients(tenant: "Tenant", touch_ids: list[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    if touch_ids:
        rows = TouchRecipient.objects.filter(tenant=tenant, touch__in=touch_ids, state=RecipientState.SENT)
        for touch_id, customer_id in rows.values_list("touch_id", "customer_id"):
            found[touch_id].add(customer_id)
    return found


def _tokens(tenant: "Tenant", touches: list[Touch]) -> list[list[str]]:
    """The tracked links each touch carried, link cards too, in order."""
    known = tokens_of(tenant_id=tenant.pk, source_kind="sop.run", source_ids={one.run_id for one in touches})
    return [
        [
            token
            for key in link_keys(one.step)
            if (token := known.get((one.run_id, f"{one.step.key}:{key}:{one.group_id}")))
        ]
        for one in touches
    ]


def link_keys(step: Step) -> list[str]:
    """Keys of what a step's message leads to: the links of its words, and its link cards."""
    cards = [f"@{number}" for number, one in enumerate(step.attachments) if one["kind"] == "link"]
    return [*(one["key"] for one in step.links), *cards]


def figure_label(figure: str) -> str:
    """Sent, Reached, ... as the page says it."""
    return {
        "sent": _("Sent"), "reached": _("Reached"), "clicked": _("Clicked"), "replied": _("Replied, 24 h"),
        "left": _("Left, 24 h"),
    }[figure]  # fmt: skip
