"""Cases of PROTOCOL 3.3 to 3.5: tags, live codes, groups."""

from typing import Any

from tests.wecom.conformance.cases.people import NOBODY, colleague, gone, pair, resigned
from tests.wecom.conformance.harness import DAY_S, Break, Case, World, refused
from wecom.errors import TooMuch

# 3.3


def tags_every(w: World) -> None:
    tag_id = w.make_tag("every")
    assert tag_id in {tag["id"] for group in w.client.tags.every(tag_id=[tag_id]) for tag in group["tag"]}


def tags_add(w: World) -> None:
    name = f"add{w.fresh}"
    group = w.client.tags.add(group_name="conformance", tag=[{"name": name}, {"name": name}])
    assert [tag["name"] for tag in group["tag"]] == [name]


def tags_edit(w: World) -> None:
    tag_id, name = w.make_tag("edit"), f"edited{w.fresh}"
    w.client.tags.edit(id=tag_id, name=name)
    assert w.client.tags.every(tag_id=[tag_id])[0]["tag"][0]["name"] == name


def tags_delete(w: World) -> None:
    tag_id = w.make_tag("delete")
    w.client.tags.delete(tag_id=[tag_id])
    assert w.client.tags.every(tag_id=[tag_id]) == []


def tags_mark(w: World) -> None:
    userid, external = w.tie
    tag_id = w.make_tag("mark")
    w.client.tags.mark(userid=userid, external_userid=external, add_tag=[tag_id])
    follows = w.client.customers.get(external_userid=external)["follow_user"]
    tags = {one["userid"]: {tag["tag_id"] for tag in one["tags"]} for one in follows}
    assert tag_id in tags[userid]
    w.client.tags.mark(userid=userid, external_userid=external, remove_tag=[tag_id])


def _tags_full(w: World) -> None:
    w.make_tag("one")
    w.limits(tags=1)
    refused(40126, lambda: w.make_tag("full"))
    w.limits()


def _same_tag(w: World) -> None:
    name = f"same{w.fresh}"
    w.client.tags.add(group_name="conformance", tag=[{"name": name}])
    refused(40071, lambda: w.client.tags.add(group_name="conformance", tag=[{"name": name}]))


TAGS = (
    Case(
        "tags.every", "corp_tag_list", tags_every,
        lambda w: {"tag_id": [w.make_tag("t")], "group_id": ["g"]},
    ),
    Case(
        "tags.add", "add_corp_tag", tags_add,
        lambda w: {
            "group_name": "conformance", "order": 1, "tag": [{"name": f"n{w.fresh}", "order": 1}],
            "agentid": w.agentid,
        },
        breaks=(Break("one of group_id, group_name", {"group_name": None}, "group_id"),),
        refusals={
            40126: _tags_full,
            40071: _same_tag,
            40068: lambda w: refused(40068, lambda: w.client.tags.add(group_id="none", tag=[{"name": "x"}])),
        },
    ),
    Case(
        "tags.edit", "edit_corp_tag", tags_edit,
        lambda w: {"id": w.make_tag("e"), "name": f"n{w.fresh}", "order": 1, "agentid": w.agentid},
        refusals={40068: lambda w: refused(40068, lambda: w.client.tags.edit(id="none", name="x"))},
    ),
    Case(
        "tags.delete", "del_corp_tag", tags_delete,
        lambda w: {"tag_id": [w.make_tag("d")], "group_id": [], "agentid": w.agentid},
        breaks=(Break("one of tag_id, group_id", {"tag_id": None, "group_id": None}, "tag_id"),),
        refusals={40068: lambda w: refused(40068, lambda: w.client.tags.delete(tag_id=["none"]))},
    ),
    Case(
        "tags.mark", "mark_tag", tags_mark,
        lambda w: {**pair(w), "add_tag": [w.make_tag("m")], "remove_tag": ["none"]},
        breaks=(Break("one of add_tag, remove_tag", {"add_tag": None, "remove_tag": None}, "add_tag"),),
        refusals={
            40068: lambda w: refused(40068, lambda: w.client.tags.mark(**pair(w), add_tag=["none"])),
            84061: lambda w: refused(84061, lambda: w.client.tags.mark(**gone(w), add_tag=[w.make_tag("g")])),
            40096: lambda w: refused(40096, lambda: w.client.tags.mark(
                userid=w.staff[0], external_userid="wmNobody", add_tag=[w.make_tag("g")])),
        },
    ),
)  # fmt: skip

