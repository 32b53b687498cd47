"""People who live through a camp, against a tiny stand-in for the product."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from simulator.world.model import Corp
from tests.simulator.conftest import AES_KEY, Api, MovableClock, serve
from tests.simulator.test_archive import Adapter, switch_on

TALKATIVE = datetime(2027, 3, 1, 2, tzinfo=UTC)


class Product:
    """Answers like the product: radar links, a task page behind OAuth, the event API, callbacks."""

    def __init__(self, simulator: str, corp_id: str) -> None:
        self.simulator = simulator
        self.corp_id = corp_id
        self.url = ""
        self.fail_events = 0
        self.fail_confirms = 0
        self.clicks: list[str] = []
        self.codes: list[str] = []
        self.confirmed: list[dict[str, str]] = []
        self.events: list[dict[str, Any]] = []
        self.keys: set[str] = set()

    def _sign_in(self, request: Request) -> Response:
        back = f"{self.url}/oauth?next={request.url.path}"
        query = httpx.QueryParams(
            appid=self.corp_id, redirect_uri=back, response_type="code", scope="snsapi_base", state="s"
        )
        return RedirectResponse(f"{self.simulator}/connect/oauth2/authorize?{query}#wechat_redirect")

    async def oauth(self, request: Request) -> Response:
        self.codes.append(request.query_params["code"])
        answer = RedirectResponse(request.query_params["next"], status_code=302)
        answer.set_cookie("session", "yes", httponly=True)
        return answer

    async def radar(self, request: Request) -> Response:
        if "session" not in request.cookies:
            return self._sign_in(request)
        self.clicks.append(request.path_params["token"])
        return RedirectResponse("https://shop.example/course", status_code=302)

    async def task(self, request: Request) -> Response:
        if "session" not in request.cookies:
            return self._sign_in(request)
        if request.method == "POST" and self.fail_confirms:
            self.fail_confirms -= 1
            return PlainTextResponse("restarting", status_code=502)
        if request.method == "POST":
            form = await request.form()
            self.confirmed.append({name: str(value) for name, value in form.items()})
            return RedirectResponse(request.url.path, status_code=303)
        if self.confirmed:
            return HTMLResponse("<p>done</p>")
        return HTMLResponse(
            f'<p data-sim="text">第1课<br>{self.url}/r/abc</p><form method="post"><input name="q"></form>'
            f'<form method="post" data-sim="confirm" data-sim-chat="{request.path_params["chat"]}">'
            '<input type="hidden" name="csrf" value="tok"><select name="how"><option value="sent">ok</option>'
            '</select><textarea name="note">x</textarea><button type="submit">已发送</button></form>'
        )

    async def take_events(self, request: Request) -> Response:
        self.keys.add(request.headers["authorization"])
        if self.fail_events:
            self.fail_events -= 1
            return JSONResponse({}, status_code=503)
        rows = (await request.json())["events"]
        assert len(rows) <= 500
        self.events += rows
        return JSONResponse({"results": [{"id": row["id"], "state": "accepted"} for row in rows]})

    async def callback(self, request: Request) -> Response:
        return PlainTextResponse("success")


@pytest.fixture
def product(web: httpx.Client, corp: Corp) -> Iterator[Product]:
    made = Product(str(web.base_url).rstrip("/"), corp.corp_id)
    routes = [
        Route("/oauth", made.oauth),
        Route("/r/{token}", made.radar),
        Route("/m/acme/send/{number}/{chat}", made.task, methods=["GET", "POST"]),
        Route("/api/v1/events", made.take_events, methods=["POST"]),
        Route("/callback", made.callback, methods=["POST"]),
    ]
    for base_url in serve(Starlette(routes=routes)):
        made.url = base_url
        settings = {
            "product_base_url": base_url,
            "api_key": "key-1",
            "callback_url": f"{base_url}/callback",
            "token": "t",
            "aes_key": AES_KEY,
        }
        web.patch(f"/sim/corps/{corp.corp_id}", json=settings).raise_for_status()
        yield made


def _tick(web: httpx.Client) -> dict[str, Any]:
    answer = web.post("/sim/tick")
    answer.raise_for_status()
    return answer.json()


def _live(web: httpx.Client, clock: MovableClock, days: float) -> None:
    end = clock.now() + days * 86400
    while clock.now() < end:
        next_at = _tick(web)["next_at"] or end
        clock.move(max(min(next_at, end) - clock.now(), 600))
    _tick(web)


def _begin(web: httpx.Client, corp: Corp, clock: MovableClock, **extra: Any) -> dict[str, Any]:
    start = (datetime.fromtimestamp(clock.now(), UTC) + timedelta(hours=8)).date().isoformat()
    body = {"corp_id": corp.corp_id, "start_date": start, "days": 6, **extra}
    answer = web.post("/sim/camp", json=body)
    answer.raise_for_status()
    return answer.json()


def test_people_join_study_and_buy(
    web: httpx.Client, corp: Corp, clock: MovableClock, product: Product
) -> None:
    outside = sum(not corp.groups_of(e) for e in corp.customers)
    assert _begin(web, corp, clock)["joins_planned"] == outside > 0
    assert _begin(web, corp, clock)["is_new"] is False
    _live(web, clock, 9)
    assert all(corp.ledger.counts[name] > 0 for name in ("act:join", "act:add_staff"))
    kinds = {row["kind"] for row in product.events}
    assert {"lesson", "assignment", "purchase_click"} <= kinds
    assert {row["id"] for row in product.events} == set(corp.ledger.behaviours)
    assert all(row["acked"] for row in corp.ledger.behaviours.values())
    assert product.keys == {"Bearer key-1"}
    assert all(event.status == "acked" for event in corp.ledger.events)


def test_second_tick_at_the_same_moment_does_nothing(
    web: httpx.Client, corp: Corp, clock: MovableClock, product: Product
) -> None:
    _begin(web, corp, clock)
    clock.move(86400)
    _tick(web)
    until = clock.now()
    web.post("/sim/tick", json={"until": until})
    again = web.post("/sim/tick", json={"until": until}).json()
    assert (again["acts"], again["counts"]) == (0, {})


def test_events_wait_while_the_product_is_down(
    web: httpx.Client, corp: Corp, clock: MovableClock, product: Product
) -> None:
    product.fail_events = 3
    _begin(web, corp, clock)
    _live(web, clock, 4)
    ids = [row["id"] for row in product.events]
    assert len(ids) == len(set(ids)) > 0
    assert all(row["acked"] for row in corp.ledger.behaviours.values())


def test_shop_duplicates_and_late_rows_all_arrive(
    web: httpx.Client, corp: Corp, clock: MovableClock, product: Product
) -> None:
    faults = {"shop_duplicate_p": 0.5, "shop_late_p": 0.3, "shop_shuffle": True}
    web.post("/sim/faults", json=faults).raise_for_status()
    _begin(web, corp, clock)
    _live(web, clock, 9)
    _live(web, clock, 2)
    ids = [row["id"] for row in product.events]
    assert set(ids) == set(corp.ledger.behaviours)
    assert len(ids) > len(set(ids))


def test_staff_forwards_and_confirms_on_the_products_page(
    web: httpx.Client, corp: Corp, clock: MovableClock, product: Product, api: Api
) -> None:
    group = next(iter(corp.groups.values()))
    card = {"title": "转发", "description": "一条", "url": f"{product.url}/m/acme/send/1/{group.chat_id}"}
    body = {"touser": group.owner, "agentid": next(iter(corp.apps)), "msgtype": "textcard", "textcard": card}
    assert api("message/send", body)["errcode"] == 0
    _live(web, clock, 1)
    assert product.confirmed == [{"csrf": "tok", "how": "sent", "note": "x"}]
    forwarded = [m for m in group.messages if m["source"].startswith("forward")]
    assert [(m["from"], m["text"]) for m in forwarded] == [(group.owner, f"第1课\n{product.url}/r/abc")]
    _live(web, clock, 1)
    assert len(product.confirmed) == 1


def test_members_open_links_of_a_confirmed_mass_send(
    web: httpx.Client, corp: Corp, clock: MovableClock, product: Product, api: Api
) -> None:
    for group in corp.groups.values():
        for number in range(6):
            body = {
                "chat_type": "group",
                "sender": group.owner,
                "chat_id_list": [group.chat_id],
                "text": {"content": f"直播入口 {product.url}/r/t{number}，记得来"},
            }
            assert api("externalcontact/add_msg_template", body)["errcode"] == 0
    assert product.clicks == []
    _live(web, clock, 2)
    assert set(product.clicks) <= {f"t{n}" for n in range(6)}
    assert len(product.clicks) == corp.ledger.counts["act:click"] > 0
    assert corp.ledger.product_errors == []


def test_own_mass_sends_of_staff_are_listed_as_personal(
    web: httpx.Client, corp: Corp, clock: MovableClock, product: Product, api: Api
) -> None:
    web.post("/sim/faults", json={"personal_send_p": 1.0})
    _begin(web, corp, clock)
    _live(web, clock, 2)
    now = int(clock.now())
    body = {"chat_type": "group", "start_time": now - 3 * 86400, "end_time": now, "filter_type": 1}
    listed = api("externalcontact/get_groupmsg_list_v2", body)["group_msg_list"]
    assert len(listed) == corp.ledger.counts["act:personal_send"] >= len(corp.groups)
    assert {row["create_type"] for row in listed} == {1}


def test_missing_page_is_noted_once(
    web: httpx.Client, corp: Corp, clock: MovableClock, product: Product, api: Api
) -> None:
    body = {
        "touser": "staff01",
        "agentid": next(iter(corp.apps)),
        "msgtype": "text",
        "text": {"content": f"请处理 {product.url}/m/acme/nowhere"},
    }
    api("message/send", body)
    _live(web, clock, 1)
    assert [row["what"] for row in corp.ledger.product_errors] == ["staff opens page"]


def test_page_that_is_down_is_tried_again_and_forwarded_once(
    web: httpx.Client, corp: Corp, clock: MovableClock, product: Product, api: Api
) -> None:
    product.fail_confirms = 2
    group = next(iter(corp.groups.values()))
    url = f"{product.url}/m/acme/send/1/{group.chat_id}"
    body = {
        "touser": group.owner,
        "agentid": next(iter(corp.apps)),
        "msgtype": "markdown",
        "markdown": {"content": f"[打开]({url})"},
    }
    assert api("message/send", body)["errcode"] == 0
    _live(web, clock, 1)
    assert len(product.confirmed) == 1
    assert sum(m["source"].startswith("forward") for m in group.messages) == 1
    assert [row["what"] for row in corp.ledger.product_errors] == ["staff confirms"] * 2


def test_staff_played_by_hand_do_nothing_by_themselves(
    web: httpx.Client, corp: Corp, clock: MovableClock, product: Product, api: Api
) -> None:
    web.patch(f"/sim/corps/{corp.corp_id}", json={"manual_staff": list(corp.staff)})
    group = next(iter(corp.groups.values()))
    body = {
        "chat_type": "group",
        "sender": group.owner,
        "chat_id_list": [group.chat_id],
        "text": {"content": "你好"},
    }
    msgid = api("externalcontact/add_msg_template", body)["msgid"]
    _live(web, clock, 1)
    assert api("externalcontact/get_groupmsg_task", {"msgid": msgid})["task_list"] == [
        {"userid": group.owner, "status": 0}
    ]


def test_what_people_say_lands_in_the_archive(
    web: httpx.Client, corp: Corp, clock: MovableClock, product: Product
) -> None:
    clock.move(TALKATIVE.timestamp() - clock.now())  # who talks is drawn by the camp's first day
    switch_on(web, corp, agree_share=0.9)
    _begin(web, corp, clock)
    _live(web, clock, 4)
    messages = Adapter(web, corp).messages()
    people = {m["from"] for m in messages if m.get("msgtype") == "text"}
    assert people & set(corp.customers)
    assert all(m["roomid"] in corp.groups or not m["roomid"] for m in messages if m.get("msgtype") == "text")
    refused = {who for who, consent in corp.archive.consents.items() if consent.status != "Agree"}
    assert not people & refused
    told = [event for event in corp.ledger.events if event.event == "msgaudit_notify"]
    assert 0 < len(told) <= len(messages)
    assert all(event.status == "acked" for event in told)


def test_a_corp_without_archive_lives_the_same_life(
    web: httpx.Client, corp: Corp, clock: MovableClock, product: Product
) -> None:
    _begin(web, corp, clock)
    _live(web, clock, 2)
    assert corp.archive.seq == 0
    assert not corp.archive.consents
    assert not [event for event in corp.ledger.events if event.event == "msgaudit_notify"]
