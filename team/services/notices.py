"""Telling people: a notice is a row first, and goes out by the ways its person chose (docs/notices.md).

Three steps, each safe to repeat: work that came up becomes notices; a notice gets the ways it is told by; what is due
goes out, merged for each person. WeCom's side is wecom's outbound queue, the e-mails are in team.services.mailings.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from team.enums import (
    NOTICE_DIGEST_AT,
    NOTICE_MOST_A_DAY,
    NOTICE_PAUSE_MINUTES,
    PROMPT_NOTICES,
    URGENT_NOTICES,
    NoticeChannel,
    NoticeKind,
    NoticeWhen,
    TellState,
    WorkKind,
)
from team.models import Notice, Staff, Telling, WorkItem
from team.policies.notices import Tuned, next_digest, rests_until, told_of
from team.selectors import staff_leads
from team.selectors.notices import (
    KEEP_FOR,
    SETTLED,
    last_messages,
    messages_since,
    tellings_due,
    tuned_of,
    unlinked_tuned,
    untold_items,
)
from tenants import clock, preferences
from tenants.models import Membership, Tenant
from wecom.services import SendDraft, send_queue_many

REF = "team.notice"
BATCH = 500
TITLES_SHOWN = 4  # in a message that carries several
_ONE_AT_A_TIME = "select pg_try_advisory_xact_lock(hashtext('team_notices'), %s::int)"

Words = Any  # a text, or a callable, a lazy text or what tenants.words makes: these are asked once for each language


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One thing to tell, and to whom. `key` names it for ever: a person is told of it once."""

    kind: str
    title: Words
    url: str
    key: str
    staff_ids: Sequence[int] = ()
    member_ids: Sequence[int] = ()
    detail: Words = ""
    phone_url: str = ""
    item_id: int | None = None


def notify(
    *,
    tenant_id: int,
    staff_ids: Iterable[int] = (),
    kind: str,
    title: Words,
    url: str,
    key: str,
    member_ids: Iterable[int] = (),
    detail: Words = "",
    phone_url: str = "",
) -> int:
    """Tell people one thing, by the ways each of them chose, inside the caller's transaction. Returns how many are new.

    Safe to repeat: nobody is told the same `key` twice. `staff_ids` and `member_ids` (console logins) may name the same
    person. `title` and `detail`: a text, or what is asked once for each language: a callable, a lazy text, words of
    tenants.words. `url` and `phone_url` start with "/". Raises ValueError for a kind that is not declared.
    """
    draft = Draft(
        kind=kind, title=title, url=url, key=key, staff_ids=tuple(staff_ids), member_ids=tuple(member_ids),
        detail=detail, phone_url=phone_url,
    )  # fmt: skip
    return notify_many(tenant_id=tenant_id, drafts=[draft])


def notify_many(*, tenant_id: int, drafts: Sequence[Draft]) -> int:
    """`notify` for many, in a constant number of statements."""
    people, now = _people(tenant_id, drafts), clock.now()
    rows = [row for draft in drafts for row in _rows(tenant_id, draft, people, now)]
    if not rows:
        return 0
    with transaction.atomic():
        known = set(_known(tenant_id, rows))
        fresh = [row for row in rows if not known & _names(row)]
        Notice.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=1000)
        made = [
            row
            for row in Notice.objects.select_related("member", "staff").filter(
                tenant_id=tenant_id, key__in={row.key for row in fresh}, created_at=now, tellings=None
            )
            if _names(row) & {name for one in fresh for name in _names(one)}
        ]
        _plan(tenant_id, made, now)
    return len(made)


@dataclass(frozen=True)
class _People:
    """Staff and members by id, and the one staff row that stands for a member."""

    staff: dict[int, Staff]
    members: dict[int, Membership]
    staff_of: dict[int, Staff]


def _people(tenant_id: int, drafts: Sequence[Draft]) -> _People:
    """Whoever is to be told and still works here."""
    staff_ids = {one for draft in drafts for one in draft.staff_ids}
    member_ids = {one for draft in drafts for one in draft.member_ids}
    staff = Staff.objects.filter(tenant_id=tenant_id, pk__in=staff_ids, is_active=True).select_related(
        "membership"
    )
    found = {row.pk: row for row in staff}
    members = {row.membership_id: row.membership for row in found.values() if _enters(row.membership)}
    wanted = member_ids - set(members)
    for row in Membership.objects.filter(tenant_id=tenant_id, pk__in=wanted) if wanted else ():
        if row.may_enter:
            members[row.pk] = row
    linked = Staff.objects.filter(tenant_id=tenant_id, membership_id__in=list(members), is_active=True)
    staff_of: dict[int, Staff] = {}
    for row in linked.order_by("-app_id") if members else ():
        staff_of[row.membership_id or 0] = row
    return _People(found, {pk: one for pk, one in members.items() if pk and one}, staff_of)


