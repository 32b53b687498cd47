"""The operations page: each kind of failure is planted and must be told in words, with what to do."""

import json
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.utils import translation
from redis.exceptions import RedisError

from groups.enums import State as GroupState
from outbox.models import Delivery, EventRow
from tenants import clock, secrets
from tenants.models import AuditEntry, Membership, User
from tenants.scoping import tenant_scope, unscoped
from tests.factories.groups import make_group
from tests.factories.wecom import land
from tests.wecom.conftest import event_xml, make_app
from wecom import valkey
from wecom.enums import SendState
from wecom.errors import Stopped, WecomError
from wecom.gateway import health
from wecom.gateway.client import WecomClient
from wecom.gateway.tokens import TokenStore
from wecom.inbox.filing import file_landed
from wecom.models import App, InboundEvent, OutboundSend, QuotaEntry, SyncState
from wecom.operations import platform, pulse, tally
from wecom.operations.arrivals import awake_between, inbox
from wecom.operations.board import board
from wecom.operations.facts import queue_names
from wecom.operations.shape import State

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _own_figures():
    tally.tally.flush()
    yield
    tally.tally.flush()


@pytest.fixture
def web(client, tenant):
    user = User.objects.get(email="lin@example.com")
    user.language = "en"
    user.save()
    client.force_login(user)
    return client


@pytest.fixture
def engine():
    """Beat and a worker for every queue are alive; nobody of an earlier run is missed."""
    valkey.client().delete(valkey.key("pulse", "workers"))
    pulse.beat_ticked()
    pulse.worker_lives(name="all@here", queues=list(queue_names()))


def told(tenant):
    with tenant_scope(tenant):
        made = board(tenant)
    return {line.key: line for part in made.parts for line in part.lines}


def page(web, tenant):
    answer = web.get(f"/t/{tenant.slug}/settings/operations/")
    assert answer.status_code == 200
    return answer.content.decode()


def attempt(app, name="department_list", **values):
    with tenant_scope(app.tenant_id):
        try:
            WecomClient(app).call(name, **values)
        except WecomError as error:
            return error
    return None


# --- calls to WeCom


def test_a_company_without_wecom_is_told_what_to_connect(web, tenant, engine):
    text = page(web, tenant)
    assert "No WeCom app is connected" in text
    assert "Connect WeCom" in text
    assert "Everything works" in text


def test_a_healthy_app_works(web, tenant, live, engine, simulator):
    attempt(live, "groupchat_list", limit=1)
    assert told(tenant)["app"].state is State.GOOD
    assert "externalcontact/groupchat/list" in page(web, tenant)


def test_a_wrong_secret_says_so_and_leads_to_the_secret(web, tenant, live, engine):
    with tenant_scope(tenant):
        App.objects.filter(pk=live.pk).update(secret=secrets.encrypt("wrong"))
        live.refresh_from_db()
    assert isinstance(attempt(live), Stopped)
    line = told(tenant)["app"]
    assert (line.state, line.code) == (State.BROKEN, 40001)
    assert "The secret is wrong" in line.says
    text = page(web, tenant)
    assert "Copy the secret again and save it here." in text
    assert "Change the secret" in text
    assert "1 thing needs somebody" not in text or "Broken" in text


def test_an_untrusted_address_is_named(web, tenant, live, engine, simulator):
    simulator.ask("PATCH", f"/sim/corps/{live.corp_id}", allowed_ips=["10.0.0.9"])
    attempt(live)
    line = told(tenant)["app"]
    assert (line.state, line.code) == (State.BROKEN, 60020)
    assert "WeCom sees this server as 127.0.0.1" in line.todo
    assert "Trusted IPs" in page(web, tenant)


def test_a_missing_permission_names_the_interface_and_the_console_page(web, tenant, live, engine, simulator):
    simulator.ask("PATCH", f"/sim/corps/{live.corp_id}", permissions=["contacts"])
    attempt(live, "follow_user_list")
    line = told(tenant)["api:externalcontact/get_follow_user_list"]
    assert (line.state, line.code) == (State.BROKEN, 48002)
    assert "may not use this interface" in line.says
    text = page(web, tenant)
    assert "Customer contact, API, Apps that may call" in text
    assert "Check again" in text


