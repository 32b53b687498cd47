"""Departments and staff (PROTOCOL 3.1)."""

from __future__ import annotations

from typing import Any

from simulator.wire.api.common import staff, visible_staff
from simulator.wire.checks import Field
from simulator.wire.endpoint import Call, get, page, post
from simulator.wire.errors import WireError
from simulator.world.entities import Department, Staff


def _departments(call: Call) -> list[Department]:
    wanted = call.query.get("id")
    every = call.corp.departments
    if wanted is None:
        return every
    if all(d.id != wanted for d in every):
        raise WireError(60123, str(wanted))
    inside = _below(call, wanted)
    return [d for d in every if d.id in inside]


def _below(call: Call, wanted: int) -> set[int]:
    """The department and everything under it; parents come before their children."""
    inside = {wanted}
    for department in call.corp.departments:
        if department.parent_id in inside:
            inside.add(department.id)
    return inside


def department_list(call: Call) -> dict[str, Any]:
    rows = [
        {
            "id": d.id,
            "name": d.name,
            "name_en": "",
            "department_leader": [],
            "parentid": d.parent_id,
            "order": d.order,
        }
        for d in _departments(call)
    ]
    return {"department": rows}


def department_simplelist(call: Call) -> dict[str, Any]:
    rows = [{"id": d.id, "parentid": d.parent_id, "order": d.order} for d in _departments(call)]
    return {"department_id": rows}


def _in_department(call: Call) -> list[Staff]:
    wanted = call.query["department_id"]
    inside = _below(call, wanted) if call.query.get("fetch_child") else {wanted}
    if all(d.id != wanted for d in call.corp.departments):
        raise WireError(60123, str(wanted))
    return [s for s in visible_staff(call) if inside & set(s.departments)]


def _brief(member: Staff) -> dict[str, Any]:
    return {"userid": member.userid, "name": member.name, "department": member.departments, "open_userid": ""}


def _full(member: Staff) -> dict[str, Any]:
    return {
        **_brief(member),
        "position": "社群运营",
        "status": 1 if member.is_active else 4,
        "enable": 1,
        "isleader": 0,
        "is_leader_in_dept": [0] * len(member.departments),
        "main_department": member.departments[0],
        "order": [0] * len(member.departments),
        "alias": "",
    }


def _listed(call: Call) -> list[Staff]:
    """The department's staff, with its sub-departments when asked. Raises 45029 when they are too many."""
    found = _in_department(call)
    if len(found) > call.corp.limit("staff_an_answer"):
        raise WireError(45029, "ask for one department at a time")
    return found


def user_simplelist(call: Call) -> dict[str, Any]:
    return {"userlist": [_brief(s) for s in _listed(call)]}


def user_list(call: Call) -> dict[str, Any]:
    return {"userlist": [_full(s) for s in _listed(call)]}


def user_get(call: Call) -> dict[str, Any]:
    return _full(staff(call, call.query["userid"]))


def user_list_id(call: Call) -> dict[str, Any]:
    """Every seat; for the contact-sync secret only, which no ordinary app has."""
    seats = [
        {"userid": s.userid, "department": department}
        for s in call.corp.staff.values()
        for department in s.departments
    ]
    rows, cursor = page(seats, call.body.get("cursor", ""), call.body["limit"])
    return {"dept_user": rows, "next_cursor": cursor}


DEPARTMENT = Field(int, required=True)
CHILD = Field(int, choices=(0, 1))

ENDPOINTS = (
    get("department/list", "contacts", department_list, id=Field(int)),
    get("department/simplelist", "contacts", department_simplelist, id=Field(int)),
    get("user/simplelist", "contacts", user_simplelist, department_id=DEPARTMENT, fetch_child=CHILD),
    get("user/list", "contacts", user_list, department_id=DEPARTMENT, fetch_child=CHILD),
    post(
        "user/list_id",
        "contact_sync",
        user_list_id,
        cursor=Field(str),
        limit=Field(int, low=1, high=10_000, default=10_000),
    ),
    get("user/get", "contacts", user_get, userid=Field(str, required=True)),
)
