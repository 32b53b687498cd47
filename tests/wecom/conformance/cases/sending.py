"""Cases of PROTOCOL 3.6 to 3.8, 3.10 and 3.11: mass sends, welcomes, Moments, files, app messages."""

import hashlib
from typing import Any

from tests.wecom.conformance.harness import DAY_S, PNG, Break, Case, World, refused
from wecom.errors import GivenUp, MediaGone, Retryable, TooMuch

_IMAGE_RULE = "an image of attachments has media_id or pic_url"
_OBJECT_RULE = "each of attachments holds the object that its msgtype names"
_CONTENT_RULE = "one of text.content, attachments"
_GONE = [{"msgtype": "image", "image": {"media_id": "gone"}}]
_CONTENT_BREAKS = (
    Break(_CONTENT_RULE, {"text": None, "attachments": None}, "text.content"),
    Break(
        _OBJECT_RULE,
        {"attachments": [{"msgtype": "link", "image": {"media_id": "x"}}]},
        "attachments[0].link",
    ),
    Break(_IMAGE_RULE, {"attachments": [{"msgtype": "image", "image": {"other": 1}}]}, "image.media_id"),
)

# 3.6


def sends_add(w: World) -> None:
    userid, external = w.tie
    picture = w.client.media.upload_image(filename="a.png", content=PNG)
    made = w.client.mass_sends.add(
        sender=userid,
        external_userid=[external, "wmNobody"],
        text="好" * 1333,
        attachments=[{"msgtype": "image", "image": {"pic_url": picture}}],
    )
    assert made["fail_list"] == ["wmNobody"]
    assert [one["userid"] for one in w.client.mass_sends.tasks(msgid=made["msgid"])] == [userid]


def sends_to_nobody(w: World) -> None:
    answer = w.client.mass_sends.add(sender=w.staff[0], external_userid=["wmNobody"], text="x")
    assert answer["is_empty"]


def sends_every(w: World) -> None:
    msgid = w.make_send()
    span = {"chat_type": "group", "start_time": w.now_s - 3600, "end_time": w.now_s + 3600}
    assert msgid in {row["msgid"] for row in w.client.mass_sends.every(**span, filter_type=0, limit=1)}
    assert msgid not in {row["msgid"] for row in w.client.mass_sends.every(**span, filter_type=1)}


def sends_tasks(w: World) -> None:
    assert [(one["userid"], one["status"]) for one in w.client.mass_sends.tasks(msgid=w.make_send())] == [
        (w.owner, 0)
    ]


def sends_results(w: World) -> None:
    msgid = w.make_send()
    w.act("staff/confirm-mass-send", msgid=msgid, userid=w.owner)
    rows = list(w.client.mass_sends.results(msgid=msgid, userid=w.owner, limit=1))
    assert rows
    assert {row["status"] for row in rows} <= {1, 3}


def sends_remind(w: World) -> None:
    w.client.mass_sends.remind(msgid=w.make_send())


def sends_cancel(w: World) -> None:
    w.client.mass_sends.cancel(msgid=w.make_send())


def _dispatching(ask: Any) -> Any:
    def run(w: World) -> None:
        msgid = w.make_send()
        w.simulator.faults(w.corp_id, dispatch_s=60)
        try:
            refused(41063, lambda: ask(w, msgid), Retryable)
        finally:
            w.simulator.faults(w.corp_id, dispatch_s=0)

    return run


def _cancelled(ask: Any) -> Any:
    def run(w: World) -> None:
        msgid = w.make_send()
        w.client.mass_sends.cancel(msgid=msgid)
        refused(41093, lambda: ask(w, msgid))

    return run


def _reminded_enough(w: World) -> None:
    msgid = w.make_send()
    for _ in range(3):
        w.client.mass_sends.remind(msgid=msgid)
    refused(41094, lambda: w.client.mass_sends.remind(msgid=msgid), Retryable)


