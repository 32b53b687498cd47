"""The callback over HTTP: what WeCom sees, and what is in the table afterwards."""

import threading

import pytest
from django.db import DatabaseError, connection, connections
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants import clock
from tenants.scoping import tenant_scope
from tests.wecom.conftest import digest, event_xml, make_app
from wecom import services
from wecom.inbox import addresses, crypto, shelf
from wecom.inbox.filing import file_landed
from wecom.models import App, InboundEvent

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def rows(tenant):
    with tenant_scope(tenant):
        file_landed(tenant_id=tenant.pk)
        return list(InboundEvent.objects.order_by("pk"))


def test_event_is_stored_once_and_answered_success(tenant, app, deliver, queued):
    first = deliver(app, event_xml())
    again = deliver(app, event_xml())
    assert (first.status_code, first.content) == (200, b"success")
    assert (again.status_code, again.content) == (200, b"success")
    (row,) = rows(tenant)
    assert (row.event, row.change_type, row.mailbox) == ("change_external_chat", "update", "chat:wrX")
    assert row.dedupe_key == digest(event_xml())
    assert queued == [("wecom.process_inbound", {"tenant_id": tenant.pk})]


def test_json_envelope_is_read_like_xml(tenant, app, deliver):
    assert deliver(app, event_xml(), form="json").content == b"success"
    assert len(rows(tenant)) == 1


def test_hot_path_is_one_round_trip_and_the_requests_own_connection_names_nobody(
    tenant, app, deliver, monkeypatch
):
    deliver(app, event_xml("warm"))
    seen, written, told = [], [], []
    execute = shelf._Line.execute

    def counted(line, tenant_id, row_count, values):
        written.append(row_count)
        return execute(line, tenant_id, row_count, values)

    with (
        monkeypatch.context() as patch,
        connection.execute_wrapper(lambda run, sql, *rest: seen.append(sql) or run(sql, *rest)),
    ):
        patch.setattr("tenants.scoping.apply_reach", told.append)
        patch.setattr(shelf._Line, "execute", counted)
        deliver(app, event_xml("wrY"))
    assert (seen, written, told) == ([], [1], [])
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('qunce.tenant', true), count(*) from wecom_landed")
        assert cursor.fetchone() == ("", 0)
    assert len(rows(tenant)) == 2


def test_a_callback_cannot_write_for_another_tenant(tenant, other_tenant, app, monkeypatch):
    execute = shelf._Line.execute
    monkeypatch.setattr(
        shelf._Line, "execute", lambda line, _tenant_id, *rest: execute(line, other_tenant.pk, *rest)
    )
    arrival = shelf.Arrival(dedupe_key="d", body="b")
    with pytest.raises(DatabaseError):
        shelf.put(tenant_id=tenant.pk, app_id=app.pk, arrival=arrival)


def test_url_check_answers_the_plaintext_alone(tenant, app, client):
    keys = crypto.Keys(app.token, app.aes_key, (app.corp_id,))
    sealed = crypto.encrypt(keys, "94966531020182955848408")
    stamp = str(int(clock.now().timestamp()))
    query = {"timestamp": stamp, "nonce": "n", "echostr": sealed}
    query["msg_signature"] = crypto.sign(app.token, stamp, "n", sealed)
    answer = client.get(f"/wecom/callback/{app.slug}", query)
    assert (answer.status_code, answer.content) == (200, b"94966531020182955848408")
    with tenant_scope(tenant):
        assert App.objects.get(pk=app.pk).verified_at is not None


def test_url_check_survives_a_plus_that_became_a_blank(app, client):
    keys = crypto.Keys(app.token, app.aes_key, (app.corp_id,))
    sealed = next(one for n in range(99) if "+" in (one := crypto.encrypt(keys, str(n))))
    stamp = str(int(clock.now().timestamp()))
    query = {"timestamp": stamp, "nonce": "n", "echostr": sealed.replace("+", " ")}
    query["msg_signature"] = crypto.sign(app.token, stamp, "n", sealed)
    assert client.get(f"/wecom/callback/{app.slug}", query).status_code == 200


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"msg_signature": "0" * 40}, 403),
        ({"msg_signature": "ü" * 40}, 403),
        ({"timestamp": "yesterday"}, 400),
        ({"timestamp": "1409659813"}, 403),
        ({"timestamp": "9" * 12}, 403),
        ({"ciphertext": "not base64"}, 400),
        ({"to": "wwforeign"}, 403),
    ],
)
def test_a_forged_or_broken_request_is_refused_and_stores_nothing(tenant, app, deliver, change, status):
    assert deliver(app, event_xml(), **change).status_code == status
    assert rows(tenant) == []


@pytest.mark.parametrize("missing", ["msg_signature", "timestamp", "nonce"])
def test_a_missing_parameter_is_named(app, client, missing):
    query = {"msg_signature": "x", "timestamp": "1", "nonce": "n"}
    del query[missing]
    body = "<xml><Encrypt>YWJj</Encrypt></xml>"
    answer = client.post(f"/wecom/callback/{app.slug}", body, content_type="text/xml", query_params=query)
    assert answer.status_code == 400
    assert missing in answer.content.decode()


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>'


@pytest.mark.parametrize(
    "body",
    [b"", b"<xml>", b"hello", b"\xff\xfe<", BOMB.encode(), b"<xml><Encrypt/></xml>", b"{}", b'{"encrypt": 5}',
     b"{", b'{"encrypt": "' + b"\xff" + b'"}', "<xml><Encrypt>密</Encrypt></xml>".encode(), b"[" * 5000,
     b'{"a":' * 5000, b"<a>" * 5000],
)  # fmt: skip
def test_an_unreadable_body_is_a_clear_400(app, client, body):
    query = {"msg_signature": "x", "timestamp": "1", "nonce": "n"}
    answer = client.post(f"/wecom/callback/{app.slug}", body, content_type="text/xml", query_params=query)
    assert answer.status_code == 400
    assert answer.content


