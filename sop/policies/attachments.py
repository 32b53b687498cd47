"""Attachments of a step as WeCom's JS-SDK takes them on the phone, and with their variables filled. Pure.

An attachment is the dict of content.policies.attachments; what a mass send takes is made there. Source: PROTOCOL 3.11.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Attachment = Mapping[str, Any]
Ids = Mapping[int, str]  # asset id -> WeCom's media_id, or the address of a picture


def _words(part: Attachment, **names: str) -> dict[str, Any]:
    return {name: part[key] for name, key in names.items() if part.get(key)}


def to_chat(parts: Iterable[Attachment], media: Ids, pictures: Ids) -> list[dict[str, Any]]:
    """As sendChatMessage takes them, a message each. `media`: asset id -> media_id; `pictures`: asset id -> address."""
    return [_chat_part(one, media, pictures) for one in parts]


def _chat_part(part: Attachment, media: Ids, pictures: Ids) -> dict[str, Any]:
    kind = part["kind"]
    if kind == "link":
        return {
            "msgtype": "news",
            "news": _words(part, link="url", title="title", desc="description", imgUrl="image_url"),
        }
    if kind == "mini_program":
        return {"msgtype": "miniprogram", "miniprogram": _mini(part, pictures)}
    return {"msgtype": kind, kind: {"mediaid": media[part["asset_id"]]}}


def to_share(parts: Iterable[Attachment], media: Ids, pictures: Ids) -> list[dict[str, Any]]:
    """As shareToExternalChat takes them beside the text."""
    return [_share_part(one, media, pictures) for one in parts]


def _share_part(part: Attachment, media: Ids, pictures: Ids) -> dict[str, Any]:
    kind = part["kind"]
    if kind == "link":
        return {
            "msgtype": "link",
            "link": _words(part, title="title", imgUrl="image_url", desc="description", url="url"),
        }
    if kind == "mini_program":
        return {"msgtype": "miniprogram", "miniprogram": _mini(part, pictures)}
    return {"msgtype": kind, kind: {"mediaid": media[part["asset_id"]]}}


def _mini(part: Attachment, pictures: Ids) -> dict[str, Any]:
    picture = part.get("image_url") or pictures.get(part.get("asset_id") or 0, "")
    return _words(part, appid="appid", title="title", page="page") | ({"imgUrl": picture} if picture else {})


def needs_media(parts: Iterable[Attachment]) -> list[int]:
    """Assets of which WeCom's media id is needed."""
    return [
        one["asset_id"] for one in parts if one["kind"] in ("image", "video", "file") and one.get("asset_id")
    ]


def needs_picture(parts: Iterable[Attachment]) -> list[int]:
    """Assets of which WeCom shows the picture by an address: those of mini-program cards without one of their own."""
    return [
        one["asset_id"]
        for one in parts
        if one["kind"] == "mini_program" and one.get("asset_id") and not one.get("image_url")
    ]


def with_words(
    parts: Iterable[Attachment], fill: Callable[[str], str], urls: Mapping[int, str] | None = None
) -> list[dict[str, Any]]:
    """The attachments with their variables filled; `urls`: place in the list -> the tracked link it opens."""
    return [
        {
            **one,
            "title": fill(one.get("title") or ""),
            "description": fill(one.get("description") or ""),
            "url": (urls or {}).get(number) or one.get("url") or "",
        }
        for number, one in enumerate(parts)
    ]
