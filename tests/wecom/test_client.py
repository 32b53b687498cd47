"""Calls against the simulator: tokens, reactions, limits, what a broken tenant does to another."""

import logging
import threading
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from tenants import clock
from tenants.scoping import tenant_scope
from tests.wecom.conftest import make_app
from wecom import selectors
from wecom.enums import AppState
from wecom.errors import GivenUp, InvalidRequest, Permanent, Retryable, Stopped, UnknownOutcome
from wecom.gateway import answers, limits, reactions
from wecom.gateway.client import WecomClient, client_for
from wecom.gateway.limits import CorpGate
from wecom.models import App

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def tokens_fetched(simulator):
    return sum(count for name, count in simulator.calls().items() if name.startswith("gettoken "))


def test_customers_are_read_page_by_page(tenant, live, simulator):
    with tenant_scope(tenant):
        client = client_for(tenant.pk)
        staff = client.call("follow_user_list")["follow_user"]
        paged = list(client.pages("customer_batch", "external_contact_list", userid_list=staff, limit=1))
        whole = list(client.pages("customer_batch", "external_contact_list", userid_list=staff, limit=100))
    assert len(paged) > 1
    assert paged == whole


def test_eight_threads_fetch_one_token(tenant, live, simulator):
    before, barrier, errors = tokens_fetched(simulator), threading.Barrier(8), []

    def call() -> None:
        barrier.wait()
        try:
            with tenant_scope(tenant):
                client_for(tenant.pk).call("department_list")
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert tokens_fetched(simulator) - before == 1


def test_a_revoked_token_is_replaced_once_and_unnoticed(tenant, live, simulator):
    with tenant_scope(tenant):
        client = client_for(tenant.pk)
        client.call("department_list")
        simulator.ask("POST", f"/sim/corps/{live.corp_id}/revoke-tokens")
        before = tokens_fetched(simulator)
        assert client.call("department_list")["department"]
    assert tokens_fetched(simulator) - before == 1


def test_tokens_that_never_work_are_not_fetched_for_ever(tenant, live, simulator):
    simulator.faults(live.corp_id, revoke_token_p=1.0)
    before = tokens_fetched(simulator)
    with tenant_scope(tenant):
        for _ in range(3):
            with pytest.raises(Retryable) as caught:
                client_for(tenant.pk).call("department_list")
            assert caught.value.code == 40014
            assert not caught.value.counts
    assert tokens_fetched(simulator) - before == 1


def test_a_token_is_renewed_before_it_ends(tenant, live, simulator, frozen):
    simulator.set_time(frozen.moment)
    with tenant_scope(tenant):
        client = client_for(tenant.pk)
        client.call("department_list")
        before = tokens_fetched(simulator)
        frozen.move(seconds=7200 - 300)
        simulator.set_time(frozen.moment)
        client.call("department_list")
        client.call("department_list")
    assert tokens_fetched(simulator) - before == 1


def test_a_wrong_secret_stops_every_call_after_the_first(tenant, live, simulator):
    with tenant_scope(tenant):
        App.objects.update(secret="wrong")
        before = tokens_fetched(simulator)
        for _ in range(5):
            with pytest.raises(Stopped):
                client_for(tenant.pk).call("department_list")
        app = App.objects.get()
    assert tokens_fetched(simulator) - before == 1
    assert (app.state, app.state_code) == ("broken", 40001)
    assert app.state_reason


def test_a_wrong_secret_under_eight_threads_is_tried_once(tenant, live, simulator):
    with tenant_scope(tenant):
        App.objects.update(secret="wrong")
    before, barrier, refused = tokens_fetched(simulator), threading.Barrier(8), []

    def call() -> None:
        barrier.wait()
        try:
            with tenant_scope(tenant):
                client_for(tenant.pk).call("department_list")
        except Stopped as error:
            refused.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 8
    assert tokens_fetched(simulator) - before == 1


def test_an_address_that_is_not_trusted_stops_the_app_with_its_reason(tenant, live, simulator):
    simulator.ask("PATCH", f"/sim/corps/{live.corp_id}", allowed_ips=["10.0.0.9"])
    with tenant_scope(tenant):
        with pytest.raises(Stopped) as caught:
            client_for(tenant.pk).call("department_list")
        assert App.objects.get().state_code == caught.value.code == 60020