def test_a_rate_limit_says_until_when_it_is_paused(web, tenant, live, engine, simulator, frozen):
    simulator.set_time(frozen.moment)
    attempt(live, "department_list")
    simulator.faults(live.corp_id, rate_limit={"path": "department/list", "calls": 0, "window_s": 1})
    attempt(live, "department_list")
    line = told(tenant)["api:department/list"]
    assert (line.state, line.code) == (State.LOOK, 45009)
    assert "Paused until" in line.says
    assert "09:01" in line.says  # a minute from now, on the tenant's wall
    assert "goes on by itself" in page(web, tenant)


def test_a_line_that_is_down_says_when_it_is_tried_again(web, tenant, app, engine, settings):
    settings.WECOM_API_BASE = "http://127.0.0.1:9"
    for _ in range(6):
        attempt(app, "department_list")
    line = told(tenant)["app"]
    assert line.state is State.BROKEN
    assert "WeCom has not answered since" in line.says
    assert "qyapi.weixin.qq.com is reached" in page(web, tenant)


def test_figures_of_an_interface_count_calls_errors_and_time(tenant, app, frozen):
    for took_ms in (30, 40, 900):
        health.note(tenant_id=tenant.pk, app_id=app.pk, path="user/get", code=0, hint="", took_ms=took_ms)
    said = "no, hint: [abc123], from ip: 10.1.2.3, more"
    health.note(tenant_id=tenant.pk, app_id=app.pk, path="user/get", code=60111, hint=said, took_ms=20)
    (one,) = health.api_health(tenant_id=tenant.pk, app_id=app.pk)
    assert (one.calls, one.errors, one.p95_ms) == (4, 1, 1600)
    assert (one.code, one.hint, one.address) == (60111, "abc123", "10.1.2.3")
    frozen.move(hours=3)
    (one,) = health.api_health(tenant_id=tenant.pk, app_id=app.pk)
    assert (one.calls, one.errors, one.p95_ms) == (0, 0, None)
    assert one.ok_at == frozen.moment - timedelta(hours=3)


def test_a_figure_waits_beside_the_call_and_harms_nobody_when_it_cannot_be_kept(tenant, live, monkeypatch):
    client, asked, own = WecomClient(live), [], tally.Tally()

    def unreachable():
        asked.append("figures")
        raise RedisError("gone")

    monkeypatch.setattr(own, "_wake", lambda: None)  # no thread: the test itself tells
    monkeypatch.setattr(health, "tally", own)
    monkeypatch.setattr(tally, "valkey", SimpleNamespace(client=unreachable, key=valkey.key))
    with tenant_scope(tenant):
        assert client.contacts.department_list()
    assert asked == []
    own.flush()
    assert asked == ["figures"]


# --- callbacks


def stored(tenant, app, *, at, state="done", done_after_s=0.2, event="change_external_chat", error=""):
    with tenant_scope(tenant):
        return InboundEvent.objects.create(
            tenant=tenant, app=app, source="callback", dedupe_key=f"k{InboundEvent.objects.count()}",
            body="<xml>geheim</xml>", event=event, change_type="update", mailbox="chat:wr1", received_at=at,
            next_at=at, state=state, error=error,
            done_at=at + timedelta(seconds=done_after_s) if state == "done" else None,
        )  # fmt: skip


def test_the_longest_waiting_counts_also_where_it_landed(tenant, app, frozen):
    with tenant_scope(tenant):
        land(app, event_xml())
    began = frozen.moment
    frozen.move(minutes=10)
    stored(tenant, app, at=frozen.moment, state="pending")
    with tenant_scope(tenant):
        found = inbox(tenant.pk)
    assert (found.pending, found.oldest_at) == (2, began)
    with unscoped("a test reads the platform's figures"):
        (row,) = platform.rows(frozen.moment)
        assert (row.waiting_s, platform.sums(frozen.moment).inbox_oldest_s) == (600, 600)


def test_silence_by_day_is_found_although_groups_are_active(web, tenant, app, engine, frozen):
    with tenant_scope(tenant):
        make_group(tenant=tenant, app=app, state=GroupState.ACTIVE)
    stored(tenant, app, at=frozen.moment - timedelta(hours=2))
    frozen.move(hours=2)  # 11:00 in Shanghai: awake for three hours
    line = told(tenant)["arrival"]
    assert line.state is State.BROKEN
    assert line.says == "No callback for 3 h by day although 1 group is active."
    assert "compare the three values with ours" in page(web, tenant)
    frozen.move(hours=-1)
    assert told(tenant)["arrival"].state is State.GOOD


