"""Whatever malformed request comes: the answer is an errcode or a 4xx, never a failure of the server."""

from __future__ import annotations

import asyncio
import json
import pickle
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Route

from simulator.app import create_app
from simulator.clock import Clock
from simulator.human.corps import create_corp
from simulator.runtime import Runtime
from simulator.wire.checks import Field
from simulator.wire.endpoint import Endpoint
from simulator.wire.registry import ENDPOINTS
from simulator.wire.service import SERVICES
from tests.simulator.conftest import CORP

CORP_ID = str(CORP["corp_id"])
# A lone half of a pair, a control character and a NaN are all legal in the JSON that Python reads.
TEXTS = st.sampled_from(["", "\ud800", "\x00", "x" * 300, "-1", "NaN", "1e400", "../..", "٣", "²"]) | st.text(
    max_size=8
)
NUMBERS = st.sampled_from([0, -1, 1, 2**31, 2**70, -(2**70), 1e308, float("nan"), float("inf"), 0.5])
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
WORDS = (
    "text", "content", "msgtype", "image", "link", "url", "title", "media_id", "attachments", "tag", "id", "name",
    "userid", "user_list", "card_type", "button_list", "key", "sender_list", "range", "type", "chat_type",
)  # fmt: skip


class World:
    """One world, put back as it was before each example, and the ids that are known in it."""

    def __init__(self) -> None:
        self.runtime = Runtime(clock=Clock())
        asyncio.run(create_corp(self.runtime, dict(CORP)))
        corp = self.runtime.corp(CORP_ID)
        corp.archive.is_on, corp.archive.secret = True, "s"
        self.app: Starlette = create_app(self.runtime, snapshot_s=0)
        self.secret = next(iter(corp.apps.values())).secret
        self.begins = pickle.dumps(self.runtime.world)
        self.ids = [
            CORP_ID, *list(corp.staff)[:2], *list(corp.customers)[:2], *list(corp.groups)[:2], *list(corp.tags)[:1],
            *list(corp.tag_groups)[:1], str(next(iter(corp.apps))),
        ]  # fmt: skip

        chat_id, group = next(iter(corp.groups.items()))
        who = next(one.id for one in group.members.values() if one.id not in corp.staff)
        self.sense: dict[str, Any] = {
            "corp_id": CORP_ID, "userid": "staff01", "owner": "staff02", "by": group.owner, "from": who,
            "to": "staff01", "external_userid": who, "chat_id": chat_id, "name": "n", "notice": "n", "text": "t",
            "config_id": "c", "link_id": "l", "moment_id": "m", "msgid": "m", "tag_id": "t", "group_name": "g",
            "id": "1", "count": 3, "days": 5, "start_date": "2026-11-22", "provider_id": "p", "suite_id": "s",
        }  # fmt: skip

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        return asyncio.run(self._ask(method, path, request))

    async def _ask(self, method: str, path: str, request: dict[str, Any]) -> httpx.Response:
        self.runtime.world = pickle.loads(self.begins)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://sim") as client:
            if request.pop("with_token", False):
                asked = {"corpid": CORP_ID, "corpsecret": self.secret}
                answer = await client.get("/cgi-bin/gettoken", params=asked)
                request["params"] = {
                    "access_token": answer.json()["access_token"],
                    **request.get("params", {}),
                }
            try:
                return await client.request(method, path, **request)
            finally:
                await self.runtime.close()


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def known(ids: list[str]) -> st.SearchStrategy[Any]:
    """Anything JSON can hold, with ids of the world and words of the protocol in it."""
    leaves = SCALARS | st.sampled_from(ids)
    names = st.sampled_from(WORDS) | st.text(max_size=4)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
        max_leaves=6,
    )


def value_for(rule: Field, ids: list[str]) -> st.SearchStrategy[Any]:
    """Often of the right type, so that the check is passed and the handler sees it."""
    item: st.SearchStrategy[Any] = known(ids)
    if rule.spec:
        item = body_for(rule.spec, ids)
    if rule.choices:
        return st.sampled_from(rule.choices) | known(ids)
    right: dict[type, st.SearchStrategy[Any]] = {
        str: st.sampled_from(ids) | TEXTS,
        int: st.integers(-1, 1000),
        bool: st.booleans(),
        list: st.lists(item | st.sampled_from(ids), max_size=3),
        dict: item if rule.spec else st.dictionaries(st.sampled_from(WORDS), known(ids), max_size=3),
    }
    return right[rule.kind] | known(ids)


