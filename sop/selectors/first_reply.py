"""How long newcomers of a run waited for the first word to them: "never leave them waiting" (R43)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING

from sop.enums import Anchor, TouchState
from sop.models import Step, Touch
from sop.policies.structure_links import GREET_WITHIN_MIN

if TYPE_CHECKING:
    from sop.models import Run
    from tenants.models import Tenant

JOINED = "join:"  # occurrences of touches that a join has planned: join:<seconds>:<customer>
_SAID = (TouchState.SUBMITTED, TouchState.CONFIRMED)


@dataclass(frozen=True)
class FirstReply:
    """Of the step that greets newcomers: `greeted` of `joined` were written to, half of them within `median_minutes`
    (None without any), `in_time` of them within `limit_minutes` of their joining."""

    step: Step
    joined: int
    greeted: int
    in_time: int
    median_minutes: float | None
    limit_minutes: int = GREET_WITHIN_MIN


def first_reply(*, tenant: "Tenant", run: "Run") -> FirstReply | None:
    """None where no step greets newcomers. What was taken back or stopped was nobody's to do. Two queries."""
    greets = Step.objects.filter(
        tenant=tenant, version_id=run.version_id, anchor=Anchor.MEMBER_JOIN, opens_talk=True
    )
    step = greets.order_by("offset_minutes", "pk").first()
    if step is None:
        return None
    rows = Touch.objects.filter(tenant=tenant, run=run, step__key=step.key, occurrence__startswith=JOINED)
    rows = rows.exclude(state__in=[TouchState.CANCELLED, TouchState.BLOCKED])
    waited, joined = [], 0
    for occurrence, state, done_at in rows.values_list("occurrence", "state", "done_at"):
        joined += 1
        if state in _SAID and done_at is not None:
            at = datetime.fromtimestamp(int(occurrence.split(":")[1]), UTC)
            waited.append(max((done_at - at).total_seconds() / 60, 0))
    return FirstReply(
        step=step,
        joined=joined,
        greeted=len(waited),
        in_time=sum(one <= GREET_WITHIN_MIN for one in waited),
        median_minutes=median(waited) if waited else None,
    )
