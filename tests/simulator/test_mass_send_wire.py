"""Mass sends over the wire: limits, dispatch, reminders, receivers, statistics."""

from __future__ import annotations

import httpx
import pytest

from simulator.world.model import Corp
from tests.simulator.conftest import Api, MovableClock
from tests.simulator.test_wire import owner_and_chat


@pytest.mark.parametrize(("size", "code"), [(4000, 0), (4001, 40058)])
def test_mass_send_text_is_limited_in_bytes(api: Api, corp: Corp, size: int, code: int) -> None:
    owner, chat_id = owner_and_chat(corp)
    text = "好" * (size // 3) + "x" * (size % 3)
    body = {"chat_type": "group", "sender": owner, "chat_id_list": [chat_id], "text": {"content": text}}
    assert api("externalcontact/add_msg_template", body)["errcode"] == code


@pytest.mark.parametrize(("count", "code"), [(9, 0), (10, 40058)])
def test_mass_send_attachments_at_the_limit(api: Api, corp: Corp, count: int, code: int) -> None:
    owner, chat_id = owner_and_chat(corp)
    link = {"msgtype": "link", "link": {"title": "一", "url": "https://example.org/"}}
    body = {"chat_type": "group", "sender": owner, "chat_id_list": [chat_id], "attachments": [link] * count}
    assert api("externalcontact/add_msg_template", body)["errcode"] == code


def test_mass_send_in_dispatch_answers_so_until_it_is_done(
    web: httpx.Client, api: Api, corp: Corp, clock: MovableClock
) -> None:
    web.post("/sim/faults", json={"dispatch_s": 30})
    owner, chat_id = owner_and_chat(corp)
    body = {"chat_type": "group", "sender": owner, "chat_id_list": [chat_id], "text": {"content": "早"}}
    msgid = api("externalcontact/add_msg_template", body)["msgid"]
    assert api("externalcontact/get_groupmsg_task", {"msgid": msgid})["errcode"] == 41063
    clock.move(31)
    assert api("externalcontact/get_groupmsg_task", {"msgid": msgid})["errcode"] == 0


def test_reminders_and_cancelling(api: Api, corp: Corp, clock: MovableClock, web: httpx.Client) -> None:
    owner, chat_id = owner_and_chat(corp)
    body = {"chat_type": "group", "sender": owner, "chat_id_list": [chat_id], "text": {"content": "早"}}
    one = {"msgid": api("externalcontact/add_msg_template", body)["msgid"]}
    codes = [api("externalcontact/remind_groupmsg_send", one)["errcode"] for _ in range(4)]
    assert codes == [0, 0, 0, 41094]
    assert api("externalcontact/cancel_groupmsg_send", one)["errcode"] == 0
    assert api("externalcontact/cancel_groupmsg_send", one)["errcode"] == 41093
    tap = {"corp_id": corp.corp_id, "msgid": one["msgid"], "userid": owner}
    assert web.post("/sim/staff/confirm-mass-send", json=tap).status_code == 400


def test_single_send_goes_to_the_staff_who_talked_last(web: httpx.Client, api: Api, corp: Corp) -> None:
    ext = next(e for e in corp.customers if not corp.relations_of_customer(e))
    for userid in ("staff01", "staff02"):
        body = {"corp_id": corp.corp_id, "userid": userid, "external_userid": ext}
        web.post("/sim/customer/add-staff", json=body).raise_for_status()
    web.post("/sim/staff/talk", json={"corp_id": corp.corp_id, "userid": "staff02", "external_userid": ext})
    answer = api(
        "externalcontact/add_msg_template",
        {"external_userid": [ext, "wmnobody"], "text": {"content": "你好"}},
    )
    assert answer["fail_list"] == ["wmnobody"]
    tasks = api("externalcontact/get_groupmsg_task", {"msgid": answer["msgid"]})["task_list"]
    assert tasks == [{"userid": "staff02", "status": 0}]


def test_statistics_cover_yesterday_but_not_today(api: Api, corp: Corp, clock: MovableClock) -> None:
    owner, _ = owner_and_chat(corp)
    today = int(clock.now())
    body = {"day_begin_time": today - 86400, "owner_filter": {"userid_list": [owner]}}
    items = api("externalcontact/groupchat/statistic", body)["items"]
    assert items[0]["data"]["chat_total"] == sum(g.owner == owner for g in corp.groups.values())
    late = {**body, "day_end_time": today}
    assert api("externalcontact/groupchat/statistic", late)["errcode"] == 40058
    long = {**body, "day_begin_time": today - 31 * 86400, "day_end_time": today - 86400}
    assert api("externalcontact/groupchat/statistic_group_by_day", long)["errcode"] == 40058
