"""App messages to staff and their cards (PROTOCOL 3.11)."""

from typing import Any, TypedDict

from wecom.calls.base import Family


class SentMessage(TypedDict, total=False):
    """`invaliduser`, `invalidparty`, `invalidtag`, `unlicenseduser`: "a|b" of who got nothing, though errcode is 0."""

    msgid: str
    invaliduser: str
    invalidparty: str
    invalidtag: str
    unlicenseduser: str
    response_code: str


class CardAnswer(TypedDict, total=False):
    invaliduser: list[str]


class Messages(Family):
    """To staff only. WeCom drops what is beyond 30 a minute or 1,000 an hour to one member without a word."""

    def send(
        self,
        *,
        agentid: int,
        msgtype: str,
        content: dict[str, Any],
        touser: list[str] | None = None,
        toparty: list[int] | None = None,
        totag: list[int] | None = None,
        safe: int | None = None,
        duplicate_check_s: int | None = None,
    ) -> SentMessage:
        """Send `content` as the object that `msgtype` names. At most 1,000 users, 100 departments, 100 tags.

        Text and markdown 2,048 bytes; textcard title 128 and description 512 characters; news 8 articles; a card
        6 buttons and a task_id used once (Permanent 42014). `duplicate_check_s` 1 to 14,400: within it the same
        message is sent once, so repeating is safe. Permanent 81013: nobody can be reached.
        """
        return self._ask(
            SentMessage,
            "message_send",
            touser=_joined(touser),
            toparty=_joined(toparty),
            totag=_joined(totag),
            agentid=agentid,
            msgtype=msgtype,
            safe=safe,
            enable_duplicate_check=1 if duplicate_check_s else None,
            duplicate_check_interval=duplicate_check_s,
            **{msgtype: content},
        )

    def update_card(
        self,
        *,
        agentid: int,
        response_code: str,
        userids: list[str] | None = None,
        for_all: bool = False,
        replace_name: str | None = None,
        template_card: dict[str, Any] | None = None,
    ) -> CardAnswer:
        """Change a sent card: its button's name, or the whole card. A code works once within 72 h: then 42015."""
        return self._ask(
            CardAnswer,
            "update_template_card",
            agentid=agentid,
            response_code=response_code,
            userids=userids,
            atall=1 if for_all else None,
            button={"replace_name": replace_name} if replace_name else None,
            template_card=template_card,
        )

    def recall(self, *, msgid: str) -> None:
        """Take a message back within 24 h. Safe to repeat."""
        self._door.call("message_recall", msgid=msgid)


def _joined(ids: list[Any] | None) -> str | None:
    return "|".join(map(str, ids)) if ids else None
