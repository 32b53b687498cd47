"""Reading a file of behaviours (R111), pure: bytes to text, lines to rows, each fault with its line and column."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import chain, islice
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from contacts.enums import BehaviourKind

# Column -> other names a header may use.
COLUMNS: dict[str, tuple[str, ...]] = {
    "event_id": ("事件ID", "事件编号", "id"),
    "kind": ("类型", "行为"),
    "occurred_at": ("时间", "发生时间"),
    "external_userid": ("客户ID", "外部联系人ID"),
    "chat_id": ("群ID",),
    "object_id": ("对象ID", "订单号"),
    "object_title": ("对象", "标题", "商品"),
    "amount": ("金额", "金额（元）", "金额(元)"),
    "text": ("内容", "正文"),
}
NEEDED = ("event_id", "kind", "occurred_at", "external_userid")
EXAMPLE = (
    ("20261120-0001", "lesson", "2026-11-20 20:05", "wmAbc8Example1", "", "L16", "第16课", "", ""),
    (
        "20261120-0002",
        "order",
        "2026-11-20 20:31:10",
        "wmAbc8Example1",
        "wrXXXXXXXX",
        "NO-88",
        "年课",
        "1980.00",
        "",
    ),
)
_LONGEST = {"event_id": 128, "external_userid": 64, "chat_id": 64, "object_id": 128, "text": 4000}
_FORMS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d %H:%M",
    "%Y.%m.%d",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日",
)
_FUTURE, _PAST = timedelta(days=1), timedelta(days=5 * 365)
_BOUGHT = (BehaviourKind.ORDER, BehaviourKind.REFUND)
_ABOVE = 5  # rows that a title and blanks above the header may take
_LOOKED_AT = 2000  # characters that tell what divides cells
_NEEDED_MARK = "*＊"  # how templates mark the columns that have to be filled
Cells = tuple[int, list[str]]


class Unreadable(Exception):
    """The file as a whole cannot be read; the message is for the person."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with one line. `line` counts from 1 as a spreadsheet does, the header included."""

    line: int
    column: str
    message: str


@dataclass(frozen=True)
class Row:
    """One line that can be stored. `amount_fen` is money in fen; `occurred_at` is UTC."""

    line: int
    event_id: str
    kind: str
    occurred_at: datetime
    external_userid: str
    chat_id: str = ""
    object_id: str = ""
    object_title: str = ""
    amount_fen: int | None = None
    text: str = ""


def decoded(raw: bytes) -> str:
    """The file's text: UTF-8, else GBK as Chinese spreadsheets save it. Raises Unreadable."""
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Unreadable(_("This is a spreadsheet. Save it as CSV first."))
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raw = raw.decode("utf-16", "replace").encode()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text
    raise Unreadable(_("This is neither UTF-8 nor GBK text. Save the file as CSV in UTF-8."))


def table_of(text: str) -> tuple[list[str], Iterator[Cells]]:
    """(the header, then every row that says something with its number).

    Rows are counted as a spreadsheet shows them: one with a line break within a cell is one row. Blank rows and a title
    above the header are passed over; cells may be divided by tabs. Raises Unreadable, also while rows are taken.
    """
    rows = _rows(text)
    top = list(islice(rows, _ABOVE))
    at = next((n for n, (_number, cells) in enumerate(top) if sum(map(bool, cells)) > 1), 0)
    header = top[at][1] if top else []
    return header, chain(top[at + 1 :], rows)


def _rows(text: str) -> Iterator[Cells]:
    csv.field_size_limit(1_000_000)
    top = text[:_LOOKED_AT]
    divider = "\t" if top.count("\t") > top.count(",") else ","
    number = 0
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=divider), start=1):
            if any(cell.strip() for cell in cells):
                yield number, [cell.strip() for cell in cells]
    except csv.Error as error:
        told = {"line": number + 1, "why": error}
        raise Unreadable(_("Line %(line)s is not CSV: %(why)s") % told) from error


def _bare(cell: str) -> str:
    """A cell of the header as it is compared."""
    return cell.strip().strip(_NEEDED_MARK).strip().lower()


def column_words(name: str, *, columns: Mapping[str, Iterable[str]] = COLUMNS) -> str:
    """A column as a person finds it in the file: in Chinese by its Chinese name with the key beside it."""
    aliases = list(columns.get(name, ()))
    return f"{aliases[0]}（{name}）" if aliases and (get_language() or "").startswith("zh") else name


def column_of(name: str, header: Iterable[str], *, columns: Mapping[str, Iterable[str]]) -> str:
    """The cell of this file's header that names a column; one the file does not have by `column_words`."""
    known = {one.lower() for one in (name, *columns.get(name, ()))}
    found = (cell.strip() for cell in header if _bare(cell) in known)
    return next(found, "") or column_words(name, columns=columns)


