"""What was sent in WeCom and not made here: members' own mass sends, the company's from WeCom's console or another
app, and posts in Moments. Mass sends use up the same limit as ours (PROTOCOL 3.6, 4); all of it counts with the people
it reached (`own_reach`).

WeCom tells of them to nobody, so a tick asks: first what was made since the last reading (kept, then the cursor
moves), then whom each reached (counted in the transaction that settles it). Everything may happen twice. A send of
our own whose answer is still on its way looks like one from the console; what turns out to be ours is given back.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import structlog
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from tenants import clock, preferences
from tenants.models import Tenant
from wecom.calls.mass_sends import SendResult, SendRow
from wecom.enums import (
    OWN_MOMENTS_COUNT,
    PERSONAL_POLL_MIN,
    AppState,
    OwnKind,
    QuotaSource,
    ReceiverKind,
)
from wecom.errors import Permanent, Retryable, Stopped, WecomError
from wecom.gateway.client import WecomClient
from wecom.models import App, OutboundSend, PersonalFeed, PersonalSend
from wecom.sending.ledger import quota_note, quota_return
from wecom.sending.own_reach import Told, reach_note, reach_thin, reach_withdraw

log = structlog.get_logger(__name__)

LEASE_S = 240
REACH = timedelta(days=30)  # WeCom lists no more than a month at once
OVERLAP = timedelta(hours=2)  # one that appears late is seen by the next readings
ASK_FOR = timedelta(days=7)  # a send that its maker has not let go by then is not asked about any more
SETTLE_AT_ONCE = 50
FAILED_PAUSE = timedelta(hours=1)
KINDS = {"group": ReceiverKind.GROUP, "single": ReceiverKind.CUSTOMER}
SOURCES = {0: QuotaSource.CORP, 1: QuotaSource.PERSONAL}  # by create_type
SENT, REACHED = 2, 1
SURE_AFTER = timedelta(minutes=10)  # by then the answer to a call of ours is recorded, or it was looked for
TASKS_AT_ONCE = 300  # of one send; the others are asked about in the next rounds
PUBLISHED = 1


class _Got(NamedTuple):
    """Who let it go, and whom it reached when."""

    sender: str
    told: list[Told]


def tenants_with_due() -> list[int]:
    """Tenants whose members' sends are to be read. Runs across tenants: the caller is a tick."""
    now = clock.now()
    waits = PersonalFeed.objects.filter(tenant=OuterRef("tenant"), app=OuterRef("pk"), next_at__gt=now)
    due = App.objects.filter(state=AppState.CONNECTED, tenant__suspended_at=None).filter(~Exists(waits))
    return list(due.values_list("tenant_id", flat=True).distinct())


def read(*, tenant_id: int) -> int:
    """Read what is due of one tenant. Returns how many sends were settled. Safe to repeat and in parallel."""
    app = App.objects.filter(tenant_id=tenant_id, state=AppState.CONNECTED).order_by("pk").first()
    feed = _claim(app) if app else None
    if app is None or feed is None:
        return 0
    try:
        _list_new(WecomClient(app), feed)
        _give_back_ours(app)
        settled = _settle_due(WecomClient(app))
        reach_thin(tenant_id=tenant_id)
    except (Retryable, Stopped) as error:
        at = error.retry_at if isinstance(error, Retryable) else clock.now() + FAILED_PAUSE
        _release(feed, next_at=at, error=error)
        return 0
    except WecomError as error:
        log.warning("personal_sends_not_read", tenant_id=tenant_id, error=str(error))
        _release(feed, next_at=clock.now() + FAILED_PAUSE, error=error)
        return 0
    pause = timedelta(minutes=preferences.value(tenant_id, PERSONAL_POLL_MIN))
    _release(feed, next_at=clock.now() + pause, read_at=clock.now())
    return settled


def _claim(app: App) -> PersonalFeed | None:
    PersonalFeed.objects.get_or_create(tenant_id=app.tenant_id, app=app, defaults={"next_at": clock.now()})
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """update wecom_personalfeed set leased_until = clock_timestamp() + make_interval(secs => %s)
               where tenant_id = %s and app_id = %s and next_at <= %s
                 and (leased_until is null or leased_until < clock_timestamp())""",
            [LEASE_S, app.tenant_id, app.pk, clock.now()],
        )
        if not cursor.rowcount:
            return None
    return PersonalFeed.objects.get(tenant_id=app.tenant_id, app=app)