# 3.4


def _way(w: World) -> str:
    return w.client.ways.add(type=1, user=[w.staff[0]], state="c1w1")["config_id"]


def ways_add(w: World) -> None:
    made = w.client.ways.add(type=2, user=w.staff[:2], state="好" * 30, remark="r", skip_verify=False)
    assert made["qr_code"].startswith("http")
    found = w.client.ways.get(config_id=made["config_id"])
    assert (found["state"], sorted(found["user"])) == ("好" * 30, sorted(w.staff[:2]))


def ways_get(w: World) -> None:
    assert w.client.ways.get(config_id=_way(w))["user"] == [w.staff[0]]


def ways_update(w: World) -> None:
    config_id = _way(w)
    w.client.ways.update(config_id=config_id, user=[w.staff[1]], remark="new")
    found = w.client.ways.get(config_id=config_id)
    assert (found["user"], found["remark"]) == ([w.staff[1]], "new")


def ways_delete(w: World) -> None:
    config_id = _way(w)
    w.client.ways.delete(config_id=config_id)
    refused(40058, lambda: w.client.ways.get(config_id=config_id))


def ways_every(w: World) -> None:
    made = {_way(w), _way(w)}
    assert made <= {row["config_id"] for row in w.client.ways.every(limit=1)}


def close_temp_chat(w: World) -> None:
    """Medical corps only; this one is none, so WeCom refuses."""
    refused(40058, lambda: w.client.ways.close_temp_chat(**pair(w)))


def _codes_full(make: Any) -> Any:
    def run(w: World) -> None:
        make(w)
        w.limits(codes=1)
        refused(41045, lambda: make(w))
        w.limits()

    return run


def _hired(w: World, **flags: bool) -> str:
    return str(w.act("staff/hire", userid=f"new{w.fresh}", name="N", **flags)["userid"])


def _way_refused(code: int, **flags: bool) -> Any:
    """A code for a member without what it takes, made or changed."""

    def run(w: World) -> None:
        userid = _hired(w, **flags)
        refused(code, lambda: w.client.ways.add(type=1, user=[userid]))
        refused(code, lambda: w.client.ways.update(config_id=_way(w), user=[userid]))

    return run


_WAY_OPTIONS: dict[str, Any] = {
    "style": 1, "remark": "r", "skip_verify": True, "state": "s", "party": [1], "is_temp": False,
    "expires_in": 86_400, "chat_expires_in": 86_400, "unionid": "u", "is_exclusive": False, "mark_source": True,
    "conclusions": {"text": {"content": "bye"}},
}  # fmt: skip

WAYS = (
    Case(
        "ways.add", "add_contact_way", ways_add,
        lambda w: {"type": 2, "scene": 2, **_WAY_OPTIONS, "user": w.staff[:2]},
        breaks=(
            Break("type 1 takes exactly one user", {"type": 1, "party": None}, "user"),
            Break("one of user, party", {"user": None, "party": None}, "user"),
        ),
        refusals={
            41045: _codes_full(_way),
            41054: _way_refused(41054, is_verified=False),
            84074: _way_refused(84074, can_contact=False),
            60111: lambda w: refused(60111, lambda: w.client.ways.add(type=1, user=[NOBODY])),
        },
    ),
    Case("ways.get", "get_contact_way", ways_get, lambda w: {"config_id": _way(w)}),
    Case(
        "ways.update", "update_contact_way", ways_update,
        lambda w: {"config_id": _way(w), **_WAY_OPTIONS, "party": [], "user": [w.staff[0]]},
        refusals={
            60111: lambda w: refused(60111, lambda: w.client.ways.update(config_id=_way(w), user=[NOBODY])),
            41054: _way_refused(41054, is_active=False),
            84074: _way_refused(84074, can_contact=False),
        },
    ),
    Case("ways.delete", "del_contact_way", ways_delete, lambda w: {"config_id": _way(w)}),
    Case(
        "ways.every", "list_contact_way", ways_every,
        lambda w: {"start_time": w.now_s - DAY_S, "end_time": w.now_s, "cursor": "0", "limit": 10},
    ),
    Case("ways.close_temp_chat", "close_temp_chat", close_temp_chat, pair),
)  # fmt: skip