def test_a_night_is_no_silence():
    evening = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)  # 21:00 in Shanghai
    assert awake_between(evening, evening + timedelta(hours=12), "Asia/Shanghai") == timedelta(hours=2)


def test_callbacks_are_counted_refusals_too(web, tenant, app, engine, deliver, queued, no_handlers):
    assert deliver(app, event_xml()).status_code == 200
    assert deliver(app, event_xml()).status_code == 200
    assert deliver(app, event_xml("wrY"), msg_signature="0" * 40).status_code == 403
    with tenant_scope(tenant):
        file_landed(tenant_id=tenant.pk)
    tally.tally.flush()
    rates = tally.rates(tenant_id=tenant.pk)
    counted = {name: sum(rates.minutes[name]) for name in (tally.STORED, tally.DUPLICATE, tally.REFUSED)}
    assert counted == {tally.STORED: 1, tally.DUPLICATE: 1, tally.REFUSED: 1}
    line = told(tenant)["refused"]
    assert line.state is State.LOOK
    assert "the signature does not fit" in line.says
    assert "EncodingAESKey" in page(web, tenant)


def test_time_until_effect_is_the_95th_percentile(tenant, app, frozen):
    for seconds in range(20):
        stored(tenant, app, at=frozen.moment - timedelta(minutes=5), done_after_s=seconds)
    line = told(tenant)["effect"]
    assert line.state is State.LOOK
    assert "18.1 s" in line.says


# --- inbox, sends


def test_dead_letters_are_named_in_plain_words_and_can_be_decided(web, tenant, app, engine):
    stored(tenant, app, at=clock.now(), state="dead", error="geheim")
    line = told(tenant)["dead"]
    assert line.state is State.BROKEN
    assert "Customer group changed (1)" in line.says
    text = page(web, tenant)
    assert f"/t/{tenant.slug}/settings/inbox/?state=dead" in text
    assert "geheim" not in text


def test_an_event_that_waits_too_long_points_at_the_queue(tenant, app, frozen):
    stored(tenant, app, at=frozen.moment - timedelta(minutes=6), state="pending")
    line = told(tenant)["waiting"]
    assert line.state is State.BROKEN
    assert "queue ingest" in line.todo


def test_a_parked_send_waits_for_a_person(web, tenant, app, engine):
    with tenant_scope(tenant):
        OutboundSend.objects.create(
            tenant=tenant, app=app, kind="mass_send", key="a", payload={}, state=SendState.UNKNOWN
        )
    assert told(tenant)["parked"].state is State.LOOK
    assert "may or may not have reached WeCom" in page(web, tenant)


def test_welcomes_tell_their_speed_and_their_misses(tenant, app):
    with tenant_scope(tenant):
        for number, (state, answer) in enumerate([("done", {"latency_s": 1.5}), ("cancelled", {})]):
            OutboundSend.objects.create(
                tenant=tenant,
                app=app,
                kind="welcome",
                key=f"w{number}",
                payload={},
                state=state,
                answer=answer,
            )
    line = told(tenant)["welcome"]
    assert line.state is State.LOOK
    assert "within 1.5 s" in line.says
    assert "1 was missed" in line.says


def test_groups_near_their_limit_are_counted(tenant, app, frozen):
    with tenant_scope(tenant):
        group = make_group(tenant=tenant, app=app, state=GroupState.ACTIVE)
        day = clock.local_date(frozen.moment, tenant.timezone)
        for number in range(29):
            QuotaEntry.objects.create(
                tenant=tenant, receiver_kind="group", receiver_id=group.chat_id, local_date=day, source="corp",
                vendor_msgid=f"m{number}",
            )  # fmt: skip
    line = told(tenant)["quota"]
    assert line.state is State.LOOK
    assert f"{group} (2)" in line.says


