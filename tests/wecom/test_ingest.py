"""Order, retries and crashes of what came in."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from tenants import clock
from tenants.scoping import tenant_scope, unscoped
from tests.factories.wecom import arrive
from tests.wecom.conftest import event_xml
from wecom import tasks
from wecom.errors import Permanent, Retryable, Stopped
from wecom.inbox import envelope, ingest, leases
from wecom.inbox.filing import file_landed
from wecom.models import InboundEvent

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def put(tenant, app, *texts):
    with tenant_scope(tenant):
        arrive(app, *texts)


def states(tenant):
    with tenant_scope(tenant):
        return list(InboundEvent.objects.order_by("pk").values_list("state", flat=True))


def numbered(chat, n):
    return event_xml(chat, extra=f"<MemChangeCnt>{n}</MemChangeCnt>")


def numbers(event):
    return event.fields["ChatId"], int(event.fields["MemChangeCnt"])


def test_an_event_reaches_its_handler_normalised(tenant, app, no_handlers):
    seen = []
    ingest.register_inbound("change_external_chat", seen.append)
    ingest.register_inbound("change_external_chat", seen.append)
    extra = "<UpdateDetail>add_member</UpdateDetail><MemChangeList><Item>wmX</Item></MemChangeList>"
    put(tenant, app, event_xml(extra=extra))
    with tenant_scope(tenant):
        assert ingest.drain(tenant_id=tenant.pk) == 1
    (event,) = seen
    assert (event.event, event.change_type, event.tenant_id, event.app_id) == (
        "change_external_chat", "update", tenant.pk, app.pk,
    )  # fmt: skip
    assert event.fields["MemChangeList"] == ["wmX"]
    assert event.occurred_at.timestamp() == 1772413200
    assert states(tenant) == ["done"]


@pytest.mark.parametrize(("count", "wanted"), [(0, []), (1, ["wm0"]), (3, ["wm0", "wm1", "wm2"])])
def test_member_list_is_always_a_list(count, wanted):
    inside = "".join(f"<Item>wm{n}</Item>" for n in range(count))
    inner = envelope.parse_inner(event_xml(extra=f"<MemChangeList>{inside}</MemChangeList>"))
    assert inner.fields["MemChangeList"] == wanted


def test_legacy_payload_without_member_list_has_none():
    assert "MemChangeList" not in envelope.parse_inner(event_xml()).fields


def test_two_workers_keep_each_mailbox_in_order(tenant, app, no_handlers):
    seen, lock = [], threading.Lock()

    def handler(event):
        time.sleep(0.004)
        with lock:
            seen.append((event.fields["ChatId"], int(event.fields["MemChangeCnt"])))

    ingest.register_inbound("change_external_chat", handler)
    put(tenant, app, *[numbered(f"wr{n % 3}", n) for n in range(45)])

    def work() -> None:
        with tenant_scope(tenant):
            ingest.drain(tenant_id=tenant.pk)
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with tenant_scope(tenant):
        ingest.drain(tenant_id=tenant.pk)
    assert len(seen) == 45
    for chat in ("wr0", "wr1", "wr2"):
        numbers = [n for name, n in seen if name == chat]
        assert numbers == sorted(numbers)


def test_a_failing_event_holds_its_own_mailbox_only_and_ends_as_a_dead_letter(
    tenant, app, no_handlers, frozen
):
    seen = []

    def handler(event):
        if event.fields["MemChangeCnt"] == "1":
            raise RuntimeError("the handler has a bug")
        seen.append(event.fields["MemChangeCnt"])

    ingest.register_inbound("change_external_chat", handler)
    put(tenant, app, numbered("wrA", 1), numbered("wrA", 2), numbered("wrB", 3))
    with tenant_scope(tenant):
        ingest.drain(tenant_id=tenant.pk)
        assert seen == ["3"]
        for _ in range(ingest.MAX_ATTEMPTS):
            frozen.move(seconds=400)
            ingest.drain(tenant_id=tenant.pk)
        assert seen == ["3", "2"]
        row = InboundEvent.objects.order_by("pk").first()
    assert (row.state, row.attempts) == ("dead", ingest.MAX_ATTEMPTS)
    assert "the handler has a bug" in row.error
    assert states(tenant) == ["dead", "done", "done"]


def test_what_waits_of_one_group_is_handled_in_one_go_and_in_order(tenant, app, no_handlers):
    runs, singles = [], []
    ingest.register_inbound(
        "change_external_chat", lambda *some: runs.append([numbers(one) for one in some]), takes_run=True
    )
    ingest.register_inbound("change_external_chat", lambda one: singles.append(numbers(one)))
    put(tenant, app, *[numbered(chat, n) for n in range(4) for chat in ("wrA", "wrB")])
    with tenant_scope(tenant):
        assert ingest.drain(tenant_id=tenant.pk) == 8
    wanted = [[("wrA", n) for n in range(4)], [("wrB", n) for n in range(4)]]
    assert runs == wanted
    assert singles == [one for run in wanted for one in run]
    assert states(tenant) == ["done"] * 8


def test_a_long_wait_is_worked_off_run_by_run(tenant, app, no_handlers):
    runs = []
    ingest.register_inbound(
        "change_external_chat", lambda *some: runs.append([numbers(one)[1] for one in some]), takes_run=True
    )
    count = leases.LONGEST_RUN * 2 + 3
    put(tenant, app, *[numbered("wrA", n) for n in range(count)])
    with tenant_scope(tenant):
        ingest.drain(tenant_id=tenant.pk)
    assert [len(one) for one in runs] == [leases.LONGEST_RUN, leases.LONGEST_RUN, 3]
    assert [n for one in runs for n in one] == list(range(count))


@pytest.mark.parametrize("error", [RuntimeError("a bug"), Retryable("paused", retry_at=None, counts=False)])
def test_one_that_fails_among_several_is_put_off_and_those_behind_it_wait(
    tenant, app, no_handlers, frozen, error
):
    done, is_broken = [], True

    def handler(*some):
        for one in some:
            if numbers(one)[1] == 2 and is_broken:
                error.retry_at = clock.now() + timedelta(seconds=1)
                raise error
            done.append(numbers(one)[1])

    ingest.register_inbound("change_external_chat", handler, takes_run=True)
    put(tenant, app, *[numbered("wrA", n) for n in range(5)])
    with tenant_scope(tenant):
        assert ingest.drain(tenant_id=tenant.pk) == 3  # two closed, one put off
        assert not InboundEvent.objects.exclude(leased_until=None).exists()
    assert states(tenant) == ["done", "done", "failed", "pending", "pending"]
    is_broken = False
    done.clear()
    frozen.move(seconds=10)
    with tenant_scope(tenant):
        ingest.drain(tenant_id=tenant.pk)
    assert done == [2, 3, 4]
    assert states(tenant) == ["done"] * 5


@pytest.mark.parametrize("not_yet", [{"next_at": "later"}, {"leased_until": "later"}])
def test_nothing_is_taken_past_one_that_is_not_due_or_somebody_elses(
    tenant, app, no_handlers, frozen, not_yet
):
    seen = []
    ingest.register_inbound(
        "change_external_chat", lambda *some: seen.extend(numbers(one)[1] for one in some), takes_run=True
    )
    put(tenant, app, *[numbered("wrA", n) for n in range(4)])
    (name,) = not_yet
    with tenant_scope(tenant):
        file_landed(tenant_id=tenant.pk)
        later = timezone.now() + timedelta(hours=1)
        InboundEvent.objects.filter(body__contains="<MemChangeCnt>2<").update(**{name: later})
        ingest.drain(tenant_id=tenant.pk)
    assert seen == [0, 1]
    assert states(tenant) == ["done", "done", "pending", "pending"]


def test_a_payload_nobody_can_read_holds_up_nobody_behind_it(tenant, app, no_handlers):
    seen = []
    ingest.register_inbound(
        "change_external_chat", lambda *some: seen.extend(numbers(one)[1] for one in some), takes_run=True
    )
    put(tenant, app, *[numbered("wrA", n) for n in range(3)])
    with tenant_scope(tenant):
        InboundEvent.objects.filter(body__contains="<MemChangeCnt>1<").update(body="<xml>")
        ingest.drain(tenant_id=tenant.pk)
    assert states(tenant) == ["done", "dead", "done"]
    assert seen == [0, 2]


def test_while_a_worker_holds_a_run_another_takes_other_mailboxes_and_nothing_of_that_one(
    tenant, app, no_handlers
):
    seen, is_held, may_go_on = [], threading.Event(), threading.Event()

    def handler(*some):
        if numbers(some[0]) == ("wrA", 0):
            is_held.set()
            may_go_on.wait(30)
        seen.extend(numbers(one) for one in some)

    ingest.register_inbound("change_external_chat", handler, takes_run=True)
    put(tenant, app, *[numbered("wrA", n) for n in range(3)], *[numbered("wrB", n) for n in range(3)])

    def work() -> None:
        with tenant_scope(tenant):
            ingest.drain(tenant_id=tenant.pk)
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        assert is_held.wait(30)
        put(tenant, app, numbered("wrA", 3), numbered("wrA", 4))
        with tenant_scope(tenant):
            ingest.drain(tenant_id=tenant.pk)
        assert seen == [("wrB", n) for n in range(3)]
    finally:
        may_go_on.set()
        worker.join()
    assert seen[3:] == [("wrA", n) for n in range(5)]
    assert states(tenant) == ["done"] * 8


def test_waiting_for_wecom_uses_up_no_try_and_a_stopped_app_keeps_its_events(
    tenant, app, no_handlers, frozen
):
    answers = [
        Retryable("paused", retry_at=clock.now() + timedelta(hours=1), counts=False),
        Stopped("broken"),
        None,
    ]

    def handler(event):
        answer = answers.pop(0)
        if answer:
            raise answer

    ingest.register_inbound("change_external_chat", handler)
    put(tenant, app, event_xml())
    with tenant_scope(tenant):
        ingest.drain(tenant_id=tenant.pk)
        frozen.move(minutes=59)
        assert ingest.drain(tenant_id=tenant.pk) == 0
        frozen.move(minutes=2)
        assert ingest.drain(tenant_id=tenant.pk) == 1
        assert InboundEvent.objects.get().attempts == 0
        frozen.move(minutes=2)
        ingest.drain(tenant_id=tenant.pk)
    assert states(tenant) == ["done"]


def test_a_permanent_refusal_is_a_dead_letter_at_once(tenant, app, no_handlers):
    def handler(event):
        raise Permanent("unknown group", code=86003)

    ingest.register_inbound("change_external_chat", handler)
    put(tenant, app, event_xml())
    with tenant_scope(tenant):
        ingest.drain(tenant_id=tenant.pk)
    assert states(tenant) == ["dead"]


def test_the_tick_finds_what_no_worker_was_woken_for(tenant, app, no_handlers, queued):
    put(tenant, app, event_xml())
    tasks.drain_inbound()
    assert queued == [("wecom.process_inbound", {"tenant_id": tenant.pk})]
    tasks.process_inbound(tenant_id=tenant.pk)
    assert states(tenant) == ["done"]


WORKER = """
    import os, sys, time, django
    django.setup()
    from django.db import connections
    connections["default"].settings_dict["NAME"] = os.environ["QUNCE_TEST_DATABASE_NAME"]
    from tenants.scoping import tenant_scope
    from wecom.inbox import ingest
    ingest._handlers.clear()
    def hang(event):
        print("inside", flush=True)
        time.sleep(60)
    ingest.register_inbound("change_external_chat", hang)
    with tenant_scope(int(sys.argv[1])):
        ingest.drain(tenant_id=int(sys.argv[1]))
"""


@pytest.mark.slow
def test_a_killed_worker_loses_nothing(tenant, app, no_handlers):
    put(tenant, app, event_xml())
    worker = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WORKER), str(tenant.pk)],
        stdout=subprocess.PIPE,
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "scrm.settings.test"},
    )
    assert worker.stdout.readline() == b"inside\n"
    worker.send_signal(signal.SIGKILL)
    worker.wait(10)
    seen = []
    ingest.register_inbound("change_external_chat", seen.append)
    with tenant_scope(tenant):
        assert ingest.drain(tenant_id=tenant.pk) == 0  # still leased to the dead
    with unscoped("the lease ends"), connection.cursor() as cursor:
        cursor.execute("update wecom_inboundevent set leased_until = clock_timestamp() - interval '1 second'")
    with tenant_scope(tenant):
        assert ingest.drain(tenant_id=tenant.pk) == 1
    assert len(seen) == 1
    assert states(tenant) == ["done"]
