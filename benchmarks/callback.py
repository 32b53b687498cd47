"""Callback durable and answered, beside a raw WSGI insert on the same server and workers."""

import secrets
import time
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from wechatpy.work.crypto import WeChatCrypto

from benchmarks import load, owner, servers
from tenants.audit import SYSTEM
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from wecom.services import app_connect

REQUESTS = 6000
WARM_UP = 800  # answered before the measurement: a worker loads its application with its first request
CONNECTIONS = 32  # with a few that stay open, one of two workers often gets nearly all of them
ROUNDS = 3
CORP_ID = "wwbenchmark0000001"
FLOOR_TABLE = """
drop table if exists floor_event;
create table floor_event (
  id bigserial primary key, tenant_id bigint not null, dedupe_key varchar(64) not null, event varchar(64) not null,
  body text not null, received_at timestamptz not null default now(), unique (tenant_id, dedupe_key));
"""


def _event(number: int, now_s: int) -> str:
    return (
        f"<xml><ToUserName><![CDATA[{CORP_ID}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
        f"<CreateTime>{now_s}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        "<Event><![CDATA[change_external_chat]]></Event>"
        f"<ChatId><![CDATA[wrBenchmark{number:08d}]]></ChatId><ChangeType><![CDATA[update]]></ChangeType>"
        "<UpdateDetail><![CDATA[add_member]]></UpdateDetail><JoinScene>3</JoinScene><MemChangeCnt>1</MemChangeCnt>"
        f"<MemChangeList><Item>wm{number:08d}</Item></MemChangeList></xml>"
    )


def _requests(path: str, crypto: WeChatCrypto, first: int) -> list[load.Request]:
    made = []
    now_s = int(time.time())
    for number in range(first, first + WARM_UP + REQUESTS):
        nonce = secrets.token_hex(8)
        body = crypto.encrypt_message(_event(number, now_s), nonce, str(now_s))
        query = {
            "msg_signature": body.split("<MsgSignature><![CDATA[")[1].split("]]>")[0],
            "timestamp": now_s,
            "nonce": nonce,
        }
        made.append(load.Request(f"{path}?{urlencode(query)}", body.encode()))
    return made


def _connect(tenant: Tenant) -> tuple[str, WeChatCrypto, dict[str, str]]:
    """An app of the tenant: its callback path, its keys as a crypto, and as the floor reads them."""
    with tenant_scope(tenant):
        app = app_connect(tenant=tenant, corp_id=CORP_ID, agent_id=1, secret="unused", actor=SYSTEM)
    keys = {"FLOOR_TOKEN": app.token, "FLOOR_AES_KEY": app.aes_key, "FLOOR_CORP_ID": CORP_ID}
    return f"/wecom/callback/{app.slug}", WeChatCrypto(app.token, app.aes_key, CORP_ID), keys


def measure(tenant: Tenant) -> dict[str, Any]:
    """Alternates floor and product `ROUNDS` times; the medians count."""
    path, crypto, keys = _connect(tenant)
    app = settings.DATABASES["default"]
    owner.run(FLOOR_TABLE)
    dsn = f"host={app['HOST']} port={app['PORT']} user={app['USER']} password={app['PASSWORD']} dbname={app['NAME']}"
    floor_environment = {"FLOOR_DSN": dsn, **keys}
    floors, products = [], []
    for round_number in range(ROUNDS):
        first = round_number * (WARM_UP + REQUESTS)
        with servers.serving("benchmarks.floor_callback:application", floor_environment) as port:
            floors.append(_load(port, _requests("/", crypto, first)))
        # As in production: no clock file to read with every request.
        with servers.serving("scrm.wsgi:application", {"QUNCE_CLOCK_FILE": ""}) as port:
            products.append(_load(port, _requests(path, crypto, first)))
    return _result(floors, products)


def _load(port: int, requests: list[load.Request]) -> load.Load:
    load.run(servers.HOST, port, requests[:WARM_UP], CONNECTIONS)
    return load.run(servers.HOST, port, requests[WARM_UP:], CONNECTIONS)


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _result(floors: list[load.Load], products: list[load.Load]) -> dict[str, Any]:
    floor_per_s, product_per_s = (_median([one.per_s for one in some]) for some in (floors, products))
    floor_p99, product_p99 = (_median([one.p99_ms for one in some]) for some in (floors, products))
    return {
        "name": "callback durable and answered",
        "unit": "requests/s",
        "product": round(product_per_s, 1),
        "floor": round(floor_per_s, 1),
        "ratio": round(product_per_s / floor_per_s, 3),
        "budget": "ratio >= 1.0 and p99 <= 2 x floor's",
        "product_p99_ms": round(product_p99, 2),
        "floor_p99_ms": round(floor_p99, 2),
        "failed": sum(one.failed for one in (*floors, *products)),
        "met": not any(one.failed for one in (*floors, *products))
        and product_per_s >= floor_per_s
        and product_p99 <= 2 * floor_p99,
    }
