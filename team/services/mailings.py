"""E-mails of notices: put together once a day or at once, claimed, sent, recorded (docs/notices.md).

A mail server cannot be asked whether it took a letter. So a refusal that surely did nothing is tried again, and a
sender that died in the act leaves the letter as `unknown`: it is shown, and nobody sends it again by itself. What it
told still stands in the bell.
"""

import secrets
import smtplib
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from outbox.dispatch import enqueue
from team.enums import MailState, NoticeChannel, NoticeKind, TellState
from team.models import Mailing, Notice, Telling
from team.selectors.notices import mailing_lines, tellings_due, tuned_of
from team.services.notices import drop, is_alone, may_ring, needed, notify
from tenants import clock
from tenants.models import Membership, Tenant

log = structlog.get_logger(__name__)

LEASE_S = 120
FIRST_PAUSE_S = 60
LONGEST_PAUSE_S = 3600
TRY_FOR = timedelta(hours=24)
BATCH = 500
LINES = 40  # in one letter; the rest is on the page it links to

_CLAIM = """
with chosen as materialized (
  select id from team_mailing
  where tenant_id = %s and state = 'queued' and next_at <= %s
  order by next_at, id limit 1 for update skip locked)
update team_mailing row
set state = 'claimed', claim = %s, attempts = row.attempts + 1,
    leased_until = clock_timestamp() + make_interval(secs => %s)
from chosen where row.id = chosen.id
returning row.id
"""
_LOST = """
update team_mailing set state = 'unknown', finished_at = %s, leased_until = null, error = %s
where tenant_id = %s and state = 'claimed' and leased_until < clock_timestamp()
returning id
"""


def mailings_make(*, tenant_id: int) -> int:
    """Put the e-mails together that are due: one a person, with what is new. Returns how many. Safe to repeat.

    Nothing new, nothing sent: what was read, settled or told by a message in WeCom is left out.
    """
    now = clock.now()
    with transaction.atomic():
        if not is_alone(tenant_id):
            return 0
        rows = list(tellings_due(tenant_id=tenant_id, channel=NoticeChannel.MAIL, now=now, most=BATCH))
        by_member: dict[int, list[Telling]] = defaultdict(list)
        for row in _untold(tenant_id, needed(rows)):
            member = row.notice.member
            if member is None or not member.may_enter or not member.user.has_address:
                drop([row], gettext_noop("There is no address to write to"))
            else:
                by_member[member.pk].append(row)
        return _compose(tenant_id, by_member, now) if by_member else 0


def _untold(tenant_id: int, rows: list[Telling]) -> list[Telling]:
    """Those that no message in WeCom told: nobody is told twice. A test goes both ways."""
    told = set(
        Telling.objects.filter(
            tenant_id=tenant_id,
            notice__in=[row.notice_id for row in rows],
            channel=NoticeChannel.APP,
            state__in=[TellState.HANDED, TellState.SENT],
        ).values_list("notice_id", flat=True)
    )
    gone = [row for row in rows if row.notice_id in told and row.notice.kind != NoticeKind.TEST]
    drop(gone, gettext_noop("Told by a message in WeCom"))
    return [row for row in rows if row not in gone]


def _compose(tenant_id: int, by_member: dict[int, list[Telling]], now: datetime) -> int:
    zone = Tenant.objects.values_list("timezone", flat=True).get(pk=tenant_id)
    members = [rows[0].notice.member for rows in by_member.values()]
    tuned = tuned_of(tenant_id=tenant_id, members=[one for one in members if one is not None])
    made = 0
    for member_id, some in by_member.items():
        rows = may_ring(some, tuned[member_id], now, zone)
        if not rows:
            continue
        is_digest = any(
            tuned[member_id].when(row.notice.kind, NoticeChannel.MAIL) == "digest" for row in rows
        )
        letter, _new = Mailing.objects.get_or_create(
            tenant_id=tenant_id, key=f"{member_id}:{rows[0].pk}",
            defaults={"member_id": member_id, "is_digest": is_digest, "next_at": now, "created_at": now},
        )  # fmt: skip
        Telling.objects.filter(tenant_id=tenant_id, pk__in=[row.pk for row in rows]).update(
            state=TellState.HANDED, handed_at=now, batch=letter.pk
        )
        made += 1
    if made:
        enqueue("team.send_mailings", tenant_id=tenant_id)
    return made


