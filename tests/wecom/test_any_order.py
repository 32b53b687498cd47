"""Whatever happens in a corp, and however its callbacks come: after one comparison we say what WeCom says.

The simulator runs in its own process and is asked over real HTTP; its callbacks go to a sink of this test, which
hands them to the product's callback doubled, late, mixed up, and now and then not at all.
"""

import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from contacts.models import Customer, CustomerTag, Follow
from groups.models import Group, Member
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.simulated import Simulator
from tests.wecom.conftest import AES_KEY, TOKEN, Post, make_app
from wecom import services
from wecom.enums import AppState
from wecom.gateway.client import WecomClient
from wecom.inbox import crypto, ingest
from wecom.models import App, InboundEvent, SyncState
from wecom.reading import sync

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

EXAMPLES = 30
DROPPED = 0.05
LISTED = {"full", "customer_deleted"}  # what WeCom's lists show, and cannot tell apart
ACTS = (
    "join", "join", "leave", "leave", "kick", "kick", "rename", "notice", "owner", "dismiss", "create",
    "add", "add_half", "staff_deletes", "customer_deletes", "remark", "tag",
)  # fmt: skip

ACT = st.tuples(
    st.sampled_from(ACTS), st.integers(0, 9), st.integers(0, 9), st.sampled_from([0, 1, 2, 30, 600])
)


