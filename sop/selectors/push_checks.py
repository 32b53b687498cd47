"""What is wrong with a week of the push table and what one press mends: before it is confirmed (R2, R54, R61, R62)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from console import formats
from content.selectors.sensitive import hits_in, told, words_of
from groups.enums import PLAN_DAYS, Context
from groups.policies.checks import evaluate
from groups.policies.plan import GroupPlan
from sop.enums import GROUP_CHANNELS, PULL_CHANNELS, Audience, ContentType
from sop.models import PushSlot, Touch
from sop.policies import plan
from sop.policies.plan import PlanStep
from sop.selectors.constitution import content_kind
from sop.selectors.findings import Explained, broken, explained, unproved_shown
from sop.selectors.templates import limits_for
from sop.selectors.words import unproved_in
from tenants import clock

if TYPE_CHECKING:
    from tenants.models import Tenant

# Code of a check -> (what one press does, its words on the button).
FIXES: dict[str, tuple[str, Any]] = {
    "NEW-01": ("ads", gettext_lazy("Take marketing out")),
    "NEW-02": ("ads", gettext_lazy("Take marketing out")),
    "MIX-02": ("ads", gettext_lazy("Take marketing out")),
    "OWNER-01": ("owners", gettext_lazy("Give them to the group's owner")),
    "QUOTA-01": ("forward", gettext_lazy("Forward the later ones by hand")),
}
COST_MINUTES = 3


@dataclass(frozen=True)
class DayAhead:
    """What one day asks when everything goes out: messages a member sees, mass sends, minutes of staff."""

    day: date
    messages: int
    mass: int
    minutes: int
    is_over: bool


@dataclass(frozen=True)
class Judged:
    """A week under judgement. `findings` worst first; `days` what each day brings."""

    findings: list[Explained]
    days: list[DayAhead]
    limits: plan.Limits

    @property
    def stopping(self) -> list[Explained]:
        return [one for one in self.findings if one.stops]


def slot_step(row: PushSlot, at: Any) -> PlanStep:
    """A slot as the checks of a plan see it."""
    is_ad = row.content_type == ContentType.MARKETING
    return PlanStep(
        key=row.key, title=row.title, anchor="run_start", day=row.number, at=row.at or at, channel=row.channel,
        audience=Audience.MEMBERS, content_type=row.content_type, mark="", text=row.text,
        link_keys=frozenset(one["key"] for one in row.links),
        is_marketing=is_ad, is_service=False, opens_talk=row.content_type == ContentType.TOPIC,
        cost_minutes=COST_MINUTES,
    )  # fmt: skip


def touch_step(touch: Touch, monday: date, zone: str) -> PlanStep:
    """What another run sends in the week, in the same form."""
    wall = clock.local(touch.planned_at, zone)
    planned = touch.step.to_plan()
    return replace(
        planned,
        key=f"t{touch.pk}",
        day=(wall.date() - monday).days + 1,
        at=wall.time(),
        channel=touch.channel,
    )


def judge(
    *,
    tenant: "Tenant",
    facts: GroupPlan,
    monday: date,
    own: Sequence[PlanStep],
    others: Sequence[PlanStep],
    slots: Sequence[PushSlot] = (),
    no_owner: int = 0,
) -> Judged:
    """What the days of the week that are still to come break, with everything that other runs send there."""
    limits = limits_for(tenant.pk, groups_each=1)
    today = clock.local_date(clock.now(), tenant.timezone)
    first = max((today - monday).days + 1, 1)
    ahead = [one for one in own if (one.day or 0) >= first]
    steps = [*ahead, *(one for one in others if (one.day or 0) >= first)]
    found = [
        *broken(_constitution(facts, steps, first)),
        *_words_and_times(ahead, limits),
        *explained(plan.promise_untold(ahead, [] if facts.value_proposition.strip() else [facts.name])),
        *_days_over(steps, limits, monday),
        *_sensitive(tenant, ahead),
        *unproved_shown(unproved_in(tenant=tenant, rows=[one for one in slots if one.number >= first])),
        *_owners(no_owner),
    ]
    loads = plan.load_by_day([*own, *others])
    days = [_day(monday, number, loads.get(number), limits) for number in range(1, PLAN_DAYS + 1)]
    return Judged(sorted(found, key=lambda one: not one.stops), days, limits)


def _constitution(facts: GroupPlan, steps: Iterable[PlanStep], first: int) -> list[Any]:
    kinds: dict[int, list[str]] = defaultdict(list)
    posts: Counter[int] = Counter()
    for one in steps:
        if one.channel not in PULL_CHANNELS:
            kinds[one.day or 0].append(content_kind(one.content_type, is_marketing=one.is_marketing))
            posts[one.day or 0] += one.channel in GROUP_CHANNELS
    numbers = range(first, PLAN_DAYS + 1)
    if not numbers:
        return []
    planned = replace(
        facts,
        days=tuple(tuple(kinds[number]) for number in numbers),
        posts=tuple(posts[number] for number in numbers),
        week_ahead=sum(len(kinds[number]) for number in numbers),
    )
    return evaluate(planned, Context.WEEK)


def _words_and_times(steps: list[PlanStep], limits: plan.Limits) -> list[Explained]:
    """Words that nothing fills and quiet hours; what a whole camp is asked for is no matter of a week."""
    found = [
        one
        for one in plan.check(steps, last_day=PLAN_DAYS, limits=limits, is_camp=False)
        if one.code in ("TEXT-01", "VAR-01", "VAR-02", "QUIET-01")
    ]
    return explained(found)


def _days_over(steps: list[PlanStep], limits: plan.Limits, monday: date) -> list[Explained]:
    found = []
    loads = plan.load_by_day(steps)
    for number, load in loads.items():
        name = formats.day(monday + timedelta(days=number - 1), get_language() or "", weekday=True)
        keys = tuple(one.key for one in steps if one.day == number)
        if load.mass > limits.mass_a_group_and_day:
            text = _("%(day)s has %(count)s mass sends to the group, the limit is %(limit)s.") % {
                "day": name, "count": load.mass, "limit": limits.mass_a_group_and_day,
            }  # fmt: skip
            found.append(Explained("QUOTA-01", "bad", _("Blocks"), text, keys, stops=True))
        if load.messages > limits.messages_a_day:
            text = _(
                "%(day)s brings each member %(count)s messages, the limit is %(limit)s: the last will be held back."
            )
            text %= {"day": name, "count": load.messages, "limit": limits.messages_a_day}
            found.append(Explained("CAP-01", "warn", _("Warning"), text, keys))
    total = sum(load.messages for load in loads.values())
    if total > limits.messages_a_week:
        text = _(
            "The week brings each member %(count)s messages, the limit is %(limit)s: the rest will be held back."
        )
        text %= {"count": total, "limit": limits.messages_a_week}
        found.append(Explained("CAP-02", "warn", _("Warning"), text, ()))
    return found


def _sensitive(tenant: "Tenant", steps: Iterable[PlanStep]) -> list[Explained]:
    """Words that the company's list stops or warns of, slot by slot. One query."""
    words = words_of(tenant)
    found = []
    for step in steps:
        for one in told(hits_in([step.title, step.text], words)):
            said = _("“%(title)s” says “%(word)s”: %(reason)s") % {
                "title": step.title, "word": one.found, "reason": one.reason,
            }  # fmt: skip
            tone, label = ("bad", _("Blocks")) if one.stops else ("warn", _("Warning"))
            found.append(Explained("WORD-01", tone, label, said, (step.key,), fix=one.hint, stops=one.stops))
    return found


def _owners(count: int) -> list[Explained]:
    if not count:
        return []
    text = ngettext("%(n)s slot has nobody to send it.", "%(n)s slots have nobody to send them.", count)
    return [Explained("OWNER-01", "bad", _("Blocks"), text % {"n": count}, (), stops=True)]


def _day(monday: date, number: int, load: plan.DayLoad | None, limits: plan.Limits) -> DayAhead:
    held = load or plan.DayLoad(0, 0, 0)
    return DayAhead(
        day=monday + timedelta(days=number - 1), messages=held.messages, mass=held.mass, minutes=held.minutes,
        is_over=held.messages > limits.messages_a_day or held.mass > limits.mass_a_group_and_day,
    )  # fmt: skip
