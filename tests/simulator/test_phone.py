"""The phone pages: whoever's phone is opened can do what that person could."""

from __future__ import annotations

import httpx
import pytest

from simulator.world.entities import EXTERNAL
from simulator.world.model import Corp
from tests.simulator.conftest import Api, Sink
from tests.simulator.test_callbacks import opened


def stranger(corp: Corp) -> str:
    return next(e for e, c in corp.customers.items() if c.type == 1 and not corp.relations_of_customer(e))


def phone(corp: Corp, person: str) -> str:
    return f"/phone/{corp.corp_id}/{'staff' if person in corp.staff else 'customer'}/{person}"


def press(web: httpx.Client, corp: Corp, person: str, act: str, **form: str) -> httpx.Response:
    return web.post(f"{phone(corp, person)}/{act}", data=form)


def heard(corp: Corp, sink: Sink) -> list[str | None]:
    events = [opened(corp, request) for request in sink.requests]
    sink.requests.clear()
    return [event.findtext("UpdateDetail") or event.findtext("ChangeType") for event in events]


def test_a_customer_adds_a_staff_member_and_they_talk(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    who = stranger(corp)
    assert press(web, corp, who, "add-staff", userid="staff01").status_code == 303
    assert heard(corp, sink) == ["add_external_contact"]
    press(web, corp, who, "say", to="staff01", text="在吗")
    press(web, corp, "staff01", "say", to=who, text="在的，看这个 http://127.0.0.1:1/r/x")
    seen = web.get(f"{phone(corp, who)}/chat/staff01").text
    assert "在吗" in seen
    assert '<a href="http://127.0.0.1:1/r/x">' in seen
    home = web.get(phone(corp, "staff01")).text
    assert corp.customers[who].name.split("<")[0] in home
    press(web, corp, who, "delete-staff", userid="staff01")
    assert heard(corp, sink) == ["del_follow_user"]


def test_a_code_is_scanned_from_the_phone_or_by_its_address(
    web: httpx.Client, corp: Corp, api: Api, sink: Sink
) -> None:
    chat_id = next(iter(corp.groups))
    body = {"scene": 2, "chat_id_list": [chat_id], "state": "c1w1"}
    way = api("externalcontact/groupchat/add_join_way", body)
    first, second = [e for e in corp.customers if e not in corp.groups[chat_id].members][:2]
    press(web, corp, first, "scan-group", config_id=way["config_id"])
    page = api("externalcontact/groupchat/get_join_way", {"config_id": way["config_id"]})
    press(web, corp, second, "open", address=page["join_way"]["qr_code"])
    assert corp.groups[chat_id].members[second].state == "c1w1"
    assert heard(corp, sink) == ["add_member", "add_member"]
    elsewhere = press(web, corp, second, "open", address="http://127.0.0.1:1/h5/1")
    assert elsewhere.headers["location"] == "http://127.0.0.1:1/h5/1"


def test_the_owner_runs_the_group(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    group = next(iter(corp.groups.values()))
    owner, back = group.owner, f"/phone/{corp.corp_id}/"
    who = next(m.id for m in group.members.values() if m.type == EXTERNAL)
    heir = next(m.id for m in group.members.values() if m.id in corp.staff and m.id != owner)
    form = {"chat_id": group.chat_id, "back": back}
    press(web, corp, owner, "rename", name="新名字", **form)
    press(web, corp, owner, "notice", notice="明天开课", **form)
    press(web, corp, owner, "kick", person_id=who, **form)
    press(web, corp, owner, "owner", userid=heir, **form)
    assert heard(corp, sink) == ["change_name", "change_notice", "del_member", "change_owner"]
    assert (group.name, group.notice, group.owner) == ("新名字", "明天开课", heir)
    refused = press(web, corp, owner, "dismiss", chat_id=group.chat_id)
    assert (refused.status_code, "只有群主" in refused.text) == (400, True)
    assert press(web, corp, heir, "dismiss", chat_id=group.chat_id).status_code == 303
    assert heard(corp, sink) == ["dismiss"]


def test_a_customer_may_not_do_what_only_staff_can(web: httpx.Client, corp: Corp) -> None:
    group = next(iter(corp.groups.values()))
    who = next(m.id for m in group.members.values() if m.type == EXTERNAL)
    assert press(web, corp, who, "rename", chat_id=group.chat_id, name="x").status_code == 400
    assert press(web, corp, who, "leave", chat_id=group.chat_id).status_code == 303
    assert web.get(f"{phone(corp, who)}/chat/{group.chat_id}").status_code == 400
    assert web.get(f"/phone/{corp.corp_id}/robot/{who}").status_code == 400


@pytest.mark.parametrize("kind", ["image", "file", "link", "redpacket"])
def test_other_messages_are_shown_too(web: httpx.Client, corp: Corp, kind: str) -> None:
    group = next(iter(corp.groups.values()))
    press(web, corp, group.owner, "say", chat_id=group.chat_id, msgtype=kind)
    page = web.get(f"{phone(corp, group.owner)}/chat/{group.chat_id}")
    assert page.status_code == 200
    assert group.messages[-1]["attachments"][0]["msgtype"] == kind
    assert web.get(phone(corp, group.owner)).status_code == 200


def test_a_vote_card_is_answered_with_its_options(
    web: httpx.Client, corp: Corp, api: Api, sink: Sink
) -> None:
    card = {
        "card_type": "vote_interaction",
        "main_title": {"title": "周末来吗"},
        "checkbox": {"question_key": "q1", "option_list": [{"id": "yes", "text": "来"}]},
        "submit_button": {"text": "提交", "key": "go"},
        "action_menu": {"action_list": [{"text": "静音", "key": "mute"}]},
        "task_id": "vote-1",
    }
    body = {"touser": "staff01", "agentid": next(iter(corp.apps)), "msgtype": "template_card"}
    msgid = api("message/send", {**body, "template_card": card})["msgid"]
    assert "周末来吗" in web.get(phone(corp, "staff01")).text
    press(web, corp, "staff01", "card", msgid=msgid, key="go", **{"q:q1": "yes"})
    event = opened(corp, sink.requests[-1])
    item = event.find("SelectedItems/SelectedItem")
    assert item is not None
    assert (item.findtext("QuestionKey"), item.findtext("OptionIds/OptionId")) == ("q1", "yes")
    press(web, corp, "staff01", "card", msgid=msgid, key="mute", menu="1")
    assert opened(corp, sink.requests[-1]).findtext("Event") == "template_card_menu_event"


def test_a_moment_is_published_seen_and_answered(web: httpx.Client, corp: Corp, api: Api) -> None:
    api("externalcontact/add_moment_task", {"text": {"content": "开营啦"}})
    (userid, who), _ = next(item for item in corp.relations.items() if item[1].status == "full")
    moment = next(iter(corp.moments.values()))
    assert "开营啦" in web.get(phone(corp, userid)).text
    press(web, corp, userid, "publish", moment_id=moment.moment_id)
    assert "开营啦" in web.get(phone(corp, who)).text
    press(web, corp, who, "react", moment_id=moment.moment_id, userid=userid, comment="恭喜")
    found = api("externalcontact/get_moment_comments", {"moment_id": moment.moment_id, "userid": userid})
    assert found["comment_list"][0]["external_userid"] == who
    assert found["like_list"] == []


def test_people_are_found_by_name(web: httpx.Client, corp: Corp) -> None:
    member = corp.staff["staff02"]
    page = web.get("/phone/", params={"q": "staff02"}).text
    assert member.name in page
    assert f"/phone/{corp.corp_id}/staff/staff01" not in page


def test_a_message_is_taken_back(web: httpx.Client, corp: Corp) -> None:
    group = next(iter(corp.groups.values()))
    corp.archive.is_on, corp.archive.spice = True, False
    press(web, corp, group.owner, "say", chat_id=group.chat_id, text="发错了")
    msgid = group.messages[-1]["msgid"]
    press(web, corp, group.owner, "recall", msgid=msgid)
    assert "撤回了一条消息" in web.get(f"{phone(corp, group.owner)}/chat/{group.chat_id}").text
    assert corp.archive.counts["revoke"] == 1


def test_resigning_from_the_phone(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    press(web, corp, "staff03", "resign")
    assert heard(corp, sink) == ["delete_user"]
    assert "已离职" in web.get(phone(corp, "staff03")).text
