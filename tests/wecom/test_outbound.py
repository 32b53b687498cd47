"""Sends happen once: claims, crashes, unknown outcomes, fairness, the welcome."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.utils.translation import override

from content.services.sensitive import words_put
from outbox.models import EventRow
from tenants import clock
from tenants import services as tenant_services
from tenants.scoping import tenant_scope
from tests.factories.wecom import land
from tests.wecom.conftest import make_app
from wecom import selectors, services, tasks
from wecom.enums import WELCOME_TEXT, AppState
from wecom.models import App, OutboundSend
from wecom.sending import outbound
from wecom.welcomes import welcome
from wecom.welcomes.welcome_figures import welcome_figures

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def group(tenant, live, simulator):
    """(chat_id, owner) of one of the corp's groups."""
    found = simulator.ask("GET", f"/sim/corps/{live.corp_id}")["groups"][0]
    return found["chat_id"], found["owner"]


def queue_mass(tenant, group, key="t1", text="今晚 8 点开营"):
    chat_id, owner = group
    payload = {"chat_type": "group", "sender": owner, "chat_ids": [chat_id], "text": text, "attachments": []}
    with tenant_scope(tenant), transaction.atomic():
        return services.send_queue(
            tenant=tenant, kind="mass_send", key=key, payload=payload, ref_kind="sop.touch", ref_id=7
        )


def finished(tenant):
    with tenant_scope(tenant):
        return [row.payload for row in EventRow.objects.filter(name="wecom.send.finished").order_by("pk")]


def created(simulator):
    return simulator.calls().get("externalcontact/add_msg_template 0", 0)


def drain(tenant):
    with tenant_scope(tenant):
        return outbound.drain(tenant_id=tenant.pk)


def test_a_mass_send_is_created_confirmed_and_its_result_read(tenant, live, simulator, group):
    row = queue_mass(tenant, group)
    assert queue_mass(tenant, group).pk == row.pk
    assert drain(tenant) == 1
    assert drain(tenant) == 0
    (event,) = finished(tenant)
    assert (event["state"], event["ref_kind"], event["ref_id"], event["fail_list"]) == (
        "done",
        "sop.touch",
        7,
        [],
    )
    msgid, owner = event["vendor_id"], group[1]
    with tenant_scope(tenant):
        assert selectors.mass_send_results(tenant_id=tenant.pk, msgid=msgid, userid=owner).task_status == 0
        simulator.act("staff/confirm-mass-send", corp_id=live.corp_id, msgid=msgid, userid=owner)
        results = selectors.mass_send_results(tenant_id=tenant.pk, msgid=msgid, userid=owner.upper())
    assert results.task_status == 2
    assert [(one["receiver_id"], one["status"]) for one in results.rows] == [(group[0], 1)]
    assert results.confirmed_at is not None


def test_parallel_workers_send_each_row_once(tenant, live, simulator, group):
    before = created(simulator)
    for n in range(6):
        queue_mass(tenant, group, key=f"k{n}", text=f"第 {n} 条")
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        drain(tenant)
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert created(simulator) - before == 6
    assert sorted(event["state"] for event in finished(tenant)) == ["done"] * 6


WORKER = """
    import os, sys, django
    django.setup()
    from django.conf import settings
    from django.db import connections
    connections["default"].settings_dict["NAME"] = os.environ["QUNCE_TEST_DATABASE_NAME"]
    settings.WECOM_API_BASE = sys.argv[2]
    from tenants.scoping import tenant_scope
    from wecom.sending import outbound
    def die(*a, **k):
        print("called", flush=True)
        import time; time.sleep(60)
    if sys.argv[3] == "after":
        outbound._record = die
    else:
        outbound.deliver = die
    with tenant_scope(int(sys.argv[1])):
        outbound.drain(tenant_id=int(sys.argv[1]))
"""


def kill_a_worker(tenant, simulator, *, when):
    worker = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WORKER), str(tenant.pk), simulator.url, when],
        stdout=subprocess.PIPE,
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "scrm.settings.test"},
    )
    while (line := worker.stdout.readline()) != b"called\n":
        assert line, "the worker ended by itself"
    worker.send_signal(signal.SIGKILL)
    worker.wait(10)
    with tenant_scope(tenant), connection.cursor() as cursor:
        cursor.execute("update wecom_outboundsend set leased_until = clock_timestamp() - interval '1 second'")


@pytest.mark.slow
def test_a_worker_killed_after_the_call_leaves_a_send_that_is_found_again(tenant, live, simulator, group):
    before = created(simulator)
    queue_mass(tenant, group)
    kill_a_worker(tenant, simulator, when="after")
    assert created(simulator) - before == 1
    drain(tenant)
    assert created(simulator) - before == 1
    (event,) = finished(tenant)
    assert event["state"] == "done"
    assert event["vendor_id"]


