"""The corp's address book and app as people change and use them: departments, names, messages to the app."""

from __future__ import annotations

from simulator.human.answers import Action, Body, need
from simulator.runtime import Runtime
from simulator.wire import xml
from simulator.world.entities import Department
from simulator.world.events import emit
from simulator.world.ledger import CallbackEvent
from simulator.world.model import Corp
from simulator.world.relations import Refused

ROOT = 1


def _told(corp: Corp, change_type: str, at: float, fields: xml.Fields) -> None:
    lane = f"party-{dict(fields).get('Id', '')}"
    emit(corp, event="change_contact", change_type=change_type, fields=fields, at=at, lane=lane)


def _department(corp: Corp, department_id: int) -> Department:
    for department in corp.departments:
        if department.id == department_id:
            return department
    raise Refused(f"no department {department_id}")


async def update_staff(runtime: Runtime, body: Body) -> Body:
    """A staff member's name or departments change: update_user."""
    corp_id, userid = need(body, "corp_id", "userid")
    corp = runtime.corp(corp_id)
    member = corp.staff.get(userid)
    if member is None or userid in corp.resigned:
        raise Refused(f"no staff {userid}")
    fields: list[tuple[str, object]] = [("UserID", userid)]
    if body.get("name"):
        member.name = str(body["name"])
        fields.append(("Name", member.name))
    if body.get("departments"):
        member.departments = [_department(corp, int(one)).id for one in body["departments"]]
        fields.append(("Department", ",".join(str(one) for one in member.departments)))
    emit(
        corp,
        event="change_contact",
        change_type="update_user",
        fields=fields,
        at=runtime.clock.now(),
        lane=userid,
    )
    return {"name": member.name, "departments": member.departments}


async def create_party(runtime: Runtime, body: Body) -> Body:
    corp_id, name = need(body, "corp_id", "name")
    corp = runtime.corp(corp_id)
    parent = _department(corp, int(body.get("parent_id") or ROOT))
    made = Department(max(d.id for d in corp.departments) + 1, str(name), parent.id, 1)
    corp.departments.append(made)
    fields = [("Id", made.id), ("Name", made.name), ("ParentId", made.parent_id), ("Order", made.order)]
    _told(corp, "create_party", runtime.clock.now(), fields)
    return {"id": made.id}


async def update_party(runtime: Runtime, body: Body) -> Body:
    corp_id, department_id, name = need(body, "corp_id", "id", "name")
    corp = runtime.corp(corp_id)
    department = _department(corp, int(department_id))
    department.name = str(name)
    fields: xml.Fields = [("Id", department.id), ("Name", department.name)]
    _told(corp, "update_party", runtime.clock.now(), fields)
    return {}


async def delete_party(runtime: Runtime, body: Body) -> Body:
    """Only an empty department without departments below it can go."""
    corp_id, department_id = need(body, "corp_id", "id")
    corp = runtime.corp(corp_id)
    department = _department(corp, int(department_id))
    is_used = any(department.id in s.departments for s in corp.staff.values())
    if is_used or any(d.parent_id == department.id for d in corp.departments) or department.id == ROOT:
        raise Refused("the department is not empty")
    corp.departments.remove(department)
    _told(corp, "delete_party", runtime.clock.now(), [("Id", department.id)])
    return {}


async def write_app(runtime: Runtime, body: Body) -> Body:
    """A staff member writes to the app: a plain message, with MsgId (PROTOCOL 2.3)."""
    corp_id, userid, text = need(body, "corp_id", "userid", "text")
    corp, now = runtime.corp(corp_id), int(runtime.clock.now())
    if userid not in corp.staff:
        raise Refused(f"no staff {userid}")
    agentid = int(body.get("agentid") or next(iter(corp.apps)))
    corp.counter += 1
    msgid = now * 1000 + corp.counter % 1000
    if not corp.callback.url:
        return {"msgid": msgid}
    fields = [
        ("ToUserName", corp.corp_id),
        ("FromUserName", userid),
        ("CreateTime", now),
        ("MsgType", "text"),
        ("Content", str(text)),
        ("MsgId", msgid),
        ("AgentID", agentid),
    ]
    _record(corp, xml.render(fields), userid, now)
    return {"msgid": msgid}


def _record(corp: Corp, plaintext: str, userid: str, at: int) -> CallbackEvent:
    return corp.ledger.record(event="message", change_type="text", lane=userid, plaintext=plaintext, at=at)


async def enter_app(runtime: Runtime, body: Body) -> Body:
    """A staff member opens the app: enter_agent."""
    corp_id, userid = need(body, "corp_id", "userid")
    corp = runtime.corp(corp_id)
    agentid = int(body.get("agentid") or next(iter(corp.apps)))
    emit(
        corp,
        event="enter_agent",
        change_type="",
        fields=[("EventKey", "")],
        at=runtime.clock.now(),
        lane=userid,
        from_user=userid,
        agentid=agentid,
    )
    return {}


ACTIONS: dict[str, Action] = {
    "staff/update": update_staff,
    "staff/write-app": write_app,
    "staff/enter-app": enter_app,
    "party/create": create_party,
    "party/update": update_party,
    "party/delete": delete_party,
}
