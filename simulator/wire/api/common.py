"""Look-ups shared by the calls, with the vendor's codes when they fail."""

from __future__ import annotations

from simulator.wire.endpoint import Call
from simulator.wire.errors import WireError
from simulator.world.entities import Customer, Group, Relation, Staff
from simulator.world.relations import LISTED


def visible(call: Call, userid: str) -> bool:
    """Whether the app's visible range covers this staff member."""
    allowed = call.app.visible_userids
    return allowed is None or userid in allowed


def visible_staff(call: Call) -> list[Staff]:
    return [s for s in call.corp.staff.values() if visible(call, s.userid)]


def staff(call: Call, userid: str, *, needs_contact: bool = False) -> Staff:
    """The staff member in sight. Raises 60111, 60011 or 84074."""
    found = call.corp.staff_or_none(userid)
    if found is None:
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
