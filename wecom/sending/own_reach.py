"""Whom messages reached that colleagues sent by themselves in WeCom: the raw log behind the caps of people (R54).

WeCom tells of a mass send whom it reached and when, and of a post in Moments in whose Moments it stands. What nobody
tells is no part of it: what colleagues type in chats, a post before the app saw its customers, more than a month ago.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate

from outbox.services import publish
from tenants import clock
from wecom.enums import OwnKind
from wecom.events import OwnSendsReached, OwnSendsWithdrawn
from wecom.models import OwnReach, PersonalSend

OWN = "wecom.own:"
KEPT_FOR = timedelta(days=60)  # two of WeCom's own months: nothing of it is asked again or counted anew later
ASKED_FOR = timedelta(days=8)  # a send is asked about for seven days, so nothing older is told anew
_EVENT_ROWS = 2000
_NOTE = """
insert into wecom_ownreach (tenant_id, kind, msgid, sender, counts, noted_at, key, receiver_id, sent_at)
select %s, %s, %s, %s, %s, %s, key, receiver, at from unnest(%s::text[], %s::text[], %s::timestamptz[])
    as told(key, receiver, at)
order by key, receiver
on conflict do nothing returning id
"""


@dataclass(frozen=True)
class Told:
    """One receiver of a message: WeCom's id, and when it got there (aware UTC)."""

    receiver_id: str
    at: datetime


def own_key(*, kind: str, msgid: str, place: str = "") -> str:
    """What the exposure log calls a message. `place`: the group of a mass send, the colleague of a post."""
    return OWN + sha256(f"{kind}|{msgid}|{place}".encode()).hexdigest()[:40]


def reach_note(
    *, tenant_id: int, kind: str, msgid: str, sender: str, told: Iterable[Told], counts: bool = True
) -> int:
    """Keep whom a message reached, in the caller's transaction, and tell of those that are new. Safe to repeat.

    Returns how many are new. One statement, and an event for each 2,000.
    """
    places = {OwnKind.GROUP: lambda one: one.receiver_id, OwnKind.MOMENT: lambda _one: sender}
    place = places.get(OwnKind(kind), lambda _one: "")
    rows = [
        (own_key(kind=kind, msgid=msgid, place=place(one)), one.receiver_id, one.at)
        for one in {one.receiver_id: one for one in told if one.receiver_id}.values()
    ]
    if not rows:
        return 0
    now = clock.now()
    keys, receivers, times = (list(column) for column in zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [tenant_id, kind, msgid, sender, counts, now, keys, receivers, times])
        fresh = sorted(row[0] for row in cursor.fetchall())
    for start in range(0, len(fresh), _EVENT_ROWS):
        part = fresh[start : start + _EVENT_ROWS]
        publish(OwnSendsReached(tenant_id=tenant_id, occurred_at=now, reach_ids=part))
    return len(fresh)


def reach_withdraw(*, tenant_id: int, msgids: Sequence[str]) -> None:
    """These were sends of ours after all: they were counted where they were planned. Safe to repeat."""
    rows = OwnReach.objects.filter(tenant_id=tenant_id, msgid__in=list(msgids)).exclude(kind=OwnKind.MOMENT)
    keys = sorted(set(rows.values_list("key", flat=True)))
    if keys:
        rows.delete()
        publish(OwnSendsWithdrawn(tenant_id=tenant_id, occurred_at=clock.now(), keys=keys))


def reach_list(*, tenant_id: int, reach_ids: Iterable[int]) -> QuerySet[OwnReach]:
    """Rows of the raw log, in their order."""
    return OwnReach.objects.filter(tenant_id=tenant_id, pk__in=list(reach_ids)).order_by("pk")


def reach_between(*, tenant_id: int, since: datetime, until: datetime) -> list[int]:
    """Ids of what reached somebody in [since, until). One query."""
    rows = OwnReach.objects.filter(tenant_id=tenant_id, sent_at__gte=since, sent_at__lt=until)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def reach_heard(*, tenant_id: int, since: datetime) -> list[int]:
    """Ids of what WeCom told since then. One query."""
    rows = OwnReach.objects.filter(tenant_id=tenant_id, noted_at__gte=since, sent_at__gte=since - ASKED_FOR)
    return list(rows.order_by("pk").values_list("pk", flat=True))


@dataclass(frozen=True)
class OwnDay:
    """What colleagues sent by themselves on one local day, of one kind: how many messages, to how many people."""

    day: date
    kind: str
    sends: int
    people: int


def own_days(*, tenant_id: int, zone: str, since: datetime, until: datetime) -> list[OwnDay]:
    """What went to people in private or stands in Moments, in [since, until), by local day. What carried out something
    planned is no part of it. One query."""
    rows = OwnReach.objects.filter(
        Q(counts=True) | Q(kind=OwnKind.MOMENT), tenant_id=tenant_id, sent_at__gte=since, sent_at__lt=until
    ).exclude(kind=OwnKind.GROUP)
    told = rows.annotate(day=TruncDate("sent_at", tzinfo=ZoneInfo(zone))).order_by("day", "kind")
    counted = told.values("day", "kind").annotate(
        sends=Count("key", distinct=True), people=Count("receiver_id", distinct=True)
    )
    return [OwnDay(row["day"], row["kind"], row["sends"], row["people"]) for row in counted]


def reach_words(*, tenant_id: int, keys: Iterable[str]) -> dict[str, str]:
    """{key: what kind of message it was, and whose}. One query, none for no keys."""
    wanted = set(keys)
    if not wanted:
        return {}
    rows = OwnReach.objects.filter(tenant_id=tenant_id, key__in=wanted).order_by("key").distinct("key")
    return {row.key: " · ".join(filter(None, (row.get_kind_display(), row.sender))) for row in rows}


def reach_said(*, tenant_id: int, msgids: Iterable[str]) -> dict[str, str]:
    """{send: what it says}; absent where WeCom told no words. One query."""
    rows = PersonalSend.objects.filter(tenant_id=tenant_id, msgid__in=set(msgids)).exclude(words="")
    return dict(rows.values_list("msgid", "words"))


def reach_count(*, tenant_id: int, reach_ids: Iterable[int], counts: bool) -> None:
    """Whether these rows take a place of the people's limits: not while something planned that they carried out does.
    In the caller's transaction. Safe to repeat."""
    OwnReach.objects.filter(tenant_id=tenant_id, pk__in=list(reach_ids)).update(counts=counts)


def reach_thin(*, tenant_id: int) -> None:
    """Drop what is older than anybody asks for. Safe to repeat."""
    before = clock.now() - KEPT_FOR
    OwnReach.objects.filter(tenant_id=tenant_id, sent_at__lt=before).delete()
    PersonalSend.objects.filter(tenant_id=tenant_id, made_at__lt=before).exclude(words="").update(words="")