# 3.5


def groups_every(w: World) -> None:
    every = {row["chat_id"] for row in w.client.groups.every(limit=2)}
    assert {one["chat_id"] for one in w.groups} <= every
    mine = {row["chat_id"] for row in w.client.groups.every(owners=[w.owner])}
    assert w.chat_id in mine < every


def groups_get(w: World) -> None:
    found = w.client.groups.get(chat_id=w.chat_id, with_names=True)
    assert found["owner"] == w.owner
    assert all(one["name"] for one in found["member_list"])
    assert found["member_version"]


def of_opengid(w: World) -> None:
    assert w.client.groups.of_opengid(opengid=f"open-{w.chat_id}") == w.chat_id


def groups_transfer(w: World) -> None:
    leaver = resigned(w)
    chat_id = next(row["chat_id"] for row in w.client.groups.every(owners=[leaver]))
    assert w.client.groups.transfer(chat_id_list=[chat_id], new_owner=w.staff[0]) == []
    failed = w.client.groups.transfer(chat_id_list=[w.chat_id], new_owner=w.staff[0])
    assert failed[0]["errcode"] == 90500


def groups_transfer_onjob(w: World) -> None:
    chat_id = w.act("group/create", owner=w.staff[0], name="moves")["chat_id"]
    assert w.client.groups.transfer_onjob(chat_id_list=[chat_id], new_owner=w.staff[1]) == []
    assert w.client.groups.get(chat_id=chat_id)["owner"] == w.staff[1]


def _join_way(w: World) -> str:
    return w.client.groups.add_join_way(chat_id_list=[w.chat_id], state="c1w1")


def add_join_way(w: World) -> None:
    five = [one["chat_id"] for one in w.groups[:5]]
    config_id = w.client.groups.add_join_way(
        chat_id_list=five, remark="r", room_base_name="room", room_base_id=10, state="好" * 30
    )
    found = w.client.groups.get_join_way(config_id=config_id)
    assert (found["chat_id_list"], found["state"], found["auto_create_room"]) == (five, "好" * 30, 1)


def get_join_way(w: World) -> None:
    assert w.client.groups.get_join_way(config_id=_join_way(w))["qr_code"].startswith("http")


def update_join_way(w: World) -> None:
    config_id = _join_way(w)
    w.client.groups.update_join_way(
        config_id=config_id, chat_id_list=[w.groups[1]["chat_id"]], auto_create_room=False
    )
    found = w.client.groups.get_join_way(config_id=config_id)
    assert (found["chat_id_list"], found["auto_create_room"]) == ([w.groups[1]["chat_id"]], 0)
    assert not found.get("state")  # a full overwrite


def delete_join_way(w: World) -> None:
    config_id = _join_way(w)
    w.client.groups.delete_join_way(config_id=config_id)
    refused(301021, lambda: w.client.groups.get_join_way(config_id=config_id))


def _too_many_staff(w: World) -> None:
    w.limits(visible_staff=1)
    refused(81017, lambda: list(w.client.groups.every()), TooMuch)
    assert list(w.client.groups.every(owners=w.staff))
    w.limits()


def _hidden_group(w: World) -> None:
    hidden = w.simulator.ask("POST", f"/sim/corps/{w.corp_id}/apps", visible_userids=[colleague(w, w.owner)])
    client = type(w.client)(w._app(hidden["secret"], hidden["agentid"]))
    refused(60011, lambda: client.groups.get(chat_id=w.chat_id))


