"""Intercept rules 敏感词 for what staff write (PROTOCOL 3.9)."""

from __future__ import annotations

from typing import Any

from simulator.wire.api.common import check_range
from simulator.wire.api.owned import drop, every, keep, one
from simulator.wire.checks import Field
from simulator.wire.endpoint import Call, get, post
from simulator.wire.errors import WireError

RANGE_MAX = 1000
RANGE = ("user_list", "department_list")
PHONE, EMAIL, RED_PACKET = 1, 2, 3


def add(call: Call) -> dict[str, Any]:
    if len(every(call, "rule")) >= call.corp.limit("intercept_rules"):
        raise WireError(40058, f"{call.corp.limit('intercept_rules')} rules")
    scope = call.body["applicable_range"]
    check_range(call, scope, names=RANGE, max_items=RANGE_MAX)
    if not scope.get("user_list") and not scope.get("department_list"):
        raise WireError(40058, "applicable_range is empty")
    rule = keep(call, "rule", "rule")
    semantics = rule.body.pop("semantics_list", None)
    if semantics:
        rule.body["extra_rule"] = {"semantics_list": semantics}
    return {"rule_id": rule.id}


def listing(call: Call) -> dict[str, Any]:
    rows = [
        {"rule_id": r.id, "rule_name": r.body["rule_name"], "create_time": r.created_at}
        for r in every(call, "rule")
    ]
    return {"rule_list": rows}


def read(call: Call) -> dict[str, Any]:
    rule = one(call, "rule", "rule_id")
    return {"rule": {"rule_id": rule.id, **rule.body}}


def update(call: Call) -> dict[str, Any]:
    """Given fields take the place of the old ones; the range grows and shrinks by its two lists."""
    rule, body = one(call, "rule", "rule_id", to_change=True), call.body
    added, removed = body.get("add_applicable_range") or {}, body.get("remove_applicable_range") or {}
    for scope in (added, removed):
        check_range(call, scope, names=RANGE, max_items=RANGE_MAX)
    scope = _new_scope(rule.body["applicable_range"], added, removed)
    if not scope["user_list"] and not scope["department_list"]:
        raise WireError(40058, "applicable_range would be empty")
    for name in ("rule_name", "word_list", "intercept_type", "extra_rule"):
        if body.get(name) is not None:
            rule.body[name] = body[name]
    rule.body["applicable_range"] = scope
    return {}


def _new_scope(old: dict[str, Any], added: dict[str, Any], removed: dict[str, Any]) -> dict[str, Any]:
    scope = {}
    for name in RANGE:
        grown = dict.fromkeys([*(old.get(name) or []), *(added.get(name) or [])])
        scope[name] = [item for item in grown if item not in (removed.get(name) or [])]
    return scope


def delete(call: Call) -> dict[str, Any]:
    return drop(call, "rule", "rule_id")


RULE = Field(str, required=True)
WORDS = Field(list, items=str, max_items=300, item_max_chars=32)
SEMANTICS = Field(list, items=int, item_choices=(PHONE, EMAIL, RED_PACKET))
SCOPE = Field(dict, spec={"user_list": Field(list, items=str), "department_list": Field(list, items=int)})
_EC = "externalcontact/"

ENDPOINTS = (
    post(
        _EC + "add_intercept_rule",
        "rules",
        add,
        rule_name=Field(str, required=True, max_chars=20),
        word_list=Field(list, required=True, items=str, max_items=300, item_max_chars=32),
        semantics_list=SEMANTICS,
        intercept_type=Field(int, required=True, choices=(1, 2)),
        applicable_range=Field(dict, required=True, spec=SCOPE.spec),
    ),
    get(_EC + "get_intercept_rule_list", "rules", listing),
    post(_EC + "get_intercept_rule", "rules", read, rule_id=RULE),
    post(
        _EC + "update_intercept_rule",
        "rules",
        update,
        rule_id=RULE,
        rule_name=Field(str, max_chars=20),
        word_list=WORDS,
        extra_rule=Field(dict, spec={"semantics_list": SEMANTICS}),
        intercept_type=Field(int, choices=(1, 2)),
        add_applicable_range=SCOPE,
        remove_applicable_range=SCOPE,
    ),
    post(_EC + "del_intercept_rule", "rules", delete, rule_id=RULE),
)
