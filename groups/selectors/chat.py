"""What was said in a group: figures by day and the latest messages, as far as an archive or a file tells."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from contacts.selectors import customers_by_external
from groups.models import Group
from groups.selectors.figures import Range
from team.selectors import staff_by_userids
from tenants import clock
from wecom.archive.selectors import Coverage, coverage, media_of, room_days, room_messages, rooms_heard
from wecom.archive.texts import kind_icon, kind_label, plain_text, title_of

if TYPE_CHECKING:
    from wecom.models import ArchivedMessage

PAGE = 30
HIDDEN = "•"


@dataclass(frozen=True)
class ChatDay:
    """One local day of a group."""

    day: date
    customers: int = 0  # messages
    staff: int = 0


@dataclass(frozen=True)
class ChatFigures:
    """Messages of a range. `why_not`: "" when they are known; else no_archive or not_heard, and all else is empty."""

    why_not: str = ""
    days: list[ChatDay] = field(default_factory=list)
    customer_messages: int = 0
    staff_messages: int = 0
    people: int = 0  # customers who wrote
    source: Coverage | None = None


@dataclass(frozen=True)
class Line:
    """One message as the page shows it. `text` is empty for those who may not see it; `chars` is then its length."""

    id: int
    at: datetime
    who: str
    is_staff: bool
    kind: str
    icon_name: str
    text: str
    chars: int
    customer_id: int | None = None
    recalled_at: datetime | None = None
    files: list[Any] = field(default_factory=list)
    is_from_file: bool = False


def why_unknown(*, tenant_id: int, chat_id: str, is_heard: bool | None = None) -> tuple[str, Coverage]:
    """("" | "no_archive" | "not_heard", where messages come from). At most three queries, one less where the caller
    knows whether the group is heard."""
    source = coverage(tenant_id=tenant_id)
    if is_heard is None:
        is_heard = bool(chat_id and rooms_heard(tenant_id=tenant_id, room_ids=[chat_id]))
    if is_heard:
        return "", source
    return ("not_heard" if source.sees_messages else "no_archive"), source


def chat_figures(*, group: Group, zone: str, within: Range) -> ChatFigures:
    """The group's messages by day, staff apart. Five queries whatever its size."""
    why_not, source = why_unknown(tenant_id=group.tenant_id, chat_id=group.chat_id)
    if why_not:
        return ChatFigures(why_not=why_not, source=source)
    rows = room_days(
        tenant_id=group.tenant_id,
        room_id=group.chat_id,
        since=within.since,
        until=within.until,
        zone=ZoneInfo(zone),
    )
    staff = staff_by_userids(tenant_id=group.tenant_id, userids={sender for _day, sender, _n in rows})
    by_day: dict[date, list[int]] = {}
    for day, sender, count in rows:
        by_day.setdefault(day, [0, 0])[1 if sender in staff else 0] += count
    days, day = [], clock.local_date(within.since, zone)
    while clock.day_bounds(day, zone)[0] < within.until:
        customers, own = by_day.get(day, [0, 0])
        days.append(ChatDay(day, customers, own))
        day += timedelta(days=1)
    return ChatFigures(
        days=days,
        customer_messages=sum(one.customers for one in days),
        staff_messages=sum(one.staff for one in days),
        people=len({sender for _day, sender, _n in rows if sender not in staff}),
        source=source,
    )


def chat_lines(*, group: Group, before_id: int, may_see: bool) -> list[Line]:
    """The latest messages, newest first. Without `may_see` neither words nor names of customers are given."""
    rows = room_messages(tenant_id=group.tenant_id, room_id=group.chat_id, limit=PAGE, before_id=before_id)
    senders = {row.sender_id for row in rows}
    staff = staff_by_userids(tenant_id=group.tenant_id, userids=senders)
    people = customers_by_external(tenant_id=group.tenant_id, external_userids=senders - set(staff))
    files = media_of(tenant_id=group.tenant_id, msgids=[row.msgid for row in rows]) if may_see else {}
    return [_line(row, staff, people, files.get(row.msgid, []), may_see) for row in rows]


def _line(
    row: "ArchivedMessage", staff: dict[str, Any], people: dict[str, Any], files: list[Any], may_see: bool
) -> Line:
    said = plain_text(row) or title_of(row)
    person = people.get(row.sender_id)
    name = (person.name if person else "") or row.sender_id
    shown = str(staff[row.sender_id]) if row.sender_id in staff else (name if may_see else _masked(name))
    return Line(
        id=row.pk,
        at=row.sent_at,
        who=shown,
        is_staff=row.sender_id in staff,
        kind="" if row.msgtype == "text" else kind_label(row.msgtype),
        icon_name=kind_icon(row.msgtype),
        text=said if may_see else "",
        chars=len(said),
        customer_id=person.pk if person else None,
        recalled_at=row.recalled_at,
        files=files,
        is_from_file=row.source == "file",
    )


def _masked(name: str) -> str:
    """The first letter, the rest hidden."""
    return name[:1] + HIDDEN * 2
