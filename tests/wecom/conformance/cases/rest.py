"""Cases of PROTOCOL 3.9 and 3.12 to 3.14, and the token: rules, products, figures, tickets, links, archive."""

from typing import Any

from tests.wecom.conformance.harness import DAY_S, Ago, Break, Case, World, refused
from wecom.errors import MediaGone, Stopped
from wecom.gateway import answers
from wecom.gateway.client import WecomClient

_LONG_AGO = Ago(200 * DAY_S)


def _refused_other(make: Any, name: str, field: str, **values: Any) -> Any:
    """Another app's thing: 48002, which only the other app learns."""

    def run(w: World) -> None:
        made = make(w)
        token = w.other._tokens.hold("access", lambda: w.other._fetch_token("access")).value
        path = {
            "update_intercept_rule": "externalcontact/update_intercept_rule",
            "del_intercept_rule": "externalcontact/del_intercept_rule",
            "update_product_album": "externalcontact/update_product_album",
            "delete_product_album": "externalcontact/delete_product_album",
        }[name]
        body = {field: made, **values}
        answer = w.simulator._http.post(f"/cgi-bin/{path}", params={"access_token": token}, json=body).json()
        assert answers.code_of(answer) == 48002

    return run


# 3.9


def _rule(w: World) -> str:
    return w.client.rules.add(
        rule_name="rule", word_list=["bad"], intercept_type=1, applicable_range={"user_list": [w.staff[0]]}
    )


def rules_add(w: World) -> None:
    rule_id = w.client.rules.add(
        rule_name="好" * 20,
        word_list=["好" * 32] * 300,
        intercept_type=2,
        applicable_range={"department_list": [1]},
        semantics_list=[1, 2, 3],
    )
    found = w.client.rules.get(rule_id=rule_id)
    assert (found["rule_name"], found["intercept_type"], len(found["word_list"])) == ("好" * 20, 2, 300)
    w.client.rules.delete(rule_id=rule_id)


def rules_every(w: World) -> None:
    assert _rule(w) in {row["rule_id"] for row in w.client.rules.every()}


def rules_get(w: World) -> None:
    assert w.client.rules.get(rule_id=_rule(w))["word_list"] == ["bad"]


def rules_update(w: World) -> None:
    rule_id = _rule(w)
    w.client.rules.update(rule_id=rule_id, rule_name="new", add_applicable_range={"user_list": [w.staff[1]]})
    assert w.client.rules.get(rule_id=rule_id)["rule_name"] == "new"


def rules_delete(w: World) -> None:
    rule_id = _rule(w)
    w.client.rules.delete(rule_id=rule_id)
    refused(40058, lambda: w.client.rules.get(rule_id=rule_id))


_SCOPE_RULE = "one of applicable_range.user_list, applicable_range.department_list"

RULES = (
    Case(
        "rules.add", "add_intercept_rule", rules_add,
        lambda w: {
            "rule_name": "r", "word_list": ["w"], "semantics_list": [1], "intercept_type": 1,
            "applicable_range": {"user_list": [w.staff[0]], "department_list": [1]},
        },
        breaks=(Break(_SCOPE_RULE, {"applicable_range": {"other": 1}}, "applicable_range.user_list"),),
    ),
    Case("rules.every", "intercept_rule_list", rules_every),
    Case("rules.get", "get_intercept_rule", rules_get, lambda w: {"rule_id": _rule(w)}),
    Case(
        "rules.update", "update_intercept_rule", rules_update,
        lambda w: {
            "rule_id": _rule(w), "rule_name": "r", "word_list": ["w"], "extra_rule": {"semantics_list": [1]},
            "intercept_type": 1, "add_applicable_range": {"user_list": [w.staff[0]], "department_list": [1]},
            "remove_applicable_range": {"user_list": [w.staff[1]], "department_list": [1]},
        },
        refusals={48002: _refused_other(_rule, "update_intercept_rule", "rule_id", rule_name="x")},
    ),
    Case(
        "rules.delete", "del_intercept_rule", rules_delete, lambda w: {"rule_id": _rule(w)},
        refusals={48002: _refused_other(_rule, "del_intercept_rule", "rule_id")},
    ),
)  # fmt: skip


def _product(w: World) -> str:
    return w.client.products.add(description="d", price_fen=100, image_media_ids=[w.attachment(2)])


def products_add(w: World) -> None:
    product_id = w.client.products.add(
        description="好" * 300,
        price_fen=5_000_000,
        image_media_ids=[w.attachment(2) for _ in range(9)],
        product_sn="s" * 128,
    )
    assert w.client.products.get(product_id=product_id)["price"] == 5_000_000