def _enters(member: Membership | None) -> bool:
    return member is not None and member.may_enter


def _rows(tenant_id: int, draft: Draft, people: _People, now: datetime) -> list[Notice]:
    """One unsaved row for each person, whether named as staff, by login, or as both."""
    named: dict[tuple[int, int], tuple[Staff | None, Membership | None]] = {}
    for staff_id in draft.staff_ids:
        if (staff := people.staff.get(staff_id)) is None:
            continue
        member = people.members.get(staff.membership_id or 0)
        named[(0, member.pk) if member else (staff.pk, 0)] = (
            people.staff_of.get(member.pk, staff) if member else staff, member
        )  # fmt: skip
    for member_id in draft.member_ids:
        if (member := people.members.get(member_id)) is not None:
            named.setdefault((0, member.pk), (people.staff_of.get(member.pk), member))
    titles, details = _said(draft.title, 160), _said(draft.detail, 400)
    return [
        Notice(
            tenant_id=tenant_id, staff=staff, member=member, item_id=draft.item_id, kind=NoticeKind(draft.kind),
            key=draft.key[:120], titles=titles, details=details, url=draft.url[:300], phone_url=draft.phone_url[:300],
            created_at=now,
        )
        for staff, member in named.values()
    ]  # fmt: skip


def _said(words: Words, most: int) -> dict[str, str]:
    """{language: text}; one language where the words are plain text."""
    if isinstance(words, str):
        return {settings.LANGUAGE_CODE: words[:most]} if words else {}
    told = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            told[code] = str(words() if callable(words) else words)[:most]
    return told


def _names(row: Notice) -> set[tuple[str, str, int]]:
    """What makes a notice one with another: its key and the person, by either id."""
    found = {(row.key, "staff", row.staff_id or 0), (row.key, "member", row.member_id or 0)}
    return {one for one in found if one[2]}


def _known(tenant_id: int, rows: Sequence[Notice]) -> Iterable[tuple[str, str, int]]:
    for row in Notice.objects.filter(tenant_id=tenant_id, key__in={row.key for row in rows}):
        yield from _names(row)


def _plan(tenant_id: int, made: Sequence[Notice], now: datetime) -> None:
    """Give new notices the ways they are told by, as each person chose."""
    if not made:
        return
    tuned = tuned_of(tenant_id=tenant_id, members=[row.member for row in made if row.member is not None])
    bare = unlinked_tuned(tenant_id=tenant_id)
    at = preferences.value(tenant_id, NOTICE_DIGEST_AT)
    zone = Tenant.objects.values_list("timezone", flat=True).get(pk=tenant_id)
    digest = next_digest(now, at, zone)
    hidden, ways = [], []
    for row in made:
        how = tuned.get(row.member_id or 0, bare)
        if how.when(row.kind, NoticeChannel.CONSOLE) == NoticeWhen.OFF:
            hidden.append(row.pk)
        ways += _ways(row, how, now, digest)
    Telling.objects.bulk_create(ways, ignore_conflicts=True, batch_size=1000)
    if hidden:
        Notice.objects.filter(tenant_id=tenant_id, pk__in=hidden).update(is_shown=False)


def _ways(row: Notice, how: Tuned, now: datetime, digest: datetime) -> list[Telling]:
    found = []
    for channel, has_it in ((NoticeChannel.APP, row.staff_id), (NoticeChannel.MAIL, row.member_id)):
        when = how.when(row.kind, channel)
        if has_it and when != NoticeWhen.OFF:
            due_at = digest if when == NoticeWhen.DIGEST else now
            found.append(Telling(tenant_id=row.tenant_id, notice=row, channel=channel, due_at=due_at))
    return found


def work_tell(*, tenant_id: int, most: int = 200) -> int:
    """Make notices of the work that came up since the last time. Returns how many items were looked at.

    Safe to repeat and in parallel: an item is looked at by one worker, and told once a day and tier at most. What is
    for anyone is told to those who lead.
    """
    with transaction.atomic():
        rows = list(untold_items(tenant_id=tenant_id, most=most))
        if not rows:
            return 0
        leads: list[int] | None = None
        day = f"{clock.now():%Y%m%d}"
        zone = Tenant.objects.values_list("timezone", flat=True).get(pk=tenant_id)
        drafts = []
        for row in rows:
            kind = told_of(
                kind=row.kind, bucket=row.bucket, tier=row.tier, source_kind=row.source_kind, state=row.state
            )
            if not kind:
                continue
            if row.staff_id is None and leads is None:
                leads = [one.pk for one in staff_leads(tenant_id=tenant_id)]
            drafts.append(
                Draft(
                    kind=kind, title=partial(_title_of, row), url=row.url, phone_url=row.phone_url, item_id=row.pk,
                    detail=partial(_detail_of, row, zone), key=f"work:{row.pk}:{row.tier}:{day}",
                    staff_ids=[one for one in (row.staff_id, row.cover_id) if one] if row.staff_id else leads or [],
                )
            )  # fmt: skip
        notify_many(tenant_id=tenant_id, drafts=drafts)
        for row in rows:
            row.is_untold = False
        type(rows[0]).objects.bulk_update(rows, ["is_untold"])
    return len(rows)


