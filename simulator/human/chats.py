"""What the phone pages show: people, lists of chats, one conversation, what waits for a staff member."""

from __future__ import annotations

from typing import Any

from simulator.human import shown
from simulator.world.entities import STAFF, Group
from simulator.world.model import Corp
from simulator.world.relations import LISTED, Refused

MESSAGES_SHOWN = 60
CHATS_SHOWN = 40
WAYS_SHOWN = 12


def people(corp: Corp, wanted: str, limit: int) -> dict[str, Any]:
    """The corp with the first staff and customers whose name or id holds the wanted words."""

    def fits(name: str, person_id: str) -> bool:
        return not wanted or wanted.lower() in name.lower() or wanted.lower() in person_id.lower()

    staff = [s for s in corp.staff.values() if fits(s.name, s.userid)]
    customers = []
    for customer in corp.customers.values():
        if fits(customer.name, customer.external_userid):
            customers.append(customer)
        if len(customers) == limit:
            break
    return {"corp": corp, "staff": staff[: 2 * limit], "customers": customers, "ways": ways(corp)}


def ways(corp: Corp) -> list[dict[str, str]]:
    """The codes that can be scanned, the newest of each kind."""
    found = []
    for kind, label, codes in (
        ("contact", "加成员", corp.contact_ways),
        ("group", "进群", corp.join_ways),
    ):
        for code in list(codes.values())[-WAYS_SHOWN:]:
            name = str(code.body.get("remark") or code.body.get("state") or code.config_id[:8])
            found.append({"kind": kind, "label": label, "id": code.config_id, "name": name})
    links = [thing for thing in corp.owned.values() if thing.kind == "link"][-WAYS_SHOWN:]
    return found + [
        {"kind": "link", "label": "获客链接", "id": thing.id, "name": thing.body["link_name"]}
        for thing in links
    ]


def outsiders(corp: Corp, visitor: str, limit: int) -> list[Any]:
    """Who may scan a code: the browser's own customer first, then those without any staff member."""
    first = [corp.customers[visitor]] if visitor in corp.customers else []
    others = [c for c in corp.customers.values() if c.external_userid != visitor]
    others.sort(key=lambda c: bool(corp.relations.by_customer.get(c.external_userid)))
    return [*first, *others][:limit]


def _group_row(corp: Corp, group: Group) -> dict[str, Any]:
    last = group.messages[-1] if group.messages else None
    return {
        "id": group.chat_id,
        "name": group.name,
        "count": len(group.members),
        "at": last["at"] if last else group.create_time,
        "brief": f"{shown.name_of(corp, last['from'])}：{shown.brief(last)}" if last else "还没有消息",
    }


def _private_row(corp: Corp, other: str, thread: list[dict[str, Any]], since: int) -> dict[str, Any]:
    last = thread[-1] if thread else None
    return {
        "id": other,
        "name": shown.name_of(corp, other),
        "count": 0,
        "at": last["at"] if last else since,
        "brief": shown.brief(last) if last else "已添加，还没有聊过",
    }


def thread_of(corp: Corp, userid: str, external_userid: str) -> list[dict[str, Any]]:
    """The private messages of one staff member and one customer."""
    inbox = corp.customers[external_userid].inbox
    return [m for m in inbox if userid in (m["from"], m.get("with"))]


def _newest(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: -row["at"])[:CHATS_SHOWN]


def customer_home(corp: Corp, me: str) -> dict[str, Any]:
    """A customer's phone: chats, staff they could add, codes, moments of their staff, consent."""
    ties = [tie for tie in corp.relations_of_customer(me) if tie.status == "full"]
    rows = [_group_row(corp, group) for group in corp.groups_of(me)]
    rows += [_private_row(corp, t.userid, thread_of(corp, t.userid, me), t.created_at) for t in ties]
    known = {tie.userid for tie in ties}
    consent = corp.archive.consents.get(me)
    return {
        "person": corp.customers[me],
        "rows": _newest(rows),
        "strangers": [s for s in corp.staff.values() if s.userid not in known and s.is_active][:10],
        "friends": [corp.staff[userid] for userid in known],
        "ways": ways(corp),
        "moments": _moments_seen(corp, known),
        "consent": consent.status if consent else "",
        "is_transferred": any(t.external_userid == me and t.status == 2 for t in corp.transfers),
    }


