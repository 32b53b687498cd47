"""Tenants take turns: nobody waits for another's backlog, nobody holds all workers, nothing due is forgotten."""

import os
import time

import pytest
from django.test import override_settings

from tenants import clock
from tenants.scoping import tenant_scope
from tests.factories.wecom import land
from tests.wecom.conftest import event_xml, make_app
from wecom import tasks, valkey
from wecom.enums import AppState
from wecom.gateway import turns
from wecom.gateway.limits import CorpGate
from wecom.inbox import ingest, wake
from wecom.models import App, InboundEvent

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _fresh_turns():
    held = valkey.client()
    for name in held.scan_iter(valkey.key("turn", "*").replace("{", "*"), count=1000):
        held.delete(name)
    for name in held.scan_iter(valkey.key("*"), count=1000):
        held.delete(name)


class Work:
    """Steps of a few milliseconds; counts them and how often another turn was asked for."""

    def __init__(self, rows):
        self.rows, self.steps, self.turns = rows, 0, 0

    def step(self):
        if self.steps == self.rows:
            return False
        self.steps += 1
        time.sleep(0.004)
        return True

    def again(self):
        self.turns += 1

    def take(self, tenant_id, **more):
        turns.take("inbound", tenant_id=tenant_id, step=self.step, again=self.again, **more)


def test_a_backlog_is_worked_off_while_nobody_waits():
    work = Work(60)
    work.take(1)
    assert (work.steps, work.turns) == (60, 0)


def test_a_backlog_lets_another_tenant_go_first():
    work = Work(1000)
    turns.waits(2)
    began = time.monotonic()
    work.take(1)
    assert time.monotonic() - began < 4 * turns.SLICE_S
    assert 0 < work.steps < 60
    assert work.turns == 1
    other = Work(1)
    other.take(2)
    assert (other.steps, other.turns) == (1, 0)


def test_its_own_next_task_is_no_other_tenant():
    work = Work(60)
    turns.waits(1)
    work.take(1)
    assert (work.steps, work.turns) == (60, 0)


@override_settings(TENANT_WEIGHTS=["1:3", "7:0.5"])
def test_weight_makes_a_turn_longer():
    assert [turns.weight_of(one) for one in (1, 7, 2)] == [3.0, 0.5, 1.0]
    turns.waits(2)
    heavy, light = Work(1000), Work(1000)
    heavy.take(1)
    turns.waits(2)
    light.take(3)
    assert heavy.steps > 2 * light.steps


def test_a_long_turn_ends_also_when_nobody_waits():
    work = Work(10_000)
    work.take(1, longest_s=0.05)
    assert work.steps < 30
    assert work.turns == 1


def place(tenant_id):
    return turns._Place("inbound", tenant_id)


def test_workers_divide_themselves_among_tenants_at_work(monkeypatch):
    for name in ("a", "b", "c", "d"):
        monkeypatch.setattr(turns, "_worker", lambda name=name: name)
        idle = place(9)
        idle.enter(100)
        idle.leave()
    first = [place(1) for _ in range(4)]
    assert [one.enter(100) for one in first] == [True, True, False, False]  # tenant 9 was seen a moment ago
    valkey.client().zrem(turns._key("inbound", "active"), "9")
    more = [place(1) for _ in range(3)]
    assert [one.enter(100) for one in more] == [True, True, False]
    assert place(2).enter(100)
    assert first[0].leave() is True  # somebody was sent away: look again
    assert first[1].leave() is False


def test_who_is_sent_away_is_not_forgotten():
    inner = Work(1)

    def step():
        inner.take(1)  # a second task of the tenant comes while the first is at work
        return False

    again = []
    turns.take("inbound", tenant_id=1, step=step, again=lambda: again.append(1))
    assert (inner.steps, again) == (0, [1])


def test_a_killed_workers_place_is_free_after_its_lease():
    dead = place(1)
    assert dead.enter(1)
    assert not place(1).enter(1)
    valkey.client().zadd(dead._flight, {dead._lease: (time.time() - 1) * 1000})
    assert place(1).enter(1)


def test_a_step_that_fails_gives_the_place_back():
    def step():
        raise ValueError("bad row")

    for _ in range(2):
        with pytest.raises(ValueError, match="bad row"):
            turns.take("inbound", tenant_id=1, step=step, again=pytest.fail, at_once=1)


