"""GET /sim/ledger: what happened, to be compared with the product's database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from simulator.human.answers import Body, need
from simulator.runtime import Runtime
from simulator.wire.registry import ENDPOINTS
from simulator.world.entities import EXTERNAL, STAFF, Group
from simulator.world.model import Corp


def group_truth(group: Group) -> dict[str, Any]:
    members = group.members.values()
    return {
        "chat_id": group.chat_id,
        "name": group.name,
        "owner": group.owner,
        "notice": group.notice,
        "dismissed": group.dismissed,
        "member_version": group.member_version,
        "staff": sorted(m.id for m in members if m.type == STAFF),
        "customers": sorted(m.id for m in members if m.type == EXTERNAL),
        "messages": len(group.messages),
    }


def _relations(corp: Corp) -> list[dict[str, Any]]:
    return [
        {
            "userid": tie.userid,
            "external_userid": tie.external_userid,
            "status": tie.status,
            "state": tie.state,
            "remark": tie.remark,
            "tag_ids": tie.tag_ids,
        }
        for tie in corp.relations.values()
        if tie.status != "none"
    ]


def _tags(corp: Corp) -> list[dict[str, Any]]:
    return [
        {"id": t.id, "name": t.name, "group": corp.tag_groups[t.group_id].group_name}
        for t in corp.tags.values()
    ]


def _app_messages(corp: Corp) -> list[dict[str, Any]]:
    return [
        {
            "msgid": m.msgid,
            "touser": m.userids,
            "msgtype": m.msgtype,
            "content_hash": m.content_hash,
            "task_id": m.task_id,
            "sent_at": m.sent_at,
            "recalled": m.recalled,
            "read_by": m.read_by,
        }
        for m in corp.app_messages.values()
    ]


def _mass_sends(corp: Corp) -> list[dict[str, Any]]:
    return [
        {
            "msgid": m.msgid,
            "chat_type": m.chat_type,
            "creator": m.creator,
            "create_type": m.create_type,
            "created_at": m.create_time,
            "content_hash": m.content_hash,
            "cancelled": m.cancelled,
            "reminders": len(m.reminded_at),
            "tasks": [
                {
                    "userid": t.userid,
                    "receivers": t.receivers,
                    "status": t.status,
                    "send_time": t.send_time,
                    "results": {receiver: status for receiver, (status, _) in t.results.items()},
                }
                for t in m.tasks.values()
            ],
        }
        for m in corp.mass_sends.values()
    ]


def doubled(rows: Sequence[tuple[str, ...]]) -> int:
    """How many rows repeat an earlier one."""
    return sum(count - 1 for count in Counter(rows).values())


def counts_of(corp: Corp) -> dict[str, Any]:
    """The figures of a corp's ledger."""
    events = corp.ledger.events
    app_rows = [(u, m.content_hash) for m in corp.app_messages.values() for u in m.userids]
    mass_rows = [
        (t.userid, m.content_hash, ",".join(sorted(t.receivers)))
        for m in corp.mass_sends.values()
        for t in m.tasks.values()
    ]
    behaviours = corp.ledger.behaviours.values()
    return {
        "events": len(events),
        "events_acked": sum(e.status == "acked" for e in events),
        "events_undelivered": sum(e.status == "undelivered" for e in events),
        "events_dropped": sum(e.status == "dropped" for e in events),
        "events_pending": sum(e.status == "pending" for e in events),
        "deliveries": sum(e.acks for e in events),
        "attempts": sum(len(e.attempts) for e in events),
        "behaviours": len(corp.ledger.behaviours),
        "behaviours_acked": sum(row["acked"] for row in behaviours),
        "behaviours_by_kind": dict(Counter(row["kind"] for row in behaviours)),
        "groups": sum(not g.dismissed for g in corp.groups.values()),
        "customers_in_groups": len(
            {m.id for g in corp.groups.values() for m in g.members.values() if m.type == EXTERNAL}
        ),
        "relations_full": sum(tie.status == "full" for tie in corp.relations.values()),
        "app_messages": len(corp.app_messages),
        "app_messages_repeated": doubled(app_rows),
        "mass_sends": len(corp.mass_sends),
        "mass_tasks": len(mass_rows),
        "mass_tasks_sent": sum(t.status == 2 for m in corp.mass_sends.values() for t in m.tasks.values()),
        "mass_tasks_repeated": doubled(mass_rows),
        "welcomes": len(corp.welcomes_sent),
        "welcome_codes": len(corp.welcome_codes),
        "group_messages": sum(len(g.messages) for g in corp.groups.values()),
        "product_errors": corp.ledger.counts["product_error"],
        **{key: n for key, n in corp.ledger.counts.items() if key != "product_error"},
    }


async def ledger(runtime: Runtime, body: Body) -> Body:
    """Everything, or only `counts` with ?only=counts."""
    (corp_id,) = need(body, "corp_id")
    corp = runtime.corp(corp_id)
    counts = counts_of(corp)
    if body.get("only") == "counts":
        return {"corp_id": corp_id, "now": runtime.clock.now(), "counts": counts}
    return {
        "corp_id": corp_id,
        "now": runtime.clock.now(),
        "counts": counts,
        "events": [event.as_dict() for event in corp.ledger.events],
        "groups": [group_truth(group) for group in corp.groups.values()],
        "customers": [
            {"external_userid": c.external_userid, "name": c.name, "type": c.type}
            for c in corp.customers.values()
        ],
        "relations": _relations(corp),
        "tags": _tags(corp),
        "behaviours": list(corp.ledger.behaviours.values()),
        "orders": [row for row in corp.ledger.behaviours.values() if row["kind"] == "order"],
        "app_messages": _app_messages(corp),
        "mass_sends": _mass_sends(corp),
        "welcomes": corp.welcomes_sent,
        "transfers": [asdict(one) for one in corp.transfers],
        "contact_ways": list(corp.contact_ways),
        "join_ways": [{"config_id": c.config_id, **c.body} for c in corp.join_ways.values()],
        "product_errors": corp.ledger.product_errors,
    }


async def endpoints(runtime: Runtime, body: Body) -> Body:
    """The table of /cgi-bin calls."""
    rows = [
        {"path": row.path, "method": row.method, "permission": row.permission, "fields": sorted(row.spec)}
        for row in ENDPOINTS.values()
    ]
    return {"count": len(rows), "endpoints": rows}


async def status(runtime: Runtime, body: Body) -> Body:
    """A health answer with the shared clock."""
    return {
        "ok": True,
        "now": runtime.clock.now(),
        "clock_offset_s": runtime.clock.offset_s(),
        "live": runtime.is_live,
        "corps": list(runtime.world.corps),
        "acts_waiting": len(runtime.world.acts),
        "calls": dict(runtime.calls),
    }
