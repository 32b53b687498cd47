"""A file as text, pure: CSV in the encodings that spreadsheets write, or the first sheet of an .xlsx."""

import csv
import io
import zipfile
from datetime import date, datetime
from typing import Any, Final

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from contacts.policies.files import Unreadable, decoded

# A packed file says how large it becomes, and unpacking stops there: a few kilobytes cannot fill the memory.
UNPACKED_BYTES: Final = 100 * 1024 * 1024
# One cell far to the right would make every row that wide.
WIDEST: Final = 100


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
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        for row in book.worksheets[0].iter_rows(values_only=True, max_col=WIDEST):
            cells = [_cell(one) for one in row]
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


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # a phone number that the sheet keeps as a number
    return "" if value is None else str(value).replace("\x00", "")
