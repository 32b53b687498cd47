"""What staff made of their leads, for the ranking (R127): conversion by tier, and answers within the deadline."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, Count, F, Q, QuerySet, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, ExtractHour, ExtractMinute
from django.utils.translation import gettext as _

from console.shell import tenant_url
from leads.enums import CLOSED_STATES, TIERS, LeadEventKind, LeadState, Tier
from leads.models import FollowUp, Lead, LeadEvent
from team.enums import NIGHT_FROM, NIGHT_UNTIL
from team.policies.ranking import Cell
from team.selectors.ranking import CaseLine, true_when
from tenants import preferences

NIGHT = "night"


def tier_label(stratum: str) -> str:
    """A tier as the page names a difficulty; "" for leads without one."""
    if stratum not in TIERS:
        return _("No tier")
    return f"{stratum} · {Tier(stratum).label}"


def deadline_label(stratum: str) -> str:
    """A tier, and whether its deadline fell into the night."""
    tier, _colon, part = stratum.partition(":")
    return _("%(tier)s, at night") % {"tier": tier or "–"} if part == NIGHT else tier or "–"


def _ended(tenant: Any, since: datetime, until: datetime) -> QuerySet:
    """Leads of somebody that ended, or that nobody had ended when their camp was over."""
    return (
        Lead.objects.filter(tenant=tenant, owner__isnull=False)
        .filter(
            Q(state__in=list(CLOSED_STATES), closed_at__gte=since, closed_at__lt=until)
            | Q(state=LeadState.OPEN, window__ends_at__gte=since, window__ends_at__lt=until)
        )
        .annotate(
            hit=true_when(Q(state=LeadState.WON, refunded_at=None)),
            moment=Coalesce("closed_at", "window__ends_at"),
        )
    )  # fmt: skip


def won_cells(*, tenant: Any, since: datetime, until: datetime) -> list[Cell]:
    """Ended leads by owner and tier, and those won. One query."""
    rows = (
        _ended(tenant, since, until)
        .order_by()
        .values("owner_id", "tier")
        .annotate(cases=Count("pk"), hits=Count("pk", filter=Q(hit=True)))
    )
    return [Cell(row["owner_id"], row["tier"], row["cases"], row["hits"]) for row in rows]


def won_cases(
    *,
    tenant: Any,
    staff_id: int,
    since: datetime,
    until: datetime,
    stratum: str | None = None,
    hit: bool | None = None,
) -> QuerySet:
    """The leads behind `won_cells` of one person."""
    rows = _ended(tenant, since, until).filter(owner_id=staff_id)
    if stratum is not None:
        rows = rows.filter(tier=stratum)
    if hit is not None:
        rows = rows.filter(hit=hit)
    return rows.annotate(lead_id=F("pk")).values("lead_id", "moment", "hit").order_by("-moment", "lead_id")


def _by_deadline(tenant: Any, rows: QuerySet, moment: str) -> QuerySet:
    """With `is_night`: whether the deadline lies in the hours that the settings call night."""
    own = preferences.values(tenant.pk, NIGHT_FROM, NIGHT_UNTIL)
    start, stop = (one.hour * 60 + one.minute for one in (own[NIGHT_FROM.key], own[NIGHT_UNTIL.key]))
    zone = ZoneInfo(tenant.timezone)
    minute = ExtractHour(moment, tzinfo=zone) * 60 + ExtractMinute(moment, tzinfo=zone)
    night = Q(minute__gte=start) & Q(minute__lt=stop)
    if start > stop:
        night = Q(minute__gte=start) | Q(minute__lt=stop)
    return rows.annotate(minute=minute).annotate(is_night=true_when(night))


def _kept(tenant: Any, since: datetime, until: datetime) -> QuerySet:
    """Follow-ups that came before the deadline which ran; at the very moment it had passed, as the sweep has it."""
    rows = FollowUp.objects.filter(
        tenant=tenant, staff__isnull=False, due_at__gte=since, due_at__lt=until, at__lt=F("due_at")
    )
    rows = rows.annotate(moment=F("due_at"), who=F("staff_id"), of_tier=F("tier"), hit=Value(True))
    return _by_deadline(tenant, rows, "due_at")


def _missed(tenant: Any, since: datetime, until: datetime) -> QuerySet:
    """Deadlines that passed, of whoever had the lead then; before that was noted, of whoever has it now."""
    rows = LeadEvent.objects.filter(
        tenant=tenant, kind=LeadEventKind.SLA_MISSED, at__gte=since, at__lt=until
    ).annotate(
        moment=F("at"),
        who=Coalesce(
            Cast(KT("data__staff"), BigIntegerField()), F("lead__owner_id"), output_field=BigIntegerField()
        ),
        of_tier=KT("data__tier"),
        hit=Value(False),
    )
    return _by_deadline(tenant, rows.filter(who__isnull=False), "at")


def answer_cells(*, tenant: Any, since: datetime, until: datetime) -> list[Cell]:
    """Deadlines by who had the lead, its tier and night, and those kept. Two queries beside the settings."""
    cells = []
    for rows in (_kept(tenant, since, until), _missed(tenant, since, until)):
        counted = rows.order_by().values("who", "of_tier", "is_night", "hit").annotate(cases=Count("pk"))
        cells += [
            Cell(
                row["who"], f"{row['of_tier']}:{NIGHT if row['is_night'] else ''}",
                row["cases"], row["cases"] if row["hit"] else 0,
            )
            for row in counted
        ]  # fmt: skip
    return cells


def answer_cases(
    *,
    tenant: Any,
    staff_id: int,
    since: datetime,
    until: datetime,
    stratum: str | None = None,
    hit: bool | None = None,
) -> QuerySet:
    """The deadlines behind `answer_cells` of one person."""
    parts = []
    for is_hit, rows in ((True, _kept(tenant, since, until)), (False, _missed(tenant, since, until))):
        if hit is not None and hit != is_hit:
            continue
        rows = rows.filter(who=staff_id)
        if stratum is not None:
            tier, _colon, part = stratum.partition(":")
            rows = rows.filter(of_tier=tier, is_night=part == NIGHT)
        parts.append(rows.order_by().values("lead_id", "moment", "hit"))
    found = parts[0] if len(parts) == 1 else parts[0].union(parts[1], all=True)
    return found.order_by("-moment", "lead_id")


def lead_lines(*, tenant: Any, rows: Iterable[dict[str, Any]]) -> list[CaseLine]:
    """The leads of these cases, as people read them. One query."""
    some = list(rows)
    found = (
        Lead.objects.filter(tenant=tenant, pk__in={row["lead_id"] for row in some})
        .select_related("customer", "window")
        .in_bulk()
    )
    return [
        CaseLine(
            name=str(found[row["lead_id"]].customer) or _("Someone in the group"),
            url=tenant_url(tenant, "leads:detail", pk=row["lead_id"]),
            at=row["moment"],
            hit=row["hit"],
            detail=str(found[row["lead_id"]].window),
        )
        for row in some
    ]