def _title_of(row: WorkItem) -> str:
    return row.title


def _detail_of(row: WorkItem, zone: str) -> str:
    found = [str(row.group or ""), row.detail, row.reason]
    if row.kind == WorkKind.SOP_TASK and row.due_at is not None:
        found.append(_("by %(time)s") % {"time": f"{clock.local(row.due_at, zone):%m-%d %H:%M}"})
    return " · ".join(one for one in found if one)


def is_alone(tenant_id: int) -> bool:
    """Whether this transaction may put together what people are told: one worker a tenant at a time."""
    with connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME, [tenant_id])
        return bool(cursor.fetchone()[0])


def messages_hand(*, tenant_id: int) -> int:
    """Queue the messages in WeCom that are due: one a person, however much there is to tell. Returns how many.

    In one transaction with wecom's outbound row, which goes out once. What was read or settled meanwhile is dropped;
    quiet hours, a mute and the pause since the last message put it off; the day's number keeps the rest for the digest.
    """
    now = clock.now()
    with transaction.atomic():
        if not is_alone(tenant_id):
            return 0
        rows = list(tellings_due(tenant_id=tenant_id, channel=NoticeChannel.APP, now=now, most=BATCH))
        by_staff: dict[int, list[Telling]] = defaultdict(list)
        for row in needed(rows):
            staff = row.notice.staff
            if staff is None or not staff.is_active:
                drop([row], gettext_noop("Not in WeCom any more"))
            else:
                by_staff[staff.pk].append(row)
        return _hand_over(tenant_id, by_staff, now) if by_staff else 0


def needed(rows: Iterable[Telling]) -> list[Telling]:
    """Those whose notice nobody has opened and whose matter is open; the others are dropped."""
    kept: list[Telling] = []
    gone: list[Telling] = []
    for row in rows:
        item = row.notice.item
        is_over = row.notice.read_at is not None or (item is not None and item.state in SETTLED)
        (gone if is_over else kept).append(row)
    drop(gone, gettext_noop("Read or settled before"))
    return kept


def drop(rows: Sequence[Telling], why: str) -> None:
    """Close tellings that are not needed any more. `why`: the English id of its words."""
    if rows:
        Telling.objects.filter(tenant_id=rows[0].tenant_id, pk__in=[row.pk for row in rows]).update(
            state=TellState.DROPPED, note=why[:200]
        )


def put_off(rows: Sequence[Telling], until: datetime) -> None:
    """Have tellings wait until a moment."""
    if rows:
        Telling.objects.filter(tenant_id=rows[0].tenant_id, pk__in=[row.pk for row in rows]).update(
            due_at=until
        )


def may_ring(rows: Sequence[Telling], how: Tuned, now: datetime, zone: str) -> list[Telling]:
    """Those of one person that may ring now; the others are put off to the end of quiet hours or of the mute."""
    ringing: list[Telling] = []
    held: dict[datetime, list[Telling]] = defaultdict(list)
    for row in rows:
        until = how.held_until(row.notice.kind, now, zone)
        (held[until] if until else ringing).append(row)
    for moment, some in held.items():
        put_off(some, moment)
    return ringing


def _hand_over(tenant_id: int, by_staff: dict[int, list[Telling]], now: datetime) -> int:
    tenant = Tenant.objects.get(pk=tenant_id)
    members = [
        row.notice.member for rows in by_staff.values() for row in rows if row.notice.member is not None
    ]
    tuned, bare = tuned_of(tenant_id=tenant_id, members=members), unlinked_tuned(tenant_id=tenant_id)
    held = preferences.values(tenant_id, NOTICE_PAUSE_MINUTES, NOTICE_MOST_A_DAY)
    pause, most = timedelta(minutes=held[NOTICE_PAUSE_MINUTES.key]), held[NOTICE_MOST_A_DAY.key]
    last = last_messages(tenant_id=tenant_id, staff_ids=by_staff)
    midnight = clock.day_bounds(clock.local_date(now, tenant.timezone), tenant.timezone)[0]
    told = messages_since(tenant_id=tenant_id, staff_ids=by_staff, since=midnight, but=PROMPT_NOTICES)
    ready: dict[int, list[Telling]] = {}
    for staff_id, some in by_staff.items():
        how = tuned.get(some[0].notice.member_id or 0, bare)
        rows = may_ring(some, how, now, tenant.timezone)
        is_urgent = any(row.notice.kind in (*PROMPT_NOTICES, NoticeKind.TEST) for row in rows)
        until = rests_until(is_urgent=is_urgent, last_at=last.get(staff_id), now=now, pause=pause)
        if until:
            put_off(rows, until)
        elif rows and not is_urgent and told.get(staff_id, 0) >= most:
            drop(rows, gettext_noop("The messages of the day are used up"))
        elif rows:
            ready[staff_id] = rows
    drafts = {staff_id: _message(tenant, rows) for staff_id, rows in ready.items()}
    sends = {send.key: send.pk for send in send_queue_many(tenant=tenant, sends=list(drafts.values()))}
    for staff_id, rows in ready.items():
        Telling.objects.filter(tenant_id=tenant_id, pk__in=[row.pk for row in rows]).update(
            state=TellState.HANDED, handed_at=now, batch=sends[drafts[staff_id].key]
        )
    return len(ready)


