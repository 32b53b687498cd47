"""Files (PROTOCOL 3.10). A media_id is valid 3 days and is never kept as the asset."""

from functools import partial

from wecom.endpoints.checking import MEGABYTE
from wecom.endpoints.parts import ID
from wecom.endpoints.shape import GET, POST, Endpoint, Fault, FileLimit, Limit, Rule, Values

_row = partial(Endpoint, method=POST, permission="media", section="3.10")
_FILES = {
    "image": FileLimit(10 * MEGABYTE, (".jpg", ".jpeg", ".png")),
    "voice": FileLimit(2 * MEGABYTE, (".amr",)),
    "video": FileLimit(10 * MEGABYTE, (".mp4",)),
    "file": FileLimit(20 * MEGABYTE),
}
_ATTACHED = ("image", "video", "file")
RANGE_BYTES = 20 * MEGABYTE


def _products_are_images(values: Values, now_s: float | None) -> Fault:
    if values.get("attachment_type") == 2 and values.get("media_type") != "image":
        return "media_type", "is not image (attachment_type is 2)"
    return None


ROWS = (
    _row(
        "media_upload", "media/upload", is_upload=True, files=_FILES, file_kind="type",
        fields={"type": Limit(required=True, kind=str, one_of=tuple(_FILES))},
        notes="voice at most 60 s; valid 3 days", errors=(40004, 40006),
    ),
    _row(
        "media_uploadimg", "media/uploadimg", is_upload=True, errors=(40004, 40006),
        files={"": FileLimit(2 * MEGABYTE, _FILES["image"].suffixes)}, notes="1,000 a day and 3,000 a month per corp",
    ),
    _row(
        "media_upload_attachment", "media/upload_attachment", is_upload=True, file_kind="media_type",
        files={kind: _FILES[kind] for kind in _ATTACHED}, errors=(40004, 40006),
        fields={
            "media_type": Limit(required=True, kind=str, one_of=_ATTACHED),
            "attachment_type": Limit(required=True, kind=int, one_of=(1, 2)),
        },
        rules=(Rule("attachment_type 2 takes images only", _products_are_images),),
        notes="attachment_type 1 Moments, 2 products",
    ),
    _row(
        "media_upload_by_url", "media/upload_by_url", notes="200 MB; the answer comes as a job",
        fields={
            "scene": Limit(required=True, kind=int, one_of=(1,)),
            "type": Limit(required=True, kind=str, one_of=tuple(_FILES)),
            "filename": Limit(required=True, kind=str),
            "url": ID,
            "md5": Limit(required=True, kind=str, matches="[0-9a-fA-F]{32}"),
        },
    ),
    _row("media_upload_by_url_result", "media/get_upload_by_url_result", fields={"jobid": ID}),
    _row(
        "media_get", "media/get", method=GET, is_download=True, errors=(40007, 830002),
        fields={"media_id": ID},
        notes="20 MB in one piece at most: ask for a range of bytes",
    ),
)  # fmt: skip