def _moments_seen(corp: Corp, friends: set[str]) -> list[dict[str, Any]]:
    found = []
    for moment in corp.moments.values():
        for userid, at in moment.publishers.items():
            if at and userid in friends:
                text = (moment.body.get("text") or {}).get("content", "")
                parts = moment.body.get("attachments") or []
                found.append(
                    {"id": moment.moment_id, "by": corp.staff[userid], "at": at, "text": text, "parts": parts}
                )
    return sorted(found, key=lambda row: -row["at"])[:10]


def staff_home(corp: Corp, me: str) -> dict[str, Any]:
    """A staff member's phone: what waits, app messages, chats, customers."""
    ties = [tie for tie in corp.relations_of_staff(me) if tie.status in LISTED]
    rows = [_group_row(corp, group) for group in corp.groups_of(me)]
    talked = sorted(ties, key=lambda tie: -(tie.talked_at or tie.created_at))[:CHATS_SHOWN]
    rows += [
        _private_row(corp, t.external_userid, thread_of(corp, me, t.external_userid), t.created_at)
        for t in talked
    ]
    mine = [m for m in reversed(corp.app_messages.values()) if me in m.userids and not m.recalled]
    return {
        "person": corp.staff[me],
        "is_gone": me in corp.resigned,
        "rows": _newest(rows),
        "waiting": [
            {
                "mass": m,
                "task": m.tasks[me],
                "names": [shown.name_of(corp, r) for r in m.tasks[me].receivers[:2]],
            }
            for m in corp.mass_sends.values()
            if me in m.tasks and m.tasks[me].status == 0 and not m.cancelled
        ],
        "moments": [
            m
            for m in corp.moments.values()
            if me in m.publishers and not m.publishers[me] and not m.cancelled
        ],
        "messages": [_app_row(message) for message in mine[:30]],
    }


def _app_row(message: Any) -> dict[str, Any]:
    return {
        "message": message,
        "title": shown.title_of(message),
        "text": shown.text_of(message),
        "links": shown.links_of(message),
        "questions": shown.questions_of(message),
        "menu": shown.menu_of(message),
    }


def conversation(corp: Corp, me: str, chat: str) -> dict[str, Any]:
    """The messages of a group or of a private chat, oldest first. Raises Refused."""
    group = corp.groups.get(chat)
    if group is not None:
        if group.dismissed or me not in group.members:
            raise Refused("你不在这个群里")
        return {
            "chat_id": chat,
            "title": group.name,
            "group": group,
            "messages": group.messages[-MESSAGES_SHOWN:],
            "members": [_member(corp, group, m.id) for m in group.members.values()][:CHATS_SHOWN],
            "colleagues": [s for s in corp.staff.values() if s.userid not in group.members][:20],
            "heirs": [
                corp.staff[m.id] for m in group.members.values() if m.type == STAFF and m.id != group.owner
            ],
            "is_owner": me == group.owner,
            "is_admin": me == group.owner or me in group.admins,
            "name_of": lambda person_id: shown.name_of(corp, person_id),
        }
    userid, who = (me, chat) if me in corp.staff else (chat, me)
    tie = corp.relations.get((userid, who))
    if tie is None or tie.status not in LISTED:
        raise Refused("你们还不是好友")
    return {
        "chat_id": chat,
        "title": shown.name_of(corp, chat),
        "group": None,
        "tie": tie,
        "messages": thread_of(corp, userid, who)[-MESSAGES_SHOWN:],
        "name_of": lambda person_id: shown.name_of(corp, person_id),
    }


def _member(corp: Corp, group: Group, person_id: str) -> dict[str, Any]:
    role = "群主" if person_id == group.owner else "管理员" if person_id in group.admins else ""
    kind = "成员" if person_id in corp.staff else ""
    return {"id": person_id, "name": shown.name_of(corp, person_id), "role": role or kind}