def test_a_huge_body_is_refused_unread(app, client, settings):
    settings.CALLBACK_BODY_BYTES = 1000
    query = {"msg_signature": "x", "timestamp": "1", "nonce": "n"}
    body = b"<xml>" + b"a" * 1000
    assert client.post(f"/wecom/callback/{app.slug}", body, "text/xml", query_params=query).status_code == 413


def test_an_unknown_slug_is_404_and_a_wrong_method_405(app, client):
    query = {"msg_signature": "x", "timestamp": "1", "nonce": "n"}
    body = "<xml><Encrypt>YWJj</Encrypt></xml>"
    assert client.post("/wecom/callback/nobody", body, "text/xml", query_params=query).status_code == 404
    assert client.put(f"/wecom/callback/{app.slug}").status_code == 405


@pytest.mark.parametrize(
    "plaintext",
    [
        "<xml><a/></xml>",
        "not xml",
        "<xml><MsgType>event</MsgType></xml>",
        '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
    ],
)
def test_a_payload_nobody_can_read_stays_as_a_row(tenant, app, deliver, queued, plaintext):
    assert deliver(app, plaintext).content == b"success"
    (row,) = rows(tenant)
    assert (row.state, row.body) == ("dead", plaintext)
    assert row.error
    assert queued == [("wecom.process_inbound", {"tenant_id": tenant.pk})]  # a worker files it


def test_an_event_of_an_unknown_kind_is_kept_and_done(tenant, app, deliver, no_handlers):
    text = event_xml().replace("change_external_chat", "brand_new_event")
    deliver(app, text)
    assert rows(tenant)[0].state == "pending"


def test_suite_form_is_normalised(tenant, deliver):
    app = make_app(tenant, suite_id="wwsuite")
    text = (
        "<xml><SuiteId>wwsuite</SuiteId><AuthCorpId>CORP</AuthCorpId><InfoType>change_external_chat</InfoType>"
        "<TimeStamp>1772413200</TimeStamp><ChatId>wrX</ChatId><ChangeType>create</ChangeType></xml>"
    )
    ticket = (
        "<xml><SuiteId>wwsuite</SuiteId><InfoType>suite_ticket</InfoType><SuiteTicket>t</SuiteTicket></xml>"
    )
    assert deliver(app, text, to="wwsuite").content == b"success"
    assert deliver(app, ticket, to="wwsuite").content == b"success"
    found = [(row.event, row.change_type, row.mailbox) for row in rows(tenant)]
    assert found == [
        ("change_external_chat", "create", "chat:wrX"),
        ("suite_ticket", "", "event:suite_ticket"),
    ]


def test_the_same_callback_eight_times_at_once_is_one_row(tenant, app, deliver, queued):
    barrier, answers = threading.Barrier(8), []

    def send() -> None:
        barrier.wait()
        answers.append(deliver(app, event_xml("race")).content)
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [b"success"] * 8
    assert len(rows(tenant)) == 1


def test_two_tenants_keep_their_own_copy(tenant, other_tenant, deliver):
    one, two = make_app(tenant), make_app(other_tenant)
    deliver(one, event_xml())
    deliver(two, event_xml())
    assert len(rows(tenant)) == 1
    assert len(rows(other_tenant)) == 1


def test_a_database_that_cannot_store_is_not_acknowledged(tenant, app, deliver, plant):
    deliver(app, event_xml("before"))
    role = connection.settings_dict["USER"]
    plant(f'revoke insert on wecom_landed from "{role}"', [])
    try:
        answer = deliver(app, event_xml("lost?"))
    finally:
        plant(f'grant insert on wecom_landed to "{role}"', [])
    assert answer.status_code == 503
    assert deliver(app, event_xml("lost?")).content == b"success"
    assert len(rows(tenant)) == 2


def test_new_keys_work_at_once_and_old_ones_stop(tenant, app, deliver, owner, monkeypatch):
    deliver(app, event_xml("one"))
    old = App(corp_id=app.corp_id, token=app.token, aes_key=app.aes_key, slug=app.slug)
    monkeypatch.setattr(addresses, "AGAIN_S", -1.0)
    with tenant_scope(tenant):
        new = services.app_rotate_keys(tenant=tenant, app_id=app.pk, actor=owner)
    assert deliver(new, event_xml("two")).content == b"success"
    assert deliver(old, event_xml("three")).status_code == 403


def test_emoji_and_long_names_are_kept(tenant, app, deliver):
    text = event_xml(extra="<Name><![CDATA[🐟👩‍👩‍👧‍👦 𠮷野家]]></Name>")
    deliver(app, text)
    assert rows(tenant)[0].body == text


ENCRYPT = "<xml><Encrypt>{}</Encrypt></xml>"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=200) | st.text(max_size=80).map(ENCRYPT.format).map(str.encode),
    query=st.dictionaries(st.sampled_from(["msg_signature", "timestamp", "nonce", "echostr"]), st.text(max_size=30)),
    is_get=st.booleans(),
)  # fmt: skip
def test_whatever_arrives_is_a_4xx_never_a_500(app, body, query, is_get):
    client = Client(raise_request_exception=False)
    url = f"/wecom/callback/{app.slug}"
    clean = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
    if is_get:
        answer = client.get(url, clean)
    else:
        answer = client.post(url, body, content_type="text/xml", query_params=clean)
    assert 400 <= answer.status_code < 500
