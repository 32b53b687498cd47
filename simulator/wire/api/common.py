"""Look-ups shared by the calls, with the vendor's codes when they fail."""

from __future__ import annotations

from typing import Any

from simulator.wire.endpoint import Call
from simulator.wire.errors import WireError
from simulator.world.entities import Code, Customer, Group, Relation, Staff
from simulator.world.relations import LISTED

DAY_S = 86400


def visible(call: Call, userid: str) -> bool:
    """Whether the app's visible range covers this staff member."""
    allowed = call.app.visible_userids
    return allowed is None or userid in allowed


def visible_staff(call: Call) -> list[Staff]:
    """Who works here and is in the app's range; those who left are gone."""
    gone = call.corp.resigned
    return [s for s in call.corp.staff.values() if s.userid not in gone and visible(call, s.userid)]


def staff(call: Call, userid: str, *, needs_contact: bool = False) -> Staff:
    """The staff member in sight. Raises 60111, 60011 or 84074."""
    found = call.corp.staff_or_none(userid)
    if found is None or found.userid in call.corp.resigned:
        raise WireError(60111, userid)
    if not visible(call, found.userid):
        raise WireError(60011, userid)
    if needs_contact and not found.can_contact:
        raise WireError(84074, userid)
    return found


def customer(call: Call, external_userid: str) -> Customer:
    """A customer some visible staff member has. Raises 40096."""
    found = call.corp.customers.get(external_userid)
    if found is None:
        raise WireError(40096, external_userid)
    return found


def relation(call: Call, userid: str, external_userid: str) -> Relation:
    """The pair's live tie. Raises 84061 when there is none."""
    member = staff(call, userid, needs_contact=True)
    customer(call, external_userid)
    tie = call.corp.relations.get((member.userid, external_userid))
    if tie is None or tie.status not in LISTED:
        raise WireError(84061, f"{userid} and {external_userid}")
    return tie


def group(call: Call, chat_id: str) -> Group:
    """A live group whose owner the app may see. Raises 86003 or 60011."""
    found = call.corp.groups.get(chat_id)
    if found is None or found.dismissed:
        raise WireError(86003, chat_id)
    if not visible(call, found.owner):
        raise WireError(60011, chat_id)
    return found


def own_agent(call: Call, agentid: int) -> None:
    """The body's agentid must be the token's app. Raises 301002."""
    if agentid != call.app.agentid:
        raise WireError(301002, f"agentid {agentid}")


def department(call: Call, department_id: int) -> None:
    """The department exists. Raises 60123."""
    if all(d.id != department_id for d in call.corp.departments):
        raise WireError(60123, str(department_id))


def own_code(call: Call, code: Code) -> Code:
    """A code is changed only by the app that made it. Raises 48002."""
    if code.agentid != call.app.agentid:
        raise WireError(48002, "made by another app")
    return code


def live_codes(call: Call) -> None:
    """Contact ways and join ways share one pot. Raises 41045 when it is full."""
    if len(call.corp.contact_ways) + len(call.corp.join_ways) >= call.corp.limit("codes"):
        raise WireError(41045)


def qr_address(call: Call, kind: str, config_id: str) -> str:
    """Where the picture of a code is."""
    return f"{call.base_url}/phone/qr/{kind}/{call.corp.corp_id}/{config_id}.svg"


def check_range(call: Call, scope: dict[str, Any], *, names: tuple[str, str], max_items: int) -> None:
    """A range of staff and departments, all known and at most so many each. Raises 40058, 60111 or 60123."""
    users, parties = (scope.get(name) or [] for name in names)
    for name, listed in zip(names, (users, parties), strict=True):
        if not isinstance(listed, list) or len(listed) > max_items:
            raise WireError(40058, f"{name}: at most {max_items}")
    for userid in users:
        staff(call, str(userid))
    for party in parties:
        department(call, party)


def span(call: Call, *, days: int, back_days: int) -> tuple[int, int]:
    """start_time and end_time, at most so many days apart and so far back. Raises 40058."""
    first, last = call.body["start_time"], call.body["end_time"]
    if last < first or last - first > days * DAY_S:
        raise WireError(40058, f"at most {days} days")
    if first < call.now - back_days * DAY_S:
        raise WireError(40058, f"at most {back_days} days back")
    return first, last
