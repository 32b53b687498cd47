"""A connected app, a signer that speaks like WeCom, and the simulator as vendor."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.http import HttpResponse
from django.test import Client

from tenants import clock
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.simulated import Simulator, simulator, simulator_process  # noqa: F401
from wecom import valkey
from wecom.enums import AppState
from wecom.inbox import addresses, crypto, ingest, wake
from wecom.models import App

AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
TOKEN = "QDG6eK"


@pytest.fixture(autouse=True)
def _clean_door() -> Iterator[None]:
    """No token, pause or remembered address of another test."""
    addresses.forget_all()
    held = valkey.client()
    for name in held.scan_iter(f"{django_settings.VALKEY_PREFIX}:wecom:*", count=1000):
        held.delete(name)
    yield
    addresses.forget_all()


@pytest.fixture
def no_handlers(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[ingest.Known]]:
    """An empty handler registry for this test; the product's own handlers stay out."""
    table: dict[str, list[ingest.Known]] = {}
    monkeypatch.setattr(ingest, "_handlers", table)
    return table


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What would have gone to the broker, in order."""
    seen: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(
        "outbox.dispatch._send", lambda task, arguments, countdown_s: seen.append((task, arguments))
    )
    monkeypatch.setattr("wecom.inbox.wake.waker.ask", wake.wake_now)  # here and now, not beside the request
    return seen


def make_app(tenant: Tenant, **values: Any) -> App:
    given = {
        "corp_id": "wx5823bf96d3bd56c7",
        "agent_id": 218,
        "secret": "s3cret",
        "token": TOKEN,
        "aes_key": AES_KEY,
        "slug": f"cb{tenant.pk}{values.get('agent_id', 218)}",
        "state": AppState.CONNECTED,
        **values,
    }
    with tenant_scope(tenant):
        return App.objects.create(tenant=tenant, **given)


@pytest.fixture
def product_url(live_server: Any) -> str:
    """The product over real HTTP, for the simulator to call."""
    return live_server.url


@pytest.fixture
def app(tenant: Tenant) -> App:
    """An app with vector A's keys."""
    return make_app(tenant)


@pytest.fixture
def live(tenant: Tenant, simulator: Simulator) -> App:  # noqa: F811
    """An app of a new corp of the simulator, connected."""
    corp = simulator.corp()
    simulator.set_time(clock.now())
    return make_app(
        tenant, corp_id=corp["corp_id"], agent_id=corp["agentid"], secret=corp["secret"], slug=corp["corp_id"]
    )


Post = Callable[..., HttpResponse]


@pytest.fixture
def deliver(client: Client) -> Post:
    """deliver(app, plaintext): one callback POST as WeCom makes it; keywords change single parts."""

    def send(app: App, plaintext: str, *, form: str = "xml", **parts: str) -> HttpResponse:
        keys = crypto.Keys(token=app.token, aes_key=app.aes_key, receive_ids=(parts.pop("to", app.corp_id),))
        sealed = parts.pop("ciphertext", None) or crypto.encrypt(keys, plaintext)
        query = {"timestamp": str(int(clock.now().timestamp())), "nonce": "n0nce", **parts}
        query.setdefault("msg_signature", crypto.sign(app.token, query["timestamp"], query["nonce"], sealed))
        if form == "json":
            body, kind = f'{{"tousername":"{app.corp_id}","encrypt":"{sealed}"}}', "application/json"
        else:
            body = f"<xml><ToUserName>{app.corp_id}</ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
            kind = "text/xml"
        return client.post(f"/wecom/callback/{app.slug}", body, content_type=kind, query_params=query)

    return send


def event_xml(chat_id: str = "wrX", at: int = 1772413200, *, extra: str = "", change: str = "update") -> str:
    return (
        f"<xml><ToUserName><![CDATA[CORP]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        f"<Event><![CDATA[change_external_chat]]></Event><ChatId><![CDATA[{chat_id}]]></ChatId>"
        f"<ChangeType><![CDATA[{change}]]></ChangeType>{extra}</xml>"
    )


def digest(plaintext: str) -> str:
    return hashlib.sha256(plaintext.encode()).hexdigest()
