"""Cases of PROTOCOL 3.11: app messages and their cards."""

from typing import Any

from tests.wecom.conformance.harness import Break, Case, World, refused

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


CASES = (
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
