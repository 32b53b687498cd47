"""Welcome messages and group welcome templates (PROTOCOL 3.7)."""

from typing import Any, TypedDict

from wecom.calls.base import Family
from wecom.calls.content import Attachment, Image, Link, Media, MiniProgram, as_text


class Template(TypedDict, total=False):
    text: dict[str, str]
    image: Image
    link: Link
    miniprogram: MiniProgram
    file: Media
    video: Media


class _Made(TypedDict):
    template_id: str


class Welcomes(Family):
    """To one customer within 20 s, and templates that owners attach to their groups by hand."""

    def send(
        self, *, welcome_code: str, text: str | None = None, attachments: list[Attachment] | None = None
    ) -> None:
        """Greet whoever was just added; once, within 20 s of the event, the first app wins.

        Text at most 4,000 bytes, 9 attachments, not both empty. GivenUp 41050: too late; 41051: greeted or
        chatting already; 41096: another app is at it; 41053: no consent to archiving. MediaGone 40007.
        """
        self._door.call(
            "send_welcome_msg", welcome_code=welcome_code, text=as_text(text), attachments=attachments
        )

    def template_add(
        self, *, text: str | None = None, part: Attachment | None = None, notify: bool = True
    ) -> str:
        """Make a group template; answers its id. Text at most 3,000 bytes, one part. Not to be repeated.

        `%NICKNAME%` stands for the new member. Permanent 41055: 100 templates exist.
        """
        return self._ask(_Made, "group_welcome_add", **_body(text, part, notify))["template_id"]

    def template_edit(
        self,
        *,
        template_id: str,
        text: str | None = None,
        part: Attachment | None = None,
        notify: bool | None = None,
    ) -> None:
        """Replace a template's content. Text at most 4,000 bytes. Safe to repeat."""
        self._door.call("group_welcome_edit", template_id=template_id, **_body(text, part, notify))

    def template_get(self, *, template_id: str) -> Template:
        """A template of this app."""
        return self._ask(Template, "group_welcome_get", template_id=template_id)

    def template_delete(self, *, template_id: str) -> None:
        """Delete a template of this app."""
        self._door.call("group_welcome_del", template_id=template_id)


def _body(text: str | None, part: Attachment | None, notify: bool | None) -> dict[str, Any]:
    own = {part["msgtype"]: dict(part).get(part["msgtype"])} if part else {}
    return {"text": as_text(text), **own, "notify": None if notify is None else int(notify)}
