"""Many changes at a rate, dropped and doubled on purpose; a big corp made quickly."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import httpx
import pytest

from simulator.callbacks.bulk import Changes
from simulator.world.model import Corp
from tests.simulator.conftest import Sink
from tests.simulator.test_callbacks import opened
from tests.waiting import wait_until


def _run(web: httpx.Client, **body: Any) -> dict[str, Any]:
    answer = web.post("/sim/bulk/events", json={"corp_id": "wwtestcorp", **body})
    answer.raise_for_status()
    return _ended(web, answer.json()["bulk_id"])


def _ended(web: httpx.Client, number: int) -> dict[str, Any]:
    state: dict[str, Any] = {}

    def is_done() -> bool:
        state.update(web.get(f"/sim/bulk/{number}").json())
        return bool(state["is_done"])

    wait_until(is_done, "all changes are told")
    return state


def test_changes_are_told_at_a_rate_and_counted(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    began = time.monotonic()
    done = _run(web, count=60, rate_per_s=100, kind="mixed", duplicate_p=0.3, reorder_p=0.1, seed=3)
    assert time.monotonic() - began >= 0.5
    assert (done["made"], done["acked"], done["undelivered"], done["dropped"]) == (60, 60, 0, 0)
    assert done["deliveries"] > 60
    assert len(sink.requests) == done["deliveries"]
    kinds = {opened(corp, request).findtext("Event") for request in sink.requests}
    assert kinds == {"change_external_chat", "change_external_contact"}


def test_nobody_removes_a_member_of_staff_and_comes_back_within_a_second(corp: Corp, sink: Sink) -> None:
    changes = Changes(corp, "customer", seed=1)
    turned: Counter[tuple[str, int]] = Counter()
    for number in range(400):
        for event in changes.make(1_800_000_000 + number / 3):
            if event.change_type != "edit_external_contact":
                turned[event.lane, event.created_at] += 1
    assert len(turned) > 20
    assert set(turned.values()) == {1}


def test_dropped_changes_happened_but_nobody_heard_of_them(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    done = _run(web, count=60, rate_per_s=600, drop_p=0.3, seed=5)
    assert 0 < done["dropped"] < 40
    assert done["dropped"] + done["acked"] == 60
    assert len(sink.requests) == done["acked"]
    counts = web.get("/sim/ledger?corp_id=wwtestcorp&only=counts").json()["counts"]
    assert counts["events_dropped"] == done["dropped"]
    web.post("/sim/redeliver", json={"corp_id": corp.corp_id}).raise_for_status()
    assert len(sink.requests) == done["acked"]


def test_a_receiver_that_fails_is_tried_three_times(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    # One order after the other: two changes at once would share these answers as chance has it.
    sink.statuses = [500, 500, 500]
    done = _run(web, count=1, rate_per_s=5)
    assert (done["acked"], done["undelivered"], done["attempts"]) == (0, 1, 3)
    sink.statuses = [500, 200]
    done = _run(web, count=1, rate_per_s=5)
    assert (done["acked"], done["undelivered"], done["attempts"]) == (1, 0, 2)


@pytest.mark.parametrize(
    "body", [{"count": 0}, {"count": 5, "kind": "weather"}, {"count": 5, "rate_per_s": -1}]
)
def test_orders_that_make_no_sense_are_refused(
    web: httpx.Client, corp: Corp, sink: Sink, body: dict[str, Any]
) -> None:
    answer = web.post("/sim/bulk/events", json={"corp_id": corp.corp_id, **body})
    assert answer.status_code == 400


def test_bulk_can_be_stopped(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    began = web.post(
        "/sim/bulk/events", json={"corp_id": corp.corp_id, "count": 1000, "rate_per_s": 5}
    ).json()
    web.post(f"/sim/bulk/{began['bulk_id']}/stop").raise_for_status()
    assert _ended(web, began["bulk_id"])["made"] < 50


def test_drop_and_delay_of_ordinary_callbacks(web: httpx.Client, corp: Corp, sink: Sink, clock: Any) -> None:
    def rename(name: str) -> None:
        body = {"corp_id": corp.corp_id, "chat_id": next(iter(corp.groups)), "name": name}
        web.post("/sim/group/rename", json=body).raise_for_status()

    web.post("/sim/faults", json={"drop_p": 1.0})
    rename("从未听说")
    assert sink.requests == []
    web.post("/sim/faults", json={"drop_p": 0.0, "delay_p": 1.0, "delay_s": 120})
    rename("晚些听说")
    assert sink.requests == []
    clock.move(121)
    web.post("/sim/tick")
    assert len(sink.requests) == 1
    statuses = Counter(event.status for event in corp.ledger.events)
    assert statuses == {"dropped": 1, "acked": 1}


def test_a_corp_of_ten_thousand_groups_is_there_within_seconds(web: httpx.Client) -> None:
    began = time.monotonic()
    body = {"corp_id": "wwhuge", "name": "大企业", "groups": 10_000}
    made = web.post("/sim/corps", json=body, timeout=60).json()
    assert time.monotonic() - began < 20
    assert (len(made["groups"]), made["customers"], len(made["staff"])) == (10_000, 50_000, 40)
    began = time.monotonic()
    secret = {"corpid": "wwhuge", "corpsecret": made["secret"]}
    token = {"access_token": web.get("/cgi-bin/gettoken", params=secret).json()["access_token"]}
    path = "/cgi-bin/externalcontact/batch/get_by_user"
    staff = {"userid_list": [row["userid"] for row in made["staff"]], "limit": 100}
    page = web.post(path, params=token, json=staff).json()
    assert len(page["external_contact_list"]) == 100
    assert time.monotonic() - began < 2
