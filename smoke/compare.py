"""The simulator's own ledger beside the product's database: what was lost, what happened twice."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from tenants.models import Tenant
from tenants.scoping import tenant_scope

HANDLED = {"done", "discarded"}
# WeCom lists a customer of both kinds alike: only its event tells one who came back from one who removed the staff.
ALIKE = {"full", "customer_deleted"}
TELLING = {"add_external_contact", "del_follow_user"}


@dataclass
class Verdict:
    """What the comparison of one company found. Empty lists are what we want.

    `ties_untold`: WeCom gave up telling the last change of the tie, and no call of its API shows it.
    """

    callbacks_sent: int = 0
    callbacks_lost: list[str] = field(default_factory=list)
    effects_doubled: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    ties_untold: int = 0

    def add(self, other: "Verdict") -> None:
        self.callbacks_sent += other.callbacks_sent
        self.callbacks_lost += other.callbacks_lost
        self.effects_doubled += other.effects_doubled
        self.differences += other.differences
        self.ties_untold += other.ties_untold


def _rows(sql: str, *params: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def compare(tenant: Tenant, ledger: dict[str, Any]) -> Verdict:
    """Everything the simulator knows of one corp against everything the product holds for its tenant."""
    verdict = Verdict()
    with tenant_scope(tenant):
        _callbacks(ledger, verdict)
        _calls(ledger, verdict)
        _behaviours(ledger, verdict)
        _membership(ledger, verdict)
        _relations(ledger, verdict)
    return verdict


def _callbacks(ledger: dict[str, Any], verdict: Verdict) -> None:
    kept = dict(_rows("select dedupe_key, state from wecom_inboundevent where source = 'callback'"))
    for event in ledger["events"]:
        verdict.callbacks_sent += 1
        if event["acked"] and kept.get(event["sha256"]) not in HANDLED:
            state = kept.get(event["sha256"], "no row")
            verdict.callbacks_lost.append(
                f"{event['event']}.{event['change_type']} {event['subject']}: {state}"
            )


def _calls(ledger: dict[str, Any], verdict: Verdict) -> None:
    """Each call that has an effect appears once on either side; a parked one may have happened, once."""
    sent = [
        ("mass_send", [one["msgid"] for one in ledger["mass_sends"] if one["create_type"] == 0]),
        ("app_message", [one["msgid"] for one in ledger["app_messages"]]),
    ]
    for kind, there in sent:
        here = Counter(
            vendor_id for (vendor_id,) in _rows(
                "select vendor_id from wecom_outboundsend where kind = %s and state = 'done' and vendor_id <> ''", kind
            )
        )  # fmt: skip
        parked = _rows("select count(*) from wecom_outboundsend where kind = %s and state = 'unknown'", kind)[
            0
        ][0]
        surplus = [msgid for msgid in there if msgid not in here]
        if len(surplus) > parked:
            verdict.effects_doubled += [f"{kind} {msgid} is not ours" for msgid in surplus[parked:]]
        verdict.effects_doubled += [
            f"{kind} {msgid} recorded {n} times" for msgid, n in here.items() if n > 1
        ]
        verdict.differences += [
            f"{kind} {msgid} unknown to WeCom" for msgid in here if msgid not in set(there)
        ]


def _behaviours(ledger: dict[str, Any], verdict: Verdict) -> None:
    here = Counter(
        event_id for (event_id,) in _rows("select event_id from contacts_behaviour where source = 'api'")
    )
    there = {row["id"]: row for row in ledger["behaviours"]}
    verdict.effects_doubled += [f"behaviour {one} counted {n} times" for one, n in here.items() if n > 1]
    verdict.differences += [f"behaviour {one} acked and not kept" for one, row in there.items()
                            if row["acked"] and one not in here]  # fmt: skip
    orders = Counter(no for (no,) in _rows("select order_no from contacts_order"))
    verdict.effects_doubled += [f"order {no} kept {n} times" for no, n in orders.items() if n > 1]


def _membership(ledger: dict[str, Any], verdict: Verdict) -> None:
    here: dict[str, list[str]] = {}
    for chat_id, userid in _rows(
        """select g.chat_id, m.userid from groups_member m join groups_group g on g.id = m.group_id
           where m.left_at is null"""
    ):
        here.setdefault(chat_id, []).append(userid)
    for group in ledger["groups"]:
        if group["dismissed"]:
            continue
        own = here.get(group["chat_id"], [])
        there = {*group["staff"], *group["customers"]}
        verdict.effects_doubled += [
            f"{group['name']}: {who} sits twice" for who, n in Counter(own).items() if n > 1
        ]
        if set(own) != there:
            verdict.differences.append(
                f"{group['name']}: {len(there - set(own))} missing, {len(set(own) - there)} too many"
            )


def _relations(ledger: dict[str, Any], verdict: Verdict) -> None:
    here = {
        (userid, external): state
        for userid, external, state in _rows(
            """select s.userid, c.external_userid, f.state from contacts_follow f
               join team_staff s on s.id = f.staff_id join contacts_customer c on c.id = f.customer_id"""
        )
    }
    last_heard = {
        (one["from_user"], one["subject"]): one["acked"]
        for one in ledger["events"]
        if one["change_type"] in TELLING
    }
    for tie in ledger["relations"]:
        pair = (tie["userid"], tie["external_userid"])
        if tie["status"] not in {"full", "half"} or here.get(pair) == tie["status"]:
            continue
        if {tie["status"], here.get(pair)} == ALIKE and not last_heard.get(pair, True):
            verdict.ties_untold += 1
        else:
            verdict.differences.append(
                f"{pair[0]} and {pair[1]}: {tie['status']} there, {here.get(pair)} here"
            )