def products_get(w: World) -> None:
    assert w.client.products.get(product_id=_product(w))["description"] == "d"


def products_every(w: World) -> None:
    made = {_product(w), _product(w)}
    assert made <= {row["product_id"] for row in w.client.products.every(limit=1)}


def products_update(w: World) -> None:
    product_id = _product(w)
    w.client.products.update(product_id=product_id, price_fen=0)
    assert w.client.products.get(product_id=product_id)["price"] == 0


def products_delete(w: World) -> None:
    product_id = _product(w)
    w.client.products.delete(product_id=product_id)
    refused(40058, lambda: w.client.products.get(product_id=product_id))


def _album(w: World) -> dict[str, Any]:
    image = {"type": "image", "image": {"media_id": w.attachment(2)}}
    return {"description": "d", "price": 1, "product_sn": "s", "attachments": [image]}


def _no_picture(w: World) -> None:
    refused(
        40007,
        lambda: w.client.products.add(description="d", price_fen=1, image_media_ids=["gone"]),
        MediaGone,
    )


_ALBUM_BREAKS = (
    Break(
        "each of attachments holds the object that its type names", {"attachments": [{"type": "image"}]},
        "attachments[0].image",
    ),
)  # fmt: skip

PRODUCTS = (
    Case(
        "products.add", "add_product_album", products_add, _album, breaks=_ALBUM_BREAKS,
        refusals={40007: _no_picture},
    ),
    Case("products.get", "get_product_album", products_get, lambda w: {"product_id": _product(w)}),
    Case("products.every", "product_album_list", products_every, lambda w: {"limit": 10, "cursor": "0"}),
    Case(
        "products.update", "update_product_album", products_update,
        lambda w: {"product_id": _product(w), **_album(w)}, breaks=_ALBUM_BREAKS,
        refusals={
            48002: _refused_other(_product, "update_product_album", "product_id", price=2),
            40007: lambda w: refused(40007, lambda: w.client.products.update(
                product_id=_product(w), image_media_ids=["gone"]), MediaGone),
        },
    ),
    Case(
        "products.delete", "delete_product_album", products_delete, lambda w: {"product_id": _product(w)},
        refusals={48002: _refused_other(_product, "delete_product_album", "product_id")},
    ),
)  # fmt: skip


def groups_of_owners(w: World) -> None:
    found = w.client.statistics.groups_of_owners(
        owners=w.staff, day_begin_time=w.yesterday_s, order_by=2, limit=1
    )
    assert found["items"][0]["data"]["chat_total"] >= 0
    assert found["next_offset"] == 1


def groups_by_day(w: World) -> None:
    days = w.client.statistics.groups_by_day(
        owners=w.staff, day_begin_time=w.now_s - 30 * DAY_S, day_end_time=w.yesterday_s
    )
    assert len(days) == 30


def behaviour(w: World) -> None:
    days = w.client.statistics.behaviour(
        userid=w.staff, start_time=w.now_s - 30 * DAY_S, end_time=w.yesterday_s
    )
    assert len(days) == 30


def _day_breaks(first: str, last: str) -> tuple[Break, ...]:
    rule = f"{first} to {last} at most 30 days, from 180 days ago to yesterday"
    return (
        Break(rule, {first: Ago(40 * DAY_S), last: Ago(2 * DAY_S)}, last),
        Break(rule, {first: Ago(1 * DAY_S), last: Ago(5 * DAY_S)}, last),
        Break(rule, {first: Ago(0), last: Ago(0)}, last),
        Break(rule, {first: _LONG_AGO, last: _LONG_AGO}, first),
    )


def _days(w: World) -> dict[str, Any]:
    return {
        "day_begin_time": w.now_s - 3 * DAY_S,
        "day_end_time": w.yesterday_s,
        "owner_filter": {"userid_list": w.staff},
    }


