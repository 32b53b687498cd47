"""The short way answers like the long one, and lets everything else through."""

import io
import queue
import threading
from urllib.parse import urlencode

import pytest

from tenants import clock
from tenants.scoping import tenant_scope
from tests.wecom.conftest import event_xml
from wecom.inbox import crypto, front, shelf, wake
from wecom.models import Landed

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def call(path, *, method="POST", query="", body=b"", length=None):
    told = {}

    def start_response(status, headers):
        told.update(status=status, headers=dict(headers))

    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "CONTENT_TYPE": "text/xml",
        "CONTENT_LENGTH": str(len(body)) if length is None else length, "SERVER_NAME": "x", "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(body), "wsgi.url_scheme": "http",
    }  # fmt: skip
    application = front.callbacks_first(lambda environ, start: (start("299 through", []), [b"through"])[1])
    return b"".join(application(environ, start_response)), told


def test_a_callback_takes_the_short_way_and_is_stored(tenant, app):
    keys = crypto.Keys(app.token, app.aes_key, (app.corp_id,))
    sealed, stamp = crypto.encrypt(keys, event_xml()), str(int(clock.now().timestamp()))
    signature = crypto.sign(app.token, stamp, "n", sealed)
    query = urlencode({"msg_signature": signature, "timestamp": stamp, "nonce": "n"})
    body = f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode()
    answer, told = call(f"/wecom/callback/{app.slug}", query=query, body=body)
    assert (answer, told["status"], told["headers"]["Content-Length"]) == (b"success", "200 OK", "7")
    with tenant_scope(tenant):
        assert Landed.objects.count() == 1


def test_a_connection_that_broke_a_moment_ago_costs_no_event(tenant, app):
    keys = crypto.Keys(app.token, app.aes_key, (app.corp_id,))
    for number in range(2):
        sealed, stamp = crypto.encrypt(keys, event_xml()), str(int(clock.now().timestamp()) - number)
        signature = crypto.sign(app.token, stamp, "n", sealed)
        query = urlencode({"msg_signature": signature, "timestamp": stamp, "nonce": "n"})
        body = f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode()
        answer, told = call(f"/wecom/callback/{app.slug}", query=query, body=body)
        assert (answer, told["status"]) == (b"success", "200 OK")
        if number == 0:
            for pen in shelf._pens:
                if pen.line:
                    pen.line.wrapper.connection.close()  # as a server that restarts does, without Django knowing


def test_the_waker_works_beside_the_request_and_more_than_once(tenant, monkeypatch):
    woken: queue.Queue[tuple[int, int | None]] = queue.Queue()
    monkeypatch.setattr(wake, "wake_now", lambda number, welcome_id=None: woken.put((number, welcome_id)))
    waker = wake.Waker()
    for number, welcome_id in ((7, None), (8, 21), (8, 22)):
        waker.ask(number, welcome_id=welcome_id)
        assert woken.get(timeout=10) == (number, welcome_id)


def test_a_tenant_that_was_just_woken_rests_and_no_other_waits_for_it(tenant, monkeypatch):
    woken: queue.Queue[int] = queue.Queue()
    monkeypatch.setattr(wake, "wake_now", lambda number, welcome_id=None: woken.put(number))
    monkeypatch.setattr(wake, "REST_S", 3600)
    waker = wake.Waker()
    for number, next_one in ((7, 7), (7, None), (8, 8)):
        waker.ask(number)
        if next_one:
            assert woken.get(timeout=10) == next_one
    assert woken.empty()
    monkeypatch.setattr(wake, "REST_S", 0)
    with waker._changed:
        waker._rests.clear()
    waker.ask(9)
    assert sorted(woken.get(timeout=10) for _ in range(2)) == [
        7,
        9,
    ]  # what was asked for meanwhile is not lost


def test_a_tenant_whose_woken_worker_has_not_looked_yet_rests_longer(monkeypatch):
    woken: queue.Queue[int] = queue.Queue()
    monkeypatch.setattr(wake, "wake_now", lambda number, welcome_id=None: woken.put(number) or number == 8)
    monkeypatch.setattr(wake, "REST_S", 0)
    monkeypatch.setattr(wake, "BEHIND_S", 3600)
    waker = wake.Waker()
    for number, next_one in ((7, 7), (7, None), (8, 8), (8, 8)):
        waker.ask(number)
        if next_one:
            assert woken.get(timeout=10) == next_one
    assert woken.empty()


def test_a_friends_callback_is_answered_although_valkey_never_answers(tenant, app, deliver, monkeypatch):
    """Broker and marks hang until the test ends; only a thread beside the request may wait for them."""
    asked: queue.Queue[tuple[str, threading.Thread]] = queue.Queue()
    is_over = threading.Event()

    def hang(what):
        asked.put((what, threading.current_thread()))
        is_over.wait(20)

    monkeypatch.setattr(wake, "waker", wake.Waker())
    monkeypatch.setattr(wake, "_is_first", lambda what, tenant_id: hang(what))
    monkeypatch.setattr("outbox.dispatch._send", lambda task, arguments, countdown_s: hang(task))
    with_code = event_xml(extra="<WelcomeCode>c</WelcomeCode>", change="add_external_contact")
    try:
        assert deliver(app, with_code).content == b"success"
        what, thread = asked.get(timeout=20)
        assert (what, thread is threading.current_thread()) == ("wecom.send_welcome", False)
    finally:
        is_over.set()
    assert asked.get(timeout=20)[0] == "inbound"  # so the thread asks for nothing after this test


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        ("/wecom/callback/abc", {}, "400 Bad Request"),
        ("/wecom/callback/abc", {"length": "many"}, "400 Bad Request"),
        ("/wecom/callback/abc", {"length": "99999999"}, "413 Request Entity Too Large"),
        ("/wecom/callback/abc", {"method": "GET"}, "299 through"),
        ("/wecom/callback/a/b", {}, "299 through"),
        ("/wecom/callback/", {}, "299 through"),
        ("/api/v1/events", {}, "299 through"),
    ],
)
def test_what_is_no_callback_goes_through_and_what_is_wrong_is_refused(tenant, path, kind, status):
    assert call(path, **kind)[1]["status"] == status
