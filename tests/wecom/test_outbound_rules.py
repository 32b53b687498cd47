"""The retry table acted upon: what waits, what ends, what nobody may repeat, and how little a pause costs."""

from datetime import timedelta

import pytest
from django.db import transaction

from tenants.scoping import tenant_scope
from wecom import selectors, services
from wecom.gateway import limits
from wecom.gateway.limits import CorpGate
from wecom.models import OutboundSend
from wecom.sending import closed, outbound

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

MASS, MESSAGE = "externalcontact/add_msg_template", "message/send"


@pytest.fixture
def group(live, simulator, frozen):
    simulator.set_time(frozen.moment)
    found = simulator.ask("GET", f"/sim/corps/{live.corp_id}")["groups"][0]
    return found["chat_id"], found["owner"]


def queue(tenant, kind, payloads, **more):
    drafts = [
        services.SendDraft(kind=kind, key=f"{kind}:{n}", payload=payload, **more)
        for n, payload in enumerate(payloads)
    ]
    with tenant_scope(tenant), transaction.atomic():
        return services.send_queue_many(tenant=tenant, sends=drafts)


def mass(group, count=1):
    return [
        {"chat_type": "group", "sender": group[1], "chat_ids": [group[0]], "text": f"第 {n} 条"}
        for n in range(count)
    ]


def message(group, count=1):
    return [
        {"touser": [group[1]], "msgtype": "text", "content": {"content": f"去确认第 {n} 条"}}
        for n in range(count)
    ]


def drain(tenant, limit=100):
    with tenant_scope(tenant):
        return outbound.drain(tenant_id=tenant.pk, limit=limit)


def rows(tenant, kind=""):
    with tenant_scope(tenant):
        return list(OutboundSend.objects.filter(kind__startswith=kind).order_by("pk"))


def called(simulator, path):
    return sum(n for name, n in simulator.calls().items() if name.startswith(path))


def at(tenant, simulator, frozen, moment):
    frozen.set(moment)
    simulator.set_time(moment)


def test_a_rate_limit_is_met_once_and_the_other_rows_are_not_touched(tenant, live, simulator, group, frozen):
    queue(tenant, "mass_send", mass(group, 30))
    queue(tenant, "app_message", message(group))
    limit = {"path": MASS, "calls": 0, "window_s": 1}
    simulator.faults(live.corp_id, rate_limit=limit)
    before = called(simulator, MASS)
    drain(tenant)
    drain(tenant)
    assert called(simulator, MASS) - before == 1
    waiting = rows(tenant, "mass_send")
    assert [row.state for row in waiting] == ["queued"] * 30
    assert [row.attempts for row in waiting] == [0] * 30
    assert sum(row.next_at > frozen.moment for row in waiting) == 1
    assert [row.state for row in rows(tenant, "app_message")] == ["done"]  # another call goes on
    with tenant_scope(tenant):
        assert set(selectors.breaker_state(tenant.pk).paused) == {MASS}
    simulator.faults(live.corp_id, rate_limit={})
    at(tenant, simulator, frozen, frozen.moment + timedelta(seconds=80))
    drain(tenant)
    assert [row.state for row in rows(tenant, "mass_send")] == ["done"] * 30


def test_what_was_put_off_together_does_not_come_back_together(tenant, live, simulator, group, frozen):
    queue(tenant, "app_message", message(group, 12))
    simulator.faults(live.corp_id, busy_p=1.0)
    drain(tenant)
    moments = {row.next_at for row in rows(tenant)}
    assert len(moments) == 12
    assert all(10 <= (one - frozen.moment).total_seconds() <= 12.5 for one in moments)
    assert {row.attempts for row in rows(tenant)} == {1}


def test_a_busy_mass_send_is_parked_and_a_busy_message_is_tried_again(tenant, live, simulator, group, frozen):
    queue(tenant, "mass_send", mass(group))
    simulator.faults(live.corp_id, answer_code={"path": MASS, "code": -1, "times": 1})
    drain(tenant)
    assert [row.state for row in rows(tenant)] == ["unknown"]
    before = called(simulator, MASS)
    at(tenant, simulator, frozen, frozen.moment + timedelta(hours=1))
    drain(tenant)
    assert called(simulator, MASS) == before


