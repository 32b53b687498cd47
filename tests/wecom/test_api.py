"""The event API over HTTP: what a shop sees, and what reaches the product."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from tenants import clock
from tenants import services as tenant_services
from tenants.scoping import tenant_scope
from wecom.enums import EVENT_API_PER_MINUTE
from wecom.inbox import ingest, items
from wecom.models import InboundEvent

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]
URL = "/api/v1/events"


@pytest.fixture
def key(tenant, owner):
    with tenant_scope(tenant):
        _, token = tenant_services.api_key_create(tenant=tenant, name="shop", actor=owner)
    return token


@pytest.fixture
def post(client, key):
    def send(body, *, token=key):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post(
            URL, raw, content_type="application/json", headers={"Authorization": f"Bearer {token}"}
        )

    return send


def event(event_id="e1", **changes):
    return {
        "id": event_id,
        "kind": "link_click",
        "occurred_at": clock.now().isoformat(),
        "external_userid": "wm1",
        **changes,
    }


def states(answer):
    assert answer.status_code == 200, answer.content
    return [one["state"] for one in answer.json()["results"]]


def handed_over(tenant, handlers):
    seen = []
    ingest.register_inbound("api.behaviours", lambda inbound: seen.extend(inbound.fields["items"]))
    with tenant_scope(tenant):
        ingest.drain(tenant_id=tenant.pk)
    return seen


def test_an_event_counts_once_in_one_batch_and_across_batches(tenant, post, no_handlers, queued):
    assert states(post({"events": [event("a"), event("b"), event("a")]})) == [
        "accepted",
        "accepted",
        "duplicate",
    ]
    assert states(post({"events": [event("b"), event("c")]})) == ["duplicate", "accepted"]
    assert [one["id"] for one in handed_over(tenant, no_handlers)] == ["a", "b", "c"]


def test_the_same_request_again_is_all_duplicates_and_one_row(tenant, post):
    body = json.dumps({"events": [event("a")]}).encode()
    assert states(post(body)) == ["accepted"]
    assert states(post(body)) == ["duplicate"]
    with tenant_scope(tenant):
        assert InboundEvent.objects.count() == 1


def test_two_systems_may_use_the_same_ids(post):
    assert states(post({"source": "shop", "events": [event("1")]})) == ["accepted"]
    assert states(post({"source": "course", "events": [event("1")]})) == ["accepted"]


def test_eight_equal_batches_at_once_accept_each_event_once(tenant, client, key, no_handlers):
    body = [json.dumps({"events": [event(f"e{n}") for n in range(40)], "source": f"s{0}"}).encode()]
    barrier, found, lock = threading.Barrier(8), [], threading.Lock()

    def send(number: int) -> None:
        shuffled = json.loads(body[0])
        shuffled["events"] = shuffled["events"][number:] + shuffled["events"][:number]
        barrier.wait()
        answer = client.post(
            URL,
            json.dumps(shuffled),
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )
        with lock:
            found.extend(states(answer))
        connections.close_all()

    threads = [threading.Thread(target=send, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 320
    assert found.count("accepted") == 40
    assert len(handed_over(tenant, no_handlers)) == 40


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": ""}, "id is needed"),
        ({"id": "a\x00b"}, "cannot be stored"),
        ({"id": "x" * 129}, "128 characters"),
        ({"kind": "teleport"}, "kind must be one of"),
        ({"kind": None}, "kind must be one of"),
        ({"occurred_at": "2026-03-02T09:00:00"}, "no zone"),
        ({"occurred_at": "yesterday"}, "not ISO 8601"),
        ({"occurred_at": 1772413200}, "must be a text"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "out of range"),
        ({"occurred_at": "1999-01-01T00:00:00Z"}, "five years ago"),
        ({"occurred_at": "9999-12-31T23:59:59-12:00"}, ""),
        ({"external_userid": ""}, "external_userid or unionid"),
        ({"external_userid": ["wm"]}, "must be a text"),
        ({"amount_fen": -1}, "must not be negative"),
        ({"amount_fen": 19.8}, "whole number of fen"),
        ({"amount_fen": True}, "whole number of fen"),
        ({"amount_fen": 10**30}, "must not be negative or beyond"),
        ({"kind": "order", "object": {"id": "1"}}, "amount_fen is needed"),
        ({"kind": "order", "amount_fen": 1}, "order number"),
        ({"object": ["x"]}, "object must be"),
        ({"object": {"id": 1.5}}, "object.id must be a text"),
        ({"text": "长" * 4001}, "4000 characters"),
        ({"data": {"a": "x" * 9000}}, "8192 bytes"),
        ({"data": "no"}, "data must be an object"),
        ({"colour": "red"}, "unknown field colour"),
    ],
)
def test_an_invalid_item_is_named_and_its_neighbour_accepted(post, changes, reason):
    answer = post(
        {
            "events": [
                event("bad", **changes) if "id" not in changes else event(event_id=changes["id"]),
                event("good"),
            ]
        }
    )
    assert states(answer) == ["invalid", "accepted"]
    assert reason in answer.json()["results"][0]["reason"]


def test_tomorrow_is_too_far_by_a_minute(post):
    late = (clock.now() + timedelta(days=1, minutes=1)).isoformat()
    soon = (clock.now() + timedelta(hours=23)).isoformat()
    assert states(post({"events": [event("x", occurred_at=late), event("y", occurred_at=soon)]})) == [
        "invalid",
        "accepted",
    ]


def test_a_corrected_item_may_be_sent_again_with_its_id(post):
    assert states(post({"events": [event("a", kind="?")]})) == ["invalid"]
    assert states(post({"events": [event("a")]})) == ["accepted"]


def test_emoji_rare_letters_and_nul_arrive_readable(tenant, post, no_handlers):
    text = "🐟 𠮷\x00野 \ud83d"
    body = json.dumps({"events": [event("a", text=text, data={"k\x00": ["v\x00"]}, object="O-1")]}).encode()
    assert states(post(body)) == ["accepted"]
    (item,) = handed_over(tenant, no_handlers)
    assert item["text"] == "🐟 𠮷野 ?"
    assert item["data"] == {"k": ["v"]}
    assert (item["object_id"], item["amount_fen"], item["source"]) == ("O-1", None, "api")
    assert item["occurred_at"].tzinfo is not None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "NOT_JSON"),
        (b"\xff", "NOT_UTF8"),
        (b"[]", "NO_EVENTS"),
        (b'{"events": []}', "NO_EVENTS"),
        (b'{"events": 5}', "NO_EVENTS"),
        (b"[" * 100_000, "NOT_JSON"),
        (b'{"source": "Shop!", "events": [1]}', "BAD_SOURCE"),
        (json.dumps({"events": [1] * 501}).encode(), "TOO_MANY"),
    ],
)
def test_a_body_that_is_no_batch_is_a_clear_400(post, body, code):
    answer = post(body)
    assert answer.status_code == 400
    assert answer.json()["code"] == code


def test_a_body_over_the_cap_is_413(post):
    assert post(b"x" * (2 * 1024 * 1024 + 1)).status_code == 413


def test_a_wrong_key_is_401_and_a_revoked_one_too(tenant, post, owner, key):
    assert post({"events": [event()]}, token="qk_wrong").status_code == 401
    assert post({"events": [event()]}, token="").status_code == 401
    with tenant_scope(tenant):
        (row,) = tenant_services.ApiKey.objects.all()
        tenant_services.api_key_revoke(tenant=tenant, key_id=row.pk, actor=owner)
    answer = post({"events": [event()]})
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_a_key_reaches_its_own_tenant_only(tenant, other_tenant, post):
    post({"events": [event()]})
    with tenant_scope(other_tenant):
        assert InboundEvent.objects.count() == 0
    with tenant_scope(tenant):
        assert InboundEvent.objects.count() == 1


def test_too_many_requests_are_told_when_to_come_back(tenant, post, owner, frozen):
    with tenant_scope(tenant):
        tenant_services.preference_set(tenant=tenant, setting=EVENT_API_PER_MINUTE, raw=2, actor=owner)
    assert [post({"events": [event(f"{n}")]}).status_code for n in range(4)] == [200, 200, 429, 429]
    assert 1 <= int(post({"events": [event()]}).headers["Retry-After"]) <= 61
    frozen.move(minutes=1)
    assert post({"events": [event("later")]}).status_code == 200


def test_schema_and_page_describe_the_endpoint(client):
    schema = client.get("/api/schema", {"format": "json"}).json()
    assert sorted(schema["paths"]) == [URL, "/api/v1/skus"]
    assert schema["paths"][URL]["post"]["security"] == [{"apiKey": []}]
    page = client.get("/api/docs")
    text = page.content.decode()
    assert page.status_code == 200
    for word in ("occurred_at", "red_packet", "duplicate", "Authorization: Bearer"):
        assert word in text
    assert "http://" not in text.replace("http://testserver", "")
    assert "https://" not in text
    assert "style=" not in text


JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(items._KNOWN)), JSONISH, max_size=10), JSONISH)
def test_whatever_an_item_holds_it_is_read_or_refused(raw, whole):
    now = clock.now()
    for body in ({"events": [raw]}, whole):
        try:
            batch = items.read_batch(json.dumps(body).encode(), now=now)
        except items.BatchInvalid:
            continue
        for read in batch.reads:
            assert bool(read.item) != bool(read.reason)
            if read.item:
                json.dumps(read.item["data"])
                assert "\x00" not in json.dumps(read.item["text"])
