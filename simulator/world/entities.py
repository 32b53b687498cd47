"""The things and people of a corp: plain data, picklable.

All times are unix seconds on the shared clock unless a name says otherwise.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

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
    "transfers",
    "moments",
    "rules",
    "products",
    "acquisition",
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


@dataclass(slots=True)
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


@dataclass(slots=True)
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
    ended_at: int = 0


@dataclass(slots=True)
class Member:
    id: str
    type: int
    join_time: int
    join_scene: int
    invitor: str = ""
    state: str = ""
    nickname: str = ""


@dataclass(slots=True)
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
    agentid: int = 0


@dataclass
class TagGroup:
    group_id: str
    group_name: str
    create_time: int
    order: int = 0
    agentid: int = 0


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
    purpose: int = 0


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
class Transfer:
    """A customer handed to another staff member: 1 done, 2 waiting, 3 refused, 4 over the limit."""

    handover: str
    takeover: str
    external_userid: str
    started_at: float
    is_resigned: bool
    status: int = 2
    done_at: int = 0


@dataclass
class Moment:
    """A moments task; each staff member publishes it by hand."""

    moment_id: str
    jobid: str
    creator: str
    created_at: int
    body: dict[str, Any]
    publishers: dict[str, int] = field(default_factory=dict)
    cancelled: bool = False
    invalid: dict[str, Any] = field(default_factory=dict)
    comments: list[dict[str, Any]] = field(default_factory=list)
    likes: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class OwnedThing:
    """A rule, product or acquisition link: only the app that made it may change it."""

    id: str
    kind: str
    agentid: int
    created_at: int
    body: dict[str, Any]


@dataclass
class UploadJob:
    """A file the server fetches by itself (media/upload_by_url): status 1 waiting, 2 done, 3 failed."""

    jobid: str
    agentid: int
    created_at: int
    body: dict[str, Any]
    status: int = 1
    media_id: str = ""
    errcode: int = 0
    errmsg: str = "ok"


@dataclass
class Shop:
    """The tenant's own shop and course systems: behaviours waiting to be posted to the product."""

    waiting: list[dict[str, Any]] = field(default_factory=list)
    held_back: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    retry_at: float = 0.0