def header_of(
    first: list[str], *, columns: Mapping[str, Iterable[str]] = COLUMNS, needed: Iterable[str] = NEEDED
) -> dict[str, int]:
    """{column: position}; `columns` maps a column to its other names. Raises Unreadable for one missing or doubled."""
    names = {alias.lower(): name for name, aliases in columns.items() for alias in (name, *aliases)}
    found: dict[str, int] = {}
    for position, cell in enumerate(first):
        name = names.get(_bare(cell))
        if name in found:
            raise Unreadable(_twice(first[found[name]].strip(), cell.strip()))
        if name:
            found[name] = position
    missing = [name for name in needed if name not in found]
    if missing:
        told = ", ".join(column_words(name, columns=columns) for name in missing)
        raise Unreadable(_("Columns are missing: %(names)s.") % {"names": told})
    return found


def _twice(one: str, other: str) -> str:
    if _bare(one) == _bare(other):
        return _("The column %(name)s stands there twice.") % {"name": one}
    return _("The columns %(one)s and %(other)s mean the same: keep one.") % {"one": one, "other": other}


def unread_columns(header: Iterable[str], *, columns: Mapping[str, Iterable[str]]) -> list[str]:
    """The named columns of a file that nothing is read from."""
    known = {_bare(alias) for name, aliases in columns.items() for alias in (name, *aliases)}
    return [cell.strip() for cell in header if cell.strip() and _bare(cell) not in known]


def read_rows(text: str, *, zone: str, now: datetime, most: int) -> Iterator[Row | Fault]:
    """Every line after the header: a row, or its first fault. Raises Unreadable.

    Times without an offset are on the wall of `zone`. An event id that came before in the file is a fault.
    """
    first, rows = table_of(text)
    header = header_of(first)
    seen: set[str] = set()
    for count, (number, cells) in enumerate(rows, start=1):
        if count > most:
            raise Unreadable(_("The file has more than %(most)s rows. Split it.") % {"most": f"{most:,}"})
        values = {name: cells[at] if at < len(cells) else "" for name, at in header.items()}
        made = _row(number, values, zone=zone, now=now)
        if isinstance(made, Row):
            if made.event_id in seen:
                made = Fault(made.line, "event_id", _("This event id stands in the file twice."))
            else:
                seen.add(made.event_id)
        yield made


def _row(line: int, values: dict[str, str], *, zone: str, now: datetime) -> Row | Fault:
    for name in NEEDED:
        if not values[name]:
            return Fault(line, name, _("This must not be empty."))
    for name, longest in _LONGEST.items():
        if len(values.get(name, "")) > longest:
            return Fault(line, name, _("At most %(n)s characters.") % {"n": longest})
    if values["kind"] not in BehaviourKind.values:
        return Fault(line, "kind", _("Not a known kind: %(kind)s.") % {"kind": values["kind"][:40]})
    try:
        at = moment_of(values["occurred_at"], zone)
    except ValueError:
        return Fault(line, "occurred_at", _("Write it as 2026-11-20 20:05 or in ISO 8601."))
    if not now - _PAST <= at <= now + _FUTURE:
        return Fault(line, "occurred_at", _("More than a day in the future, or more than five years ago."))
    try:
        amount_fen = fen_of(values.get("amount", ""))
    except (InvalidOperation, ValueError):
        return Fault(line, "amount", _("Write yuan as 1980 or 1980.00, not negative."))
    if values["kind"] in _BOUGHT and (amount_fen is None or not values.get("object_id")):
        return Fault(line, "object_id", _("An order or refund needs its order number and its amount."))
    return Row(
        line=line,
        event_id=values["event_id"],
        kind=values["kind"],
        occurred_at=at,
        external_userid=values["external_userid"],
        chat_id=values.get("chat_id", ""),
        object_id=values.get("object_id", ""),
        object_title=values.get("object_title", "")[:200],
        amount_fen=amount_fen,
        text=values.get("text", ""),
    )


def moment_of(raw: str, zone: str) -> datetime:
    """A time as files write it, in UTC; without an offset it is on the wall of `zone`. Raises ValueError."""
    for form in _FORMS:
        try:
            return datetime.strptime(raw, form).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        except ValueError:
            continue
    moment = datetime.fromisoformat(raw)
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def fen_of(raw: str) -> int | None:
    """Yuan as files write them, in fen; None for an empty cell. Raises ValueError or InvalidOperation."""
    cleaned = raw.replace(",", "").replace("¥", "").replace("￥", "")
    if not cleaned:
        return None
    yuan = Decimal(cleaned)
    if not yuan.is_finite() or not 0 <= yuan <= 10**10 or yuan != yuan.quantize(Decimal("0.01")):
        raise ValueError
    return int(yuan * 100)


def template_lines() -> list[list[Any]]:
    """The file to start from: the header and two examples."""
    return [list(COLUMNS), *(list(row) for row in EXAMPLE)]