def _remind(w: World, msgid: str) -> None:
    w.client.mass_sends.remind(msgid=msgid)


def _cancel(w: World, msgid: str) -> None:
    w.client.mass_sends.cancel(msgid=msgid)


def _tasks(w: World, msgid: str) -> None:
    list(w.client.mass_sends.tasks(msgid=msgid))


def _results(w: World, msgid: str) -> None:
    list(w.client.mass_sends.results(msgid=msgid, userid=w.owner))


def _single(w: World) -> dict[str, Any]:
    return {
        "chat_type": "single", "external_userid": [w.tie[1]], "chat_id_list": [w.chat_id],
        "tag_filter": {"group_list": [{"tag_list": [w.make_tag("f")]}]}, "sender": w.tie[0],
        "allow_select": False, "text": {"content": "x"}, "attachments": w.attachments(),
    }  # fmt: skip


MASS_SENDS = (
    Case(
        "mass_sends.add", "add_msg_template", sends_add, _single,
        breaks=(
            *_CONTENT_BREAKS,
            Break("single needs external_userid or sender", {"external_userid": None, "sender": None},
                  "external_userid"),
            Break("sender needed when chat_type is group", {"chat_type": "group", "sender": None}, "sender"),
            Break("allow_select only when chat_type is single", {"chat_type": "group", "allow_select": True},
                  "allow_select"),
        ),
        refusals={
            41048: sends_to_nobody,
            40007: lambda w: refused(40007, lambda: w.client.mass_sends.add(
                sender=w.staff[0], attachments=_GONE), MediaGone),
            60111: lambda w: refused(60111, lambda: w.client.mass_sends.add(sender="nobody", text="x")),
        },
    ),
    Case(
        "mass_sends.every", "groupmsg_list", sends_every,
        lambda w: {
            "chat_type": "group", "start_time": w.now_s - DAY_S, "end_time": w.now_s, "creator": w.owner,
            "filter_type": 0, "limit": 10, "cursor": "0",
        },
        breaks=(
            Break("start_time to end_time within 31 days", {"start_time": 1_700_000_000}, "end_time"),
        ),
    ),
    Case(
        "mass_sends.tasks", "groupmsg_task", sends_tasks,
        lambda w: {"msgid": w.make_send(), "limit": 10, "cursor": "0"},
        refusals={41063: _dispatching(_tasks)},
    ),
    Case(
        "mass_sends.results", "groupmsg_send_result", sends_results,
        lambda w: {"msgid": w.make_send(), "userid": w.owner, "limit": 10, "cursor": "0"},
        refusals={
            41063: _dispatching(_results),
            40003: lambda w: refused(40003, lambda: list(w.client.mass_sends.results(
                msgid=w.make_send(), userid="nobody"))),
        },
    ),
    Case(
        "mass_sends.remind", "remind_groupmsg_send", sends_remind, lambda w: {"msgid": w.make_send()},
        refusals={41063: _dispatching(_remind), 41093: _cancelled(_remind), 41094: _reminded_enough},
    ),
    Case(
        "mass_sends.cancel", "cancel_groupmsg_send", sends_cancel, lambda w: {"msgid": w.make_send()},
        refusals={41063: _dispatching(_cancel), 41093: _cancelled(_cancel)},
    ),
)  # fmt: skip

# 3.7


def welcomes_send(w: World) -> None:
    w.client.welcomes.send(welcome_code=w.welcome_code(), text="好" * 1333)


def _greet(w: World, code: str) -> None:
    w.client.welcomes.send(welcome_code=code, text="x")


def _greeted_before(w: World) -> None:
    code = w.welcome_code()
    _greet(w, code)
    refused(41051, lambda: _greet(w, code), GivenUp)


def _greeted_now(w: World) -> None:
    code = w.welcome_code()
    w.simulator.faults(w.corp_id, welcome_busy_p=1.0)
    refused(41096, lambda: _greet(w, code), GivenUp)
    w.simulator.faults(w.corp_id, welcome_busy_p=0.0)