def test_more_messages_than_a_member_may_get_wait_instead_of_being_dropped(
    tenant, live, simulator, group, frozen
):
    queue(tenant, "app_message", message(group, 40))
    drain(tenant)
    states = [row.state for row in rows(tenant)]
    assert (states.count("done"), states.count("queued")) == (30, 10)
    assert {row.attempts for row in rows(tenant) if row.state == "queued"} == {0}
    assert called(simulator, MESSAGE + " 0") >= 30
    at(tenant, simulator, frozen, frozen.moment + timedelta(seconds=90))
    drain(tenant)
    assert [row.state for row in rows(tenant)] == ["done"] * 40


@pytest.mark.parametrize(("count", "after"), [(3, "queued"), (2, "done")])
def test_many_messages_leave_the_full_and_half_hour_to_others(
    tenant, live, simulator, group, frozen, monkeypatch, count, after
):
    monkeypatch.setattr(closed, "MANY", 3)
    at(tenant, simulator, frozen, frozen.moment.replace(minute=30, second=1))
    queue(tenant, "app_message", message(group, count))
    queue(tenant, "mass_send", mass(group))
    drain(tenant)
    assert [row.state for row in rows(tenant, "app_message")] == [after] * count
    assert [row.state for row in rows(tenant, "mass_send")] == ["done"]
    at(tenant, simulator, frozen, frozen.moment + timedelta(minutes=1))
    drain(tenant)
    assert [row.state for row in rows(tenant, "app_message")] == ["done"] * count


def test_what_waited_too_long_ends_unsent_and_visible(tenant, live, simulator, group, frozen):
    queue(tenant, "app_message", message(group))
    before = called(simulator, MESSAGE)
    at(tenant, simulator, frozen, frozen.moment + timedelta(hours=12, seconds=1))
    drain(tenant)
    (row,) = rows(tenant)
    assert row.state == "failed"
    assert called(simulator, MESSAGE) == before


def test_the_fourth_reminder_waits_a_day(tenant, live, simulator, group, frozen):
    queue(tenant, "mass_send", mass(group))
    drain(tenant)
    (sent,) = rows(tenant)
    queue(tenant, "remind_mass_send", [{"msgid": sent.vendor_id}] * 4)
    drain(tenant)
    states = [row.state for row in rows(tenant, "remind")]
    assert states == ["done", "done", "done", "queued"]
    last = rows(tenant, "remind")[-1]
    assert (last.error_code, last.next_at - frozen.moment >= timedelta(hours=24)) == (41094, True)
    at(tenant, simulator, frozen, last.next_at)
    drain(tenant)
    assert rows(tenant, "remind")[-1].state == "done"


def test_a_dead_line_parks_no_mass_send_beyond_the_first(tenant, live, simulator, group, frozen, settings):
    queue(tenant, "mass_send", mass(group, 5))
    gate = CorpGate(tenant_id=tenant.pk, corp_id=live.corp_id)
    drain(tenant, limit=1)
    for _ in range(limits.DOWN_AFTER):
        gate.transport_failed()
    assert drain(tenant) == 0
    frozen.set(gate.state().until)
    simulator.set_time(frozen.moment)
    settings.WECOM_API_BASE = "http://127.0.0.1:9"
    assert drain(tenant) == 0  # a harmless read tried the line, and no mass send
    assert gate.state().state == "open"
    settings.WECOM_API_BASE = simulator.url
    at(tenant, simulator, frozen, gate.state().until)
    assert drain(tenant) == 4
    assert [row.state for row in rows(tenant)] == ["done"] * 5


def test_a_company_whose_token_may_not_be_asked_for_claims_nothing(tenant, live, simulator, group, frozen):
    queue(tenant, "mass_send", mass(group, 20))
    simulator.faults(live.corp_id, rate_limit={"path": "gettoken", "calls": 0, "window_s": 60})
    drain(tenant)
    assert drain(tenant) == 0
    assert sum(row.next_at > frozen.moment for row in rows(tenant)) == 1
