"""The message parts shared by mass sends and welcomes (PROTOCOL 3.6, 3.7)."""

from __future__ import annotations

from typing import Any

from simulator.wire.checks import Field, check
from simulator.wire.endpoint import Call
from simulator.wire.errors import WireError
from simulator.world.entities import Media

MEDIA_LIFE_S = 3 * 86400
MAX_ATTACHMENTS = 9

PARTS: dict[str, dict[str, Field]] = {
    "image": {"media_id": Field(str), "pic_url": Field(str)},
    "link": {
        "title": Field(str, required=True, max_bytes=128),
        "picurl": Field(str, max_bytes=2048),
        "desc": Field(str, max_bytes=512),
        "url": Field(str, required=True, max_bytes=2048),
    },
    "miniprogram": {
        "title": Field(str, required=True, max_bytes=64),
        "pic_media_id": Field(str, required=True),
        "appid": Field(str, required=True),
        "page": Field(str, required=True),
    },
    "video": {"media_id": Field(str, required=True)},
    "file": {"media_id": Field(str, required=True)},
}


def live_media(call: Call, media_id: str, *, purpose: int = 0) -> Media:
    """The upload exists, is not older than three days and was made for this purpose. Raises 40007.

    Purposes are those of media/upload_attachment: 1 moments, 2 products; 0 takes any.
    """
    media = call.corp.media.get(media_id)
    if media is None or media.permanent or call.now - media.created_at > MEDIA_LIFE_S:
        raise WireError(40007, media_id)
    if purpose and media.purpose != purpose:
        raise WireError(40007, f"{media_id} was not uploaded with attachment_type {purpose}")
    return media


def check_part(call: Call, kind: str, part: Any) -> None:
    """One attachment's own rules. Raises 40058, 40007 or 40008."""
    if kind not in PARTS:
        raise WireError(40008, f"msgtype {kind}")
    check(part, PARTS[kind], prefix=f"{kind}.")
    for name in ("media_id", "pic_media_id"):
        if part.get(name):
            media = live_media(call, part[name])
            if media.type != ("image" if name == "pic_media_id" else kind):
                raise WireError(40007, f"{kind}: {part[name]} is a {media.type}")
    if kind == "image" and not (part.get("media_id") or part.get("pic_url")):
        raise WireError(40058, "image: media_id or pic_url is required")


def check_content(call: Call) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Text and attachments of a message, not both empty. Raises WireError."""
    text = call.body.get("text") or {}
    attachments = call.body.get("attachments") or []
    if not text.get("content") and not attachments:
        raise WireError(44004, "text and attachments are both empty")
    for attachment in attachments:
        kind = attachment.get("msgtype", "")
        if kind not in PARTS:
            raise WireError(40008, f"msgtype {kind}")
        check_part(call, kind, attachment.get(kind))
    return text, attachments


TEXT = Field(dict, spec={"content": Field(str, max_bytes=4000)})
ATTACHMENTS = Field(list, items=dict, max_items=MAX_ATTACHMENTS)
