"""The simulated world: plain data, picklable, no behaviour beyond look-ups and ids.

All times are unix seconds on the shared clock unless a name says otherwise.
"""

from __future__ import annotations

import base64
import hashlib
import heapq
import random
from dataclasses import dataclass, field
from typing import Any

from simulator.world.faults import Faults
from simulator.world.ledger import Ledger

ALL_PERMISSIONS = (
    "contacts",
    "customers",
    "tags",
    "contact_way",
    "groups",
    "statistics",
    "mass_send",
    "welcome",
    "media",
    "messages",
    "tickets",
    "oauth",
)
WECHAT, WECOM = 1, 2
STAFF, EXTERNAL = 1, 2


@dataclass
class App:
    agentid: int
    name: str
    secret: str
    permissions: list[str] = field(default_factory=lambda: list(ALL_PERMISSIONS))
    visible_userids: list[str] | None = None


@dataclass
class Department:
    id: int
    name: str
    parent_id: int
    order: int


@dataclass
class Staff:
    userid: str
    name: str
    departments: list[int]
    can_contact: bool = True
    is_active: bool = True
    is_verified: bool = True


@dataclass
class Customer:
    external_userid: str
    name: str
    type: int
    gender: int
    unionid: str
    openid: str
    avatar: str
    corp_name: str = ""
    inbox: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Relation:
    """One staff member's tie to one customer: none, half, full, staff_deleted, customer_deleted."""

    userid: str
    external_userid: str
    status: str = "none"
    created_at: int = 0
    add_way: int = 0
    state: str = ""
    oper_userid: str = ""
    remark: str = ""
    description: str = ""
    remark_company: str = ""
    mobiles: list[str] = field(default_factory=list)
    tag_ids: list[str] = field(default_factory=list)
    talked_at: int = 0


@dataclass
class Member:
    id: str
    type: int
    join_time: int
    join_scene: int
    invitor: str = ""
    state: str = ""
    nickname: str = ""


