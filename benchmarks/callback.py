"""Callback durable and answered, beside a raw WSGI insert on the same server and workers."""

import itertools
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from wechatpy.work.crypto import WeChatCrypto

from benchmarks import load, owner, servers
from tenants.audit import SYSTEM
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from wecom.services import app_connect

REQUESTS = 1500
WARM_UP = 1600  # answered before the measurement: a worker loads its application with its first request
CONNECTIONS = 32  # with a few that stay open, one of two workers often gets nearly all of them
ROUNDS = (
    16  # the machine's own pace changes by a fifth within minutes: many short pairs, each beside the other
)
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


def _requests(path: str, crypto: WeChatCrypto, numbers: Iterator[int], count: int) -> list[load.Request]:
    made = []
    now_s = int(time.time())
    for number in itertools.islice(numbers, count):
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


@dataclass
class Side:
    """The product or its floor: a server that runs all the time, and what each of its rounds came to."""

    port: int
    path: str
    crypto: WeChatCrypto
    numbers: Iterator[int] = field(default_factory=itertools.count)
    rounds: list[load.Load] = field(default_factory=list)

    def warm(self) -> None:
        self._load(WARM_UP)

    def round(self) -> None:
        self.rounds.append(self._load(REQUESTS))

    def _load(self, count: int) -> load.Load:
        requests = _requests(self.path, self.crypto, self.numbers, count)
        return load.run(servers.HOST, self.port, requests, CONNECTIONS)


def measure(tenant: Tenant) -> dict[str, Any]:
    """Both servers run; one is loaded at a time, turn by turn. The median of the pairs' ratios counts."""
    path, crypto, keys = _connect(tenant)
    app = settings.DATABASES["default"]
    owner.run(FLOOR_TABLE)
    dsn = f"host={app['HOST']} port={app['PORT']} user={app['USER']} password={app['PASSWORD']} dbname={app['NAME']}"
    with (
        servers.serving("benchmarks.floor_callback:application", {"FLOOR_DSN": dsn, **keys}) as floor_port,
        # As in production: no clock file to read with every request.
        servers.serving("scrm.wsgi:application", {"QUNCE_CLOCK_FILE": ""}) as product_port,
    ):
        floor, product = Side(floor_port, "/", crypto), Side(product_port, path, crypto)
        for side in (floor, product):
            side.warm()
        for number in range(ROUNDS):  # who goes first has no advantage
            for side in (floor, product) if number % 2 else (product, floor):
                side.round()
    return _result(floor.rounds, product.rounds)


def _result(floors: list[load.Load], products: list[load.Load]) -> dict[str, Any]:
    ratios = [product.per_s / floor.per_s for floor, product in zip(floors, products, strict=True)]
    floor_per_s, product_per_s = (median(one.per_s for one in some) for some in (floors, products))
    floor_p99, product_p99 = (median(one.p99_ms for one in some) for some in (floors, products))
    failed = sum(one.failed for one in (*floors, *products))
    return {
        "name": "callback durable and answered",
        "unit": "requests/s",
        "product": round(product_per_s, 1),
        "floor": round(floor_per_s, 1),
        "ratio": round(median(ratios), 3),
        "ratios": [round(one, 2) for one in sorted(ratios)],
        "budget": "ratio >= 1.0 and p99 <= 2 x floor's",
        "product_p99_ms": round(product_p99, 2),
        "floor_p99_ms": round(floor_p99, 2),
        "failed": failed,
        "met": not failed and median(ratios) >= 1.0 and product_p99 <= 2 * floor_p99,
    }
