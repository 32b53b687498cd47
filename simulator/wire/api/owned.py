"""Intercept rules, products and acquisition links: kept as sent, changed only by their maker (PROTOCOL 3.9, 3.13)."""

from __future__ import annotations

from typing import Any

from simulator.wire.checks import Field
from simulator.wire.endpoint import Call, Handler, get, page, post
from simulator.wire.errors import WireError
from simulator.world.entities import OwnedThing

MAX_RULES = 100
MAX_PRICE_FEN = 5_000_000


def _all(call: Call, kind: str) -> list[OwnedThing]:
    return [thing for thing in call.corp.owned.values() if thing.kind == kind]


def _one(call: Call, kind: str, name: str, *, to_change: bool) -> OwnedThing:
    thing = call.corp.owned.get(call.body[name])
    if thing is None or thing.kind != kind:
        raise WireError(40058, f"unknown {name}")
    if to_change and thing.agentid != call.app.agentid:
        raise WireError(48002, "made by another app")
    return thing


def _add(call: Call, kind: str, prefix: str) -> OwnedThing:
    thing = OwnedThing(call.corp.new_id(prefix, 24), kind, call.app.agentid, int(call.now), dict(call.body))
    call.corp.owned[thing.id] = thing
    return thing


def _change(kind: str, name: str) -> Handler:
    def handle(call: Call) -> dict[str, Any]:
        thing = _one(call, kind, name, to_change=True)
        thing.body.update({key: value for key, value in call.body.items() if key != name})
        return {}

    return handle


def _delete(kind: str, name: str) -> Handler:
    def handle(call: Call) -> dict[str, Any]:
        del call.corp.owned[_one(call, kind, name, to_change=True).id]
        return {}

    return handle


def rule_add(call: Call) -> dict[str, Any]:
    if len(_all(call, "rule")) >= MAX_RULES:
        raise WireError(40058, "100 rules")
    scope = call.body["applicable_range"]
    if not scope.get("user_list") and not scope.get("department_list"):
        raise WireError(40058, "applicable_range is empty")
    return {"rule_id": _add(call, "rule", "rule").id}


def rule_list(call: Call) -> dict[str, Any]:
    rows = [
        {"rule_id": r.id, "rule_name": r.body["rule_name"], "create_time": r.created_at}
        for r in _all(call, "rule")
    ]
    return {"rule_list": rows}


def rule_get(call: Call) -> dict[str, Any]:
    rule = _one(call, "rule", "rule_id", to_change=False)
    return {"rule": {"rule_id": rule.id, **rule.body}}


def product_add(call: Call) -> dict[str, Any]:
    return {"product_id": _add(call, "product", "prod").id}


def _product_row(thing: OwnedThing) -> dict[str, Any]:
    return {"product_id": thing.id, "create_time": thing.created_at, **thing.body}


def product_get(call: Call) -> dict[str, Any]:
    return {"product": _product_row(_one(call, "product", "product_id", to_change=False))}


def product_list(call: Call) -> dict[str, Any]:
    found = [_product_row(thing) for thing in _all(call, "product")]
    rows, cursor = page(found, call.body.get("cursor", ""), call.body["limit"])
    return {"product_list": rows, "next_cursor": cursor}


def _link_row(call: Call, thing: OwnedThing) -> dict[str, Any]:
    url = f"{call.base_url}/phone/scan/contact/{call.corp.corp_id}/{thing.id}"
    name = thing.body.get("link_name", "")
    return {"link_id": thing.id, "link_name": name, "url": url, "create_time": thing.created_at}


def link_create(call: Call) -> dict[str, Any]:
    return {"link": _link_row(call, _add(call, "link", "cawcde"))}


def link_list(call: Call) -> dict[str, Any]:
    rows, cursor = page([t.id for t in _all(call, "link")], call.body.get("cursor", ""), call.body["limit"])
    return {"link_id_list": rows, "next_cursor": cursor}


