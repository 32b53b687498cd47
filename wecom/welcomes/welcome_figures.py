"""How the welcomes of the last days went: how fast, and why some never went. Read-only."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from tenants import clock
from wecom.enums import SendKind, SendState
from wecom.gateway.reactions import reaction_to
from wecom.models import InboundEvent, OutboundSend
from wecom.welcomes.welcome import MISS_LATE, MISS_WORDS, REF_KIND, WELCOME_CHANGES

DAYS = 7
MOST = 50_000
SHOWN = 20
_REASONS = {
    41050: _("The code had ended or was used: another app was first, or we were late"),
    41051: _("Another app greeted first, or the two talk already"),
    41096: _("Another app was greeting at that moment"),
    41053: _("The customer has not agreed to the message archive"),
}
_RACES = frozenset({41050, 41051, 41096})


@dataclass(frozen=True)
class Miss:
    """One reason and how often. `is_race`: another app's welcome, nobody's fault."""

    reason: Any
    count: int
    is_race: bool


@dataclass(frozen=True)
class Figures:
    """`friends`: events of new friends; `coded`: those that WeCom let us greet. Seconds; None where none was sent.

    `misses` add up to `coded` - `sent`, as far as the welcomes are finished.
    """

    days: int
    friends: int
    coded: int
    sent: int
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    misses: list[Miss]

    @property
    def races(self) -> int:
        return sum(one.count for one in self.misses if one.is_race)

    @property
    def missed(self) -> int:
        return sum(one.count for one in self.misses if not one.is_race)


def percentile(values: list[float], share: float) -> float | None:
    """The value below which `share` of the sorted values lie (nearest rank); None without any."""
    if not values:
        return None
    return values[max(0, math.ceil(share * len(values)) - 1)]


def welcome_figures(*, tenant_id: int, days: int = DAYS) -> Figures:
    """The last `days` days. Three queries."""
    since = clock.now() - timedelta(days=days)
    came = InboundEvent.objects.filter(
        tenant_id=tenant_id, received_at__gte=since, change_type__in=WELCOME_CHANGES
    )
    friends, coded = came.count(), came.filter(body__contains="WelcomeCode").count()
    rows = list(
        _welcomes(tenant_id, since).values_list("state", "error_code", "answer__miss", "answer__latency_s")[
            :MOST
        ]
    )
    seconds = sorted(float(row[3]) for row in rows if row[0] == SendState.DONE and row[3] is not None)
    return Figures(
        days=days,
        friends=friends,
        coded=coded,
        sent=sum(row[0] == SendState.DONE for row in rows),
        p50_s=percentile(seconds, 0.5),
        p95_s=percentile(seconds, 0.95),
        p99_s=percentile(seconds, 0.99),
        misses=_misses(rows, unset=max(0, coded - len(rows))),
    )


def _welcomes(tenant_id: int, since: datetime) -> Any:
    return OutboundSend.objects.filter(tenant_id=tenant_id, kind=SendKind.WELCOME, created_at__gte=since)


def _misses(rows: list[Any], *, unset: int) -> list[Miss]:
    found: dict[tuple[str, bool], int] = {}
    for state, code, miss, _latency in rows:
        if state in (SendState.CANCELLED, SendState.FAILED, SendState.UNKNOWN):
            key = (str(reason_of(code, miss)), code in _RACES)
            found[key] = found.get(key, 0) + 1
    if unset:
        found[(str(_("No welcome was set, or it was switched off for that code")), False)] = unset
    made = [Miss(reason, count, is_race) for (reason, is_race), count in found.items()]
    return sorted(made, key=lambda one: (one.is_race, -one.count))


def reason_of(code: int, miss: str | None) -> Any:
    """Why one welcome never went, as people say it."""
    if miss == MISS_LATE:
        return _("More than 20 seconds had passed before we could send")
    if miss == MISS_WORDS:
        return _("Its words may not be said any more: write it another way")
    if code in _REASONS:
        return _REASONS[code]
    return reaction_to(code).meaning if code else _("WeCom could not be reached within the 20 seconds")


def misses_recent(*, tenant_id: int, days: int = DAYS) -> list[dict[str, Any]]:
    """The last welcomes that never went and were nobody else's: when, why, which event. Two queries."""
    since = clock.now() - timedelta(days=days)
    rows = list(
        _welcomes(tenant_id, since)
        .filter(state__in=[SendState.CANCELLED, SendState.FAILED, SendState.UNKNOWN])
        .exclude(error_code__in=_RACES)
        .order_by("-created_at", "-pk")[:SHOWN]
    )
    events = InboundEvent.objects.filter(
        tenant_id=tenant_id, pk__in=[row.ref_id for row in rows if row.ref_kind == REF_KIND]
    ).in_bulk()
    return [
        {
            "at": row.created_at,
            "reason": reason_of(row.error_code, row.answer.get("miss")),
            "code": row.error_code,
            "inbound_id": row.ref_id if row.ref_id in events else None,
        }
        for row in rows
    ]