def test_a_missing_permission_closes_that_api_only(tenant, live, simulator):
    simulator.ask("PATCH", f"/sim/corps/{live.corp_id}", permissions=["contacts"])
    with tenant_scope(tenant):
        client = client_for(tenant.pk)
        for _ in range(3):
            with pytest.raises(Permanent) as caught:
                client.call("follow_user_list")
            assert caught.value.code == 48002
        assert client.call("department_list")["department"]
        assert App.objects.get().checks["permission.customers"]["code"] == 48002
    refused = simulator.calls().get("externalcontact/get_follow_user_list 48002", 0)
    assert refused == 1


def test_busy_answers_are_asked_again_a_few_times(tenant, live, simulator):
    with tenant_scope(tenant):
        client = client_for(tenant.pk)
        client.call("department_list")
        simulator.faults(live.corp_id, busy_next=2)
        assert client.call("department_list")["department"]


def test_a_busy_answer_to_a_mass_send_is_an_unknown_outcome(tenant, live, simulator):
    with tenant_scope(tenant):
        client = client_for(tenant.pk)
        staff = client.call("follow_user_list")["follow_user"]
        simulator.faults(live.corp_id, busy_next=1)
        with pytest.raises(UnknownOutcome):
            client.call("add_msg_template", chat_type="single", sender=staff[0], text={"content": "hi"})


def test_a_rate_limit_pauses_this_api_longer_each_time(tenant, live, simulator, frozen):
    with tenant_scope(tenant):
        client = client_for(tenant.pk)
        client.call("department_list")
        limit = {"path": "department/list", "calls": 0, "window_s": 1}
        simulator.faults(live.corp_id, rate_limit=limit)
        ends = []
        for _ in range(3):
            with pytest.raises(Retryable) as caught:
                client.call("department_list")
            ends.append((frozen.moment, caught.value.retry_at))
            with pytest.raises(Retryable):  # not even tried
                client.call("department_list")
            assert client.call("follow_user_list")
            frozen.set(caught.value.retry_at + timedelta(seconds=1))
            simulator.faults(live.corp_id, rate_limit=limit)
    assert [(until - began).total_seconds() for began, until in ends[:2]] == [60, 3600]
    assert ends[2][1] == datetime(2026, 3, 2, 16, 0, tzinfo=UTC)  # WeCom's midnight


def test_concurrency_is_narrowed_when_wecom_says_so(tenant, live, simulator):
    simulator.faults(live.corp_id, concurrency_limit=1, slow_p=1.0, slow_ms=150)
    outcomes, barrier = [], threading.Barrier(4)

    def call() -> None:
        barrier.wait()
        with tenant_scope(tenant):
            try:
                client_for(tenant.pk).call("department_list")
                outcomes.append("ok")
            except Retryable as error:
                outcomes.append(error.code)
        connections.close_all()

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "ok" in outcomes
    assert set(outcomes) <= {"ok", 45033}
    gate = CorpGate(tenant_id=tenant.pk, corp_id=live.corp_id)
    room = gate._valkey.get(gate._key("room", "department/list"))
    assert 45033 not in outcomes or int(room) < limits.IN_FLIGHT


def test_limits_are_checked_before_the_wire(tenant, live, simulator):
    before = dict(simulator.calls())
    with tenant_scope(tenant):
        client = client_for(tenant.pk)
        with pytest.raises(InvalidRequest, match=r"text.content has 4002 bytes"):
            client.call("add_msg_template", chat_type="group", text={"content": "好" * 1334})
        link = {"msgtype": "link", "link": {"title": "t", "url": "u"}}
        with pytest.raises(InvalidRequest, match="10 entries"):
            client.call("add_msg_template", chat_type="group", attachments=[link] * 10)
        link = {"msgtype": "link", "link": {"title": "好" * 43, "url": "u"}}
        with pytest.raises(InvalidRequest, match=r"attachments\[0\].link.title has 129 bytes"):
            client.call("add_msg_template", chat_type="group", attachments=[link])
        with pytest.raises(InvalidRequest, match="unknown fields: nope"):
            client.call("groupchat_get", chat_id="x", nope=1)
        with pytest.raises(InvalidRequest, match="limit is 1001"):
            client.call("groupchat_list", limit=1001)
    assert simulator.calls() == before