def test_a_failed_read_says_why(tenant, app):
    with tenant_scope(tenant):
        SyncState.objects.create(tenant=tenant, what="groups", error="45009: x", error_code=45009)
    line = told(tenant)["read:groups"]
    assert (line.state, line.code) == (State.LOOK, 45009)
    assert "rate limit" in line.says


def test_tokens_show_age_and_end_but_never_their_value(web, tenant, live, engine, simulator):
    attempt(live, "department_list")
    with tenant_scope(tenant):
        held = TokenStore(
            tenant_id=tenant.pk, corp_id=live.corp_id, app_id=live.pk, version=live.secret_version
        ).read("access")
    assert "ends in" in told(tenant)[f"token:{live.pk}:access"].says
    assert held.value not in page(web, tenant)


# --- processes


def test_a_dead_beat_says_how_to_start_it(web, tenant, app, engine):
    assert told(tenant)["beat"].state is State.GOOD
    valkey.client().set(valkey.key("pulse", "beat"), time.time() - 180)
    line = told(tenant)["beat"]
    assert (line.state, line.command) == (State.BROKEN, "celery -A scrm.beat beat")
    assert "Beat has not ticked for 3:0" in line.says
    assert "celery -A scrm.beat beat" in page(web, tenant)


def test_a_queue_nobody_serves_and_one_that_is_backed_up(web, tenant, app, engine, settings):
    pulse.worker_left(name="all@here")
    pulse.worker_lives(name="some@here", queues=[name for name in queue_names() if name != "welcome"])
    message = json.dumps({"headers": {pulse.SENT_AT: time.time() - 400}})
    name = f"{settings.VALKEY_PREFIX}:ingest"
    valkey.client().rpush(name, message)
    try:
        lines = told(tenant)
        assert lines["queue:welcome"].command == "celery -A scrm worker -Q welcome -n welcome@%h"
        assert lines["queue:ingest"].state is State.BROKEN
        assert "6:4" in lines["queue:ingest"].says
        assert "does not keep up" in page(web, tenant)
    finally:
        valkey.client().delete(name)


def test_a_reaction_that_failed_for_good_is_tried_again_by_a_button(web, tenant, app, engine):
    with tenant_scope(tenant):
        event = EventRow.objects.create(tenant=tenant, name="x.y.z", payload={}, occurred_at=clock.now())
        Delivery.objects.create(tenant=tenant, event=event, handler="a.b", state="dead", attempts=8)
    assert told(tenant)["outbox"].state is State.BROKEN
    url = f"/t/{tenant.slug}/settings/operations/redeliver/"
    for _ in range(2):  # again does nothing more
        assert web.post(url).status_code == 302
    with tenant_scope(tenant):
        assert list(Delivery.objects.values_list("state", "attempts")) == [("pending", 0)]
        assert list(AuditEntry.objects.filter(verb="outbox.deliveries.retried").values_list("changes")) == [
            ({"count": [None, 1]},)
        ]


def test_without_valkey_the_page_still_says_what_is_wrong(web, tenant, app, settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert told(tenant)["valkey"].state is State.BROKEN


# --- apart


def test_another_tenants_figures_never_appear(web, tenant, other_tenant, app, engine):
    foreign = make_app(other_tenant, corp_id="wwforeign", slug="foreign")
    health.note(tenant_id=other_tenant.pk, app_id=foreign.pk, path="user/get", code=40001, hint="", took_ms=1)
    stored(other_tenant, foreign, at=clock.now(), state="dead")
    tally.tally.count(tally.REFUSED, tenant_id=other_tenant.pk, n=777)
    tally.tally.flush()
    lines = told(tenant)
    assert lines["dead"].state is lines["refused"].state is State.GOOD
    text = page(web, tenant)
    assert "777" not in text
    assert "wwforeign" not in text


def test_the_page_asks_few_questions(web, tenant, app, engine, django_assert_max_num_queries):
    stored(tenant, app, at=clock.now(), state="dead")
    page(web, tenant)
    with django_assert_max_num_queries(25):
        page(web, tenant)


def test_the_page_is_for_those_who_manage(client, tenant, make_user):
    user = make_user("op@example.com", "Op")
    with tenant_scope(tenant):
        Membership.objects.create(tenant=tenant, user=user, role="operator")
    client.force_login(user)
    assert client.get(f"/t/{tenant.slug}/settings/operations/").status_code == 403
