"""Reading a chat log (R110), pure: a CSV or a spreadsheet to lines, each fault with its line and column."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from contacts.policies.files import Fault, Unreadable, header_of, table_of

# Column -> other names a header may use.
COLUMNS: dict[str, tuple[str, ...]] = {
    "group": ("群", "群名", "群名称", "群聊", "群ID", "chat_id", "group name"),
    "sender": ("发送人", "发言人", "成员", "昵称", "发送者", "from", "name"),
    "sent_at": ("时间", "发送时间", "time", "date"),
    "text": ("内容", "消息", "正文", "消息内容", "content", "message"),
}
EXAMPLE = (
    ("英语打卡3班", "林妈妈", "2026-11-20 20:05:12", "老师，今天的课几点开始？"),
    ("英语打卡3班", "周岚", "2026-11-20 20:06:01", "八点，链接在群公告里。"),
)
TEXT_CHARS, NAME_CHARS = 4000, 128
_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y年%m月%d日 %H:%M")
_FUTURE, _PAST = timedelta(days=1), timedelta(days=5 * 365)


@dataclass(frozen=True, slots=True)
class ChatLine:
    """One line that can be read. `group` and `sender` are names or WeCom's ids, as written; `sent_at` is UTC."""

    line: int
    group: str
    sender: str
    sent_at: datetime
    text: str


def read_lines(text: str, *, zone: str, now: datetime, most: int) -> Iterator[ChatLine | Fault]:
    """Every line after the header: what it says, or its first fault. Raises Unreadable.

    Times without an offset are on the wall of `zone`.
    """
    first, rows = table_of(text)
    header = header_of(first, columns=COLUMNS, needed=COLUMNS)
    for count, (number, cells) in enumerate(rows, start=1):
        if count > most:
            raise Unreadable(_("The file has more than %(most)s rows. Split it.") % {"most": f"{most:,}"})
        values = {name: cells[at] if at < len(cells) else "" for name, at in header.items()}
        yield _line(number, values, zone=zone, now=now)


def _line(number: int, values: dict[str, str], *, zone: str, now: datetime) -> ChatLine | Fault:
    for name in COLUMNS:
        if not values[name]:
            return Fault(number, name, _("This must not be empty."))
    for name, longest in (("group", NAME_CHARS), ("sender", NAME_CHARS), ("text", TEXT_CHARS)):
        if len(values[name]) > longest:
            return Fault(number, name, _("At most %(n)s characters.") % {"n": longest})
    at = _moment(values["sent_at"], zone)
    if at is None:
        return Fault(number, "sent_at", _("Write it as 2026-11-20 20:05 or in ISO 8601."))
    if not now - _PAST <= at <= now + _FUTURE:
        return Fault(number, "sent_at", _("More than a day in the future, or more than five years ago."))
    return ChatLine(number, values["group"], values["sender"], at, values["text"])


def _moment(raw: str, zone: str) -> datetime | None:
    for form in _FORMS:
        try:
            return datetime.strptime(raw, form).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        except ValueError:
            continue
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who a line is by: WeCom's id, and whether it is a member of staff."""

    person_id: str
    is_staff: bool


@dataclass(frozen=True)
class Book:
    """Whom a file may mean. Names that several bear are absent from `by_name` and stand in `shared`."""

    rooms: dict[str, str]  # chat id or group name -> chat id
    shared_rooms: frozenset[str]
    staff: dict[str, str]  # userid or name -> userid
    by_id: frozenset[str]  # external_userids known
    by_name: dict[tuple[str, str], str]  # (chat id, name) -> external_userid
    shared: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Said:
    """One line with its place and its writer known."""

    line: ChatLine
    chat_id: str
    speaker: Speaker

    @property
    def msgid(self) -> str:
        """The same line gives the same id, so that a file sent twice counts once."""
        parts = (self.chat_id, self.speaker.person_id, self.line.sent_at.isoformat(), self.line.text)
        return f"file-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:48]}"


def placed(line: ChatLine, book: Book) -> Said | Fault:
    """Find the group and the person a line means; what is not certain is a fault."""
    if line.group in book.shared_rooms:
        return Fault(line.line, "group", _("Several groups are called so: write WeCom's id of the group."))
    chat_id = book.rooms.get(line.group, "")
    if not chat_id:
        return Fault(line.line, "group", _("No group is called so: %(name)s.") % {"name": line.group[:40]})
    key = (chat_id, line.sender)
    if key in book.shared:
        return Fault(line.line, "sender", _("Several people in this group are called so: write WeCom's id."))
    if line.sender in book.staff:
        return Said(line, chat_id, Speaker(book.staff[line.sender], True))
    person = line.sender if line.sender in book.by_id else book.by_name.get(key, "")
    if not person:
        return Fault(line.line, "sender", _("Nobody in this group is called so: write WeCom's id."))
    return Said(line, chat_id, Speaker(person, False))


def template_lines() -> list[list[Any]]:
    """The file to start from: the header and two examples."""
    return [list(COLUMNS), *(list(row) for row in EXAMPLE)]


def people_of(lines: Iterable[Said]) -> set[str]:
    """Customers who said something."""
    return {one.speaker.person_id for one in lines if not one.speaker.is_staff}
