"""Temporary and permanent media (PROTOCOL 3.10)."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

from simulator.wire.api.attachments import live_media
from simulator.wire.checks import Field
from simulator.wire.endpoint import Call, Endpoint, RawAnswer, Upload, get, post
from simulator.wire.errors import WireError
from simulator.world.entities import Media, UploadJob

MEGABYTE = 1024 * 1024
MAX_BYTES = {"image": 10 * MEGABYTE, "voice": 2 * MEGABYTE, "video": 10 * MEGABYTE, "file": 20 * MEGABYTE}
SUFFIXES = {"image": (".jpg", ".jpeg", ".png"), "voice": (".amr",), "video": (".mp4",), "file": ()}
IMAGE_URL_BYTES = 2 * MEGABYTE
RANGE_BYTES = 20 * MEGABYTE
SMALLEST_BYTES = 5
JOB_LIFE_S = 86400
DAY_S = 86400
MD5 = re.compile(r"^[0-9a-fA-F]{32}$")


def _file(call: Call) -> Upload:
    if call.upload is None or not call.upload.filename:
        raise WireError(41005, "field media with a filename is required")
    if len(call.upload.body) <= SMALLEST_BYTES:
        raise WireError(40006, "too small")
    return call.upload


def _store(call: Call, kind: str, *, permanent: bool = False, purpose: int = 0) -> Media:
    upload = _file(call)
    media = Media(
        media_id=call.corp.new_id("3", 40),
        type=kind,
        filename=upload.filename,
        content_type=upload.content_type,
        body=upload.body,
        created_at=int(call.now),
        permanent=permanent,
        purpose=purpose,
    )
    call.corp.media[media.media_id] = media
    return media


def _check_file(call: Call, kind: str) -> None:
    """Size and name fit the kind. Raises 41005, 40006 or 40004."""
    file = _file(call)
    if len(file.body) > MAX_BYTES[kind]:
        raise WireError(40006, f"{kind} over {MAX_BYTES[kind]} bytes")
    if SUFFIXES[kind] and not file.filename.lower().endswith(SUFFIXES[kind]):
        raise WireError(40004, file.filename)


def upload(call: Call) -> dict[str, Any]:
    kind = call.query["type"]
    _check_file(call, kind)
    media = _store(call, kind)
    return {"type": kind, "media_id": media.media_id, "created_at": str(media.created_at)}


def upload_attachment(call: Call) -> dict[str, Any]:
    kind = call.query["media_type"]
    if call.query["attachment_type"] == 2 and kind != "image":
        raise WireError(40058, "attachment_type 2 takes images only")
    _check_file(call, kind)
    media = _store(call, kind, purpose=call.query["attachment_type"])
    return {"type": kind, "media_id": media.media_id, "created_at": media.created_at}


def _count_image(call: Call) -> None:
    """1000 a day and 3000 a month per corp. Raises 45009."""
    zone = ZoneInfo(call.corp.timezone)
    today = dt.datetime.fromtimestamp(call.now, zone)
    uploads = [dt.datetime.fromtimestamp(at, zone) for at in call.corp.image_uploads]
    in_month = [at for at in uploads if (at.year, at.month) == (today.year, today.month)]
    if len(in_month) >= call.corp.limit("images_a_month"):
        raise WireError(45009, "images of a month")
    if sum(at.day == today.day for at in in_month) >= call.corp.limit("images_a_day"):
        raise WireError(45009, "images of a day")
    call.corp.image_uploads = [at.timestamp() for at in in_month] + [call.now]


def upload_image(call: Call) -> dict[str, Any]:
    file = _file(call)
    if len(file.body) > IMAGE_URL_BYTES:
        raise WireError(40006, "image over 2 MB")
    if not file.filename.lower().endswith(SUFFIXES["image"]):
        raise WireError(40004, file.filename)
    _count_image(call)
    media = _store(call, "image", permanent=True)
    return {"url": f"{call.base_url}/sim/media/{call.corp.corp_id}/{media.media_id}"}


def fetch(call: Call) -> RawAnswer:
    """The file, or the asked bytes of it; more than 20 MB at once is refused with 830002."""
    media = live_media(call, call.query["media_id"])
    wanted = re.match(r"bytes=(\d+)-(\d*)$", call.headers.get("range", ""))
    if wanted is None:
        if len(media.body) > RANGE_BYTES:
            raise WireError(830002)
        return RawAnswer(media.body, media.content_type, media.filename)
    first, last = int(wanted[1]), int(wanted[2] or len(media.body) - 1)
    if last - first + 1 > RANGE_BYTES:
        raise WireError(830002)
    part = media.body[first : last + 1]
    shown = f"bytes {first}-{first + len(part) - 1}/{len(media.body)}"
    return RawAnswer(part, media.content_type, media.filename, shown)


def upload_by_url(call: Call) -> dict[str, Any]:
    """Starts a job; the server fetches the file by itself and then sends upload_media_job_finish."""
    body = call.body
    if not body["url"].startswith(("http://", "https://")):
        raise WireError(40058, "url must be http or https")
    if not MD5.match(body["md5"]):
        raise WireError(40058, "md5: 32 hex digits")
    if SUFFIXES[body["type"]] and not body["filename"].lower().endswith(SUFFIXES[body["type"]]):
        raise WireError(40004, body["filename"])
    job = UploadJob(call.corp.new_id("jobid", 40), call.app.agentid, int(call.now), dict(body))
    call.corp.upload_jobs[job.jobid] = job
    call.later.append(job)
    return {"jobid": job.jobid}


def upload_result(call: Call) -> dict[str, Any]:
    job = call.corp.upload_jobs.get(call.body["jobid"])
    if job is None or job.agentid != call.app.agentid or call.now - job.created_at > JOB_LIFE_S:
        raise WireError(40058, "unknown or old jobid")
    detail: dict[str, Any] = {"errcode": job.errcode, "errmsg": job.errmsg}
    if job.media_id:
        media = call.corp.media[job.media_id]
        detail |= {"media_id": media.media_id, "created_at": str(media.created_at)}
    return {"status": job.status, "detail": detail}


MEDIA_ID = Field(str, required=True, missing_code=40007)

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
    get("media/get", "media", fetch, media_id=MEDIA_ID),
    post(
        "media/upload_by_url",
        "media",
        upload_by_url,
        scene=Field(int, required=True, choices=(1,)),
        type=Field(str, required=True, choices=("video", "file")),
        filename=Field(str, required=True, max_bytes=128),
        url=Field(str, required=True, max_bytes=2048),
        md5=Field(str, required=True),
    ),
    post("media/get_upload_by_url_result", "media", upload_result, jobid=Field(str, required=True)),
)