def test_a_used_welcome_code_is_given_up(tenant, live):
    with tenant_scope(tenant), pytest.raises(GivenUp):
        client_for(tenant.pk).call("send_welcome_msg", welcome_code="old", text={"content": "hi"})


def test_a_line_that_is_down_opens_the_breaker_and_frees_the_worker(tenant, live, settings, monkeypatch):
    settings.WECOM_API_BASE = "http://127.0.0.1:9"
    with tenant_scope(tenant):
        client = client_for(tenant.pk)
        for _ in range(limits.DOWN_AFTER):
            with pytest.raises(Retryable):
                client.call("department_list")
        with pytest.raises(Retryable, match="does not answer") as caught:
            client.call("department_list")
    assert caught.value.retry_at > clock.now()


def test_a_broken_tenant_does_not_stop_another_with_the_same_corp(tenant, other_tenant, live, simulator):
    theirs = make_app(
        other_tenant, corp_id=live.corp_id, agent_id=live.agent_id, secret="wrong", slug="theirs"
    )
    with tenant_scope(other_tenant), pytest.raises(Stopped):
        WecomClient(theirs).call("department_list")
    with tenant_scope(tenant):
        assert client_for(tenant.pk).call("department_list")["department"]
        assert App.objects.get().state == AppState.CONNECTED


def test_a_paused_app_waits_and_a_new_one_is_not_called(tenant, live, simulator):
    before = dict(simulator.calls())
    with tenant_scope(tenant):
        App.objects.update(state=AppState.PAUSED)
        with pytest.raises(Retryable):
            client_for(tenant.pk).call("department_list")
        App.objects.update(state=AppState.NEW)
        with pytest.raises(Stopped):
            client_for(tenant.pk).call("department_list")
    assert simulator.calls() == before


def test_a_visitor_is_known_by_oauth_once(tenant, live, simulator):
    with tenant_scope(tenant):
        person = client_for(tenant.pk).call("follow_user_list")["follow_user"][0]
        url = selectors.oauth_url(app=live, redirect_uri="http://127.0.0.1/back", state="s1")
        back = httpx.get(url, headers={"x-sim-person": f"{live.corp_id}:{person}"}, trust_env=False)
        query = httpx.URL(back.headers["location"]).params
        assert query["state"] == "s1"
        assert selectors.oauth_identity(app=live, code=query["code"]).userid == person
        with pytest.raises(Permanent) as caught:
            selectors.oauth_identity(app=live, code=query["code"])
    assert caught.value.code == 40029


def test_nothing_secret_is_logged(tenant, live, simulator, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    with tenant_scope(tenant):
        client = client_for(tenant.pk)
        client.call("department_list")
        token = client._tokens.read("access").value
        with pytest.raises(Permanent):
            client.call("user_get", userid="nobody")
    shown = "".join(capfd.readouterr()) + caplog.text
    assert "wecom_refused" in shown
    assert token not in shown
    assert live.secret not in shown
    assert answers.redact(f"GET /x?access_token={token}&a=1") == "GET /x?access_token=***&a=1"
    assert answers.redacted({"ticket": "t", "list": [{"mobile": "1"}]}) == {
        "ticket": "***",
        "list": [{"mobile": "***"}],
    }


@given(st.integers(-10, 1_000_000))
def test_every_code_has_one_reaction_and_an_unknown_one_is_final(code):
    found = reactions.reaction_to(code)
    assert found.act in reactions.Act
    assert str(found.meaning)
    assert (code in reactions.REACTIONS) or found.act is reactions.Act.FAIL


@pytest.mark.parametrize("code", [40001, 40091, 40013, 60020, 48004, 40084])
def test_codes_that_could_get_the_address_banned_stop_the_tenant(code):
    assert reactions.is_stopping(code)
    assert reactions.reaction_to(code).console