def test_long_work_leaves_a_worker_free(monkeypatch):
    workers = valkey.client()
    workers.zadd(turns._key("workers"), {name: (time.time() + 60) * 1000 for name in ("a", "b")})
    monkeypatch.setattr(turns, "_worker", lambda: "a")
    with turns.long_work(1) as first, turns.long_work(2) as second, turns.long_work(1) as again:
        assert (first, second, again) == (True, False, False)
    with turns.long_work(2) as free:
        assert free


def test_without_valkey_everybody_may_work(settings, monkeypatch):
    monkeypatch.setattr(valkey, "_client", lambda url: valkey.redis.Redis.from_url("redis://127.0.0.1:9"))
    work = Work(3)
    work.take(1)
    with turns.long_work(1) as may_begin:
        assert may_begin
    assert work.steps == 3
    assert os.getpid()


# --- through the tasks


def arrive(tenant, app, count):
    with tenant_scope(tenant):
        for n in range(count):
            land(app, event_xml(f"wr{n}", int(clock.now().timestamp())))


@pytest.mark.django_db(transaction=True)
def test_one_event_does_not_wait_for_anothers_thousand(tenant, other_tenant, no_handlers, queued):
    """The broker's order, played by hand: a backlog's task, then the task of a tenant with one event."""
    apps = make_app(tenant), make_app(other_tenant)
    ingest.register_inbound("change_external_chat", lambda event: time.sleep(0.002))
    arrive(tenant, apps[0], 400)
    arrive(other_tenant, apps[1], 1)
    queued.clear()
    tasks.drain_inbound()
    names = [arguments["tenant_id"] for _name, arguments in queued]
    assert sorted(names) == sorted([tenant.pk, other_tenant.pk])
    tasks.process_inbound(tenant_id=tenant.pk)
    with tenant_scope(tenant):
        done = InboundEvent.objects.filter(state="done").count()
    assert 0 < done < 150
    assert queued[-1] == ("wecom.process_inbound", {"tenant_id": tenant.pk})  # behind the other's
    tasks.process_inbound(tenant_id=other_tenant.pk)
    with tenant_scope(other_tenant):
        assert InboundEvent.objects.get().state == "done"


@pytest.mark.django_db(transaction=True)
def test_a_tenant_whose_calls_are_held_gets_a_slice_at_each_tick(tenant, no_handlers, queued):
    app = make_app(tenant)
    ingest.register_inbound("change_external_chat", lambda event: time.sleep(0.005))
    arrive(tenant, app, 100)
    CorpGate(tenant_id=tenant.pk, corp_id=app.corp_id).stop(40001)
    queued.clear()
    tasks.process_inbound(tenant_id=tenant.pk)
    with tenant_scope(tenant):
        done = InboundEvent.objects.filter(state="done").count()
        assert App.objects.get().state == AppState.CONNECTED
    assert 0 < done < 30
    assert queued == []
    wake.wake_now(tenant.pk)  # a callback within the second
    tasks.drain_inbound()
    assert queued == []
    mark = valkey.key("wake", "inbound", tenant.pk)
    assert 0 < valkey.client().pttl(mark) <= turns.LOOK_S * 1000
    valkey.client().delete(mark)  # as when it has passed
    tasks.drain_inbound()
    assert queued == [("wecom.process_inbound", {"tenant_id": tenant.pk})]


@pytest.mark.django_db(transaction=True)
def test_a_tenant_whose_calls_are_held_takes_no_workers_from_others(tenant, no_handlers, queued, monkeypatch):
    app = make_app(tenant)
    arrive(tenant, app, 1)
    CorpGate(tenant_id=tenant.pk, corp_id=app.corp_id).stop(40001)
    tasks.process_inbound(tenant_id=tenant.pk)
    at_work = valkey.client().zscore(turns._key("inbound", "active"), str(tenant.pk))
    assert at_work - time.time() * 1000 < 1000  # not the ten seconds of one that works


def test_a_short_turn_asks_valkey_only_when_it_begins_and_ends(monkeypatch):
    asked = []
    run = turns._run
    monkeypatch.setattr(turns, "_run", lambda script, *given: asked.append(script) or run(script, *given))
    monkeypatch.setattr(turns, "KEEP_S", 3600)
    Work(3).take(1)
    assert asked == [turns._ENTER, turns._LEAVE]
