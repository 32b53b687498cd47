"""A file as text, pure: CSV in the encodings that spreadsheets write, or the first sheet of an .xlsx."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, Final

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils import column_index_from_string
from openpyxl.utils.exceptions import InvalidFileException

from contacts.policies.files import Unreadable, decoded

# A packed file says how large it becomes, and unpacking stops there: a few kilobytes cannot fill the memory.
UNPACKED_BYTES: Final = 100 * 1024 * 1024
# One cell far to the right would make every row that wide.
WIDEST: Final = 100
_UNCOUNTED: Final = re.compile(
    rb'<c\b(?![^>]{0,200}\bt="str")[^>]{0,200}\br="([A-Z]{1,3}\d{1,7})"[^>]{0,200}>\s{0,9}'
    rb"<f\b(?:[^>]{0,200}/>|[^>]{0,200}>[^<]{0,9000}</f>)\s{0,9}(?:<v\s?/>|<v></v>)?\s{0,9}</c>"
)
_MERGED: Final = re.compile(rb'<mergeCell\b[^>]{0,99}\bref="([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})"')


def text_of(raw: bytes) -> str:
    """The file as CSV text: CSV in UTF-8 or GBK, or the first sheet of an .xlsx. Raises Unreadable."""
    return _sheet(raw) if raw.startswith(b"PK\x03\x04") else decoded(raw)


def _sheet(raw: bytes) -> str:
    """A formula counts with the value that the spreadsheet last showed; it is never calculated here."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            if sum(one.file_size for one in packed.infolist()) > UNPACKED_BYTES:
                raise Unreadable(_("The spreadsheet is too large. Save the sheet as CSV."))
            book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
            sheet: Any = book.worksheets[0]
            source = packed.read(sheet._worksheet_path.lstrip("/"))
        _refuse_uncounted(source)
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        rows = ([_cell(one) for one in row] for row in sheet.iter_rows(values_only=True, max_col=WIDEST))
        for cells in _filled_down(rows, source):
            while cells and not cells[-1]:
                cells.pop()
            writer.writerow(cells)
        book.close()
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, IndexError, OSError) as error:
        raise Unreadable(_("This spreadsheet cannot be read. Save the sheet as CSV.")) from error
    except (AttributeError, TypeError, EOFError, SyntaxError, RuntimeError) as error:
        # What openpyxl and the XML reader raise for a broken or encrypted book.
        raise Unreadable(_("This spreadsheet cannot be read. Save the sheet as CSV.")) from error
    return out.getvalue()


def _refuse_uncounted(source: bytes) -> None:
    """A formula written by a program that never showed it has no value: what it would say is not guessed."""
    if found := _UNCOUNTED.search(source):
        why = _(
            "Cell %(cell)s holds a formula without its value. Open the file, save it, and upload it again."
        )
        raise Unreadable(why % {"cell": found[1].decode()})


def _filled_down(rows: Iterable[list[str]], source: bytes) -> Iterator[list[str]]:
    """Cells merged over several rows say the same in each of them: the file holds their value in the first only."""
    merged: dict[int, list[tuple[int, int]]] = {}  # first row -> (column, last row)
    for column, first, last in _MERGED.findall(source):
        at = column_index_from_string(column.decode()) - 1
        if at < WIDEST and int(last) > int(first):
            merged.setdefault(int(first), []).append((at, int(last)))
    running: dict[int, tuple[int, str]] = {}  # column -> (last row, value)
    for number, cells in enumerate(rows, start=1):
        for at, (last, value) in running.items():
            if number <= last and at < len(cells):
                cells[at] = cells[at] or value
        for at, last in merged.get(number, ()):
            running[at] = (last, cells[at] if at < len(cells) else "")
        yield cells


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # a phone number that the sheet keeps as a number
    if isinstance(value, float):
        return format(
            value, ".15g"
        )  # as the sheet shows it: a sum of prices is 59.97, not 59.970000000000006
    return "" if value is None else str(value).replace("\x00", "")