def _release(feed: PersonalFeed, *, next_at: datetime, error: WecomError | None = None, **more: Any) -> None:
    PersonalFeed.objects.filter(tenant_id=feed.tenant_id, pk=feed.pk).update(
        next_at=next_at,
        leased_until=None,
        error=str(error)[:2000] if error else "",
        error_code=error.code if error else 0,
        **more,
    )


def _list_new(client: WecomClient, feed: PersonalFeed) -> None:
    """Keep what was made since the last reading; the cursor moves when all of it is kept."""
    until = clock.now()
    since = max(feed.read_until - OVERLAP, until - REACH) if feed.read_until else until - REACH
    for chat_type in KINDS:
        rows = list(
            client.mass_sends.every(
                chat_type=chat_type, start_time=int(since.timestamp()), end_time=int(until.timestamp())
            )
        )
        ours = _ours(feed.tenant_id, [row["msgid"] for row in rows])
        PersonalSend.objects.bulk_create(
            [_kept(feed, chat_type, row, until) for row in rows if row["msgid"] not in ours],
            ignore_conflicts=True,
            batch_size=500,
        )
    _list_moments(client, feed, since, until)
    PersonalFeed.objects.filter(tenant_id=feed.tenant_id, pk=feed.pk).update(read_until=until)


def _list_moments(client: WecomClient, feed: PersonalFeed, since: datetime, until: datetime) -> None:
    """Posts in Moments, a member's own and those the company gave its members to post."""
    try:
        rows = list(client.moments.every(start_time=int(since.timestamp()), end_time=int(until.timestamp())))
    except Permanent as error:  # a right that the app lacks: mass sends are read all the same
        log.warning("moments_not_read", tenant_id=feed.tenant_id, error=str(error))
        return
    PersonalSend.objects.bulk_create(
        [_kept(feed, OwnKind.MOMENT, {**row, "msgid": row["moment_id"]}, until) for row in rows],
        ignore_conflicts=True,
        batch_size=500,
    )


def _ours(tenant_id: int, msgids: Iterable[str]) -> set[str]:
    """Which of these sends this product made: they were counted when they were planned."""
    rows = OutboundSend.objects.filter(tenant_id=tenant_id, vendor_id__in=list(msgids)).exclude(vendor_id="")
    return set(rows.values_list("vendor_id", flat=True))


def _kept(feed: PersonalFeed, chat_type: str, row: SendRow | dict[str, Any], until: datetime) -> PersonalSend:
    source = SOURCES.get(int(row.get("create_type") or 0), QuotaSource.CORP)
    made_at = datetime.fromtimestamp(int(row["create_time"]), UTC)
    return PersonalSend(
        tenant_id=feed.tenant_id,
        app_id=feed.app_id,
        msgid=row["msgid"],
        chat_type=chat_type,
        creator=row.get("creator") or "",
        source=source,
        made_at=made_at,
        words="" if chat_type == OwnKind.MOMENT else str((row.get("text") or {}).get("content") or ""),
        next_at=until if source == QuotaSource.PERSONAL else max(until, made_at + SURE_AFTER),
    )


def _settle_due(client: WecomClient) -> int:
    """Ask whom the kept sends reached, oldest first; the rest waits for the next reading."""
    due = PersonalSend.objects.filter(
        Q(next_at__lte=clock.now()), tenant_id=client.app.tenant_id, app_id=client.app.pk
    )
    zone = Tenant.objects.values_list("timezone", flat=True).get(pk=client.app.tenant_id)
    settled = 0
    for row in due.order_by("next_at", "pk")[:SETTLE_AT_ONCE]:
        try:
            reached, is_over = _reached(client, row)
        except Retryable as error:
            if not error.code or not error.counts:
                raise  # the line or a rate limit: nothing more to ask now
            _ask_later(row)
        except Stopped:
            raise
        except Permanent as error:
            log.warning("personal_send_unknown", send=row.pk, error=str(error))
            _close(row, [], zone=zone, is_over=True)
        else:
            _close(row, reached, zone=zone, is_over=is_over)
            settled += is_over
    return settled


