"""Writes of staff and of what waits for them. Other apps import from here."""

from team.services.approvals import (
    approval_ask,
    approval_decide,
    approval_kinds,
    approval_withdraw,
    approvals_expire,
    register_approval,
)
from team.services.profiles import day_off_set, profile_set, shifts_set
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
    Opens,
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
    "Opens",
    "StaffSeen",
    "WorkAct",
    "approval_ask",
    "approval_decide",
    "approval_kinds",
    "approval_withdraw",
    "approvals_expire",
    "day_off_set",
    "departments_store",
    "profile_set",
    "register_act",
    "register_approval",
    "shifts_set",
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
