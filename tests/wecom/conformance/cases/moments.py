"""Cases of PROTOCOL 3.8 and 3.10: Moments and files."""

import hashlib
from typing import Any

from tests.wecom.conformance.cases.sending import CONTENT_RULE, GONE, OBJECT_RULE
from tests.wecom.conformance.harness import DAY_S, PNG, Break, Case, World, refused
from wecom.errors import MediaGone, Retryable, TooMuch

# 3.8


def _moment(w: World) -> str:
    jobid = w.client.moments.add(text="hello", visible_range={"sender_list": {"user_list": [w.staff[0]]}})
    moment_id = str(w.client.moments.job(jobid=jobid)["result"]["moment_id"])
    w.act("staff/publish-moment", moment_id=moment_id, userid=w.staff[0])
    return moment_id


def moments_add(w: World) -> None:
    images = [{"msgtype": "image", "image": {"media_id": w.attachment(1)}} for _ in range(9)]
    jobid = w.client.moments.add(text="好" * 2000, attachments=images)
    assert w.client.moments.job(jobid=jobid)["status"] == 3


def moments_job(w: World) -> None:
    assert w.client.moments.job(jobid=w.client.moments.add(text="x"))["result"]["errcode"] == 0


def moments_cancel(w: World) -> None:
    w.client.moments.cancel(moment_id=_moment(w))


def moments_every(w: World) -> None:
    moment_id = _moment(w)
    span = {"start_time": w.now_s - 3600, "end_time": w.now_s + 3600}
    assert moment_id in {row["moment_id"] for row in w.client.moments.every(**span)}


def moments_publishers(w: World) -> None:
    assert list(w.client.moments.publishers(moment_id=_moment(w))) == [
        {"userid": w.staff[0], "publish_status": 1}
    ]


def moments_audience(w: World) -> None:
    found = {row["external_userid"] for row in w.client.moments.audience(
        moment_id=_moment(w), userid=w.staff[0], limit=2)}  # fmt: skip
    assert found <= set(w.client.customers.of_staff(userid=w.staff[0]))
    assert found


def moments_reached(w: World) -> None:
    moment_id = _moment(w)
    reached = {
        row["external_userid"] for row in w.client.moments.reached(moment_id=moment_id, userid=w.staff[0])
    }
    assert reached == {
        row["external_userid"] for row in w.client.moments.audience(moment_id=moment_id, userid=w.staff[0])
    }


def moments_comments(w: World) -> None:
    found = w.client.moments.comments(moment_id=_moment(w), userid=w.staff[0])
    assert set(found) == {"comment_list", "like_list"}


def _too_many_moments(w: World) -> None:
    w.limits(moments_a_minute=0)
    refused(45009, lambda: w.client.moments.add(text="x"), Retryable)
    w.limits()


def _moment_values(kind: str) -> Any:
    """One kind at a time may go out."""

    def values(w: World) -> dict[str, Any]:
        part: dict[str, Any] = {"media_id": w.attachment(1)}
        if kind == "video":
            part = {"media_id": w.attachment(1, "video", "a.mp4")}
        if kind == "link":
            part |= {"title": "t", "url": "https://x.example"}
        audience = {"tag_list": [w.make_tag("v")]}
        senders = {"user_list": [w.staff[0]], "department_list": [1]}
        return {
            "text": {"content": "x"},
            "attachments": [{"msgtype": kind, kind: part}],
            "visible_range": {"sender_list": senders, "external_contact_list": audience},
        }

    return values


def _of_moment(w: World) -> dict[str, Any]:
    return {"moment_id": _moment(w), "userid": w.staff[0], "cursor": "0", "limit": 10}


_VIDEO = {"msgtype": "video", "video": {"media_id": "m"}}

MOMENTS = (
    Case(
        "moments.add", "add_moment_task", moments_add, _moment_values("image"),
        more=(_moment_values("video"), _moment_values("link")),
        breaks=(
            Break(CONTENT_RULE, {"text": None, "attachments": None}, "text.content"),
            Break("9 images, or 1 video, or 1 link",
                  {"attachments": [_VIDEO, {"msgtype": "image", "image": {"media_id": "m"}}]}, "attachments"),
            Break("9 images, or 1 video, or 1 link", {"attachments": [_VIDEO, _VIDEO]}, "attachments"),
            Break(OBJECT_RULE, {"attachments": [{"msgtype": "link", "image": {"media_id": "x"}}]},
                  "attachments[0].link"),
        ),
        refusals={
            40007: lambda w: refused(40007, lambda: w.client.moments.add(attachments=GONE), MediaGone),
            45009: _too_many_moments,
        },
    ),
    Case(
        "moments.job", "moment_task_result", moments_job,
        lambda w: {"jobid": w.client.moments.add(text="x")},
    ),
    Case("moments.cancel", "cancel_moment_task", moments_cancel, lambda w: {"moment_id": _moment(w)}),
    Case(
        "moments.every", "moment_list", moments_every,
        lambda w: {
            "start_time": w.now_s - DAY_S, "end_time": w.now_s, "creator": "c", "filter_type": 0,
            "cursor": "0", "limit": 10,
        },
        breaks=(Break("start_time to end_time within 30 days", {"start_time": 1_700_000_000}, "end_time"),),
    ),
    Case(
        "moments.publishers", "moment_task", moments_publishers,
        lambda w: {"moment_id": _moment(w), "cursor": "0", "limit": 10},
    ),
    Case("moments.audience", "moment_customer_list", moments_audience, _of_moment),
    Case("moments.reached", "moment_send_result", moments_reached, _of_moment),
    Case(
        "moments.comments", "moment_comments", moments_comments,
        lambda w: {"moment_id": _moment(w), "userid": w.staff[0]},
    ),
)  # fmt: skip

