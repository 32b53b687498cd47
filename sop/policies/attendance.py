"""Ids of those who came, out of a file or pasted lines (R64). Pure."""

import csv
import io

HEADS = ("external_userid", "客户ID", "外部联系人ID")
MOST = 5000


def ids_in(text: str) -> list[str]:
    """WeCom's customer ids of a CSV with such a column, else the first cell of each line; each once, in order."""
    rows = [row for row in csv.reader(io.StringIO(text.strip())) if any(cell.strip() for cell in row)]
    if not rows:
        return []
    head = [cell.strip().lstrip("\ufeff") for cell in rows[0]]
    column = next((head.index(name) for name in HEADS if name in head), None)
    if column is not None:
        rows = rows[1:]
    cells = (row[column or 0].strip() if len(row) > (column or 0) else "" for row in rows)
    return list(dict.fromkeys(cell for cell in cells if cell))[:MOST]
