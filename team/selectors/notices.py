"""Reads of notices: the bell, the page, what each person chose, what is due."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Case, Count, Prefetch, Q, QuerySet, Value, When, Window

from team.enums import (
    NOTICE_QUIET_FROM,
    NOTICE_QUIET_UNTIL,
    URGENT_NOTICES,
    MailState,
    NoticeChannel,
    TellState,
    WorkState,
)
from team.models import Mailing, Notice, NoticeChoice, Staff, Telling, WorkItem
from team.policies.notices import Quiet, Tuned
from tenants import clock, preferences
from tenants.enums import Role
from tenants.models import Membership

KEEP_FOR = timedelta(days=180)
SETTLED = (WorkState.DONE, WorkState.CANCELLED, WorkState.MISSED)


def notices_of(*, tenant_id: int, member_id: int) -> QuerySet[Notice]:
    """What one member was told in the console, newest first, with how else they were told."""
    rows = Notice.objects.filter(tenant_id=tenant_id, member_id=member_id, is_shown=True)
    ways = Telling.objects.filter(tenant_id=tenant_id).order_by("channel")
    return (
        rows.select_related("item")
        .prefetch_related(Prefetch("tellings", queryset=ways))
        .order_by("-created_at", "-pk")
    )


def unread(rows: QuerySet[Notice]) -> QuerySet[Notice]:
    """Those nobody has opened and whose matter is not settled yet."""
    return rows.filter(read_at=None).exclude(item__state__in=SETTLED)


def bell_rows(*, tenant_id: int, user_id: int) -> QuerySet[Notice]:
    """Unread notices of a person."""
    return unread(
        Notice.objects.filter(
            tenant_id=tenant_id, member__user_id=user_id, member__ended_at=None, is_shown=True
        )
    )


def bell_of(*, tenant_id: int, user_id: int, most: int) -> list[Notice]:
    """Unread notices of a person, urgent ones first, then the newest, each with `in_all`: how many. One query."""
    rank = Case(When(kind__in=URGENT_NOTICES, then=Value(0)), default=Value(1))
    counted = bell_rows(tenant_id=tenant_id, user_id=user_id).annotate(in_all=Window(Count("pk")), rank=rank)
    return list(counted.order_by("rank", "-created_at", "-pk")[:most])


def choice_of(*, tenant_id: int, member_id: int) -> NoticeChoice:
    """What a member chose; an unsaved row of defaults for who chose nothing."""
    found = NoticeChoice.objects.filter(tenant_id=tenant_id, member_id=member_id).first()
    return found or NoticeChoice(tenant_id=tenant_id, member_id=member_id)


def quiet_of_company(*, tenant_id: int) -> Quiet:
    held = preferences.values(tenant_id, NOTICE_QUIET_FROM, NOTICE_QUIET_UNTIL)
    return Quiet(held[NOTICE_QUIET_FROM.key], held[NOTICE_QUIET_UNTIL.key])


def tuned_of(*, tenant_id: int, members: Iterable[Membership]) -> dict[int, Tuned]:
    """{member id: how notices reach them}. Two queries at most."""
    people = {one.pk: one for one in members}
    company = quiet_of_company(tenant_id=tenant_id)
    rows = NoticeChoice.objects.filter(tenant_id=tenant_id, member_id__in=list(people))
    chosen = {row.member_id: row for row in rows} if people else {}
    return {pk: _tuned(one.role, chosen.get(pk), company) for pk, one in people.items()}


def unlinked_tuned(*, tenant_id: int) -> Tuned:
    """How notices reach staff without a login: as they do sales."""
    return _tuned(Role.SALES, None, quiet_of_company(tenant_id=tenant_id))


def _tuned(role: str, row: NoticeChoice | None, company: Quiet) -> Tuned:
    if row is None:
        return Tuned(role, company)
    own = row.quiet_from is not None and row.quiet_until is not None
    quiet = Quiet(row.quiet_from, row.quiet_until) if own else company  # type: ignore[arg-type]
    return Tuned(role, quiet, row.choices, row.muted_until, row.rings_in_quiet)


def tellings_due(*, tenant_id: int, channel: str, now: datetime, most: int) -> QuerySet[Telling]:
    """What waits to go by one channel, locked; what another worker holds is left out."""
    rows = Telling.objects.select_for_update(of=("self",), skip_locked=True).filter(
        tenant_id=tenant_id, channel=channel, state=TellState.WAITING, due_at__lte=now
    )
    named = rows.select_related("notice__item", "notice__staff", "notice__member__user")
    return named.order_by("due_at", "pk")[:most]


def last_messages(*, tenant_id: int, staff_ids: Iterable[int]) -> dict[int, datetime]:
    """{staff id: when the last message of notices went to them}; absent: none in two days."""
    rows = Telling.objects.filter(
        tenant_id=tenant_id,
        channel=NoticeChannel.APP,
        notice__staff_id__in=list(staff_ids),
        handed_at__gt=clock.now() - timedelta(days=2),
    ).values_list("notice__staff_id", "handed_at")
    found: dict[int, datetime] = {}
    for staff_id, at in rows:
        found[staff_id] = max(at, found.get(staff_id, at))
    return found


def messages_since(
    *, tenant_id: int, staff_ids: Iterable[int], since: datetime, but: Iterable[str]
) -> dict[int, int]:
    """{staff id: messages since a moment}, those of the kinds `but` left out; absent: none."""
    rows = Telling.objects.filter(
        tenant_id=tenant_id,
        channel=NoticeChannel.APP,
        notice__staff_id__in=list(staff_ids),
        handed_at__gte=since,
    ).exclude(notice__kind__in=list(but))
    counted = rows.values("notice__staff_id").annotate(messages=Count("batch", distinct=True))
    return {row["notice__staff_id"]: row["messages"] for row in counted}


def ways_lately(*, tenant_id: int, member_id: int, most: int = 8) -> list[Telling]:
    """The last messages and e-mails to one member, newest first, with their notices."""
    rows = Telling.objects.filter(tenant_id=tenant_id, notice__member_id=member_id).select_related("notice")
    return list(rows.order_by("-pk")[:most])


def mailings_lately(*, tenant_id: int, member_id: int, most: int = 5) -> list[Mailing]:
    """The last e-mails to one member, newest first."""
    return list(
        Mailing.objects.filter(tenant_id=tenant_id, member_id=member_id).order_by("-created_at", "-pk")[:most]
    )


def mailing_lines(*, tenant_id: int, mailing: Mailing) -> list[Notice]:
    """What an e-mail tells, newest first."""
    rows = Notice.objects.filter(
        tenant_id=tenant_id,
        tellings__tenant_id=tenant_id,
        tellings__channel=NoticeChannel.MAIL,
        tellings__batch=mailing.pk,
    )
    return list(rows.order_by("-created_at", "-pk"))


def staff_of_member(*, tenant_id: int, member_id: int) -> Staff | None:
    """The active staff member who signs in as this login, or None."""
    rows = Staff.objects.filter(tenant_id=tenant_id, membership_id=member_id, is_active=True)
    return rows.order_by("app_id").first()


def tenants_with_notices() -> list[int]:
    """Tenants that have somebody to tell. Runs across tenants: the caller is a tick."""
    now = clock.now()
    untold = WorkItem.objects.filter(is_untold=True).values_list("tenant_id", flat=True)
    waiting = Telling.objects.filter(state=TellState.WAITING, due_at__lte=now).values_list(
        "tenant_id", flat=True
    )
    mails = Mailing.objects.filter(
        Q(state=MailState.QUEUED, next_at__lte=now) | Q(state=MailState.CLAIMED)
    ).values_list("tenant_id", flat=True)
    return sorted({*untold.distinct(), *waiting.distinct(), *mails.distinct()})


def tenants_with_old_notices() -> list[int]:
    """Tenants that hold notices past their time. Runs across tenants: the caller is a tick."""
    old = Notice.objects.filter(created_at__lt=clock.now() - KEEP_FOR)
    return list(old.values_list("tenant_id", flat=True).distinct())


def untold_items(*, tenant_id: int, most: int) -> QuerySet[WorkItem]:
    """Items that came up and whose people were not told yet, locked."""
    rows = WorkItem.objects.select_for_update(of=("self",), skip_locked=True).filter(
        tenant_id=tenant_id, is_untold=True
    )
    return rows.select_related("group").order_by("pk")[:most]


def notice_keys(*, tenant_id: int, send_id: int) -> list[str]:
    """What one message in WeCom told: the keys of its notices."""
    rows = Telling.objects.filter(tenant_id=tenant_id, channel=NoticeChannel.APP, batch=send_id)
    return list(rows.values_list("notice__key", flat=True))


def keys_by_message(*, tenant_id: int, keys: Iterable[str]) -> set[str]:
    """Those of these notices that some person is told by a message in WeCom."""
    rows = Telling.objects.filter(
        tenant_id=tenant_id,
        channel=NoticeChannel.APP,
        notice__tenant_id=tenant_id,
        notice__key__in=list(keys),
    )
    return set(rows.values_list("notice__key", flat=True))