# 3.10


def media_upload(w: World) -> None:
    for kind, name in (("image", "a.JPG"), ("voice", "a.amr"), ("video", "a.mp4"), ("file", "a.any")):
        media_id = w.client.media.upload(kind=kind, filename=name, content=PNG)["media_id"]
        assert w.client.media.get(media_id=media_id).content == PNG


def media_upload_image(w: World) -> None:
    assert w.client.media.upload_image(filename="a.png", content=PNG).startswith("http")


def media_upload_attachment(w: World) -> None:
    found = w.client.media.upload_attachment(
        media_type="image", attachment_type=2, filename="a.png", content=PNG
    )
    assert found["media_id"]


def _job(w: World) -> str:
    return w.client.media.upload_by_url(
        kind="file", filename="a.pdf", url="http://127.0.0.1:9/a.pdf", md5=hashlib.md5(PNG).hexdigest()
    )


def media_upload_by_url(w: World) -> None:
    assert _job(w)


def media_upload_by_url_result(w: World) -> None:
    assert w.client.media.upload_by_url_result(jobid=_job(w))["status"] in (1, 2, 3)


def media_get(w: World) -> None:
    media_id = w.image()
    whole = w.client.media.get(media_id=media_id)
    part = w.client.media.get(media_id=media_id, first_byte=1, last_byte=3)
    assert (whole.content, part.content, part.total_bytes) == (PNG, PNG[1:4], len(PNG))


def _media_in_one_piece(w: World) -> None:
    """No upload of ours can be above 20 MB: WeCom's own code is switched on."""
    media_id = w.image()
    w.simulator.faults(w.corp_id, answer_code={"path": "media/get", "code": 830002, "times": 1})
    refused(830002, lambda: w.client.media.get(media_id=media_id), TooMuch)


def _bad_file(name: str, values: dict[str, Any]) -> Any:
    """Our check stands before it: the same file unchecked."""
    return {
        40004: lambda w: _same_code(w, name, values, ("a.exe", PNG), 40004),
        40006: lambda w: _same_code(w, name, values, ("a.png", b"12345"), 40006),
    }


def _same_code(w: World, name: str, values: dict[str, Any], file: Any, code: int) -> None:
    assert w.raw(name, values, file=file)[0] == code


MEDIA = (
    Case(
        "media.upload", "media_upload", media_upload, lambda w: {"type": "image"},
        refusals=_bad_file("media_upload", {"type": "image"}),
    ),
    Case(
        "media.upload_image", "media_uploadimg", media_upload_image, refusals=_bad_file("media_uploadimg", {})
    ),
    Case(
        "media.upload_attachment", "media_upload_attachment", media_upload_attachment,
        lambda w: {"media_type": "image", "attachment_type": 1},
        breaks=(
            Break("attachment_type 2 takes images only", {"media_type": "video", "attachment_type": 2},
                  "media_type"),
        ),
        refusals=_bad_file("media_upload_attachment", {"media_type": "image", "attachment_type": 1}),
    ),
    Case(
        "media.upload_by_url", "media_upload_by_url", media_upload_by_url,
        lambda w: {
            "scene": 1, "type": "file", "filename": "a.pdf", "url": "http://127.0.0.1:9/a.pdf", "md5": "a" * 32,
        },
    ),
    Case(
        "media.upload_by_url_result", "media_upload_by_url_result", media_upload_by_url_result,
        lambda w: {"jobid": _job(w)},
    ),
    Case(
        "media.get", "media_get", media_get, lambda w: {"media_id": w.image()},
        refusals={
            40007: lambda w: refused(40007, lambda: w.client.media.get(media_id="gone"), MediaGone),
            830002: _media_in_one_piece,
        },
    ),
)  # fmt: skip

CASES = (*MOMENTS, *MEDIA)
