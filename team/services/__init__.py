"""Writes of staff and of what waits for them. Other apps import from here."""

from team.services.staff import (
    StaffSeen,
    departments_store,
    staff_deactivate,
    staff_ensure,
    staff_let_in,
    staff_link_member,
    staff_rename,
    staff_store,
)
from team.services.work import (
    WorkAct,
    register_act,
    work_item_act,
    work_item_close,
    work_item_put,
    work_items_close,
    work_items_put,
    work_items_sweep,
)

__all__ = [
    "StaffSeen",
    "WorkAct",
    "departments_store",
    "register_act",
    "staff_deactivate",
    "staff_ensure",
    "staff_let_in",
    "staff_link_member",
    "staff_rename",
    "staff_store",
    "work_item_act",
    "work_item_close",
    "work_item_put",
    "work_items_close",
    "work_items_put",
    "work_items_sweep",
]
