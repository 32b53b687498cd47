"""Temporary and permanent media (PROTOCOL 3.10)."""

from __future__ import annotations

from typing import Any

from simulator.wire.api.attachments import live_media
from simulator.wire.checks import Field
from simulator.wire.endpoint import Call, Endpoint, RawAnswer, Upload, get
from simulator.wire.errors import WireError
from simulator.world.entities import Media

MEGABYTE = 1024 * 1024
MAX_BYTES = {"image": 10 * MEGABYTE, "voice": 2 * MEGABYTE, "video": 10 * MEGABYTE, "file": 20 * MEGABYTE}
SUFFIXES = {"image": (".jpg", ".jpeg", ".png"), "voice": (".amr",), "video": (".mp4",), "file": ()}
IMAGE_URL_BYTES = 2 * MEGABYTE
SMALLEST_BYTES = 5


def _file(call: Call) -> Upload:
    if call.upload is None or not call.upload.filename:
        raise WireError(41005, "field media with a filename is required")
    if len(call.upload.body) <= SMALLEST_BYTES:
        raise WireError(40006, "too small")
    return call.upload


def _store(call: Call, kind: str, *, permanent: bool) -> Media:
    upload = _file(call)
    media = Media(
        media_id=call.corp.new_id("3", 40),
        type=kind,
        filename=upload.filename,
        content_type=upload.content_type,
        body=upload.body,
        created_at=int(call.now),
        permanent=permanent,
    )
    call.corp.media[media.media_id] = media
    return media


def upload(call: Call) -> dict[str, Any]:
    return _upload(call, call.query["type"])


def upload_attachment(call: Call) -> dict[str, Any]:
    answer = _upload(call, call.query["media_type"])
    return {**answer, "created_at": int(answer["created_at"])}


def _upload(call: Call, kind: str) -> dict[str, Any]:
    file = _file(call)
    if len(file.body) > MAX_BYTES[kind]:
        raise WireError(40006, f"{kind} over {MAX_BYTES[kind]} bytes")
    if SUFFIXES[kind] and not file.filename.lower().endswith(SUFFIXES[kind]):
        raise WireError(40004, file.filename)
    media = _store(call, kind, permanent=False)
    return {"type": kind, "media_id": media.media_id, "created_at": str(media.created_at)}


def upload_image(call: Call) -> dict[str, Any]:
    if len(_file(call).body) > IMAGE_URL_BYTES:
        raise WireError(40006, "image over 2 MB")
    media = _store(call, "image", permanent=True)
    return {"url": f"{call.base_url}/sim/media/{call.corp.corp_id}/{media.media_id}"}


def fetch(call: Call) -> RawAnswer:
    live_media(call, call.query["media_id"])
    media = call.corp.media[call.query["media_id"]]
    return RawAnswer(media.body, media.content_type, media.filename)


ENDPOINTS = (
    Endpoint(
        "media/upload",
        "POST",
        "media",
        upload,
        {"type": Field(str, required=True, choices=tuple(MAX_BYTES))},
        is_upload=True,
    ),
    Endpoint(
        "media/upload_attachment",
        "POST",
        "media",
        upload_attachment,
        {
            "media_type": Field(str, required=True, choices=("image", "video", "file")),
            "attachment_type": Field(int, required=True, choices=(1, 2)),
        },
        is_upload=True,
    ),
    Endpoint("media/uploadimg", "POST", "media", upload_image, is_upload=True),
    get("media/get", "media", fetch, media_id=Field(str, required=True, missing_code=40007)),
)