def _no_consent(w: World) -> None:
    _, external, code = w.meet()
    w.act("message/consent", external_userid=external, agree=False)
    refused(41053, lambda: _greet(w, code), GivenUp)


def _template(w: World) -> str:
    return w.client.welcomes.template_add(text="hello %NICKNAME%")


def template_add(w: World) -> None:
    template_id = w.client.welcomes.template_add(
        text="好" * 1000, part={"msgtype": "link", "link": {"title": "t", "url": "https://x.example"}}
    )
    assert w.client.welcomes.template_get(template_id=template_id)["link"]["title"] == "t"
    w.client.welcomes.template_delete(template_id=template_id)


def template_edit(w: World) -> None:
    template_id = _template(w)
    w.client.welcomes.template_edit(template_id=template_id, text="好" * 1333)
    assert w.client.welcomes.template_get(template_id=template_id)["text"]["content"] == "好" * 1333


def template_get(w: World) -> None:
    assert "%NICKNAME%" in w.client.welcomes.template_get(template_id=_template(w))["text"]["content"]


def template_delete(w: World) -> None:
    template_id = _template(w)
    w.client.welcomes.template_delete(template_id=template_id)
    refused(40058, lambda: w.client.welcomes.template_get(template_id=template_id))


def _templates_full(w: World) -> None:
    _template(w)
    w.limits(group_welcome_templates=1)
    refused(41055, lambda: _template(w))
    w.limits()


def _no_media(w: World, ask: Any) -> None:
    refused(40007, lambda: ask(part={"msgtype": "file", "file": {"media_id": "gone"}}), MediaGone)


_KINDS = ("image", "link", "miniprogram", "file", "video")
_TEMPLATE_BREAKS = (
    Break("one of text.content, image, link, miniprogram, file, video", dict.fromkeys(("text", *_KINDS)),
          "text.content"),
    Break("at most one of image, link, miniprogram, file, video",
          {"link": {"title": "t", "url": "https://x.example"}}, "link", is_ours=True),
    Break("image has media_id or pic_url",
          {**dict.fromkeys(_KINDS), "image": {"other": 1}}, "image.media_id"),
)  # fmt: skip


def _template_values(w: World) -> dict[str, Any]:
    return {"text": {"content": "x"}, "image": {"media_id": w.image()}, "agentid": w.agentid, "notify": 1}


def _template_with(kind: str, **extra: Any) -> Any:
    """The same with another part: only one may go out."""

    def values(w: World) -> dict[str, Any]:
        given = {name: made(w) for name, made in extra.items()}
        return {**given, "text": {"content": "x"}, kind: w.parts()[kind]}

    return values


_OTHER_PARTS = ("link", "miniprogram", "file", "video")


