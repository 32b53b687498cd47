"""The pulse after openings, peaks and ends: the question behind a link, who answered, and what came of it (R48)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Max

from contacts.selectors import member_ids
from contacts.selectors.identity import persons_of, same_people
from content.enums import LinkKind
from content.selectors import radar_link
from sop.enums import Mark
from sop.enums.pulses import Score
from sop.models import PulseAnswer, Run, Step, Touch
from sop.selectors.materials import DONE, touch_outcomes
from sop.selectors.templates import order_key, step_list

if TYPE_CHECKING:
    from contacts.models import Customer
    from tenants.models import Tenant


@dataclass(frozen=True)
class Question:
    """What a link asks: about which step of which run, in which group, since when."""

    run_id: int
    step_key: str
    group_id: int | None
    title: str
    asked_at: datetime


@dataclass(frozen=True)
class Pulse:
    """Answers about one step, or about the marked step before it. Rates are None where nobody was asked."""

    step: Step
    mark: str
    about: str  # title of the marked step it asks about; "" when none stands before it
    asked: int
    answers: list[PulseAnswer]

    @property
    def answered(self) -> int:
        return len(self.answers)

    @property
    def share(self) -> float | None:
        return self.answered / self.asked if self.asked else None

    @property
    def average(self) -> float | None:
        return sum(one.score for one in self.answers) / self.answered if self.answers else None

    @property
    def scores(self) -> list[tuple[int, str, int]]:
        """(score, in words, answers), the best first."""
        found = Counter(one.score for one in self.answers)
        return [(one.value, str(one.label), found[one.value]) for one in Score]

    @property
    def mark_label(self) -> str:
        return str(Mark(self.mark).label) if self.mark else ""


def question_of(*, tenant: "Tenant", token: str) -> Question | None:
    """The question behind a link; None for a link that asks nothing. Three queries."""
    link = radar_link(tenant=tenant, token=token)
    if link is None or link.kind != LinkKind.PULSE or link.source_kind != "sop.run":
        return None
    key = link.source_key.partition(":")[0]
    run = Run.objects.filter(tenant=tenant, pk=link.source_id).first()
    if run is None:
        return None
    sent = Touch.objects.filter(tenant=tenant, run=run, step__key=key, handed_at__isnull=False)
    if link.group_id:
        sent = sent.filter(group=link.group_id)
    asked_at = sent.aggregate(last=Max("handed_at"))["last"] or link.created_at
    return Question(run.pk, key, link.group_id, link.title, asked_at)


def records_of(*, tenant_id: int, customer: "Customer") -> list[int]:
    """Ids of every record of a person, this one among them."""
    same = same_people(tenant_id=tenant_id, customer_ids=[customer.pk])
    return sorted(same.get(customer.pk, {customer.pk}))


def sits_in(*, tenant_id: int, group_id: int | None, records: Iterable[int]) -> bool:
    """Whether a person is a member of the group that was asked; a question of no group is everybody's."""
    return group_id is None or bool(set(records) & set(member_ids(tenant_id=tenant_id, group_id=group_id)))


def answer_of(
    *, tenant_id: int, question: Question, records: Sequence[int], for_update: bool = False
) -> PulseAnswer | None:
    """The person's answer, by whichever record it came."""
    rows = PulseAnswer.objects.select_for_update() if for_update else PulseAnswer.objects.all()
    return (
        rows.filter(
            tenant_id=tenant_id,
            run=question.run_id,
            step_key=question.step_key,
            customer__in=list(records),
        )
        .order_by("-changed_at")
        .first()
    )


def pulses_of_run(*, tenant: "Tenant", run: Run) -> list[Pulse]:
    """Every question of a run in the order of days, with its answers, each person once. Nine queries or so."""
    steps = sorted(step_list(version=run.version), key=lambda one: order_key(run.version, one))
    asking = [one for one in steps if one.asks_pulse]
    if not asking:
        return []
    asked = _asked(tenant, run, {one.key for one in asking})
    answers = _answers(tenant, run)
    found = []
    for step in asking:
        mine = answers.get(step.key, [])
        people = asked[step.key] | {one.customer.person_id or one.customer_id for one in mine}
        mark, about = _about(step, steps)
        found.append(Pulse(step, mark, about, len(people), mine))
    return found


def _about(step: Step, steps: Sequence[Step]) -> tuple[str, str]:
    """(mark, title) of the marked step a question is about: its own, or the last before it."""
    before = steps[: steps.index(step) + 1]
    marked = next((one for one in reversed(before) if one.mark), None)
    return (marked.mark, marked.title) if marked else ("", "")


def _asked(tenant: "Tenant", run: Run, keys: set[str]) -> dict[str, set[int]]:
    """{step key: people it reached}."""
    touches = list(
        Touch.objects.filter(
            tenant=tenant, run=run, step__key__in=keys, state__in=DONE, done_at__isnull=False
        ).select_related("step")
    )
    found: dict[str, set[int]] = defaultdict(set)
    for touch, outcome in zip(touches, touch_outcomes(tenant, touches), strict=True):
        found[touch.step.key] |= outcome.reached
    records = {pk for some in found.values() for pk in some}
    person = persons_of(tenant_id=tenant.pk, customer_ids=records)
    return defaultdict(set, {key: {person.get(pk, pk) for pk in some} for key, some in found.items()})


def _answers(tenant: "Tenant", run: Run) -> dict[str, list[PulseAnswer]]:
    """{step key: answers, the latest first, each person once}."""
    rows = PulseAnswer.objects.filter(tenant=tenant, run=run).select_related("customer", "group")
    found: dict[str, dict[int, PulseAnswer]] = defaultdict(dict)
    for row in rows.order_by("-changed_at", "-pk"):
        found[row.step_key].setdefault(row.customer.person_id or row.customer_id, row)
    return {key: list(some.values()) for key, some in found.items()}
