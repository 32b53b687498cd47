"""The simulated world: corps with their people, and what is shared between them. No behaviour here
beyond look-ups and ids.
"""

from __future__ import annotations

import base64
import hashlib
import heapq
import random
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from simulator.world import limits
from simulator.world.acquisition import Acquisition
from simulator.world.archive import Archive
from simulator.world.entities import (
    App,
    AppMessage,
    Callback,
    Code,
    Customer,
    Department,
    Group,
    MassSend,
    Media,
    Moment,
    OAuthCode,
    OwnedThing,
    Relation,
    ResponseCode,
    Shop,
    Staff,
    Tag,
    TagGroup,
    Token,
    Transfer,
    UploadJob,
    WelcomeCode,
)
from simulator.world.faults import Faults
from simulator.world.ledger import Ledger
from simulator.world.provider import Provider, Suite
from simulator.world.ties import Ties


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
    relations: Ties = field(default_factory=Ties)
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
    transfers: list[Transfer] = field(default_factory=list)
    group_transfers: list[tuple[str, str, float]] = field(default_factory=list)
    resigned: dict[str, int] = field(default_factory=dict)
    moments: dict[str, Moment] = field(default_factory=dict)
    owned: dict[str, OwnedThing] = field(default_factory=dict)
    upload_jobs: dict[str, UploadJob] = field(default_factory=dict)
    user_tickets: dict[str, tuple[str, float]] = field(default_factory=dict)
    image_uploads: list[float] = field(default_factory=list)
    ticket_calls: dict[str, list[float]] = field(default_factory=dict)
    acquisition: Acquisition = field(default_factory=Acquisition)
    archive: Archive = field(default_factory=Archive)
    limits: dict[str, int] = field(default_factory=dict)
    is_medical: bool = False
    call_windows: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
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

    def limit(self, name: str) -> int:
        """The ceiling of that name: the vendor's, or the one this corp was given."""
        return self.limits.get(name, limits.DEFAULTS[name])

    def relations_of_customer(self, external_userid: str) -> list[Relation]:
        return list(self.relations.by_customer.get(external_userid, ()))

    def relations_of_staff(self, userid: str) -> list[Relation]:
        return list(self.relations.by_staff.get(userid, ()))

    def groups_of(self, person_id: str) -> list[Group]:
        return [g for g in self.groups.values() if person_id in g.members and not g.dismissed]


@dataclass
class World:
    corps: dict[str, Corp] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    oauth_codes: dict[str, OAuthCode] = field(default_factory=dict)
    wrong_secrets: dict[str, deque[float]] = field(default_factory=dict)
    providers: dict[str, Provider] = field(default_factory=dict)
    acts: list[Any] = field(default_factory=list)
    act_counter: int = 0
    is_driven: bool = True
    is_dirty: bool = False

    def receivers(self) -> list[Corp | Suite]:
        """Everyone whose callback URL gets events."""
        suites = [suite for provider in self.providers.values() for suite in provider.suites.values()]
        return [*self.corps.values(), *suites]

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
