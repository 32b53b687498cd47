"""What WeCom says about groups, in our words (PROTOCOL 2.1, 3.5). No network: shapes in, values out."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from groups.enums import ChangeKind, JoinScene, QuitScene

STAFF_TYPE = 1
_EVENT_JOIN = {"0": JoinScene.INVITED, "3": JoinScene.QR}
_EVENT_QUIT = {"0": QuitScene.LEFT, "1": QuitScene.REMOVED}
_DETAIL_JOIN = {1: JoinScene.INVITED, 2: JoinScene.LINK, 3: JoinScene.QR}

CREATE, UPDATE, DISMISS = "create", "update", "dismiss"
ADD, DELETE = "add_member", "del_member"
CHANGES_OF_MEMBERS = (ADD, DELETE)
_ABOUT = {
    "change_name": ChangeKind.NAME,
    "change_notice": ChangeKind.NOTICE,
    "change_owner": ChangeKind.OWNER,
}


@dataclass(frozen=True)
class Change:
    """One `change_external_chat` event.

    `userids`, `scene` and the versions are empty unless members changed: a change_name payload may carry
    JoinScene and MemChangeCnt too, so `detail` (UpdateDetail) alone decides. Older payloads carry no list.
    `received_at` is when it reached us, by our clock; None: not known.
    """

    kind: str  # create, update, dismiss
    chat_id: str
    occurred_at: datetime
    detail: str = ""
    userids: tuple[str, ...] = ()
    scene: str = ""
    last_version: str = ""
    current_version: str = ""
    received_at: datetime | None = None

    @property
    def about(self) -> str:
        """What of the group itself changed, as ChangeKind; "" for members."""
        return str(_ABOUT.get(self.detail, ""))

    @property
    def is_delta(self) -> bool:
        """Whether the event says completely what changed, and from which state."""
        return self.detail in CHANGES_OF_MEMBERS and bool(
            self.userids and self.last_version and self.current_version
        )

    def renamed(self, names: Mapping[str, str]) -> "Change":
        """With other names for some of the members."""
        return replace(self, userids=tuple(names.get(one, one) for one in self.userids))


def change_of(
    *,
    change_type: str,
    fields: Mapping[str, Any],
    occurred_at: datetime,
    received_at: datetime | None = None,
) -> Change:
    """The event in our words. Raises KeyError without a ChatId."""
    change = Change(
        kind=change_type,
        chat_id=fields["ChatId"],
        occurred_at=occurred_at,
        received_at=received_at,
        detail=str(fields.get("UpdateDetail") or ""),
    )
    if change.kind != UPDATE or change.detail not in CHANGES_OF_MEMBERS:
        return change
    scenes, key = (_EVENT_JOIN, "JoinScene") if change.detail == ADD else (_EVENT_QUIT, "QuitScene")
    return replace(
        change,
        userids=_userids(fields.get("MemChangeList")),
        scene=str(scenes.get(str(fields.get(key)), "")),
        last_version=str(fields.get("LastMemVer") or ""),
        current_version=str(fields.get("CurMemVer") or ""),
    )


def _userids(raw: Any) -> tuple[str, ...]:
    """`MemChangeList` as ids: one Item may stand alone, and some parsers keep the Item element."""
    if isinstance(raw, Mapping):
        raw = raw.get("Item")
    if isinstance(raw, str):
        raw = [raw]
    return tuple(dict.fromkeys(str(one) for one in raw or [] if one))


@dataclass(frozen=True)
class SeenMember:
    """One row of groupchat/get's member_list."""

    userid: str
    is_staff: bool
    joined_at: datetime
    scene: str = ""
    invited_by: str = ""
    state_code: str = ""
    nickname: str = ""
    name: str = ""
    unionid: str = ""


@dataclass(frozen=True)
class SeenGroup:
    """The answer of groupchat/get."""

    chat_id: str
    name: str
    owner_userid: str
    notice: str
    created_at: datetime
    version: str
    admin_userids: tuple[str, ...]
    members: tuple[SeenMember, ...]

    def renamed(self, names: Mapping[str, str]) -> "SeenGroup":
        """With other names for some of the members, of whom nothing else is kept that says who they are."""
        return replace(self, members=tuple(_renamed(one, names) for one in self.members))


def _renamed(member: SeenMember, names: Mapping[str, str]) -> SeenMember:
    invited_by = names.get(member.invited_by, member.invited_by)
    if member.userid not in names:
        return replace(member, invited_by=invited_by) if invited_by != member.invited_by else member
    return replace(
        member, userid=names[member.userid], invited_by=invited_by, nickname="", name="", unionid=""
    )


def _at(seconds: Any) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _text(raw: Any, length: int | None = None) -> str:
    """People's words without the one character that PostgreSQL refuses, no longer than the column."""
    return str(raw or "").replace("\x00", "")[:length]


def _member(row: Mapping[str, Any], created: Any) -> SeenMember:
    return SeenMember(
        userid=row["userid"],
        is_staff=row.get("type") == STAFF_TYPE,
        joined_at=_at(row.get("join_time") or created),
        scene=str(_DETAIL_JOIN.get(row.get("join_scene", 0), "")),
        invited_by=(row.get("invitor") or {}).get("userid", ""),
        state_code=row.get("state", ""),
        nickname=_text(row.get("group_nickname"), 128),
        name=_text(row.get("name"), 128),
        unionid=row.get("unionid", ""),
    )


def group_of(answer: Mapping[str, Any]) -> SeenGroup:
    """groupchat/get's answer in our words. Raises KeyError for an answer without the documented fields."""
    chat = answer["group_chat"]
    created = chat.get("create_time") or 0
    return SeenGroup(
        chat_id=chat["chat_id"],
        name=_text(chat.get("name"), 128),
        owner_userid=chat.get("owner", ""),
        notice=_text(chat.get("notice")),
        created_at=_at(created),
        version=chat.get("member_version", ""),
        admin_userids=tuple(row["userid"] for row in chat.get("admin_list") or []),
        members=tuple(_member(row, created) for row in chat.get("member_list") or []),
    )


def digest_of(answer: Mapping[str, Any]) -> str:
    """One value for all that groupchat/get said, whatever the order of its members: equal digests, equal groups."""
    chat = answer["group_chat"]
    members = sorted(chat.get("member_list") or [], key=lambda row: row["userid"])
    whole = {**chat, "member_list": members}
    text = json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
