"""What fires, stops, waits and stalls in a run: its triggers, chains, boosts, exits and what asks for a decision."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _

from contacts.selectors import customer_list
from sop.enums import TOUCH_OPEN, TRIGGER_ANCHORS, Anchor, ExitRule, Rule, TouchState
from sop.models import Run, RunExit, RunGroup, Step, Touch
from sop.policies.triggers import Chain
from sop.selectors.boosts import Boosts, boosts_of
from sop.selectors.exits import exits_of
from sop.selectors.happened import chains_of
from sop.selectors.titles import act_words, step_when, when_names
from tenants import clock
from tenants.counting import rows_counted

if TYPE_CHECKING:
    from contacts.models import Customer
    from groups.models import Group
    from tenants.models import Tenant

EXITS_SHOWN = 50
PEOPLE_SHOWN = 200
_SENT = (TouchState.SUBMITTED, TouchState.CONFIRMED)
_GONE = (TouchState.BLOCKED, TouchState.SKIPPED, TouchState.EXPIRED, TouchState.FAILED, TouchState.CANCELLED)


@dataclass(frozen=True)
class Waiting:
    """Touches of one step that missed their window and wait for one decision."""

    step: Step
    count: int
    groups: int
    planned_at: datetime
    is_too_late: bool  # its offer has ended: it can only be dropped


@dataclass(frozen=True)
class Fired:
    """A trigger step: what it waits for, and what became of the touches it planned."""

    step: Step
    when: str
    fired: int
    done: int
    open: int
    ended: int

    @property
    def figures(self) -> list[tuple[int, list[str]]]:
        """(count, the states that its touches are in; none: all), in the order of the page's columns."""
        return [
            (self.fired, []),
            (self.open, sorted(TOUCH_OPEN)),
            (self.done, sorted(_SENT)),
            (self.ended, sorted(_GONE)),
        ]


@dataclass(frozen=True)
class Link:
    """One step of a chain in one group. `state`: ahead, waits, fired, or stalled; `advice` says what to do about it."""

    group: "Group"
    state: str
    chain: Chain | None
    words: str
    advice: str = ""

    @property
    def is_stalled(self) -> bool:
        return self.state == "stalled"


@dataclass(frozen=True)
class ChainStep:
    """A step that waits for answers, in each group of the run."""

    step: Step
    when: str
    links: list[Link]

    @property
    def stalled(self) -> int:
        return sum(one.is_stalled for one in self.links)


@dataclass(frozen=True)
class Flow:
    """Everything of one run. `exits_by_rule`: (code, label, count)."""

    waiting: list[Waiting]
    fired: list[Fired]
    chains: list[ChainStep]
    boosts: Boosts
    exits: list[RunExit]
    exits_by_rule: list[tuple[str, Any, int]] = field(default_factory=list)

    @property
    def asked(self) -> int:
        return sum(one.count for one in self.waiting)

    @property
    def stalled(self) -> int:
        return sum(one.stalled for one in self.chains)

    @property
    def left(self) -> int:
        return sum(count for _code, _label, count in self.exits_by_rule)


def run_flow(*, tenant: "Tenant", run: Run) -> Flow:
    """The page of a run's triggers. A constant number of queries."""
    steps = list(
        Step.objects.filter(tenant=tenant, version_id=run.version_id, anchor__in=TRIGGER_ANCHORS).order_by(
            "priority", "pk"
        )
    )
    by_rule = Counter(
        RunExit.objects.filter(tenant=tenant, run=run).order_by().values_list("rule_code", flat=True)
    )
    return Flow(
        waiting=waiting_of(tenant=tenant, run=run),
        fired=_fired(run, [one for one in steps if one.anchor != Anchor.ANSWERS]),
        chains=_chains(run, [one for one in steps if one.anchor == Anchor.ANSWERS]),
        boosts=boosts_of(tenant=tenant, run=run),
        exits=list(exits_of(run=run)[:EXITS_SHOWN]),
        exits_by_rule=[(code, ExitRule(code).label, by_rule[code]) for code in ExitRule if by_rule[code]],
    )


def customers_named(*, tenant_id: int, customer_ids: Iterable[int]) -> "list[Customer]":
    """The first PEOPLE_SHOWN of these people, by name. One query."""
    rows = customer_list(tenant_id=tenant_id).filter(pk__in=list(customer_ids))
    return list(rows.order_by("name", "pk")[:PEOPLE_SHOWN])


def waiting_of(*, tenant: "Tenant", run: Run) -> list[Waiting]:
    """What waits for a decision, by step, the oldest first. Two queries at most."""
    rows = list(
        Touch.objects.filter(tenant=tenant, run=run, state=TouchState.PARKED, rule_code=Rule.ASK)
        .values("step")
        .annotate(count=Count("pk"), groups=Count("group", distinct=True), planned_at=Min("planned_at"))
        .order_by("planned_at", "step")
    )
    steps = Step.objects.filter(tenant=tenant).in_bulk([row["step"] for row in rows]) if rows else {}
    now = clock.now()
    return [
        Waiting(
            step=steps[row["step"]],
            count=row["count"],
            groups=row["groups"],
            planned_at=row["planned_at"],
            is_too_late=steps[row["step"]].anchor == Anchor.OFFER_END
            and run.offer_ends_at is not None
            and run.offer_ends_at <= now,
        )
        for row in rows
    ]


