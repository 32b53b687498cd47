"""The HTTP calls beside the message archive (PROTOCOL 3.14); they need the archive's own secret."""

from typing import Any, TypedDict

from wecom.calls.base import Family


class Pair(TypedDict):
    """The vendor's spelling."""

    userid: str
    exteranalopenid: str


class Agreement(TypedDict, total=False):
    """`agree_status`: Agree, Disagree or Default_Agree."""

    userid: str
    exteranalopenid: str
    agree_status: str
    status_change_time: int


class InternalGroup(TypedDict, total=False):
    roomname: str
    creator: str
    room_create_time: int
    notice: str
    members: list[dict[str, Any]]


class Archive(Family):
    """Permanent 301053: the archive is not switched on; 301052: it has expired."""

    def permitted(self, *, edition: int | None = None) -> list[str]:
        """The staff whose messages are kept. `edition` 1 office, 2 service, 3 enterprise."""
        return self._rows(str, "msgaudit_permit_users", "ids", type=edition)

    def single_agreements(self, *, pairs: list[Pair]) -> list[Agreement]:
        """Whether customers agreed, for at most 100 pairs."""
        return self._rows(Agreement, "msgaudit_single_agree", "agreeinfo", info=pairs)

    def room_agreements(self, *, roomid: str) -> list[Agreement]:
        """Whether the outside members of a group agreed."""
        return self._rows(Agreement, "msgaudit_room_agree", "agreeinfo", roomid=roomid)

    def internal_group(self, *, roomid: str) -> InternalGroup:
        """An internal group. Permanent 301059: it is a customer group."""
        return self._ask(InternalGroup, "msgaudit_groupchat_get", roomid=roomid)