class _Sink(BaseHTTPRequestHandler):
    heard: list[str] = []

    def do_POST(self) -> None:
        query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        sealed = ElementTree.fromstring(body).findtext("Encrypt") or ""
        assert query["msg_signature"]
        self.heard.append(sealed)
        self.send_response(200)
        self.send_header("content-length", "7")
        self.end_headers()
        self.wfile.write(b"success")

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def sink() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@dataclass
class Life:
    """One corp's life: acts in the simulator, what it called back, and what the product got of it."""

    tenant: Tenant
    simulator: Simulator
    frozen: MovableClock
    deliver: Post
    chance: random.Random
    app: App
    corp: dict[str, Any]
    chats: list[str] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)  # (plaintext, subject)
    muddled: set[tuple[str, str]] = field(default_factory=set)  # pairs whose events went missing or met

    def act(self, kind: str, one: int, two: int, gap_s: int) -> None:
        self.frozen.move(seconds=gap_s)
        self.simulator.set_time(self.frozen.moment)
        staff = [row["userid"] for row in self.corp["staff"]]
        person, who = f"wm{one}", staff[two % len(staff)]
        chat = self.chats[two % len(self.chats)] if self.chats else ""
        body: dict[str, dict[str, Any]] = {
            "join": {"path": "group/join", "chat_id": chat, "person_ids": [self.people[one]]},
            "leave": {"path": "group/leave", "chat_id": chat, "person_ids": self.inside(kind, chat, one)},
            "kick": {
                "path": "group/kick",
                "chat_id": chat,
                "person_ids": self.inside(kind, chat, one),
                "by": who,
            },
            "rename": {"path": "group/rename", "chat_id": chat, "name": f"小芽{one}{two}群"},
            "notice": {"path": "group/notice", "chat_id": chat, "notice": f"每晚 {one} 点"},
            "owner": {"path": "group/owner", "chat_id": chat, "userid": who},
            "dismiss": {"path": "group/dismiss", "chat_id": chat},
            "create": {"path": "group/create", "owner": who, "name": f"新{person}群"},
            "add": {"path": "customer/add-staff"},
            "add_half": {"path": "customer/add-staff", "half": True},
            "staff_deletes": {"path": "staff/delete-customer"},
            "customer_deletes": {"path": "customer/delete-staff"},
            "remark": {"path": "staff/edit-customer", "remark": f"备注{one}{two}"},
            "tag": {"path": "staff/edit-customer", "add_tag": [self.tags[one % len(self.tags)]]},
        }
        asked = dict(body[kind])
        path = asked.pop("path")
        if path.startswith(("customer/", "staff/")):
            asked |= {"userid": who, "external_userid": self.people[one]}
        try:
            answer = self.simulator.ask("POST", f"/sim/{path}", corp_id=self.corp["corp_id"], **asked)
        except AssertionError:
            return  # it makes no sense in the present state of the world
        if kind == "create":
            self.chats.append(answer["chat_id"])
        self.hear()

    def look(self) -> dict[str, Any]:
        return self.simulator.ask("GET", f"/sim/ledger?corp_id={self.corp['corp_id']}")

    def inside(self, kind: str, chat: str, one: int) -> list[str]:
        """A customer who sits in the group, to go from it; somebody always could."""
        if kind not in ("leave", "kick"):
            return []
        rows = [row["customers"] for row in self.look()["groups"] if row["chat_id"] == chat]
        return [rows[0][one % len(rows[0])]] if rows and rows[0] else []

    def settle_in(self) -> None:
        truth = self.look()
        self.people = [row["external_userid"] for row in truth["customers"]][:10]
        group = WecomClient(self.app).call(
            "add_corp_tag", group_name="意向", tag=[{"name": one} for one in "高中低"]
        )
        self.tags = [row["id"] for row in group["tag_group"]["tag"]]
        self.chats = [row["chat_id"] for row in truth["groups"]]

    def hear(self) -> None:
        """Take from the sink what was called back; some of it will never arrive."""
        keys = crypto.Keys(token=TOKEN, aes_key=AES_KEY, receive_ids=(self.app.corp_id,))
        for sealed in _Sink.heard:
            plain = crypto.decrypt(keys, sealed).decode()
            document = ElementTree.fromstring(plain)
            pair = (document.findtext("UserID") or "", document.findtext("ExternalUserID") or "")
            at = document.findtext("CreateTime") or ""
            if pair[0] and (at, *pair) in {(when, *who) for when, who in self.seen}:
                self.muddled.add(pair)
            self.seen.append((at, pair))
            if self.chance.random() < DROPPED:
                self.muddled.add(pair)
            else:
                self.told.append((plain, at))
        _Sink.heard.clear()
        if self.chance.random() < 0.4:
            self.pass_on(self.chance.randint(0, len(self.told)))

    seen: list[tuple[str, tuple[str, str]]] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)

    def pass_on(self, count: int) -> None:
        """Deliver some of what waits, mixed up; some of it twice, some of it to come again later."""
        self.chance.shuffle(self.told)
        going, self.told = self.told[:count], self.told[count:]
        for plain, at in going:
            for _ in range(self.chance.choice([1, 1, 1, 2])):
                assert self.deliver(self.app, plain).status_code == 200
            if self.chance.random() < 0.1:
                self.told.append((plain + "\n", at))  # a repeat that is no byte-for-byte double
        with tenant_scope(self.tenant):
            ingest.drain(tenant_id=self.tenant.pk)

    def compare(self) -> int:
        """One nightly comparison. Returns what it found that nobody had told."""
        self.frozen.move(minutes=2)
        self.simulator.set_time(self.frozen.moment)
        with tenant_scope(self.tenant):
            services.sync_request(self.tenant.pk)
            sync.run_due(tenant_id=self.tenant.pk)
            rows = list(SyncState.objects.all())
            assert [row.error for row in rows] == [""] * len(rows)
            return sum(row.lost_events for row in rows)


def groups_told(life: Life, truth: dict[str, Any]) -> dict[str, Any]:
    return {
        row["chat_id"]: {key: row[key] for key in ("name", "owner", "notice", "member_version", "customers", "staff")}
        for row in truth["groups"]
        if not row["dismissed"]
    }  # fmt: skip