def _fired(run: Run, steps: list[Step]) -> list[Fired]:
    counted = {
        row["step__key"]: row
        for row in Touch.objects.filter(
            tenant_id=run.tenant_id, run=run, step__key__in=[step.key for step in steps]
        )
        .values("step__key")
        .annotate(
            fired=Count("pk"),
            done=Count("pk", filter=Q(state__in=_SENT)),
            open=Count("pk", filter=Q(state__in=TOUCH_OPEN)),
            ended=Count("pk", filter=Q(state__in=_GONE)),
        )
    }
    none = {"fired": 0, "done": 0, "open": 0, "ended": 0}
    names = when_names(steps)
    return [
        Fired(
            step,
            step_when(step, names),
            **{name: counted.get(step.key, none)[name] for name in none},
        )
        for step in steps
    ]


def _chains(run: Run, steps: list[Step]) -> list[ChainStep]:
    if not steps:
        return []
    rows = RunGroup.objects.filter(tenant_id=run.tenant_id, run=run, removed_at=None).select_related("group")
    groups = [row.group for row in rows.order_by("group__name", "group_id")]
    keys = {step.key for step in steps} | {step.trigger_step for step in steps}
    touches: dict[tuple[str, int | None], Touch] = {}
    for touch in (
        Touch.objects.filter(tenant_id=run.tenant_id, run=run, step__key__in=keys)
        .select_related("step")
        .only("tenant", "run", "group", "state", "reason", "rule_code", "evidence", "step", "step__key")
        .order_by("pk")
    ):
        touches[touch.step.key, touch.group_id] = touch
    now = clock.now()
    names = when_names(steps)
    chains = chains_of(run=run, steps=steps, group_ids=[group.pk for group in groups])
    found = []
    for step in steps:
        links = [
            _link(step, group, chains[step.key].get(group.pk), touches, now, is_over=run.state != "running")
            for group in groups
        ]
        found.append(
            ChainStep(step, step_when(step, names), sorted(links, key=lambda one: _ORDER.index(one.state)))
        )
    return found


_ORDER = ("stalled", "waits", "ahead", "fired")


def _link(
    step: Step,
    group: "Group",
    chain: Chain | None,
    touches: dict[tuple[str, int | None], Touch],
    now: datetime,
    *,
    is_over: bool,
) -> Link:
    made = touches.get((step.key, group.pk))
    if made is not None:
        return Link(group, "fired", chain, str(made.get_state_display()))
    source = touches.get((step.trigger_step, group.pk))
    if chain is None:
        if source is not None and source.state in _GONE:
            why = source.reason or str(source.get_state_display())
            advice = _("The step before did not go out. Send it by hand in the group, or go on without it.")
            return Link(group, "stalled", None, why, advice)
        return Link(group, "ahead", None, _("waits for the step before"))
    told = {"n": chain.answered, "all": chain.needed, "what": act_words(step.trigger_kind)}
    words = _("%(n)s of %(all)s people: %(what)s") % told
    if chain.is_stalled(now) or (is_over and chain.reached_at is None):
        advice = _(
            "Too few answers in time. Ask one easy question in the group, let an atmosphere account begin, or go on"
            " without them."
        )
        return Link(group, "stalled", chain, words, advice)
    return Link(group, "waits", chain, words)


@dataclass(frozen=True)
class Glance:
    """What the run's calendar says of it in one line; zero of everything: nothing to say."""

    asked: int
    left: int
    boosts: Boosts
    has_triggers: bool
    has_chains: bool

    @property
    def is_quiet(self) -> bool:
        return not (self.asked or self.left or self.has_triggers or self.boosts.boosted)


def flow_glance(*, tenant: "Tenant", run: Run) -> Glance:
    """Four queries, one more where people were boosted. How many chains stall is asked apart: `chains_stalled`."""
    steps = Step.objects.filter(tenant=tenant, version_id=run.version_id, anchor__in=TRIGGER_ANCHORS)
    anchors = set(steps.exclude(anchor=Anchor.MEMBER_JOIN).order_by().values_list("anchor", flat=True))
    asked = Touch.objects.filter(tenant=tenant, run=run, state=TouchState.PARKED, rule_code=Rule.ASK)
    left = RunExit.objects.filter(tenant=tenant, run=run)
    counted = rows_counted(
        tenant_id=tenant.pk, queries={"asked": asked.values("pk"), "left": left.values("pk")}
    )
    return Glance(
        asked=counted["asked"],
        left=counted["left"],
        boosts=boosts_of(tenant=tenant, run=run),
        has_triggers=bool(anchors),
        has_chains=Anchor.ANSWERS in anchors,
    )


def chains_stalled(*, tenant: "Tenant", run: Run) -> int:
    """In how many places the chains of a run wait in vain. Some eight queries, one without a chain."""
    steps = Step.objects.filter(tenant=tenant, version_id=run.version_id, anchor=Anchor.ANSWERS)
    return sum(one.stalled for one in _chains(run, list(steps)))
