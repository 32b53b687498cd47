"""Live codes to staff, "contact ways" (PROTOCOL 3.4)."""

from collections.abc import Iterator
from typing import Any, TypedDict

from wecom.calls.base import Family

SINGLE, MULTI = 1, 2
MINI_PROGRAM, QR_CODE = 1, 2


class Way(TypedDict, total=False):
    config_id: str
    type: int
    scene: int
    style: int
    remark: str
    skip_verify: bool
    state: str
    qr_code: str
    user: list[str]
    party: list[int]
    is_temp: bool
    expires_in: int
    chat_expires_in: int
    unionid: str
    is_exclusive: bool
    mark_source: bool
    conclusions: dict[str, Any]


class MadeWay(TypedDict, total=False):
    """`qr_code` only with scene 2."""

    config_id: str
    qr_code: str


class WayId(TypedDict):
    config_id: str


class _Found(TypedDict):
    contact_way: Way


class Ways(Family):
    """Only the app that made a way changes it; who loses its config_id cannot delete it."""

    def add(
        self,
        *,
        type: int,
        scene: int = QR_CODE,
        user: list[str] | None = None,
        party: list[int] | None = None,
        state: str | None = None,
        remark: str | None = None,
        skip_verify: bool = True,
        style: int | None = None,
        is_exclusive: bool | None = None,
        mark_source: bool | None = None,
        is_temp: bool | None = None,
        expires_in: int | None = None,
        chat_expires_in: int | None = None,
        unionid: str | None = None,
        conclusions: dict[str, Any] | None = None,
    ) -> MadeWay:
        """Make a code. Not to be repeated.

        `type` 1 takes exactly one user, 2 up to 100 users or departments. `state` and `remark` at most 30
        characters, lives at most 14 days in seconds. Permanent 41045: 500,000 codes exist; 41054: a member is
        not activated or not verified; 84074: a member may not contact customers; 60111: unknown member.
        """
        return self._ask(
            MadeWay,
            "add_contact_way",
            type=type,
            scene=scene,
            user=user,
            party=party,
            state=state,
            remark=remark,
            skip_verify=skip_verify,
            style=style,
            is_exclusive=is_exclusive,
            mark_source=mark_source,
            is_temp=is_temp,
            expires_in=expires_in,
            chat_expires_in=chat_expires_in,
            unionid=unionid,
            conclusions=conclusions,
        )

    def get(self, *, config_id: str) -> Way:
        """One code."""
        return self._ask(_Found, "get_contact_way", config_id=config_id)["contact_way"]

    def update(self, *, config_id: str, **changes: Any) -> None:
        """Change a code: the fields of `add` without type and scene. `user` and `party` are replaced."""
        self._door.call("update_contact_way", config_id=config_id, **changes)

    def delete(self, *, config_id: str) -> None:
        """Delete a code; whoever scans it learns that it is gone."""
        self._door.call("del_contact_way", config_id=config_id)

    def every(
        self, *, start_time: int | None = None, end_time: int | None = None, limit: int = 1000
    ) -> Iterator[WayId]:
        """The ids of codes made since 2021-07-10, temporary ones left out. `limit` a page: 1 to 1,000."""
        return self._each(
            WayId, "list_contact_way", "contact_way", start_time=start_time, end_time=end_time, limit=limit
        )

    def close_temp_chat(self, *, userid: str, external_userid: str) -> None:
        """End a temporary session (medical corps only)."""
        self._door.call("close_temp_chat", userid=userid, external_userid=external_userid)