def _message(tenant: Tenant, rows: list[Telling]) -> SendDraft:
    """One card for all that waits for one person, urgent matters first, in the person's language."""
    rows = sorted(
        rows, key=lambda row: (row.notice.kind not in URGENT_NOTICES, row.notice.created_at, row.pk)
    )
    first = rows[0].notice
    assert first.staff is not None
    member = first.member
    with translation.override(member.user.language if member else settings.LANGUAGE_CODE):
        if len(rows) == 1:
            title, text = first.title, first.detail or first.get_kind_display()
            where = first.phone_url or first.url
        else:
            title = ngettext("%(n)s matter for you", "%(n)s matters for you", len(rows)) % {"n": len(rows)}
            lines = [row.notice.title for row in rows[:TITLES_SHOWN]]
            if len(rows) > TITLES_SHOWN:
                more = len(rows) - TITLES_SHOWN
                lines.append(ngettext("and %(n)s more", "and %(n)s more", more) % {"n": more})
            text = "\n".join(lines)
            where = reverse("team_phone:tasks", kwargs={"phone_slug": tenant.slug})
        where = where or reverse("team_phone:tasks", kwargs={"phone_slug": tenant.slug})
        content = {
            "title": title[:120], "description": text[:500] or title[:120],
            "url": settings.PUBLIC_URL + _marked(where, rows[0].pk), "btntxt": _("Open"),
        }  # fmt: skip
    return SendDraft(
        kind="app_message",
        key=f"{REF}:{rows[0].pk}",
        payload={"touser": [first.staff.userid], "msgtype": "textcard", "content": content},
        ref_kind=REF,
        ref_id=rows[0].pk,
    )


def _marked(path: str, telling_id: int) -> str:
    """The address with the telling's number: WeCom swallows a message that says what one of the last hours said, and
    two tasks may well read alike."""
    address, hash_sign, fragment = path.partition("#")
    return f"{address}{'&' if '?' in address else '?'}n={telling_id}{hash_sign}{fragment}"


def message_answered(*, tenant_id: int, send_id: int, is_done: bool, error: str) -> None:
    """What became of a message. What did not arrive comes with the person's next digest. Safe to repeat."""
    rows = Telling.objects.filter(tenant_id=tenant_id, channel=NoticeChannel.APP, batch=send_id)
    rows.update(state=TellState.SENT if is_done else TellState.FAILED, note=error[:200])
    if is_done:
        told = rows.exclude(notice__kind=NoticeKind.TEST).values("notice")
        letters = Telling.objects.filter(
            tenant_id=tenant_id, notice__in=told, channel=NoticeChannel.MAIL, state=TellState.WAITING
        )
        letters.update(state=TellState.DROPPED, note=gettext_noop("Told by a message in WeCom"))


def send_test(*, tenant_id: int, member_id: int) -> int:
    """Send a member a test by message and e-mail, at once and past quiet hours. Once a minute; returns 0 in between."""
    minute = f"{clock.now():%Y%m%d%H%M}"
    tenant = Tenant.objects.get(pk=tenant_id)
    return notify(
        tenant_id=tenant_id, member_ids=[member_id], kind=NoticeKind.TEST, key=f"test:{member_id}:{minute}",
        title=lambda: _("This is a test of your notices"),
        detail=lambda: _("If you read this, this way works."),
        url=reverse("team:notice_choices", kwargs={"tenant_slug": tenant.slug}),
    )  # fmt: skip


def notices_clean(*, tenant_id: int) -> int:
    """Remove notices older than half a year. Returns how many rows went. Safe to repeat."""
    return Notice.objects.filter(tenant_id=tenant_id, created_at__lt=clock.now() - KEEP_FOR).delete()[0]
