"""Mass sends to customers and groups (PROTOCOL 3.6)."""

from collections.abc import Iterator
from typing import Any, TypedDict

from wecom.calls.base import Family
from wecom.calls.content import Attachment, as_text


class MadeSend(TypedDict, total=False):
    """`fail_list`: receivers that nobody can reach. `is_empty`: nobody was left and there is no msgid."""

    fail_list: list[str]
    msgid: str
    is_empty: bool


class SendRow(TypedDict, total=False):
    """`create_type` 0: by the corp, 1: by a member."""

    msgid: str
    creator: str
    create_time: int
    create_type: int
    text: dict[str, str]
    attachments: list[Attachment]


class SendTask(TypedDict, total=False):
    """`status` 0: not sent, 2: sent."""

    userid: str
    status: int
    send_time: int


class SendResult(TypedDict, total=False):
    """`status` 0: unsent, 1: sent, 2: not a friend, 3: the receiver's allowance is used up."""

    external_userid: str
    chat_id: str
    userid: str
    status: int
    send_time: int


class MassSends(Family):
    """A call makes tasks; nothing goes out before the staff confirm. There is no callback: results are polled."""

    def add(
        self,
        *,
        chat_type: str = "single",
        sender: str | None = None,
        external_userid: list[str] | None = None,
        chat_id_list: list[str] | None = None,
        tag_filter: dict[str, Any] | None = None,
        allow_select: bool | None = None,
        text: str | None = None,
        attachments: list[Attachment] | None = None,
    ) -> MadeSend:
        """Make the tasks. Not to be repeated: after UnknownOutcome look for it with `list`.

        `single` needs receivers (at most 10,000) or a sender, `group` a sender and takes at most 2,000 groups.
        Text at most 4,000 bytes, 9 attachments, not both empty. MediaGone 40007: upload again.
        """
        return self._ask(
            MadeSend,
            "add_msg_template",
            chat_type=chat_type,
            sender=sender,
            external_userid=external_userid,
            chat_id_list=chat_id_list,
            tag_filter=tag_filter,
            allow_select=allow_select,
            text=as_text(text),
            attachments=attachments,
        )

    def every(
        self,
        *,
        chat_type: str,
        start_time: int,
        end_time: int,
        creator: str | None = None,
        filter_type: int = 2,
        limit: int = 100,
    ) -> Iterator[SendRow]:
        """Mass sends made in at most a month. `filter_type` 0: the corp's, 1: members' own, 2: all.

        `limit` a page: 1 to 100.
        """
        return self._each(
            SendRow,
            "groupmsg_list",
            "group_msg_list",
            chat_type=chat_type,
            start_time=start_time,
            end_time=end_time,
            creator=creator,
            filter_type=filter_type,
            limit=limit,
        )

    def tasks(self, *, msgid: str, limit: int = 1000) -> Iterator[SendTask]:
        """Who has confirmed. Retryable 41063 for some time after it was made. `limit` a page: 1 to 1,000."""
        return self._each(SendTask, "groupmsg_task", "task_list", msgid=msgid, limit=limit)

    def results(self, *, msgid: str, userid: str, limit: int = 1000) -> Iterator[SendResult]:
        """What a member's receivers got; of groups only those sent to. `limit` a page: 1 to 1,000."""
        return self._each(
            SendResult, "groupmsg_send_result", "send_list", msgid=msgid, userid=userid, limit=limit
        )

    def remind(self, *, msgid: str) -> None:
        """Nudge who has not confirmed. 3 in 24 h, then Permanent 41094; 41093: cancelled. Not to be repeated."""
        self._door.call("remind_groupmsg_send", msgid=msgid)

    def cancel(self, *, msgid: str) -> None:
        """Stop what is unsent; nothing is recalled. Permanent 41093: cancelled before. Safe to repeat."""
        self._door.call("cancel_groupmsg_send", msgid=msgid)
