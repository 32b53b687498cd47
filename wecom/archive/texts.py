"""A message in words, for lists: what was said, or what kind of thing was sent. Pure but for translation."""

import json
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wecom.archive.wire import stripped

if TYPE_CHECKING:
    from wecom.archive.models import ArchivedMessage

# msgtype -> what it is called, and an icon.
KINDS: dict[str, tuple[str | Promise, str]] = {
    "text": (gettext_lazy("Text"), "message-2"),
    "image": (gettext_lazy("Picture"), "photo"),
    "voice": (gettext_lazy("Voice"), "microphone"),
    "video": (gettext_lazy("Video"), "video"),
    "file": (gettext_lazy("File"), "file"),
    "emotion": (gettext_lazy("Sticker"), "mood-smile"),
    "card": (gettext_lazy("Contact card"), "id"),
    "location": (gettext_lazy("Location"), "map-pin"),
    "link": (gettext_lazy("Link"), "link"),
    "weapp": (gettext_lazy("Mini-program"), "apps"),
    "chatrecord": (gettext_lazy("Chat record"), "messages"),
    "mixed": (gettext_lazy("Mixed message"), "layout-list"),
    "redpacket": (gettext_lazy("Red packet"), "mail-dollar"),
    "external_redpacket": (gettext_lazy("Red packet"), "mail-dollar"),
    "vote": (gettext_lazy("Vote"), "checkbox"),
    "collect": (gettext_lazy("Form to fill"), "forms"),
    "todo": (gettext_lazy("To-do"), "checklist"),
    "meeting": (gettext_lazy("Meeting"), "calendar-event"),
    "calendar": (gettext_lazy("Calendar entry"), "calendar"),
    "docmsg": (gettext_lazy("Online document"), "file-text"),
    "markdown": (gettext_lazy("Formatted text"), "markdown"),
    "news": (gettext_lazy("Article"), "news"),
    "sphfeed": (gettext_lazy("Channels video"), "brand-wechat"),
    "meeting_voice_call": (gettext_lazy("Recorded call"), "phone"),
    "voip_doc_share": (gettext_lazy("Document shown in a call"), "presentation"),
}
_TITLES = (
    "title",
    "votetitle",
    "room_name",
    "filename",
    "displayname",
    "meeting_topic",
    "topic",
    "wish",
    "feed_desc",
)
WORDS_MOST = 4000


def plain_text(row: "ArchivedMessage") -> str:
    """The words of a text, or the words inside a mixed message; "" for anything else."""
    if row.msgtype in ("text", "markdown"):
        return str(row.content.get("content") or "")[:WORDS_MOST]
    if row.msgtype == "mixed":
        return " ".join(_texts(row.content))[:WORDS_MOST]
    return ""


def _texts(content: dict[str, Any]) -> list[str]:
    items = content.get("item")
    found = []
    for item in items if isinstance(items, list) else []:
        inner = item.get("content") if isinstance(item, dict) and item.get("type") == "text" else None
        if isinstance(inner, dict):
            inner = inner.get("content")
        if isinstance(inner, str):
            found.append(_unwrapped(inner))
    return found


def _unwrapped(raw: str) -> str:
    """A text item holds its object as JSON text: {"content": "..."}."""
    try:
        inner = json.loads(stripped(raw))
    except (ValueError, RecursionError):
        return raw
    return str(inner.get("content") or "") if isinstance(inner, dict) else raw


def kind_label(msgtype: str) -> str:
    """What a msgtype is called; one nobody knows by its own name."""
    known = KINDS.get(msgtype)
    return str(known[0]) if known else _("Kind not known: %(kind)s") % {"kind": msgtype or "–"}


def kind_icon(msgtype: str) -> str:
    known = KINDS.get(msgtype)
    return known[1] if known else "help-circle"


def title_of(row: "ArchivedMessage") -> str:
    """The title of what was sent, where it has one."""
    for key in _TITLES:
        value = row.content.get(key)
        if isinstance(value, str) and value:
            return value[:200]
    return ""
