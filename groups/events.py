"""What groups tells the other apps. Ids only."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from outbox.contracts import DomainEvent


@dataclass(frozen=True, kw_only=True)
class MemberJoined(DomainEvent):
    """People entered a group after it was made. Staff and customers apart: staff never count."""

    name: ClassVar[str] = "groups.member.joined"

    group_id: int
    customer_ids: list[int]
    staff_ids: list[int]
    joined_at: datetime


@dataclass(frozen=True, kw_only=True)
class MemberLeft(DomainEvent):
    """People left a group or were removed. A dissolved group loses nobody this way."""

    name: ClassVar[str] = "groups.member.left"

    group_id: int
    customer_ids: list[int]
    staff_ids: list[int]
    left_at: datetime


@dataclass(frozen=True, kw_only=True)
class SeatsCorrected(DomainEvent):
    """Who sat in a group on days that are over (the company's zone) is told otherwise than before, from `since` on."""

    name: ClassVar[str] = "groups.seats.corrected"

    group_id: int
    since: datetime


@dataclass(frozen=True, kw_only=True)
class GroupWentLive(DomainEvent):
    """A group passed the readiness gate."""

    name: ClassVar[str] = "groups.group.went_live"

    group_id: int


@dataclass(frozen=True, kw_only=True)
class GroupsFrozen(DomainEvent):
    """All pending sends of these groups stop now."""

    name: ClassVar[str] = "groups.group.frozen"

    group_ids: list[int]
    reason: str


@dataclass(frozen=True, kw_only=True)
class GroupsUnfrozen(DomainEvent):
    """These groups may be sent to again."""

    name: ClassVar[str] = "groups.group.unfrozen"

    group_ids: list[int]
    reason: str


@dataclass(frozen=True, kw_only=True)
class GroupsTagged(DomainEvent):
    """Groups carry a tag that they did not carry a moment ago, by hand or by rule (R27)."""

    name: ClassVar[str] = "groups.tag.given"

    tag_id: int
    group_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class GroupsUntagged(DomainEvent):
    """Groups no longer carry a tag: neither by hand nor by rule."""

    name: ClassVar[str] = "groups.tag.taken"

    tag_id: int
    group_ids: list[int]
