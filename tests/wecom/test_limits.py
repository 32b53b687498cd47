"""The limiter under real parallel processes: never over, nothing lost when a holder is killed, one try of a line."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as django_settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from tenants import clock
from wecom import valkey
from wecom.errors import Permanent, Retryable
from wecom.gateway import limits
from wecom.gateway.limits import CorpGate, Rate

pytestmark = pytest.mark.integration

PATH = "externalcontact/groupchat/get"
RACER = """
    import sys, time, django
    django.setup()
    from wecom.gateway import limits
    from wecom.errors import Retryable
    limits.CORP_RATES = (limits.Rate(60, 200), limits.Rate(3600, 100_000))
    gate = limits.CorpGate(tenant_id=1, corp_id="wwrace")
    busy, most, taken = gate._key("busy"), gate._key("most"), 0
    until = time.monotonic() + 2.0
    while time.monotonic() < until:
        try:
            with gate.slot(sys.argv[1], weight_wait_s=0.2):
                now = gate._valkey.incr(busy)
                gate._valkey.zadd(most, {str(now): now})
                taken += 1
                time.sleep(0.002)
                gate._valkey.decr(busy)
        except Retryable:
            time.sleep(0.01)
    print(taken)
"""
HOLDER = """
    import sys, time, django
    django.setup()
    from wecom.gateway.limits import CorpGate
    with CorpGate(tenant_id=1, corp_id="wwheld").slot(sys.argv[1]):
        print("held", flush=True)
        time.sleep(60)