def _six_groups(w: World) -> None:
    """Our limit stands before it; WeCom names its own code."""
    six = [one["chat_id"] for one in w.groups[:6]]
    for name, extra in (("add_join_way", {}), ("update_join_way", {"config_id": _join_way(w)})):
        assert w.raw(name, {"scene": 2, "chat_id_list": six, **extra})[0] == 41091


def _join_values(w: World) -> dict[str, Any]:
    return {
        "scene": 2, "remark": "r", "auto_create_room": 1, "room_base_name": "b", "room_base_id": 1,
        "chat_id_list": [w.chat_id], "state": "s", "mark_source": True,
    }  # fmt: skip


_UNKNOWN_WAY = {"config_id": "none"}

GROUPS = (
    Case(
        "groups.every", "groupchat_list", groups_every,
        lambda w: {"status_filter": 0, "owner_filter": {"userid_list": [w.owner]}, "cursor": "0", "limit": 10},
        refusals={
            81017: _too_many_staff,
            60111: lambda w: refused(60111, lambda: list(w.client.groups.every(owners=[NOBODY]))),
        },
    ),
    Case(
        "groups.get", "groupchat_get", groups_get, lambda w: {"chat_id": w.chat_id, "need_name": 1},
        refusals={
            86003: lambda w: refused(86003, lambda: w.client.groups.get(chat_id="wrNone")),
            60011: _hidden_group,
        },
    ),
    Case(
        "groups.of_opengid", "opengid_to_chatid", of_opengid, lambda w: {"opengid": f"open-{w.chat_id}"},
        refusals={90511: lambda w: refused(90511, lambda: w.client.groups.of_opengid(opengid="nothing"))},
    ),
    Case(
        "groups.transfer", "groupchat_transfer", groups_transfer,
        lambda w: {"chat_id_list": ["wrNone"], "new_owner": w.staff[0]},
        refusals={60111: lambda w: refused(60111, lambda: w.client.groups.transfer(
            chat_id_list=["wrNone"], new_owner=NOBODY))},
    ),
    Case(
        "groups.transfer_onjob", "groupchat_onjob_transfer", groups_transfer_onjob,
        lambda w: {"chat_id_list": ["wrNone"], "new_owner": w.staff[0]},
        refusals={60111: lambda w: refused(60111, lambda: w.client.groups.transfer_onjob(
            chat_id_list=["wrNone"], new_owner=NOBODY))},
    ),
    Case(
        "groups.add_join_way", "add_join_way", add_join_way, _join_values,
        refusals={
            41045: _codes_full(_join_way),
            41091: _six_groups,
            86003: lambda w: refused(86003, lambda: w.client.groups.add_join_way(chat_id_list=["wrNone"])),
        },
    ),
    Case(
        "groups.get_join_way", "get_join_way", get_join_way, lambda w: {"config_id": _join_way(w)},
        refusals={301021: lambda w: refused(301021, lambda: w.client.groups.get_join_way(**_UNKNOWN_WAY))},
    ),
    Case(
        "groups.update_join_way", "update_join_way", update_join_way,
        lambda w: {"config_id": _join_way(w), **_join_values(w)},
        refusals={
            41091: _six_groups,
            86003: lambda w: refused(86003, lambda: w.client.groups.update_join_way(
                config_id=_join_way(w), chat_id_list=["wrNone"])),
            301021: lambda w: refused(301021, lambda: w.client.groups.update_join_way(
                **_UNKNOWN_WAY, chat_id_list=[w.chat_id])),
        },
    ),
    Case(
        "groups.delete_join_way", "del_join_way", delete_join_way, lambda w: {"config_id": _join_way(w)},
        refusals={301021: lambda w: refused(301021, lambda: w.client.groups.delete_join_way(**_UNKNOWN_WAY))},
    ),
)  # fmt: skip

CASES = (*TAGS, *WAYS, *GROUPS)