STATISTICS = (
    Case(
        "statistics.groups_of_owners", "groupchat_statistic", groups_of_owners,
        lambda w: {**_days(w), "order_by": 1, "order_asc": 0, "offset": 0, "limit": 10},
        breaks=_day_breaks("day_begin_time", "day_end_time"),
    ),
    Case(
        "statistics.groups_by_day", "groupchat_statistic_by_day", groups_by_day, _days,
        breaks=_day_breaks("day_begin_time", "day_end_time"),
    ),
    Case(
        "statistics.behaviour", "user_behavior_data", behaviour,
        lambda w: {
            "userid": w.staff, "partyid": [1], "start_time": w.now_s - 3 * DAY_S, "end_time": w.yesterday_s,
        },
        breaks=(
            Break("one of userid, partyid", {"userid": None, "partyid": None}, "userid"),
            *_day_breaks("start_time", "end_time"),
        ),
        refusals={60111: lambda w: refused(60111, lambda: w.client.statistics.behaviour(
            userid=["nobody"], start_time=w.yesterday_s, end_time=w.yesterday_s))},
    ),
)  # fmt: skip

# 2.4, 3.12


def tickets_corp(w: World) -> None:
    assert w.client.tickets.corp()["expires_in"] <= 7200


def tickets_agent(w: World) -> None:
    assert w.client.tickets.agent()["ticket"] != w.client.tickets.corp()["ticket"]


def gettoken(w: World) -> None:
    answer = w.client.call("gettoken", corpid=w.corp_id, corpsecret=w.corp["secret"])
    assert answer["expires_in"] <= 7200


def _probe(w: World, **values: Any) -> WecomClient:
    app = w._app(values.get("secret", w.corp["secret"]), w.agentid)
    app.corp_id = values.get("corp_id", w.corp_id)
    return WecomClient.for_probe(app)


TOKENS = (
    Case(
        "call", "gettoken", gettoken, lambda w: {"corpid": w.corp_id, "corpsecret": w.corp["secret"]},
        refusals={
            40001: lambda w: refused(40001, lambda: _probe(w).call(
                "gettoken", corpid=w.corp_id, corpsecret="wrong"), Stopped),
            40013: lambda w: refused(40013, lambda: _probe(w).call(
                "gettoken", corpid="wwNone", corpsecret="x"), Stopped),
        },
    ),
    Case("tickets.corp", "jsapi_ticket", tickets_corp),
    Case("tickets.agent", "agent_ticket", tickets_agent, lambda w: {"type": "agent_config"}),
)  # fmt: skip

# 3.13


def _link(w: World) -> str:
    return w.client.links.create(link_name="l", range={"user_list": [w.staff[0]]})["link_id"]


def links_every(w: World) -> None:
    made = {_link(w), _link(w)}
    assert made <= set(w.client.links.every(limit=1))


def links_get(w: World) -> None:
    assert w.client.links.get(link_id=_link(w))["range"]["user_list"] == [w.staff[0]]


def links_create(w: World) -> None:
    option, department = {"priority_type": 1}, w.client.contacts.staff_get(userid=w.staff[0])["department"][0]
    made = w.client.links.create(
        link_name="好" * 30,
        range={"department_list": [department]},
        skip_verify=False,
        priority_option=option,
    )
    assert made["url"].startswith("http")
    assert w.client.links.get(link_id=made["link_id"])["priority_option"] == option


def links_update(w: World) -> None:
    link_id = _link(w)
    w.client.links.update(link_id=link_id, range={"user_list": [w.staff[1]]})
    assert w.client.links.get(link_id=link_id)["range"] == {"user_list": [w.staff[1]]}


def links_delete(w: World) -> None:
    link_id = _link(w)
    w.client.links.delete(link_id=link_id)
    refused(40058, lambda: w.client.links.get(link_id=link_id))


def links_customers(w: World) -> None:
    link_id, external = _link(w), w.strangers.pop()
    w.act("link/open", link_id=link_id, external_userid=external, customer_channel="spring")
    rows = list(w.client.links.customers(link_id=link_id))
    assert [(row["external_userid"], row["userid"], row["state"]) for row in rows] == [
        (external, w.staff[0], "spring")
    ]


def links_statistic(w: World) -> None:
    link_id = _link(w)
    w.act("link/open", link_id=link_id, external_userid=w.strangers.pop())
    found = w.client.links.statistic(link_id=link_id, start_time=w.now_s - 3600, end_time=w.now_s + 60)
    assert found["new_customer_cnt"] == 1


def links_quota(w: World) -> None:
    found = w.client.links.quota()
    assert found["balance"] <= found["total"]


def _links_full(w: World) -> None:
    _link(w)
    w.limits(acquisition_links=1)
    refused(41095, lambda: _link(w))
    w.limits()


def _link_values(w: World) -> dict[str, Any]:
    return {
        "link_name": "l",
        "range": {"user_list": [w.staff[0]], "department_list": [1]},
        "skip_verify": True,
        "priority_option": {"priority_type": 2, "priority_userid_list": [w.staff[0]]},
    }


