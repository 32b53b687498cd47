"""The operations page as one value, for a tenant's administrator and for the platform's staff alike."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from tenants.models import Tenant
from wecom.operations import arrivals, engine, line, pulse, tally, work
from wecom.operations.facts import Facts, gather
from wecom.operations.line import ApiRow
from wecom.operations.shape import Line, Part, State, worst


@dataclass(frozen=True)
class Spark:
    """A small curve: an SVG path over a box of 100 by 24, and the figures it is drawn from."""

    values: list[int]

    @property
    def total(self) -> int:
        return sum(self.values)

    @property
    def most(self) -> int:
        return max(self.values, default=0)

    @property
    def path(self) -> str:
        top, last = max(self.most, 1), max(len(self.values) - 1, 1)
        points = [f"{100 * i / last:.1f} {23 - 22 * n / top:.1f}" for i, n in enumerate(self.values)]
        return "M" + " L".join(points) if points else ""


@dataclass(frozen=True)
class Board:
    """`apis` and `queues` are the tables behind the lines; the sparks are None without figures."""

    at: datetime
    has_app: bool
    parts: list[Part]
    apis: list[ApiRow]
    queues: list[pulse.Queue]
    minutes: Spark | None
    hours: Spark | None

    @property
    def state(self) -> State:
        return worst(one.state for one in self.parts)

    @property
    def wanting(self) -> list[Line]:
        """Lines that need somebody, the broken first."""
        found = [one for part in self.parts for one in part.lines if one.needs_somebody]
        return sorted(found, key=lambda one: one.state is not State.BROKEN)

    @property
    def broken(self) -> int:
        return sum(one.state is State.BROKEN for one in self.wanting)


def board(tenant: Tenant) -> Board:
    """Everything the page says, in the tenant's time zone. Needs the tenant's scope; a constant number of queries."""
    with timezone.override(tenant.timezone):
        facts = gather(tenant)
        parts = _parts(facts)
        return Board(
            at=facts.now,
            has_app=bool(facts.apps),
            parts=parts,
            apis=line.table(facts),
            queues=facts.engine.queues if facts.engine else [],
            minutes=Spark(facts.rates.minutes[tally.STORED]) if facts.rates else None,
            hours=Spark(facts.rates.hours[tally.STORED]) if facts.rates else None,
        )


def _parts(facts: Facts) -> list[Part]:
    """Without an app only what does not need one."""
    if not facts.apps:
        return [arrivals.inbox_part(facts), engine.part(facts)]
    return [
        line.part(facts),
        arrivals.part(facts),
        arrivals.inbox_part(facts),
        work.part(facts),
        engine.part(facts),
        work.reads(facts),
        work.quota(facts),
        work.tokens(facts),
    ]
