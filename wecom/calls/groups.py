"""Customer groups, their codes and handing them over (PROTOCOL 3.5)."""

from collections.abc import Iterator
from typing import TypedDict

from wecom.calls.base import Family


class GroupRow(TypedDict):
    """`status` 0: fine, 1: the owner left, 2: being handed over, 3: handed over."""

    chat_id: str
    status: int


class Invitor(TypedDict):
    userid: str


class Member(TypedDict, total=False):
    """`type` 1: staff, 2: external. `join_scene` 1: invited, 2: by link, 3: by code (other numbers than in events)."""

    userid: str
    type: int
    unionid: str
    join_time: int
    join_scene: int
    invitor: Invitor
    group_nickname: str
    name: str
    state: str


class GroupChat(TypedDict, total=False):
    chat_id: str
    name: str
    owner: str
    create_time: int
    notice: str
    member_list: list[Member]
    admin_list: list[Invitor]
    member_version: str


class NotMoved(TypedDict):
    chat_id: str
    errcode: int
    errmsg: str


class JoinWay(TypedDict, total=False):
    config_id: str
    scene: int
    remark: str
    auto_create_room: int
    room_base_name: str
    room_base_id: int
    chat_id_list: list[str]
    qr_code: str
    state: str
    mark_source: bool


class _Chat(TypedDict):
    group_chat: GroupChat


class _ChatId(TypedDict):
    chat_id: str


class _Moved(TypedDict):
    failed_chat_list: list[NotMoved]


class _Made(TypedDict):
    config_id: str


class _Way(TypedDict):
    join_way: JoinWay


class Groups(Family):
    """WeCom has no call that makes, ends, renames, invites to or removes from a customer group."""

    def every(
        self, *, owners: list[str] | None = None, status_filter: int | None = None, limit: int = 1000
    ) -> Iterator[GroupRow]:
        """Every group, or those of at most 100 owners. `limit` a page: 1 to 1,000.

        TooMuch 81017: more than 1,000 visible staff need `owners`.
        """
        owner_filter = {"userid_list": owners} if owners else None
        return self._each(
            GroupRow,
            "groupchat_list",
            "group_chat_list",
            owner_filter=owner_filter,
            status_filter=status_filter,
            limit=limit,
        )

    def get(self, *, chat_id: str, with_names: bool = False) -> GroupChat:
        """One group with its members. Right after an event WeCom may still show the state before it.

        Permanent 86003: no such group; 60011: its owner is outside the visible range.
        """
        need_name = 1 if with_names else 0
        return self._ask(_Chat, "groupchat_get", chat_id=chat_id, need_name=need_name)["group_chat"]

    def of_opengid(self, *, opengid: str) -> str:
        """The chat_id of a mini-program's opengid. Permanent 90501: not a customer group; 90511: unknown."""
        return self._ask(_ChatId, "opengid_to_chatid", opengid=opengid)["chat_id"]

    def transfer(self, *, chat_id_list: list[str], new_owner: str) -> list[NotMoved]:
        """Give 1 to 100 groups whose owner left to a colleague; answers those that were not moved.

        300 per new owner a day. Not to be repeated.
        """
        return self._ask(_Moved, "groupchat_transfer", chat_id_list=chat_id_list, new_owner=new_owner)[
            "failed_chat_list"
        ]

    def transfer_onjob(self, *, chat_id_list: list[str], new_owner: str) -> list[NotMoved]:
        """Like `transfer` from an owner who stays; 2 per group in 90 days."""
        return self._ask(_Moved, "groupchat_onjob_transfer", chat_id_list=chat_id_list, new_owner=new_owner)[
            "failed_chat_list"
        ]

    def add_join_way(
        self,
        *,
        chat_id_list: list[str],
        scene: int = 2,
        remark: str | None = None,
        auto_create_room: bool = True,
        room_base_name: str | None = None,
        room_base_id: int | None = None,
        state: str | None = None,
        mark_source: bool | None = None,
    ) -> str:
        """Make a code into 1 to 5 groups; answers its config_id, `get_join_way` its picture. Not to be repeated.

        Characters: remark 30, room_base_name 40, state 30. Permanent 41045: 500,000 codes exist; 41091: more
        than 5 groups; 86003: no such group.
        """
        return self._ask(
            _Made,
            "add_join_way",
            chat_id_list=chat_id_list,
            scene=scene,
            remark=remark,
            auto_create_room=int(auto_create_room),
            room_base_name=room_base_name,
            room_base_id=room_base_id,
            state=state,
            mark_source=mark_source,
        )["config_id"]

    def get_join_way(self, *, config_id: str) -> JoinWay:
        """One code. Permanent 301021: unknown."""
        return self._ask(_Way, "get_join_way", config_id=config_id)["join_way"]

    def update_join_way(
        self,
        *,
        config_id: str,
        chat_id_list: list[str],
        scene: int = 2,
        remark: str | None = None,
        auto_create_room: bool = True,
        room_base_name: str | None = None,
        room_base_id: int | None = None,
        state: str | None = None,
        mark_source: bool | None = None,
    ) -> None:
        """Replace everything of a code: what is left out is lost. Limits as in `add_join_way`. Safe to repeat."""
        self._door.call(
            "update_join_way",
            config_id=config_id,
            chat_id_list=chat_id_list,
            scene=scene,
            remark=remark,
            auto_create_room=int(auto_create_room),
            room_base_name=room_base_name,
            room_base_id=room_base_id,
            state=state,
            mark_source=mark_source,
        )

    def delete_join_way(self, *, config_id: str) -> None:
        """Delete a code. Permanent 301021: unknown."""
        self._door.call("del_join_way", config_id=config_id)
