"""The calendar of a week as lines of a file."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from sop.enums.calendar import Clash, Field
from sop.selectors.board import Board, BoardCell, Chip, field_of
from tenants import clock


def board_lines(board: Board, zone: str) -> list[list[Any]]:
    """Header, then one line a message, slot or event of every group, by band, group and time (tenant's zone)."""
    lines: list[list[Any]] = [
        [
            _("Run"), _("Group"), _("Group owner"), _("Day"), _("Time"), _("What"),
            pgettext("calendar", "Field"), _("State"), _("Rule"), _("Reason"), _("Minutes late"), _("Clashes"),
        ]
    ]  # fmt: skip
    for band in board.bands:
        for row in band.rows:
            for cell in row.cells:
                lines += [
                    [band.run.name if band.run else "", str(row.group), str(row.group.owner or ""), *rest]
                    for rest in (_line(chip, cell, zone) for chip in cell.chips)
                ]
    return lines


def _line(chip: Chip, cell: BoardCell, zone: str) -> list[Any]:
    at = clock.local(chip.at, zone)
    codes = sorted({one.code for one in cell.clashes if chip in (one.one, one.other)})
    clash = "; ".join(f"{code} {Clash(code).label}" for code in codes)
    when = [f"{at:%Y-%m-%d}", f"{at:%H:%M}"]
    field = field_of(chip)
    label = str(Field(field).label) if field else ""
    if chip.touch is not None:
        touch = chip.touch
        title = f"{touch.step.title} ×{chip.count}" if chip.count > 1 else touch.step.title
        return [
            *when,
            title,
            label,
            touch.get_state_display(),
            touch.rule_code,
            touch.reason,
            touch.late_min,
            clash,
        ]
    if chip.slot is not None:
        return [*when, chip.slot.title, label, _("Not confirmed yet"), "", "", "", clash]
    return [*when, chip.event.title if chip.event else "", label, _("Value event"), "", "", "", clash]