def _reached(client: WecomClient, row: PersonalSend) -> tuple[list[_Got], bool]:
    """Who got it and when, by who let it go, and whether nothing more is to come."""
    if row.chat_type == OwnKind.MOMENT:
        return _stood(client, row)
    tasks = sorted(client.mass_sends.tasks(msgid=row.msgid), key=lambda task: task["userid"])
    first = row.tries * TASKS_AT_ONCE % len(tasks) if len(tasks) > TASKS_AT_ONCE else 0
    reached: list[_Got] = []
    for task in tasks[first : first + TASKS_AT_ONCE]:
        if int(task.get("status") or 0) == SENT:
            results = client.mass_sends.results(msgid=row.msgid, userid=task["userid"])
            reached.append(_Got(task["userid"], _receivers(results, row.made_at)))
    is_all = len(tasks) <= TASKS_AT_ONCE
    return reached, is_all and all(int(task.get("status") or 0) == SENT for task in tasks)


def _stood(client: WecomClient, row: PersonalSend) -> tuple[list[_Got], bool]:
    """In whose Moments a post stands. A member's own stands from when it was made; for one that the company gave out
    WeCom tells who posted it, and not when: from when we see it, and the first time from when it was given out."""
    if row.source == QuotaSource.PERSONAL:
        posted, at, is_over = [row.creator], row.made_at, True
    else:
        tasks = list(client.moments.publishers(moment_id=row.msgid))
        posted = [one["userid"] for one in tasks if int(one.get("publish_status") or 0) == PUBLISHED]
        at = clock.now() if row.tries else row.made_at
        is_over = len(posted) == len(tasks)
    return [
        _Got(
            userid,
            [
                Told(str(one.get("external_userid") or ""), at)
                for one in client.moments.reached(moment_id=row.msgid, userid=userid)
            ],
        )
        for userid in posted
    ], is_over


def _give_back_ours(app: App) -> None:
    """What was counted under WeCom's id and is a send of ours after all was counted twice.

    Also of a settled one: the answer may have been lost, and a person decides days later which send it was.
    """
    named = OutboundSend.objects.exclude(vendor_id="")  # said, so that its index serves
    made_here = named.filter(tenant=OuterRef("tenant"), vendor_id=OuterRef("msgid"))
    kept = PersonalSend.objects.filter(
        Exists(made_here), tenant_id=app.tenant_id, app_id=app.pk, made_at__gte=clock.now() - REACH
    )
    for row in kept:
        with transaction.atomic():
            quota_return(tenant_id=row.tenant_id, vendor_msgids=[row.msgid])
            reach_withdraw(tenant_id=row.tenant_id, msgids=[row.msgid])
            row.delete()


def _receivers(rows: Iterable[SendResult], made_at: datetime) -> list[Told]:
    return [
        Told(
            str(one.get("chat_id") or one.get("external_userid") or ""),
            datetime.fromtimestamp(int(one["send_time"]), UTC) if one.get("send_time") else made_at,
        )
        for one in rows
        if int(one.get("status") or 0) == REACHED
    ]


def _close(row: PersonalSend, reached: list[_Got], *, zone: str, is_over: bool) -> None:
    """Count what was reached and settle the send, in one transaction."""
    with transaction.atomic():
        if row.chat_type != OwnKind.MOMENT:
            quota_note(
                tenant_id=row.tenant_id,
                receiver_kind=KINDS[row.chat_type],
                uses=[
                    (one.receiver_id, clock.local_date(one.at, zone), row.msgid)
                    for got in reached
                    for one in got.told
                    if one.receiver_id
                ],
                source=row.source,
            )
        counts = row.chat_type != OwnKind.MOMENT or preferences.value(row.tenant_id, OWN_MOMENTS_COUNT)
        for got in reached:
            reach_note(
                tenant_id=row.tenant_id, kind=row.chat_type, msgid=row.msgid, sender=got.sender, told=got.told,
                counts=counts,
            )  # fmt: skip
        if is_over:
            PersonalSend.objects.filter(tenant_id=row.tenant_id, pk=row.pk).update(next_at=None)
        else:
            _ask_later(row)


def _ask_later(row: PersonalSend) -> None:
    pause = min(timedelta(minutes=5) * 2 ** min(row.tries, 8), timedelta(hours=12))
    later = clock.now() + pause
    PersonalSend.objects.filter(tenant_id=row.tenant_id, pk=row.pk).update(
        tries=min(row.tries + 1, 1000), next_at=later if later - row.made_at < ASK_FOR else None
    )