def groups_held(life: Life) -> dict[str, Any]:
    held = {}
    for group in Group.objects.filter(app=life.app, dismissed_at=None):
        inside = list(Member.objects.filter(group=group, left_at=None).values_list("userid", "is_staff"))
        held[group.chat_id] = {
            "name": group.name,
            "owner": group.owner_userid,
            "notice": group.notice,
            "member_version": group.member_version,
            "customers": sorted(userid for userid, is_staff in inside if not is_staff),
            "staff": sorted(userid for userid, is_staff in inside if is_staff),
        }
        assert (group.customer_count, group.staff_count) == (
            len(held[group.chat_id]["customers"]),
            len(held[group.chat_id]["staff"]),
        )
    return held


def ties_told(truth: dict[str, Any]) -> dict[tuple[str, str], tuple[str, list[str]]]:
    return {
        (row["userid"], row["external_userid"]): (row["remark"], sorted(row["tag_ids"]))
        for row in truth["relations"]
        if row["status"] in LISTED
    }


def ties_held(life: Life) -> dict[tuple[str, str], tuple[str, list[str]]]:
    tags: dict[tuple[str, str], list[str]] = {}
    for userid, external, tag in CustomerTag.objects.filter(
        customer__app=life.app, source="wecom"
    ).values_list("staff__userid", "customer__external_userid", "tag__tag_id"):
        tags.setdefault((userid, external), []).append(tag)
    rows = Follow.objects.filter(customer__app=life.app, state__in=LISTED)
    return {
        (userid, external): (remark, sorted(tags.get((userid, external), [])))
        for userid, external, remark in rows.values_list(
            "staff__userid", "customer__external_userid", "remark"
        )
    }


def states(life: Life) -> dict[tuple[str, str], str]:
    rows = Follow.objects.filter(customer__app=life.app)
    return {(one, two): state for one, two, state in rows.values_list(
        "staff__userid", "customer__external_userid", "state"
    )}  # fmt: skip


@pytest.fixture
def start(
    tenant: Tenant, simulator: Simulator, frozen: MovableClock, deliver: Post, queued: Any, sink: str
) -> Any:
    def begin(seed: int) -> Life:
        chance = random.Random(seed)
        frozen.move(hours=1)
        simulator.set_time(frozen.moment)
        corp = simulator.corp(
            staff=3,
            groups=2,
            customers=12,
            seed=seed % 1000 + 1,
            callback_url=sink,
            token=TOKEN,
            aes_key=AES_KEY,
        )
        with tenant_scope(tenant):
            InboundEvent.objects.all().delete()
            App.objects.update(state=AppState.PAUSED)
        app = make_app(
            tenant,
            corp_id=corp["corp_id"],
            agent_id=corp["agentid"],
            secret=corp["secret"],
            slug=corp["corp_id"],
        )
        life = Life(tenant, simulator, frozen, deliver, chance, app, corp)
        with tenant_scope(tenant):
            life.settle_in()
        _Sink.heard.clear()
        life.compare()
        return life

    return begin


@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(acts=st.lists(ACT, min_size=8, max_size=16), seed=st.integers(0, 10_000))
def test_any_sequence_ends_in_wecoms_own_state_after_one_comparison(
    start: Any, acts: list[Any], seed: int
) -> None:
    life = start(seed)
    for act in acts:
        life.act(*act)
    life.pass_on(len(life.told))
    life.compare()
    truth = life.look()
    with tenant_scope(life.tenant):
        assert groups_held(life) == groups_told(life, truth)
        assert ties_held(life) == ties_told(truth)
        ours = states(life)
        for row in truth["relations"]:
            pair = (row["userid"], row["external_userid"])
            if pair not in life.muddled and row["status"] != "none":
                assert (pair, ours.get(pair)) == (pair, row["status"])
        named = dict(Customer.objects.filter(app=life.app).values_list("external_userid", "name"))
        assert {one: named[one] for _, one in ties_told(truth)} == {
            row["external_userid"]: row["name"] for row in truth["customers"]
            if row["external_userid"] in {one for _, one in ties_told(truth)}
        }  # fmt: skip
    assert life.compare() == 0