@pytest.mark.slow
def test_a_worker_killed_before_the_call_leaves_a_parked_send_never_sent_again(
    tenant, live, simulator, group
):
    before = created(simulator)
    queue_mass(tenant, group)
    kill_a_worker(tenant, simulator, when="before")
    for _ in range(3):
        drain(tenant)
    assert created(simulator) == before
    (event,) = finished(tenant)
    assert event["state"] == "unknown"
    with tenant_scope(tenant):
        assert OutboundSend.objects.get().state == "unknown"


@pytest.mark.slow
def test_an_app_message_of_a_killed_worker_is_sent_again_because_wecom_drops_the_double(
    tenant, live, simulator, group
):
    with tenant_scope(tenant), transaction.atomic():
        services.send_queue(
            tenant=tenant,
            kind="app_message",
            key="m1",
            payload={"touser": [group[1], "nobody"], "msgtype": "text", "content": {"content": "去确认群发"}},
        )
    kill_a_worker(tenant, simulator, when="before")
    drain(tenant)
    drain(tenant)
    (event,) = finished(tenant)
    assert (event["state"], event["fail_list"]) == ("done", ["nobody"])


@pytest.fixture
def lossy_line(simulator, settings):
    """A line on which requests arrive and answers of the named calls get lost; yields the set of names."""
    lost: set[str] = set()

    class Line(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = httpx.post(f"{simulator.url}{self.path}", content=body, trust_env=False)
            self.reply(answer)

        def do_GET(self) -> None:
            self.reply(httpx.get(f"{simulator.url}{self.path}", trust_env=False))

        def reply(self, answer: httpx.Response) -> None:
            if any(name in self.path for name in lost):
                self.close_connection = True
                return
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Line)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.WECOM_API_BASE = f"http://127.0.0.1:{server.server_port}"
    yield lost
    server.shutdown()
    server.server_close()


def test_an_answer_that_never_came_is_parked_looked_for_and_not_sent_again(
    tenant, live, simulator, group, lossy_line, frozen
):
    simulator.set_time(frozen.moment)
    before = created(simulator)
    queue_mass(tenant, group)
    lossy_line.update({"add_msg_template", "get_groupmsg_list_v2"})
    drain(tenant)
    assert [event["state"] for event in finished(tenant)] == ["unknown"]
    assert created(simulator) - before == 1  # WeCom did it all the same
    lossy_line.clear()
    drain(tenant)
    assert [event["state"] for event in finished(tenant)] == ["unknown"]  # not yet time to look again
    frozen.move(seconds=outbound.FIRST_LOOK_S + 1)
    drain(tenant)
    drain(tenant)
    assert [event["state"] for event in finished(tenant)] == ["unknown", "done"]
    assert created(simulator) - before == 1


def test_an_answer_that_never_came_is_found_at_once_where_wecom_can_be_asked(
    tenant, simulator, group, lossy_line
):
    before = created(simulator)
    queue_mass(tenant, group)
    lossy_line.add("add_msg_template")
    drain(tenant)
    assert [event["state"] for event in finished(tenant)] == ["done"]
    assert created(simulator) - before == 1


def test_two_sends_that_look_alike_are_not_mistaken_for_each_other(tenant, live, simulator, group, frozen):
    simulator.set_time(frozen.moment)
    queue_mass(tenant, group, key="first")
    drain(tenant)
    second = queue_mass(tenant, group, key="second")
    with tenant_scope(tenant):
        OutboundSend.objects.filter(pk=second.pk).update(state="unknown", called_at=clock.now())
    drain(tenant)
    with tenant_scope(tenant):
        second.refresh_from_db()
    assert (second.state, second.vendor_id) == ("unknown", "")


def test_refusals_are_final_and_carry_wecoms_code(tenant, live, group):
    queue_mass(tenant, ("wrNotTheirs", group[1]))
    drain(tenant)
    (event,) = finished(tenant)
    assert (event["state"], event["error_code"]) == ("failed", 41048)


def test_a_bad_payload_is_refused_where_it_is_queued(tenant, live):
    with tenant_scope(tenant), transaction.atomic():
        with pytest.raises(ValueError, match="needs msgid"):
            services.send_queue(tenant=tenant, kind="remind_mass_send", key="r", payload={})
        with pytest.raises(ValueError, match="unknown kind"):
            services.send_queue(tenant=tenant, kind="pigeon", key="r", payload={})


def test_a_send_waits_while_the_app_is_stopped_and_goes_when_repaired(tenant, live, simulator, group, owner):
    with tenant_scope(tenant):
        App.objects.update(secret="wrong")
    queue_mass(tenant, group)
    drain(tenant)
    drain(tenant)
    assert finished(tenant) == []
    with tenant_scope(tenant):
        row = OutboundSend.objects.get()
        assert (row.state, row.attempts) == ("queued", 0)
        services.app_rotate_secret(tenant=tenant, app_id=live.pk, secret=live.secret, actor=owner)
        App.objects.update(state=AppState.CONNECTED)
        OutboundSend.objects.update(next_at=clock.now())
    drain(tenant)
    assert [event["state"] for event in finished(tenant)] == ["done"]