LINKS = (
    Case("links.every", "link_list", links_every, lambda w: {"limit": 10, "cursor": "0"}),
    Case("links.get", "link_get", links_get, lambda w: {"link_id": _link(w)}),
    Case(
        "links.create", "link_create", links_create, _link_values,
        breaks=(
            Break("one of range.user_list, range.department_list", {"range": {"other": 1}}, "range.user_list"),
        ),
        refusals={41095: _links_full},
    ),
    Case(
        "links.update", "link_update", links_update, lambda w: {"link_id": _link(w), **_link_values(w)}
    ),
    Case("links.delete", "link_delete", links_delete, lambda w: {"link_id": _link(w)}),
    Case(
        "links.customers", "link_customer", links_customers,
        lambda w: {"link_id": _link(w), "limit": 10, "cursor": "0"},
    ),
    Case(
        "links.statistic", "link_statistic", links_statistic,
        lambda w: {"link_id": _link(w), "start_time": w.now_s - DAY_S, "end_time": w.now_s},
        breaks=(
            Break("start_time to end_time within 30 days", {"start_time": Ago(40 * DAY_S)}, "end_time"),
            Break("start_time at most 180 days ago", {"start_time": _LONG_AGO, "end_time": Ago(_LONG_AGO - DAY_S)},
                  "start_time"),
        ),
    ),
    Case("links.quota", "link_quota", links_quota),
)  # fmt: skip

# 3.14


def archive_permitted(w: World) -> None:
    assert set(w.staff) <= set(w.client.archive.permitted(edition=1))


def _agreed(w: World) -> tuple[str, str]:
    userid, external = w.tie
    w.act("message/consent", external_userid=external, agree=True)
    return userid, external


def single_agreements(w: World) -> None:
    userid, external = _agreed(w)
    rows = w.client.archive.single_agreements(pairs=[{"userid": userid, "exteranalopenid": external}])
    assert [(row["exteranalopenid"], row["agree_status"]) for row in rows] == [(external, "Agree")]


def room_agreements(w: World) -> None:
    members = [m for m in w.client.groups.get(chat_id=w.chat_id)["member_list"] if m["type"] == 2]
    w.act("message/consent", external_userid=members[0]["userid"], agree=True)
    rows = {
        row["exteranalopenid"]: row["agree_status"]
        for row in w.client.archive.room_agreements(roomid=w.chat_id)
    }
    assert rows[members[0]["userid"]] == "Agree"


def _room(w: World) -> str:
    return w.act("message/rooms")["rooms"][0]["roomid"]


def internal_group(w: World) -> None:
    assert w.client.archive.internal_group(roomid=_room(w))["members"]


def _when(ask: Any, code: int, **settings: Any) -> Any:
    def run(w: World) -> None:
        w.archive(**settings)
        try:
            refused(code, lambda: ask(w))
        finally:
            w.archive(is_on=True, is_expired=False)

    return run


def _off(ask: Any) -> Any:
    return _when(ask, 301053, is_on=False)


def _ask_permitted(w: World) -> None:
    w.client.archive.permitted()


ARCHIVE = (
    Case(
        "archive.permitted", "msgaudit_permit_users", archive_permitted, lambda w: {"type": 1},
        refusals={301053: _off(_ask_permitted), 301052: _when(_ask_permitted, 301052, is_expired=True)},
    ),
    Case(
        "archive.single_agreements", "msgaudit_single_agree", single_agreements,
        lambda w: {"info": [{"userid": w.tie[0], "exteranalopenid": w.tie[1]}]},
        refusals={301053: _off(lambda w: w.client.archive.single_agreements(
            pairs=[{"userid": w.tie[0], "exteranalopenid": w.tie[1]}]))},
    ),
    Case(
        "archive.room_agreements", "msgaudit_room_agree", room_agreements, lambda w: {"roomid": w.chat_id},
        refusals={301053: _off(lambda w: w.client.archive.room_agreements(roomid=w.chat_id))},
    ),
    Case(
        "archive.internal_group", "msgaudit_groupchat_get", internal_group, lambda w: {"roomid": _room(w)},
        refusals={
            301053: _off(lambda w: w.client.archive.internal_group(roomid="r")),
            301059: lambda w: refused(301059, lambda: w.client.archive.internal_group(roomid=w.chat_id)),
        },
    ),
)  # fmt: skip

CASES = (*RULES, *PRODUCTS, *STATISTICS, *TOKENS, *LINKS, *ARCHIVE)