WELCOMES = (
    Case(
        "welcomes.send", "send_welcome_msg", welcomes_send,
        lambda w: {"welcome_code": w.welcome_code(), "text": {"content": "x"}, "attachments": w.attachments()},
        breaks=_CONTENT_BREAKS,
        refusals={
            41050: lambda w: refused(41050, lambda: _greet(w, "old"), GivenUp),
            41051: _greeted_before,
            41096: _greeted_now,
            41053: _no_consent,
            40007: lambda w: refused(40007, lambda: w.client.welcomes.send(
                welcome_code=w.welcome_code(), attachments=_GONE), MediaGone),
        },
    ),
    Case(
        "welcomes.template_add", "group_welcome_add", template_add, _template_values, breaks=_TEMPLATE_BREAKS,
        more=tuple(_template_with(kind) for kind in _OTHER_PARTS),
        refusals={41055: _templates_full, 40007: lambda w: _no_media(w, w.client.welcomes.template_add)},
    ),
    Case(
        "welcomes.template_edit", "group_welcome_edit", template_edit,
        lambda w: {"template_id": _template(w), **_template_values(w)}, breaks=_TEMPLATE_BREAKS,
        more=tuple(_template_with(kind, template_id=_template) for kind in _OTHER_PARTS),
        refusals={40007: lambda w: _no_media(
            w, lambda part: w.client.welcomes.template_edit(template_id=_template(w), part=part))},
    ),
    Case(
        "welcomes.template_get", "group_welcome_get", template_get, lambda w: {"template_id": _template(w)}
    ),
    Case(
        "welcomes.template_delete", "group_welcome_del", template_delete,
        lambda w: {"template_id": _template(w), "agentid": w.agentid},
    ),
)  # fmt: skip

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
            Break(_CONTENT_RULE, {"text": None, "attachments": None}, "text.content"),
            Break("9 images, or 1 video, or 1 link",
                  {"attachments": [_VIDEO, {"msgtype": "image", "image": {"media_id": "m"}}]}, "attachments"),
            Break("9 images, or 1 video, or 1 link", {"attachments": [_VIDEO, _VIDEO]}, "attachments"),
            Break(_OBJECT_RULE, {"attachments": [{"msgtype": "link", "image": {"media_id": "x"}}]},
                  "attachments[0].link"),
        ),
        refusals={
            40007: lambda w: refused(40007, lambda: w.client.moments.add(attachments=_GONE), MediaGone),
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

# 3.11


def _card(w: World, task_id: str = "") -> dict[str, Any]:
    return {
        "card_type": "button_interaction",
        "main_title": {"title": "t", "desc": "d"},
        "card_action": {"type": 0},
        "button_list": [{"text": "yes", "style": 1, "key": "k"}],
        "task_id": task_id or f"task-{w.fresh}@x",
    }


def _send_card(w: World, task_id: str = "") -> str:
    return w.client.messages.send(
        agentid=w.agentid, msgtype="template_card", content=_card(w, task_id), touser=[w.staff[0]]
    )["response_code"]


def messages_send(w: World) -> None:
    article = {
        "title": "t",
        "description": "d",
        "url": "https://x.example",
        "picurl": "https://x.example/a.png",
    }
    contents = {
        "text": {"content": "好" * 682},
        "markdown": {"content": "**x**"},
        "textcard": {"title": "t", "description": "d", "url": "https://x.example", "btntxt": "more"},
        "news": {"articles": [article] * 8},
    }
    for kind, content in contents.items():
        answer = w.client.messages.send(
            agentid=w.agentid, msgtype=kind, content=content, touser=[w.staff[0], "nobody"]
        )
        assert (bool(answer["msgid"]), answer["invaliduser"]) == (True, "nobody")
    twice = [
        w.client.messages.send(
            agentid=w.agentid,
            msgtype="text",
            content={"content": "once"},
            touser=[w.staff[0]],
            duplicate_check_s=60,
        )["msgid"]
        for _ in range(2)
    ]
    assert twice[0] == twice[1]


def update_card(w: World) -> None:
    code = _send_card(w)
    answer = w.client.messages.update_card(
        agentid=w.agentid, response_code=code, userids=[w.staff[0], "nobody"], replace_name="done"
    )
    assert answer["invaliduser"] == ["nobody"]


def recall(w: World) -> None:
    msgid = w.client.messages.send(
        agentid=w.agentid, msgtype="text", content={"content": "x"}, touser=[w.staff[0]]
    )["msgid"]
    w.client.messages.recall(msgid=msgid)


def _code_used(w: World) -> None:
    code = _send_card(w)
    change = {"agentid": w.agentid, "response_code": code, "for_all": True, "replace_name": "x"}
    w.client.messages.update_card(**change)
    refused(42015, lambda: w.client.messages.update_card(**change))


def _task_twice(w: World) -> None:
    task_id = f"twice-{w.fresh}"
    _send_card(w, task_id)
    refused(42014, lambda: _send_card(w, task_id))


def _text(w: World, **values: Any) -> None:
    given = {"agentid": w.agentid, "touser": [w.staff[0]], **values}
    w.client.messages.send(msgtype="text", content={"content": "x"}, **given)


def _message_values(w: World) -> dict[str, Any]:
    return {
        "touser": w.staff[0], "toparty": "1", "totag": "1", "agentid": w.agentid, "msgtype": "text",
        "text": {"content": "x"}, "safe": 0, "enable_duplicate_check": 0, "duplicate_check_interval": 60,
    }  # fmt: skip


def _with_kind(kind: str) -> Any:
    """The same call with another kind of content, so that its limits are tried too."""

    def values(w: World) -> dict[str, Any]:
        contents = {
            "markdown": {"content": "x"},
            "textcard": {"title": "t", "description": "d", "url": "https://x.example", "btntxt": "more"},
            "news": {"articles": [{"title": "t"}]},
            "template_card": {**_card(w), "button_selection": {
                "question_key": "q", "option_list": [{"id": "1", "text": "a"}]}},
        }  # fmt: skip
        given = {**_message_values(w), "msgtype": kind, kind: contents[kind]}
        del given["text"]
        return given

    return values


def _card_break(kind: str) -> Break:
    return Break(
        f"template_card.task_id needed when template_card.card_type is {kind}",
        {"msgtype": "template_card", "template_card": {
            "card_type": kind, "main_title": {"title": "t"}, "button_list": [{"text": "a"}],
            "submit_button": {"text": "s", "key": "k"}, "select_list": [
                {"question_key": "q", "option_list": [{"id": "1", "text": "a"}]}],
            "checkbox": {"question_key": "q", "option_list": [{"id": "1", "text": "a"}]},
        }},
        "template_card.task_id",
    )  # fmt: skip


def _update_values(w: World) -> dict[str, Any]:
    return {
        "userids": [w.staff[0]], "atall": 0, "agentid": w.agentid, "response_code": _send_card(w),
        "button": {"replace_name": "x"},
    }  # fmt: skip


MESSAGES = (
    Case(
        "messages.send", "message_send", messages_send, _message_values,
        more=tuple(_with_kind(kind) for kind in ("markdown", "textcard", "news", "template_card")),
        breaks=(
            Break("one of touser, toparty, totag", dict.fromkeys(("touser", "toparty", "totag")), "touser"),
            Break("the object that msgtype names", {"msgtype": "markdown"}, "markdown"),
            _card_break("button_interaction"),
            _card_break("vote_interaction"),
            _card_break("multiple_interaction"),
            Break(
                "template_card.button_list needed when template_card.card_type is button_interaction",
                {"msgtype": "template_card", "template_card": {
                    "card_type": "button_interaction", "main_title": {"title": "t"}, "task_id": "t1"}},
                "template_card.button_list",
            ),
        ),
        refusals={
            81013: lambda w: refused(81013, lambda: _text(w, touser=["nobody"])),
            301002: lambda w: refused(301002, lambda: _text(w, agentid=w.agentid + 77)),
            42014: _task_twice,
        },
    ),
    Case(
        "messages.update_card", "update_template_card", update_card, _update_values,
        more=(lambda w: {**_update_values(w), "template_card": _card(w)},),
        breaks=(
            Break("one of userids, atall", {"userids": None, "atall": None}, "userids"),
            Break("one of button.replace_name, template_card", {"button": None}, "button.replace_name"),
        ),
        refusals={
            42015: _code_used,
            301002: lambda w: refused(301002, lambda: w.client.messages.update_card(
                agentid=w.agentid + 77, response_code=_send_card(w), for_all=True, replace_name="x")),
        },
    ),
    Case("messages.recall", "message_recall", recall, lambda w: {"msgid": w.client.messages.send(
        agentid=w.agentid, msgtype="text", content={"content": "x"}, touser=[w.staff[0]])["msgid"]}),
)  # fmt: skip

CASES = (*MASS_SENDS, *WELCOMES, *MOMENTS, *MEDIA, *MESSAGES)