def link_get(call: Call) -> dict[str, Any]:
    thing = _one(call, "link", "link_id", to_change=False)
    return {"link": _link_row(call, thing), "range": thing.body.get("range", {})}


def link_customers(call: Call) -> dict[str, Any]:
    _one(call, "link", "link_id", to_change=False)
    return {"customer_list": [], "next_cursor": ""}


def link_statistic(call: Call) -> dict[str, Any]:
    _one(call, "link", "link_id", to_change=False)
    return {"click_link_customer_cnt": 0, "new_customer_cnt": 0}


def quota(call: Call) -> dict[str, Any]:
    return {"total": 1000, "balance": 1000, "quota_list": []}


NAME = Field(str, required=True)
RULE_BODY = {
    "rule_name": Field(str, required=True, max_chars=20),
    "word_list": Field(list, required=True, items=str, max_items=300),
    "semantics_list": Field(list, items=int),
    "intercept_type": Field(int, required=True, choices=(1, 2)),
    "applicable_range": Field(dict, required=True),
}
RULE_CHANGES = {
    "rule_name": Field(str, max_chars=20),
    "word_list": Field(list, items=str, max_items=300),
    "intercept_type": Field(int, choices=(1, 2)),
    "extra_rule": Field(dict),
    "add_applicable_range": Field(dict),
    "remove_applicable_range": Field(dict),
}
PRODUCT_BODY = {
    "description": Field(str, required=True, max_chars=300),
    "price": Field(int, required=True, low=0, high=MAX_PRICE_FEN),
    "product_sn": Field(str, max_chars=128),
    "attachments": Field(list, required=True, items=dict, max_items=9),
}
LINK_BODY = {
    "link_name": NAME,
    "range": Field(dict, required=True),
    "skip_verify": Field(bool),
    "priority_option": Field(dict),
}
LIMIT_100 = Field(int, low=1, high=100, default=100)
_EC, _LINK = "externalcontact/", "externalcontact/customer_acquisition/"

ENDPOINTS = (
    post(_EC + "add_intercept_rule", "rules", rule_add, **RULE_BODY),
    get(_EC + "get_intercept_rule_list", "rules", rule_list),
    post(_EC + "get_intercept_rule", "rules", rule_get, rule_id=NAME),
    post(_EC + "update_intercept_rule", "rules", _change("rule", "rule_id"), rule_id=NAME, **RULE_CHANGES),
    post(_EC + "del_intercept_rule", "rules", _delete("rule", "rule_id"), rule_id=NAME),
    post(_EC + "add_product_album", "products", product_add, **PRODUCT_BODY),
    post(_EC + "get_product_album", "products", product_get, product_id=NAME),
    post(_EC + "get_product_album_list", "products", product_list, limit=LIMIT_100, cursor=Field(str)),
    post(_EC + "update_product_album", "products", _change("product", "product_id"), product_id=NAME),
    post(_EC + "delete_product_album", "products", _delete("product", "product_id"), product_id=NAME),
    post(_LINK + "create_link", "acquisition", link_create, **LINK_BODY),
    post(_LINK + "list_link", "acquisition", link_list, limit=LIMIT_100, cursor=Field(str)),
    post(_LINK + "get", "acquisition", link_get, link_id=NAME),
    post(_LINK + "update_link", "acquisition", _change("link", "link_id"), link_id=NAME),
    post(_LINK + "delete_link", "acquisition", _delete("link", "link_id"), link_id=NAME),
    post(
        _LINK + "customer", "acquisition", link_customers, link_id=NAME, limit=Field(int), cursor=Field(str)
    ),
    post(
        _LINK + "statistic",
        "acquisition",
        link_statistic,
        link_id=NAME,
        start_time=Field(int, required=True),
        end_time=Field(int, required=True),
    ),
    get("externalcontact/customer_acquisition_quota", "acquisition", quota),
)