@dataclass
class Group:
    chat_id: str
    name: str
    owner: str
    create_time: int
    notice: str = ""
    admins: list[str] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)
    changes: list[tuple[int, str, tuple[str, ...]]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    past_views: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    status: int = 0
    dismissed: bool = False

    @property
    def member_version(self) -> str:
        return hashlib.md5("".join(sorted(self.members)).encode()).hexdigest()


@dataclass
class Tag:
    id: str
    name: str
    group_id: str
    create_time: int
    order: int = 0


@dataclass
class TagGroup:
    group_id: str
    group_name: str
    create_time: int
    order: int = 0


@dataclass
class Code:
    """A contact way or a join way."""

    config_id: str
    agentid: int
    created_at: int
    body: dict[str, Any]
    qr_code: str
    scans: int = 0


@dataclass
class MassTask:
    """What one staff member was asked to send and what became of it."""

    userid: str
    receivers: list[str]
    status: int = 0
    send_time: int = 0
    results: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass
class MassSend:
    msgid: str
    agentid: int
    chat_type: str
    creator: str
    create_time: int
    create_type: int
    text: dict[str, Any]
    attachments: list[dict[str, Any]]
    content_hash: str
    tasks: dict[str, MassTask] = field(default_factory=dict)
    reminded_at: list[int] = field(default_factory=list)
    cancelled: bool = False


@dataclass
class WelcomeCode:
    code: str
    userid: str
    external_userid: str
    issued_at: float
    used_by: int | None = None


@dataclass
class AppMessage:
    msgid: str
    agentid: int
    userids: list[str]
    msgtype: str
    body: dict[str, Any]
    content_hash: str
    sent_at: int
    response_code: str = ""
    task_id: str = ""
    recalled: bool = False
    replaced: dict[str, str] = field(default_factory=dict)
    read_by: list[str] = field(default_factory=list)


@dataclass
class ResponseCode:
    msgid: str
    userid: str | None
    issued_at: float
    used: bool = False


@dataclass
class Media:
    media_id: str
    type: str
    filename: str
    content_type: str
    body: bytes
    created_at: int
    permanent: bool = False


@dataclass
class OAuthCode:
    code: str
    corp_id: str
    agentid: int
    person: str
    issued_at: float


@dataclass
class Token:
    value: str
    corp_id: str
    agentid: int
    expires_at: float
    revoked: bool = False


@dataclass
class Callback:
    url: str = ""
    token: str = ""
    aes_key: str = ""
    form: str = "H"
    suite_id: str = ""
    retry_gap_s: float = 1.0


@dataclass
class Shop:
    """The tenant's own shop and course systems: behaviours waiting to be posted to the product."""

    waiting: list[dict[str, Any]] = field(default_factory=list)
    held_back: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    retry_at: float = 0.0


@dataclass
class Corp:
    corp_id: str
    name: str
    seed: int
    timezone: str = "Asia/Shanghai"
    apps: dict[int, App] = field(default_factory=dict)
    departments: list[Department] = field(default_factory=list)
    staff: dict[str, Staff] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    relations: dict[tuple[str, str], Relation] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    tag_groups: dict[str, TagGroup] = field(default_factory=dict)
    tags: dict[str, Tag] = field(default_factory=dict)
    contact_ways: dict[str, Code] = field(default_factory=dict)
    join_ways: dict[str, Code] = field(default_factory=dict)
    mass_sends: dict[str, MassSend] = field(default_factory=dict)
    quota_used: dict[tuple[str, str], int] = field(default_factory=dict)
    quota_rule: str = "month"
    welcome_codes: dict[str, WelcomeCode] = field(default_factory=dict)
    welcomes_sent: list[dict[str, Any]] = field(default_factory=list)
    group_welcome_templates: dict[str, dict[str, Any]] = field(default_factory=dict)
    media: dict[str, Media] = field(default_factory=dict)
    app_messages: dict[str, AppMessage] = field(default_factory=dict)
    response_codes: dict[str, ResponseCode] = field(default_factory=dict)
    task_ids: set[tuple[int, str]] = field(default_factory=set)
    tickets: dict[str, tuple[str, float]] = field(default_factory=dict)
    callback: Callback = field(default_factory=Callback)
    product_base_url: str = ""
    api_key: str = ""
    allowed_ips: list[str] = field(default_factory=list)
    group_cap: int = 200
    manual_staff: list[str] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    ledger: Ledger = field(default_factory=Ledger)
    people: dict[str, Any] = field(default_factory=dict)
    camps: dict[str, Any] = field(default_factory=dict)
    shop: Shop = field(default_factory=Shop)
    fresh: list[tuple[str, str, int]] = field(default_factory=list)
    counter: int = 0

    def new_id(self, prefix: str, length: int = 30) -> str:
        """A fresh id; the same seed and order of calls give the same ids."""
        self.counter += 1
        return stable_id(prefix, f"{self.corp_id}|{self.seed}|{self.counter}", length)

    def staff_or_none(self, userid: str) -> Staff | None:
        return self.staff.get(userid.lower())

    def relations_of_customer(self, external_userid: str) -> list[Relation]:
        return [r for (_, ext), r in self.relations.items() if ext == external_userid]

    def relations_of_staff(self, userid: str) -> list[Relation]:
        return [r for (uid, _), r in self.relations.items() if uid == userid]

    def groups_of(self, person_id: str) -> list[Group]:
        return [g for g in self.groups.values() if person_id in g.members and not g.dismissed]


@dataclass
class World:
    corps: dict[str, Corp] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    oauth_codes: dict[str, OAuthCode] = field(default_factory=dict)
    acts: list[Any] = field(default_factory=list)
    act_counter: int = 0
    is_driven: bool = True
    is_dirty: bool = False

    def forget_before(self, corp: Corp) -> None:
        """Drop what an earlier life of this corp left: its acts, tokens and codes."""
        self.acts = [act for act in self.acts if act.corp_id != corp.corp_id]
        heapq.heapify(self.acts)
        self.tokens = {v: t for v, t in self.tokens.items() if t.corp_id != corp.corp_id}
        self.oauth_codes = {v: c for v, c in self.oauth_codes.items() if c.corp_id != corp.corp_id}


def stable_id(prefix: str, material: str, length: int = 30) -> str:
    """prefix plus url-safe characters derived from `material`."""
    digest = hashlib.sha256(material.encode()).digest()
    text = base64.urlsafe_b64encode(digest).decode().rstrip("=").replace("-", "x").replace("_", "y")
    return prefix + text[:length]


def stream(*parts: object) -> random.Random:
    """A random stream of its own for a person or purpose."""
    return random.Random("|".join(str(part) for part in parts))