def test_ticks_give_every_tenant_its_own_task(tenant, other_tenant, live, group, queued):
    make_app(other_tenant)
    queue_mass(tenant, group)
    with tenant_scope(other_tenant), transaction.atomic():
        services.send_queue(tenant=other_tenant, kind="cancel_mass_send", key="c", payload={"msgid": "m"})
    queued.clear()
    tasks.drain_outbound()
    names = [name for name, _ in queued]
    assert set(names) <= {"wecom.deliver_sends"}


# --- the welcome


def arrive(tenant, live, code, at=None):
    text = (
        f"<xml><ToUserName>{live.corp_id}</ToUserName><FromUserName>sys</FromUserName>"
        f"<CreateTime>{int((at or clock.now()).timestamp())}</CreateTime><MsgType>event</MsgType>"
        f"<Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType><UserID>u</UserID>"
        f"<ExternalUserID>wm1</ExternalUserID><WelcomeCode>{code}</WelcomeCode></xml>"
    )
    with tenant_scope(tenant):
        return land(live, text)[0]


def send_welcome(tenant, inbound_id):
    with tenant_scope(tenant):
        return welcome.send(tenant_id=tenant.pk, inbound_id=inbound_id)


@pytest.fixture
def greeted(tenant, owner):
    with tenant_scope(tenant):
        tenant_services.preference_set(
            tenant=tenant, setting=WELCOME_TEXT, raw="你好,我是班主任", actor=owner
        )


def test_a_real_welcome_goes_out_once_within_its_time(tenant, live, simulator, greeted, product_url, queued):
    """The whole way: a customer adds a staff member, the simulator's callback arrives over HTTP, we answer."""
    simulator.ask(
        "PATCH",
        f"/sim/corps/{live.corp_id}",
        callback_url=f"{product_url}/wecom/callback/{live.slug}",
        token=live.token,
        aes_key=live.aes_key,
    )
    ledger = simulator.ask("GET", f"/sim/ledger?corp_id={live.corp_id}")
    tied = {row["external_userid"] for row in ledger["relations"]}
    stranger = next(
        row["external_userid"] for row in ledger["customers"] if row["external_userid"] not in tied
    )
    staff = ledger["relations"][0]["userid"]
    simulator.act("customer/add-staff", corp_id=live.corp_id, userid=staff, external_userid=stranger)
    events = simulator.ask("GET", f"/sim/ledger?corp_id={live.corp_id}")["events"]
    assert [event["acked"] for event in events] == [True]
    arguments = next(one for name, one in queued if name == "wecom.send_welcome")
    tasks.send_welcome(**arguments)
    tasks.send_welcome(**arguments)
    with tenant_scope(tenant):
        row = OutboundSend.objects.get()
    assert row.state == "done"
    assert 0 <= row.answer["latency_s"] < 20
    assert len(simulator.ask("GET", f"/sim/ledger?corp_id={live.corp_id}")["welcomes"]) == 1


def test_a_welcome_nobody_wants_any_more_is_given_up_silently(tenant, live, greeted):
    row = send_welcome(tenant, arrive(tenant, live, "code-somebody-used"))
    assert (row.state, row.error_code) == ("cancelled", 41050)


def test_a_welcome_after_its_time_makes_no_call(tenant, live, simulator, greeted):
    before = dict(simulator.calls())
    inbound = arrive(tenant, live, "late", clock.now() - timedelta(seconds=21))
    assert send_welcome(tenant, inbound) is None
    assert simulator.calls() == before


def test_a_welcome_whose_words_were_forbidden_since_greets_nobody_and_the_page_says_why(
    tenant, live, simulator, greeted, owner
):
    with tenant_scope(tenant):
        words_put(tenant=tenant, words="班主任", does="refuse", hint="说老师", actor=owner)
    before = dict(simulator.calls())
    assert send_welcome(tenant, arrive(tenant, live, "forbidden")) is None
    assert simulator.calls() == before
    with tenant_scope(tenant), override("zh-hans"):
        (miss,) = welcome_figures(tenant_id=tenant.pk).misses
        assert (miss.count, miss.is_race, "不能再这样说" in str(miss.reason)) == (1, False, True)
        assert welcome_figures(tenant_id=tenant.pk).sent == 0


def test_without_a_text_nothing_is_sent(tenant, live):
    assert send_welcome(tenant, arrive(tenant, live, "c")) is None


def test_the_callback_wakes_the_welcome_directly(tenant, live, deliver, queued):
    text = (
        f"<xml><ToUserName>{live.corp_id}</ToUserName><CreateTime>1</CreateTime><MsgType>event</MsgType>"
        "<Event>change_external_contact</Event><ChangeType>add_half_external_contact</ChangeType>"
        "<UserID>u</UserID><ExternalUserID>wm</ExternalUserID><WelcomeCode>c</WelcomeCode></xml>"
    )
    deliver(live, text)
    assert [name for name, _ in queued] == ["wecom.send_welcome", "wecom.process_inbound"]