def mailings_send(*, tenant_id: int, most: int = 50) -> int:
    """Send up to `most` due e-mails, one claim each. Returns how many were dealt with. Safe to run in parallel.

    A server that cannot be reached stops the round: the others would meet the same.
    """
    mailings_settle(tenant_id=tenant_id)
    done = 0
    while done < most and (row := _claim(tenant_id)):
        done += 1
        if not _deliver(row):
            break
    return done


def mailings_settle(*, tenant_id: int) -> int:
    """Give up claims whose sender died: nobody knows whether those letters went. Returns how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        words = gettext_noop("The sender ended in the act. It may have gone; the bell has it all.")
        cursor.execute(_LOST, [clock.now(), words, tenant_id])
        lost = [row[0] for row in cursor.fetchall()]
        for pk in lost:
            _close_tellings(tenant_id, pk, TellState.FAILED, words)
            _say_trouble(Mailing.objects.select_related("member").get(tenant_id=tenant_id, pk=pk))
    return len(lost)


def _claim(tenant_id: int) -> Mailing | None:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_CLAIM, [tenant_id, clock.now(), secrets.token_hex(12), LEASE_S])
        found = cursor.fetchone()
    if found is None:
        return None
    return Mailing.objects.select_related("member__user").get(tenant_id=tenant_id, pk=found[0])


@dataclass(frozen=True)
class _Refusal:
    """Why a letter did not go. `is_final`: another try would meet the same; `is_unknown`: perhaps it went."""

    words: str
    is_final: bool = False
    is_unknown: bool = False
    is_server: bool = False


def _deliver(row: Mailing) -> bool:
    """Send one claimed letter and record what became of it. Returns False when the server could not be reached."""
    if not row.member.may_enter or not row.member.user.has_address:
        _record(row, MailState.FAILED, gettext_noop("There is no address to write to"))
        return True
    refusal = _send(row)
    if refusal is None:
        _record(row, MailState.SENT)
    elif refusal.is_unknown:
        _record(row, MailState.UNKNOWN, refusal.words)
    elif refusal.is_final or clock.now() - row.created_at >= TRY_FOR:
        _record(row, MailState.FAILED, refusal.words)
    else:
        _put_back(row, refusal.words)
    return refusal is None or not refusal.is_server


def _send(row: Mailing) -> _Refusal | None:
    """One try. Whatever fails before the letter is handed over surely did nothing."""
    letter = letter_of(row)
    line = get_connection()
    try:
        line.open()
    except (OSError, smtplib.SMTPException) as error:
        return _Refusal(_words(error), is_server=True)
    try:
        letter.connection = line
        letter.send()
    except smtplib.SMTPRecipientsRefused as error:
        code = max((int(answer[0]) for answer in error.recipients.values()), default=550)
        return _Refusal(_words(error), is_final=code >= 500)
    except smtplib.SMTPResponseException as error:
        return _Refusal(_words(error), is_final=error.smtp_code >= 500)
    except (OSError, smtplib.SMTPException) as error:
        return _Refusal(_words(error), is_unknown=True)
    finally:
        _hang_up(line)
    return None


def _hang_up(line: Any) -> None:
    """The letter is out or refused by then: a line that breaks while it is closed changes nothing."""
    try:
        line.close()
    except (OSError, smtplib.SMTPException) as error:
        log.info("mail_line_not_closed", error=str(error))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _put_back(row: Mailing, words: str) -> None:
    pause_s = min(FIRST_PAUSE_S * 2 ** (row.attempts - 1), LONGEST_PAUSE_S)
    Mailing.objects.filter(
        tenant_id=row.tenant_id, pk=row.pk, claim=row.claim, state=MailState.CLAIMED
    ).update(
        state=MailState.QUEUED,
        leased_until=None,
        next_at=clock.now() + timedelta(seconds=pause_s),
        error=words,
    )
    log.warning("mail_put_off", mailing=row.pk, attempts=row.attempts, error=words)


def _record(row: Mailing, state: MailState, words: str = "") -> None:
    """Write the outcome if this claim still owns the letter. One thought dead that comes back knows best."""
    with transaction.atomic():
        changed = Mailing.objects.filter(
            tenant_id=row.tenant_id,
            pk=row.pk,
            claim=row.claim,
            state__in=[MailState.CLAIMED, MailState.UNKNOWN],
        ).update(state=state, finished_at=clock.now(), leased_until=None, error=words[:300])
        if not changed:
            return
        _close_tellings(
            row.tenant_id, row.pk, TellState.SENT if state == MailState.SENT else TellState.FAILED, words
        )
        if state != MailState.SENT:
            _say_trouble(row)


def _close_tellings(tenant_id: int, mailing_id: int, state: TellState, words: str) -> None:
    Telling.objects.filter(tenant_id=tenant_id, channel=NoticeChannel.MAIL, batch=mailing_id).update(
        state=state, note=words[:200]
    )


def _say_trouble(row: Mailing) -> None:
    """The bell says that a letter did not arrive, and leads to why."""
    tenant = Tenant.objects.get(pk=row.tenant_id)
    notify(
        tenant_id=row.tenant_id, member_ids=[row.member_id], kind=NoticeKind.TROUBLE, key=f"mail:{row.pk}",
        title=lambda: _("An e-mail to you did not arrive for sure"),
        detail=lambda: _("See why under Notices, Settings. What it told you stands here."),
        url=reverse("team:notice_choices", kwargs={"tenant_slug": tenant.slug}),
    )  # fmt: skip


def letter_of(row: Mailing) -> EmailMultiAlternatives:
    """The letter in the receiver's language and the company's time, as text and as HTML."""
    tenant, member = Tenant.objects.get(pk=row.tenant_id), row.member
    notices = mailing_lines(tenant_id=row.tenant_id, mailing=row)
    with translation.override(member.user.language), timezone.override(tenant.timezone):
        context = _letter_context(tenant, member, row, notices)
        count = len(notices)
        if count == 1:
            subject = notices[0].title
        else:
            subject = ngettext("%(n)s matter for you", "%(n)s matters for you", count) % {"n": count}
        letter = EmailMultiAlternatives(
            subject=f"[{tenant.name}] {subject}".replace("\n", " ")[:200],
            body=render_to_string("team/mail/notices.txt", context),
            to=[member.user.email],
            headers={
                "Message-ID": f"<notice.{row.tenant_id}.{row.pk}@{_host()}>",
                "Auto-Submitted": "auto-generated",
            },
        )
        letter.attach_alternative(render_to_string("team/mail/notices.html", context), "text/html")
    return letter


def _letter_context(
    tenant: Tenant, member: Membership, row: Mailing, notices: list[Notice]
) -> dict[str, Any]:
    def page(name: str, **kwargs: Any) -> str:
        return settings.PUBLIC_URL + reverse(name, kwargs={"tenant_slug": tenant.slug, **kwargs})

    return {
        "tenant": tenant,
        "member": member,
        "is_digest": row.is_digest,
        "lines": [{"notice": one, "url": page("team:notice_open", pk=one.pk)} for one in notices[:LINES]],
        "count": len(notices),
        "more": max(len(notices) - LINES, 0),
        "all_url": page("team:notices"),
        "choices_url": page("team:notice_choices"),
    }


def _host() -> str:
    return settings.PUBLIC_URL.partition("://")[2].partition("/")[0].partition(":")[0] or "localhost"
