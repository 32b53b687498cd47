"""The digest of a group's busy day (R54), as far as an archive or a file tells; and its words, ready to post."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from groups.models import Group
from groups.policies.digest import SHOWN, Digest, Sent, digest, quoted
from groups.policies.questions import Said
from team.selectors import staff_by_userids
from tenants import clock
from wecom.archive.selectors import room_talk_between
from wecom.archive.texts import plain_text, title_of

if TYPE_CHECKING:
    from tenants.models import Tenant
    from wecom.models import ArchivedMessage

JUST_BEFORE = timedelta(microseconds=1)


def digest_of(*, tenant: "Tenant", group: Group, day: date) -> Digest:
    """One local day of a group; all zero where nothing is known of it. Two queries."""
    since, until = clock.day_bounds(day, tenant.timezone)
    rows = (
        room_talk_between(tenant_id=tenant.pk, room_id=group.chat_id, since=since, until=until - JUST_BEFORE)
        if group.chat_id
        else []
    )
    staff = staff_by_userids(tenant_id=tenant.pk, userids={row.sender_id for row in rows})
    return digest(day, [_sent(row, set(staff)) for row in rows])


def _sent(row: "ArchivedMessage", staff: set[str]) -> Sent:
    url = str(row.content.get("link_url") or "") if row.msgtype == "link" else ""
    said = Said(row.sent_at, row.sender_id, plain_text(row), row.sender_id in staff)
    return Sent(said, row.msgtype, title_of(row), url)


def digest_words(found: Digest) -> str:
    """What can be posted in the group: the counts, what was announced and shared, and what still waits. Quotes only."""
    lines = [
        ngettext("%(n)s message yesterday, ", "%(n)s messages yesterday, ", found.messages)
        % {"n": found.messages}
        + ngettext("%(n)s person wrote.", "%(n)s people wrote.", found.people) % {"n": found.people}
    ]
    if found.announced:
        lines += [_("What we said:"), *_numbered(quoted(one.text) for one in found.announced)]
    if found.shared:
        lines += [_("What was shared:"), *_numbered(name for name, _who in found.shared[:SHOWN])]
    if found.questions:
        lines += [
            _("Still to be answered, we come back to it:"),
            *_numbered(quoted(one.text) for one in found.questions[:SHOWN]),
        ]
    return "\n".join(lines)


def _numbered(texts: Iterable[str]) -> list[str]:
    return [f"{number}. {text}" for number, text in enumerate(texts, start=1)]
