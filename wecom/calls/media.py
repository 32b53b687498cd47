"""Files (PROTOCOL 3.10)."""

from typing import Any, TypedDict, cast

from wecom.calls.base import Family
from wecom.gateway.wire import Download


class Uploaded(TypedDict, total=False):
    """Valid 3 days, for all apps of the corp."""

    type: str
    media_id: str
    created_at: str | int


class UrlJob(TypedDict, total=False):
    """`status` 1: waiting, 2: done, 3: failed; then `detail` has media_id or errcode."""

    status: int
    detail: dict[str, Any]


class _Url(TypedDict):
    url: str


class _Job(TypedDict):
    jobid: str


class Files(Family):
    """A media_id is a loan of 3 days: keep the file itself and upload it again. Uploads are safe to repeat."""

    def upload(self, *, kind: str, filename: str, content: bytes) -> Uploaded:
        """For messages. Image 10 MB JPG or PNG, voice 2 MB AMR, video 10 MB MP4, file 20 MB; more than 5 bytes.

        Permanent 40004: another kind of file; 40006: its size.
        """
        answer = self._door.upload_to("media_upload", filename=filename, content=content, type=kind)
        return cast(Uploaded, answer)

    def upload_image(self, *, filename: str, content: bytes) -> str:
        """A lasting address of a picture, shown inside WeCom only. 2 MB; 1,000 a day, 3,000 a month per corp."""
        return str(self._door.upload_to("media_uploadimg", filename=filename, content=content)["url"])

    def upload_attachment(
        self, *, media_type: str, attachment_type: int, filename: str, content: bytes
    ) -> Uploaded:
        """For Moments (`attachment_type` 1) or products (2). Sizes as in `upload`."""
        answer = self._door.upload_to(
            "media_upload_attachment",
            filename=filename,
            content=content,
            media_type=media_type,
            attachment_type=attachment_type,
        )
        return cast(Uploaded, answer)

    def upload_by_url(self, *, kind: str, filename: str, url: str, md5: str) -> str:
        """Let WeCom fetch a file of at most 200 MB for group welcomes; answers the job."""
        return self._ask(
            _Job, "media_upload_by_url", scene=1, type=kind, filename=filename, url=url, md5=md5
        )["jobid"]

    def upload_by_url_result(self, *, jobid: str) -> UrlJob:
        """How far WeCom's fetching is."""
        return self._ask(UrlJob, "media_upload_by_url_result", jobid=jobid)

    def get(self, *, media_id: str, first_byte: int | None = None, last_byte: int | None = None) -> Download:
        """A file, or its bytes from first to last. More than 20 MB at once: Permanent 830002. MediaGone 40007."""
        span = None if first_byte is None or last_byte is None else (first_byte, last_byte)
        return self._door.download("media_get", span=span, media_id=media_id)