def body_for(spec: Mapping[str, Field], ids: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    fields = {name: value_for(rule, ids) for name, rule in spec.items()}
    needed = {name: fields.pop(name) for name, rule in spec.items() if rule.required}
    return st.fixed_dictionaries(needed, optional=fields)


def sent(body: Any) -> bytes:
    return json.dumps(body).encode()


FEW = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize(
    "row", [one for one in ENDPOINTS.values() if not one.is_upload], ids=lambda row: row.path
)
@FEW
@given(data=st.data())
def test_a_vendor_call_always_answers_with_a_code(world: World, row: Endpoint, data: st.DataObject) -> None:
    fields = data.draw(body_for(row.spec, world.ids))
    request: dict[str, Any] = {"with_token": data.draw(st.integers(0, 9)) > 0}
    if row.method == "GET":
        request["params"] = {name: str(value).encode("utf-8", "replace") for name, value in fields.items()}
    else:
        request["content"] = data.draw(
            st.just(sent(fields)) | st.sampled_from([b"", b"[]", b"{", b"\xff", b"1"])
        )
    answer = world.ask(row.method, f"/cgi-bin/{row.path}", **request)
    assert answer.status_code in (200, 206)
    assert not answer.headers["content-type"].startswith("application/json") or "errcode" in answer.json()


@pytest.mark.parametrize("name", sorted(SERVICES))
@FEW
@given(data=st.data())
def test_a_provider_call_always_answers_with_a_code(world: World, name: str, data: st.DataObject) -> None:
    fields = data.draw(body_for(SERVICES[name].spec, world.ids))
    content = data.draw(st.just(sent(fields)) | st.sampled_from([b"", b"[]", b"{", b"\xff"]))
    answer = world.ask(SERVICES[name].method, f"/cgi-bin/service/{name}", content=content)
    assert answer.status_code == 200
    assert answer.json()["errcode"] != 0


@pytest.mark.parametrize("name", ["init", "getchatdata", "decryptdata", "getmediadata", "destroy"])
@FEW
@given(data=st.data())
def test_an_archive_operation_always_answers_with_a_code(
    world: World, name: str, data: st.DataObject
) -> None:
    fields = (
        "corpid",
        "secret",
        "sdk",
        "seq",
        "limit",
        "encrypt_key",
        "encrypt_msg",
        "sdkfileid",
        "indexbuf",
    )
    body = data.draw(
        st.fixed_dictionaries({}, optional=dict.fromkeys(fields, known(world.ids))) | known(world.ids)
    )
    answer = world.ask("POST", f"/archive/{name}", content=sent(body))
    assert answer.status_code == 200
    assert {"ret", "errcode"} & set(answer.json())


# What people do, and the pages: every route of the simulator that is no call of the vendor's.
OTHERS = [
    (method, route.path)
    for route in create_app(Runtime(clock=Clock()), snapshot_s=0).routes
    if isinstance(route, Route) and not route.path.startswith(("/cgi-bin", "/archive"))
    for method in sorted(set(route.methods or ()) - {"HEAD"})
]
FIELDS = (
    "corp_id", "userid", "external_userid", "chat_id", "person_ids", "by", "owner", "name", "notice", "text", "to",
    "from", "sender", "msgtype", "content", "msgid", "key", "selected", "menu", "count", "rate_per_s", "kind", "seed",
    "duplicate_p", "start_date", "days", "chat_ids", "items", "offer_day", "activity", "until", "link_id", "config_id",
    "add_tag", "remove_tag", "add_way", "scene", "invitor", "state", "departments", "parent_id", "id", "tag_id",
    "group_name", "agentid", "moment_id", "comment", "external_userids", "attachments", "archive", "limits",
    "allowed_ips", "manual_staff", "callback_url", "retry_gap_s", "size", "groups", "staff", "customers", "provider_id",
    "suite_id", "reason", "agree", "expire_in_s", "rate_limit", "answer_code", "busy_p", "slow_ms", "do", "person",
    "back", "address", "q", "page", "status", "limit", "offset", "appid", "redirect_uri", "response_type", "scope",
    "quota_rule", "timezone", "group_cap", "product_base_url", "api_key", "permissions", "visible_userids",
)  # fmt: skip


@pytest.mark.parametrize(("method", "path"), OTHERS, ids=[f"{method} {path}" for method, path in OTHERS])
@FEW
@given(data=st.data())
def test_acts_and_pages_refuse_what_makes_no_sense(
    world: World, method: str, path: str, data: st.DataObject
) -> None:
    ids = st.sampled_from([*world.ids, "staff", "customer", "contact", "group", "link", "nobody"])
    right = {"corp_id": CORP_ID, "userid": "staff01", "kind": "staff", "person": "staff01"}
    for name in [part.split(":")[0].strip("{}") for part in path.split("/") if part.startswith("{")]:
        chosen = data.draw(ids | st.just(right.get(name.removesuffix("}.svg"), "nobody")))
        path = path.replace("{" + name.removesuffix("}.svg") + "}", str(chosen))
    names = st.sampled_from(FIELDS)
    body = data.draw(st.dictionaries(names, known(world.ids) | ids, max_size=6))
    # Most of the rest makes sense, so that one wrong value is looked at and not only missed fields.
    body = {**world.sense, **body} if data.draw(st.integers(0, 9)) else body
    request: dict[str, Any] = {"params": {n: str(v).encode("utf-8", "replace") for n, v in body.items()}}
    if method != "GET":
        is_form = path.startswith(("/phone", "/sim/ui"))
        request = {"data": request["params"]} if is_form else {"content": sent(body)}
    answer = world.ask(method, path, **request)
    assert answer.status_code < 500