"""


def run_python(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=django_settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "scrm.settings.test"},
    )


@pytest.fixture
def gate():
    return CorpGate(tenant_id=1, corp_id="wwgate")


def enter(gate, path=PATH, wait_s=0.0):
    with gate.slot(path, weight_wait_s=wait_s):
        return True


def fill(monkeypatch, **rates):
    for name, rate in rates.items():
        monkeypatch.setattr(limits, name, rate)


@pytest.mark.slow
def test_parallel_processes_never_exceed_the_rate_or_the_places():
    racers = [run_python(RACER, PATH) for _ in range(4)]
    taken = sum(int(one.communicate(timeout=60)[0]) for one in racers)
    assert [one.returncode for one in racers] == [0] * 4
    gate = CorpGate(tenant_id=1, corp_id="wwrace")
    assert taken == 200  # the minute's limit: all of it was used, and not one more
    most = max(score for _, score in gate._valkey.zrange(gate._key("most"), 0, -1, withscores=True))
    assert 1 < most <= limits.IN_FLIGHT


@pytest.mark.slow
def test_a_killed_holder_gives_its_place_back(monkeypatch):
    monkeypatch.setattr(limits, "IN_FLIGHT", 1)
    holder = run_python(HOLDER, PATH)
    assert holder.stdout.readline() == "held\n"
    holder.send_signal(signal.SIGKILL)
    holder.wait(10)
    gate = CorpGate(tenant_id=1, corp_id="wwheld")
    with pytest.raises(Retryable, match="too many calls at once"):
        enter(gate)
    name = gate._key("flight", PATH)
    (lease, ends_ms), *_ = gate._valkey.zrange(name, 0, -1, withscores=True)
    assert 0 < ends_ms / 1000 - time.time() <= limits.LEASE_S
    gate._valkey.zadd(name, {lease: (time.time() - 1) * 1000})  # its lease is over
    assert enter(gate)


def test_the_limit_holds_across_the_edge_of_a_minute(gate, frozen, monkeypatch):
    fill(monkeypatch, CORP_RATES=(Rate(60, 10),))
    frozen.set(frozen.moment.replace(second=55))
    assert sum(enter(gate) for _ in range(10)) == 10
    frozen.move(seconds=10)  # the next minute on the wall, yet 10 calls are younger than 60 seconds
    with pytest.raises(Retryable) as caught:
        enter(gate)
    assert not caught.value.counts
    wait_s = (caught.value.retry_at - frozen.moment).total_seconds()
    assert 50 <= wait_s <= 55
    frozen.set(caught.value.retry_at)
    assert enter(gate)


def test_a_refused_call_uses_nothing_of_the_other_limits(gate, frozen, monkeypatch):
    fill(monkeypatch, CORP_RATES=(Rate(60, 2), Rate(3600, 3)))
    assert [enter(gate), enter(gate)] == [True, True]
    for _ in range(5):
        with pytest.raises(Retryable):
            enter(gate)
    frozen.move(seconds=66)
    assert enter(gate)
    with pytest.raises(Retryable) as caught:  # the hour's third was the last
        enter(gate)
    assert caught.value.retry_at - frozen.moment > timedelta(minutes=50)


def test_a_clock_that_was_set_back_does_not_hold_calls_for_ever(gate, frozen, monkeypatch):
    fill(monkeypatch, CORP_RATES=(Rate(60, 1),))
    assert enter(gate)
    frozen.move(days=-2)
    assert enter(gate)


def test_all_tenants_share_what_their_address_may_ask(frozen, monkeypatch):
    fill(monkeypatch, ADDRESS_RATES=(Rate(60, 3),))
    gates = [CorpGate(tenant_id=n, corp_id=f"ww{n}") for n in range(4)]
    assert [enter(one) for one in gates[:3]] == [True] * 3
    with pytest.raises(Retryable):
        enter(gates[3])
    assert enter(gates[3], path="externalcontact/get")
    frozen.move(seconds=66)
    assert enter(gates[3])
    flight = gates[3]._valkey.zcard(gates[3]._key("flight", PATH))
    assert flight == 0


@pytest.mark.parametrize(
    ("path", "allowed", "again_s"),
    [
        ("externalcontact/add_moment_task", 10, 70),
        ("get_jsapi_ticket", 200, 3900),
        ("ticket/get", 50, 3900),
        ("media/uploadimg", 1000, 86_400 * 1.1),
    ],
)
def test_an_interface_with_a_limit_of_its_own_keeps_it(gate, frozen, path, allowed, again_s):
    for _ in range(allowed):
        assert enter(gate, path)
    with pytest.raises(Retryable):
        enter(gate, path)
    frozen.move(seconds=again_s)
    assert enter(gate, path)


def test_a_member_gets_no_more_messages_than_wecom_delivers(gate, frozen):
    for _ in range(30):
        gate.people(app_id=1, userids=["Lin"])
    with pytest.raises(Retryable) as caught:
        gate.people(app_id=1, userids=["lin", "zhou"])
    assert not caught.value.counts
    gate.people(app_id=2, userids=["lin"])  # another app has its own
    for _ in range(30):
        gate.people(app_id=1, userids=["zhou"])  # none was counted for zhou before
    frozen.set(caught.value.retry_at)
    gate.people(app_id=1, userids=["lin"])
    gate.people(app_id=1, userids=[])


def test_a_member_gets_a_thousand_messages_an_hour(gate, frozen):
    sent = refused = 0
    for _ in range(45):
        for _ in range(30):
            try:
                gate.people(app_id=1, userids=["lin"])
                sent += 1
            except Retryable:
                refused += 1
        frozen.move(seconds=66)
    assert (sent, refused > 0) == (1000, True)


# --- the breaker


def close_line(gate):
    for _ in range(limits.DOWN_AFTER):
        gate.transport_failed()


def test_one_call_tries_a_line_that_was_down_and_the_others_wait(gate, frozen):
    close_line(gate)
    assert gate.state().state == "open"
    with pytest.raises(Retryable, match="does not answer") as caught:
        enter(gate)
    assert caught.value.retry_at == frozen.moment + timedelta(seconds=limits.DOWN_S[0])
    frozen.set(caught.value.retry_at)
    assert gate.state().state == "half_open"
    with gate.slot(PATH):
        for path in (PATH, "externalcontact/get"):
            with pytest.raises(Retryable, match="does not answer"):
                enter(gate, path)
    gate.transport_worked()
    assert gate.state().state == "closed"
    assert [enter(gate) for _ in range(3)] == [True] * 3


def test_a_failed_try_opens_the_breaker_for_longer(gate, frozen):
    close_line(gate)
    pauses = []
    for _ in range(4):
        until = gate.state().until
        pauses.append((until - frozen.moment).total_seconds())
        frozen.set(until)
        with gate.slot(PATH):
            gate.transport_failed()
    assert pauses == [5, 15, 60, 60]
    assert gate.state().since < frozen.moment


def test_a_try_whose_worker_was_killed_is_made_by_another(gate, frozen):
    close_line(gate)
    frozen.set(gate.state().until)
    enter(gate)  # came back without a word: its worker died
    with pytest.raises(Retryable):
        enter(gate)
    gate._valkey.hset(gate._key("breaker"), "trying", 1)  # long ago
    assert enter(gate)


# --- pauses


def test_calls_refused_together_are_one_pause(gate, frozen):
    first = gate.slow_down(PATH)
    assert [gate.slow_down(PATH) for _ in range(4)] == [first] * 4
    assert first == frozen.moment + timedelta(seconds=60)
    assert enter(gate, "externalcontact/get")


def test_pauses_that_do_not_help_grow_to_an_hour_and_then_last_until_wecoms_next_day(gate, frozen):
    frozen.set(datetime(2026, 3, 2, 6, 0, tzinfo=UTC))
    first = gate.slow_down(PATH)
    frozen.set(first + timedelta(seconds=1))
    second = gate.slow_down(PATH)
    assert second - frozen.moment == timedelta(hours=1)
    assert gate.state().paused == {PATH: second}
    for midnight in (datetime(2026, 3, 2, 16, 0, tzinfo=UTC), datetime(2026, 3, 3, 16, 0, tzinfo=UTC)):
        frozen.set(max(gate.state().paused.values()) + timedelta(seconds=1))
        assert gate.slow_down(PATH) == midnight  # midnight in China


def test_the_morning_after_a_day_of_refusals_begins_with_a_short_pause(gate, frozen):
    frozen.set(datetime(2026, 3, 2, 2, 0, tzinfo=UTC))
    for _ in range(3):
        ends_at = gate.slow_down(PATH)
        frozen.set(ends_at + timedelta(seconds=1))
    assert ends_at == datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
    # Valkey forgets by its own clock: an hour or so after the pause, not as long again as it was.
    remembered_s = gate._valkey.ttl(gate._key("pauses", PATH))
    assert remembered_s <= 13 * 3600 + 3600 + 600


def test_a_valkey_that_went_away_during_a_call_takes_nobody_its_answer(gate, frozen):
    gate._valkey = valkey.redis.Redis(host="127.0.0.1", port=9, retry=Retry(NoBackoff(), 0))
    gate.transport_worked()
    gate.transport_failed()
    gate.narrow(PATH)
    gate.deny(PATH, 48002)
    gate.stop(40001)
    assert gate.slow_down(PATH) == frozen.moment + timedelta(seconds=60)


def test_a_repair_lifts_everything(gate, frozen):
    gate.deny(PATH, 48002)
    gate.slow_down("externalcontact/get")
    gate.stop(40001)
    close_line(gate)
    found = gate.state()
    assert (found.state, found.denied, found.stopped_code) == ("open", {PATH: 48002}, 40001)
    frozen.set(found.until)
    with pytest.raises(Permanent):
        enter(gate)
    gate.forget()
    assert gate.state() == limits.BreakerState()
    assert enter(gate)
    assert clock.now() == frozen.moment
    assert valkey.client().ping()
