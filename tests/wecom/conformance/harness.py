"""What the conformance tests stand on: a corp of the running simulator, the client, and the same call unchecked."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

from tenants import clock
from tests.simulated import Simulator
from tests.wecom.conformance.sink import AES_KEY, TOKEN, Sink
from wecom import valkey
from wecom.endpoints import ENDPOINTS, Endpoint
from wecom.enums import AppState
from wecom.errors import Permanent, WecomError
from wecom.gateway import answers, wire
from wecom.gateway.client import WecomClient
from wecom.models import App

TENANT_ID = 900_001  # the app is never stored: conformance needs no database
DAY_S = 86_400
ROOMY = {
    "moments_a_minute": 10_000,
    "calls_a_minute": 1_000_000,
    "calls_an_hour": 1_000_000,
    "corp_tickets_an_hour": 10_000,
    "agent_tickets_an_hour": 10_000,
}
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64


@dataclass(frozen=True)
class Break:
    """Values that break one rule of the row, and the field that our refusal names.

    `is_ours`: WeCom would take it (it chooses by itself); we do not leave that to chance.
    """

    rule: str
    change: dict[str, Any]
    names: str
    is_ours: bool = False


class Ago(int):
    """Seconds before the present, in a Break."""


@dataclass(frozen=True)
class Case:
    """One row of the endpoint table: how to call it with success, valid values in full, how to break it.

    `method` is the typed method as people write it; `run` calls it and asserts what it answers. `values` hold every
    part at once, so that each one's limits are tried, also where only one may go out; `more` are other full sets.
    `refusals` bring the simulator into the state in which it answers a code of this call's own.
    """

    method: str
    endpoint: str
    run: "Callable[[World], None]"
    values: "Callable[[World], dict[str, Any]]" = lambda world: {}
    more: "tuple[Callable[[World], dict[str, Any]], ...]" = ()
    breaks: tuple[Break, ...] = ()
    refusals: "Mapping[int, Callable[[World], Any]]" = field(default_factory=dict)


class Recorder(WecomClient):
    """A client that remembers which rows it called."""

    def __init__(self, app: App, **secrets: Any) -> None:
        super().__init__(app, **secrets)
        self.called: list[str] = []

    def _attempt(self, endpoint: Endpoint, values: dict[str, Any], **parts: Any) -> dict[str, Any]:
        self.called.append(endpoint.name)
        return super()._attempt(endpoint, values, **parts)


class World:
    """One corp with everything switched on, and what tests need to know of it."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.corp = simulator.corp(
            corp_id="wwconformance", staff=6, groups=6, customers=60, seed=7, initial_share=0.8
        )
        self.corp_id, self.agentid = self.corp["corp_id"], self.corp["agentid"]
        archive = {
            "is_on": True,
            "secret": "archive-secret",
            "public_keys": {"1": _pem()},
            "current_version": 1,
            "agree_share": 1.0,
        }
        simulator.ask("PATCH", f"/sim/corps/{self.corp_id}", limits=ROOMY, archive=archive)
        self.sink = Sink(self.corp_id)
        callback = {"callback_url": self.sink.url, "token": TOKEN, "aes_key": AES_KEY}
        simulator.ask("PATCH", f"/sim/corps/{self.corp_id}", **callback)
        sync = simulator.ask("POST", f"/sim/corps/{self.corp_id}/apps", permissions=["contact_sync"])
        self.second = simulator.ask("POST", f"/sim/corps/{self.corp_id}/apps", name="second")
        self.app = self._app(self.corp["secret"], self.agentid, contacts_secret=sync["secret"])
        self.client = Recorder(self.app, archive=("archive-secret", 1))
        self.other = Recorder(self._app(self.second["secret"], self.second["agentid"]))
        self.staff = self.client.customers.follow_users()
        self.ties = self._ties()  # as the corp began, whichever test comes first

    def _app(self, secret: str, agent_id: int, **values: Any) -> App:
        return App(
            pk=TENANT_ID + agent_id,
            tenant_id=TENANT_ID,
            corp_id=self.corp_id,
            agent_id=agent_id,
            secret=secret,
            state=AppState.CONNECTED,
            **values,
        )

    def _ties(self) -> list[tuple[str, str]]:
        """(member, customer) pairs that are connected, a customer once."""
        found: dict[str, str] = {}
        for userid in self.staff:
            with contextlib.suppress(Permanent):  # 84061: a member without customers
                rows = self.client.customers.batch(userid_list=[userid])["external_contact_list"]
                found = {row["external_contact"]["external_userid"]: userid for row in rows} | found
        return [(userid, external) for external, userid in found.items()]

    def raw(self, name: str, values: Mapping[str, Any], *, file: Any = None) -> tuple[int, str]:
        """The same call with our checks bypassed: (errcode, errmsg)."""
        endpoint = ENDPOINTS[name]
        token = self.client._token(endpoint).value
        request = wire.build(endpoint, dict(values), token=token, file=file)
        body = wire.send(endpoint, request)
        return answers.code_of(body), str(body.get("errmsg") or "")

    def act(self, act: str, /, **body: Any) -> dict[str, Any]:
        return self.simulator.ask("POST", f"/sim/{act}", corp_id=self.corp_id, **body)

    def limits(self, **limits: int) -> None:
        """Give the corp other ceilings than the vendor's; without names, the tests' own."""
        self.simulator.ask("PATCH", f"/sim/corps/{self.corp_id}", limits={**ROOMY, **limits})

    def archive(self, **settings: Any) -> None:
        """Change the archive's settings."""
        self.simulator.ask("PATCH", f"/sim/corps/{self.corp_id}", archive=settings)

    def forget_limits(self) -> None:
        """No pause, denial, rate or back-off window of an earlier call."""
        held = valkey.client()
        for name in held.scan_iter(f"{settings.VALKEY_PREFIX}:wecom:*", count=1000):
            held.delete(name)

    @property
    def now_s(self) -> int:
        return int(clock.now().timestamp())

    @property
    def yesterday_s(self) -> int:
        return self.now_s - DAY_S

    @property
    def tie(self) -> tuple[str, str]:
        return self.ties[0]

    @cached_property
    def groups(self) -> list[dict[str, Any]]:
        return self.corp["groups"]

    @property
    def chat_id(self) -> str:
        return self.groups[0]["chat_id"]

    @property
    def owner(self) -> str:
        return self.groups[0]["owner"]

    def image(self) -> str:
        return self.client.media.upload(kind="image", filename="a.png", content=PNG)["media_id"]

    def attachment(self, kind: int, media_type: str = "image", filename: str = "a.png") -> str:
        return self.client.media.upload_attachment(
            media_type=media_type, attachment_type=kind, filename=filename, content=PNG
        )["media_id"]

    def parts(self) -> dict[str, dict[str, Any]]:
        """One of each kind of attachment."""
        video = self.client.media.upload(kind="video", filename="a.mp4", content=PNG)["media_id"]
        mini = {"title": "t", "pic_media_id": self.image(), "appid": "wx1", "page": "/p"}
        return {
            "image": {"media_id": self.image()},
            "link": {
                "title": "t",
                "picurl": "https://x.example/a.png",
                "desc": "d",
                "url": "https://x.example",
            },
            "miniprogram": mini,
            "video": {"media_id": video},
            "file": {
                "media_id": self.client.media.upload(kind="file", filename="a.pdf", content=PNG)["media_id"]
            },
        }

    def attachments(self) -> list[dict[str, Any]]:
        return [{"msgtype": kind, kind: part} for kind, part in self.parts().items()]

    def make_tag(self, name: str) -> str:
        group = self.client.tags.add(group_name="conformance", tag=[{"name": f"{name}{self.fresh}"}])
        return group["tag"][0]["id"]

    def make_send(self) -> str:
        return self.client.mass_sends.add(chat_type="group", sender=self.owner, text="hello")["msgid"]

    @cached_property
    def strangers(self) -> list[str]:
        """WeChat customers whom no member knows; each is used once."""
        known = {external for _, external in self.ties}
        rows = self.simulator.ask("GET", f"/sim/ledger?corp_id={self.corp_id}")["customers"]
        return [
            row["external_userid"] for row in rows if row["type"] == 1 and row["external_userid"] not in known
        ]

    def meet(self) -> tuple[str, str, str]:
        """(member, customer, welcome code): a stranger adds a member."""
        userid, external = self.staff[0], self.strangers.pop()
        self.act("customer/add-staff", userid=userid, external_userid=external)
        return (
            userid,
            external,
            next(
                one["WelcomeCode"]
                for one in reversed(self.sink.events)
                if one.get("ExternalUserID") == external
            ),
        )

    def welcome_code(self) -> str:
        """A fresh code, good for 20 s."""
        return self.meet()[2]

    _count = 0

    @property
    def fresh(self) -> int:
        """A number nobody had before."""
        World._count += 1
        return World._count


def refused(code: int, run: Callable[[], Any], kind: type[WecomError] = Permanent) -> None:
    """The call is refused with this code, as this kind of error."""
    with pytest.raises(kind) as caught:
        run()
    assert caught.value.code == code, caught.value.hint


def _pem() -> str:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048).public_key()
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, kind).decode()
