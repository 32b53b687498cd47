"""Finishes media/upload_by_url jobs: fetches the address and tells the app (PROTOCOL 3.10)."""

from __future__ import annotations

import hashlib

import httpx

from simulator.callbacks.deliver import flush_corp
from simulator.runtime import Runtime
from simulator.world.entities import Media, UploadJob
from simulator.world.events import emit
from simulator.world.model import Corp

MAX_BYTES = 200 * 1024 * 1024
TIMEOUT_S = 30.0
WAITING, DONE, FAILED = 1, 2, 3


async def _download(runtime: Runtime, job: UploadJob) -> tuple[bytes, str]:
    """The file's bytes and content type. Raises ValueError with the reason."""
    try:
        answer = await runtime.client.get(job.body["url"], timeout=TIMEOUT_S)
    except httpx.HTTPError as error:
        raise ValueError(type(error).__name__) from error
    if answer.status_code != 200:
        raise ValueError(f"HTTP {answer.status_code}")
    if not 5 < len(answer.content) <= MAX_BYTES:
        raise ValueError("file size")
    if hashlib.md5(answer.content).hexdigest() != job.body["md5"].lower():
        raise ValueError("md5 differs")
    return answer.content, answer.headers.get("content-type", "application/octet-stream")


async def finish(runtime: Runtime, corp: Corp, job: UploadJob) -> None:
    """Fetch, store, and send upload_media_job_finish; a failure is a result too."""
    now = int(runtime.clock.now())
    try:
        body, content_type = await _download(runtime, job)
    except ValueError as error:
        job.status, job.errcode, job.errmsg = FAILED, 830003, str(error)
    else:
        media = Media(corp.new_id("3", 40), job.body["type"], job.body["filename"], content_type, body, now)
        corp.media[media.media_id] = media
        job.status, job.media_id = DONE, media.media_id
    runtime.world.is_dirty = True
    emit(
        corp,
        event="upload_media_job_finish",
        change_type="",
        fields=[("JobId", job.jobid)],
        at=now,
        lane=job.jobid,
        agentid=job.agentid,
    )
    await flush_corp(runtime, corp)
