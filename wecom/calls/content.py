"""The parts of a message that mass sends and welcomes share (PROTOCOL 3.6, 3.7)."""

from typing import Any, TypedDict


class Image(TypedDict, total=False):
    """`media_id` of an upload, or `pic_url` from `media.upload_image`."""

    media_id: str
    pic_url: str


class Link(TypedDict, total=False):
    """Bytes: title 128, desc 512, url and picurl 2,048."""

    title: str
    picurl: str
    desc: str
    url: str


class MiniProgram(TypedDict, total=False):
    """`title` at most 64 bytes."""

    title: str
    pic_media_id: str
    appid: str
    page: str


class Media(TypedDict):
    media_id: str


class Attachment(TypedDict, total=False):
    """`msgtype` names the one object that is filled."""

    msgtype: str
    image: Image
    link: Link
    miniprogram: MiniProgram
    video: Media
    file: Media


def as_text(text: str | None) -> dict[str, Any] | None:
    """The text object, or None for no text."""
    return {"content": text} if text else None
