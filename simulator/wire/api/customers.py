"""Customers and remarks (PROTOCOL 3.2)."""

from __future__ import annotations

from typing import Any

from simulator.wire.api.attachments import live_media
from simulator.wire.api.common import customer, relation, staff, visible, visible_staff
from simulator.wire.checks import Field
from simulator.wire.endpoint import Call, get, page, post
from simulator.wire.errors import WireError
from simulator.world.entities import Customer, Relation
from simulator.world.relations import LISTED

FOLLOWERS_A_PAGE = 500


def follow_user_list(call: Call) -> dict[str, Any]:
    return {"follow_user": [s.userid for s in visible_staff(call) if s.can_contact]}


def _live(call: Call, userid: str) -> list[Relation]:
    return [r for r in call.corp.relations_of_staff(userid) if r.status in LISTED]


def customer_list(call: Call) -> dict[str, Any]:
    member = staff(call, call.query["userid"], needs_contact=True)
    found = [r.external_userid for r in _live(call, member.userid)]
    if not found:
        raise WireError(84061, member.userid)
    return {"external_userid": found}


def _contact(person: Customer) -> dict[str, Any]:
    body: dict[str, Any] = {
        "external_userid": person.external_userid,
        "name": person.name,
        "type": person.type,
        "avatar": person.avatar,
        "gender": person.gender,
    }
    if person.type == 1:
        body["unionid"] = person.unionid
    else:
        body |= {"corp_name": person.corp_name, "corp_full_name": person.corp_name, "position": ""}
    return body


def _follow(tie: Relation) -> dict[str, Any]:
    return {
        "userid": tie.userid,
        "remark": tie.remark,
        "description": tie.description,
        "createtime": tie.created_at,
        "remark_corp_name": tie.remark_company,
        "remark_mobiles": tie.mobiles,
        "add_way": tie.add_way,
        "oper_userid": tie.oper_userid,
        **({"state": tie.state} if tie.state else {}),
    }


def _tags(call: Call, tie: Relation) -> list[dict[str, Any]]:
    tags = [call.corp.tags[tag_id] for tag_id in tie.tag_ids if tag_id in call.corp.tags]
    return [
        {
            "group_name": call.corp.tag_groups[tag.group_id].group_name,
            "tag_name": tag.name,
            "tag_id": tag.id,
            "type": 1,
        }
        for tag in tags
    ]


def customer_get(call: Call) -> dict[str, Any]:
    person = customer(call, call.query["external_userid"])
    ties = [
        tie
        for tie in call.corp.relations_of_customer(person.external_userid)
        if tie.status in LISTED and visible(call, tie.userid)
    ]
    if not ties:
        raise WireError(84061, person.external_userid)
    rows, cursor = page(ties, call.query.get("cursor", ""), FOLLOWERS_A_PAGE)
    follow = [{**_follow(tie), "tags": _tags(call, tie)} for tie in rows]
    answer = {"external_contact": _contact(person), "follow_user": follow}
    return {**answer, "next_cursor": cursor} if cursor else answer


def batch_get_by_user(call: Call) -> dict[str, Any]:
    ties: list[Relation] = []
    for userid in call.body["userid_list"]:
        ties += _live(call, staff(call, userid, needs_contact=True).userid)
    if not ties and not call.body.get("cursor"):
        raise WireError(84061, "nobody has customers")
    rows, cursor = page(ties, call.body.get("cursor", ""), call.body["limit"])
    found = [
        {
            "external_contact": _contact(call.corp.customers[tie.external_userid]),
            "follow_info": {**_follow(tie), "tag_id": [t for t in tie.tag_ids if t in call.corp.tags]},
        }
        for tie in rows
    ]
    return {"external_contact_list": found, "next_cursor": cursor}


def set_remark(call: Call) -> dict[str, Any]:
    body = call.body
    names = ("remark", "description", "remark_company", "remark_mobiles", "remark_pic_mediaid")
    if all(body.get(name) is None for name in names):
        raise WireError(40058, "at least one field is needed")
    tie = relation(call, body["userid"], body["external_userid"])
    if body.get("remark_pic_mediaid"):
        live_media(call, body["remark_pic_mediaid"])
    tie.remark = body.get("remark", tie.remark)
    tie.description = body.get("description", tie.description)
    tie.remark_company = body.get("remark_company", tie.remark_company)
    if body.get("remark_mobiles") is not None:
        tie.mobiles = [mobile for mobile in body["remark_mobiles"] if mobile]
    return {}


USER = Field(str, required=True)
CUSTOMER = Field(str, required=True)

ENDPOINTS = (
    get("externalcontact/get_follow_user_list", "customers", follow_user_list),
    get("externalcontact/list", "customers", customer_list, userid=USER),
    get(
        "externalcontact/get",
        "customers",
        customer_get,
        external_userid=CUSTOMER,
        cursor=Field(str),
    ),
    post(
        "externalcontact/batch/get_by_user",
        "customers",
        batch_get_by_user,
        userid_list=Field(list, required=True, max_items=100, items=str),
        cursor=Field(str),
        limit=Field(int, low=1, high=100, default=50),
    ),
    post(
        "externalcontact/remark",
        "customers",
        set_remark,
        userid=USER,
        external_userid=CUSTOMER,
        remark=Field(str, max_chars=20),
        description=Field(str, max_chars=150),
        remark_company=Field(str, max_chars=20),
        remark_mobiles=Field(list, items=str),
        remark_pic_mediaid=Field(str),
    ),
)
