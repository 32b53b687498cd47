"""Cases of PROTOCOL 3.6 and 3.7: mass sends, welcomes."""

from typing import Any

from tests.wecom.conformance.harness import DAY_S, PNG, Break, Case, World, refused
from wecom.errors import GivenUp, MediaGone, Retryable

_IMAGE_RULE = "an image of attachments has media_id or pic_url"
OBJECT_RULE = "each of attachments holds the object that its msgtype names"
CONTENT_RULE = "one of text.content, attachments"
GONE = [{"msgtype": "image", "image": {"media_id": "gone"}}]
_CONTENT_BREAKS = (
    Break(CONTENT_RULE, {"text": None, "attachments": None}, "text.content"),
    Break(
        OBJECT_RULE,
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
                sender=w.staff[0], attachments=GONE), MediaGone),
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
                welcome_code=w.welcome_code(), attachments=GONE), MediaGone),
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

CASES = (*MASS_SENDS, *WELCOMES)
