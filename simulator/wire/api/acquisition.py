"""Acquisition links 获客助手 and their paid quota (PROTOCOL 3.13)."""

from __future__ import annotations

from typing import Any

from simulator.wire.api.common import check_range, span
from simulator.wire.api.owned import drop, every, keep, one
from simulator.wire.checks import Field
from simulator.wire.endpoint import Call, get, page, post
from simulator.wire.errors import WireError
from simulator.world.entities import OwnedThing

STAFF_PER_LINK = 500
RANGE = ("user_list", "department_list")


def _check_scope(call: Call, scope: dict[str, Any]) -> None:
    """At least one, at most 500 staff, departments counted with their people. Raises 40058."""
    check_range(call, scope, names=RANGE, max_items=STAFF_PER_LINK)
    parties = set(scope.get("department_list") or [])
    named = {str(userid).lower() for userid in scope.get("user_list") or []}
    inside = named | {s.userid for s in call.corp.staff.values() if parties & set(s.departments)}
    if not inside:
        raise WireError(40058, "range is empty")
    if len(inside) > STAFF_PER_LINK:
        raise WireError(40058, f"range: more than {STAFF_PER_LINK} staff")


def _row(call: Call, thing: OwnedThing) -> dict[str, Any]:
    return {
        "link_id": thing.id,
        "link_name": thing.body["link_name"],
        "url": f"{call.base_url}/phone/scan/link/{call.corp.corp_id}/{thing.id}",
        "create_time": thing.created_at,
        "skip_verify": bool(thing.body.get("skip_verify", True)),
    }


def create(call: Call) -> dict[str, Any]:
    _check_scope(call, call.body["range"])
    if len(every(call, "link")) >= call.corp.limit("acquisition_links"):
        raise WireError(41095)
    return {"link": _row(call, keep(call, "link", "cawcde"))}


def listing(call: Call) -> dict[str, Any]:
    found = [thing.id for thing in every(call, "link")]
    rows, cursor = page(found, call.body.get("cursor", ""), call.body["limit"])
    return {"link_id_list": rows, "next_cursor": cursor}


def read(call: Call) -> dict[str, Any]:
    thing = one(call, "link", "link_id")
    answer = {"link": _row(call, thing), "range": thing.body["range"]}
    option = thing.body.get("priority_option")
    return {**answer, "priority_option": option} if option else answer


def update(call: Call) -> dict[str, Any]:
    """The range is replaced as a whole."""
    thing = one(call, "link", "link_id", to_change=True)
    if call.body.get("range") is not None:
        _check_scope(call, call.body["range"])
    for name in BODY:
        if call.body.get(name) is not None:
            thing.body[name] = call.body[name]
    return {}


def delete(call: Call) -> dict[str, Any]:
    return drop(call, "link", "link_id")


def customers(call: Call) -> dict[str, Any]:
    thing = one(call, "link", "link_id")
    found = [
        {
            "external_userid": row.external_userid,
            "userid": row.userid,
            "chat_status": int(row.has_chatted),
            "state": row.state,
        }
        for row in call.corp.acquisition.customers
        if row.link_id == thing.id
    ]
    rows, cursor = page(found, call.body.get("cursor", ""), call.body["limit"])
    return {"customer_list": rows, "next_cursor": cursor}


def statistic(call: Call) -> dict[str, Any]:
    thing = one(call, "link", "link_id")
    first, last = span(call, days=30, back_days=180)
    known = call.corp.acquisition
    clicked = {who for link, who, at in known.clicks if link == thing.id and first <= at <= last}
    new = [row for row in known.customers if row.link_id == thing.id and first <= row.at <= last]
    return {"click_link_customer_cnt": len(clicked), "new_customer_cnt": len(new)}


def quota(call: Call) -> dict[str, Any]:
    known = call.corp.acquisition
    batches = [
        {"expire_date": expires_at, "balance": left} for expires_at, _, left in known.batches if left > 0
    ]
    return {"total": known.total, "balance": known.balance, "quota_list": batches}


LINK = Field(str, required=True)
SCOPE = {
    "user_list": Field(list, items=str),
    "department_list": Field(list, items=int),
}
BODY = {
    "link_name": Field(str, max_chars=30),
    "range": Field(dict, spec=SCOPE),
    "skip_verify": Field(bool),
    "priority_option": Field(
        dict,
        spec={
            "priority_type": Field(int, required=True, choices=(1, 2)),
            "priority_userid_list": Field(list, items=str, max_items=STAFF_PER_LINK),
        },
    ),
}
NEW = {
    **BODY,
    "link_name": Field(str, required=True, max_chars=30),
    "range": Field(dict, required=True, spec=SCOPE),
}
_LINK = "externalcontact/customer_acquisition/"

ENDPOINTS = (
    post(_LINK + "create_link", "acquisition", create, **NEW),
    post(
        _LINK + "list_link",
        "acquisition",
        listing,
        limit=Field(int, low=1, high=100, default=100),
        cursor=Field(str),
    ),
    post(_LINK + "get", "acquisition", read, link_id=LINK),
    post(_LINK + "update_link", "acquisition", update, link_id=LINK, **BODY),
    post(_LINK + "delete_link", "acquisition", delete, link_id=LINK),
    post(
        _LINK + "customer",
        "acquisition",
        customers,
        link_id=LINK,
        limit=Field(int, low=1, high=1000, default=1000),
        cursor=Field(str),
    ),
    post(
        _LINK + "statistic",
        "acquisition",
        statistic,
        link_id=LINK,
        start_time=Field(int, required=True),
        end_time=Field(int, required=True),
    ),
    get("externalcontact/customer_acquisition_quota", "acquisition", quota),
)
