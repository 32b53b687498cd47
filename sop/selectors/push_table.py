"""The weekly push table as lines of a file (R61)."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from console import formats
from groups.enums import PLAN_DAYS, Slot
from sop.models import PushWeek
from sop.selectors.push import slot_times, slots_of_weeks, touches_of_weeks

if TYPE_CHECKING:
    from groups.models import Group
    from tenants.models import Tenant


def table_lines(*, tenant: "Tenant", groups: Iterable["Group"], monday: date) -> list[list[Any]]:
    """Header, then one line a slot of each group by day and part of day; an empty slot is a line without words."""
    every = list(groups)
    ids = [one.pk for one in every]
    rows = slots_of_weeks(tenant_id=tenant.pk, group_ids=ids, monday=monday)
    touches = touches_of_weeks(tenant=tenant, group_ids=ids, monday=monday)
    runs = dict(
        PushWeek.objects.filter(tenant=tenant, group__in=ids, monday=monday, run__isnull=False).values_list(
            "group_id", "run_id"
        )
    )
    times = slot_times(tenant_id=tenant.pk)
    lines: list[list[Any]] = [
        [
            _("Group"), _("Day"), _("Slot"), _("Time"), _("Content type"), _("Title"), _("Message"), _("Channel"),
            _("Carried out by"), _("State, reason, rule"),
        ]
    ]  # fmt: skip
    for group in every:
        own = rows.get(group.pk, {})
        by_key = {one.step.key: one for one in touches.get(group.pk, []) if one.run_id == runs.get(group.pk)}
        for number in range(1, PLAN_DAYS + 1):
            day = formats.day(monday + timedelta(days=number - 1), get_language() or "", weekday=True)
            for slot in Slot:
                row, touch = own.get((number, str(slot))), by_key.get(f"d{number}-{slot}")
                at = row.at if row and row.at else times[str(slot)]
                lines.append([str(group), day, str(slot.label), f"{at:%H:%M}", *_words(row), _state(touch)])
    return lines


def _words(row: Any) -> list[str]:
    if row is None:
        return ["", "", "", "", ""]
    return [
        str(row.get_content_type_display()), row.title, row.text, str(row.get_channel_display()), str(row.staff or ""),
    ]  # fmt: skip


def _state(touch: Any) -> str:
    if touch is None:
        return ""
    return " ".join(part for part in (str(touch.get_state_display()), touch.rule_code, touch.reason) if part)
