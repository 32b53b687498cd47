"""Template cards: which parts each type needs, and their limits (PROTOCOL 3.11)."""

from __future__ import annotations

import re
from typing import Any

from simulator.wire.checks import Field, check
from simulator.wire.endpoint import Call
from simulator.wire.errors import WireError

TASK_ID = re.compile(r"^[0-9A-Za-z_\-@]{1,128}$")
TEXT, NEWS, BUTTONS, VOTE, MULTIPLE = (
    "text_notice",
    "news_notice",
    "button_interaction",
    "vote_interaction",
    "multiple_interaction",
)
INTERACTIVE = (BUTTONS, VOTE, MULTIPLE)
OPTION = {"id": Field(str, required=True, max_bytes=128), "text": Field(str, required=True)}
SUBMIT = Field(
    dict,
    spec={"text": Field(str, required=True), "key": Field(str, required=True, max_bytes=1024)},
)
BUTTON = {
    "text": Field(str, required=True),
    "style": Field(int, choices=(1, 2, 3, 4)),
    "key": Field(str, max_bytes=1024),
    "type": Field(int, choices=(0, 1)),
    "url": Field(str, max_bytes=2048),
}
SELECT = {
    "question_key": Field(str, required=True, max_bytes=1024),
    "title": Field(str),
    "selected_id": Field(str),
    "option_list": Field(list, required=True, items=dict, max_items=10, spec=OPTION),
}
CARD: dict[str, Field] = {
    "card_type": Field(str, required=True, choices=(TEXT, NEWS, *INTERACTIVE)),
    "source": Field(dict),
    "main_title": Field(dict, spec={"title": Field(str), "desc": Field(str)}),
    "sub_title_text": Field(str),
    "emphasis_content": Field(dict),
    "quote_area": Field(dict),
    "card_image": Field(dict, spec={"url": Field(str, required=True)}),
    "image_text_area": Field(dict, spec={"image_url": Field(str, required=True)}),
    "horizontal_content_list": Field(list, items=dict, max_items=6),
    "jump_list": Field(list, items=dict, max_items=3),
    "card_action": Field(
        dict,
        spec={"type": Field(int, choices=(0, 1, 2)), "url": Field(str, max_bytes=2048), "appid": Field(str)},
    ),
    "action_menu": Field(
        dict,
        spec={
            "desc": Field(str),
            "action_list": Field(
                list,
                required=True,
                items=dict,
                max_items=3,
                spec={"text": Field(str, required=True), "key": Field(str, required=True, max_bytes=1024)},
            ),
        },
    ),
    "button_selection": Field(dict, spec=SELECT),
    "button_list": Field(list, items=dict, max_items=6, spec=BUTTON),
    "checkbox": Field(
        dict,
        spec={
            "question_key": Field(str, required=True, max_bytes=1024),
            "mode": Field(int, choices=(0, 1)),
            "option_list": Field(list, required=True, items=dict, max_items=20, spec=OPTION),
        },
    ),
    "select_list": Field(list, items=dict, max_items=3, spec=SELECT),
    "submit_button": SUBMIT,
    "task_id": Field(str),
}
NEEDED = {
    TEXT: (("main_title", "sub_title_text"), ("card_action",)),
    NEWS: (("main_title",), ("card_image", "image_text_area"), ("card_action",)),
    BUTTONS: (("main_title",), ("button_list",)),
    VOTE: (("main_title",), ("checkbox",), ("submit_button",)),
    MULTIPLE: (("main_title",), ("select_list",), ("submit_button",)),
}


def check_shape(card: dict[str, Any]) -> None:
    """The card's parts, each type's own. Raises 40058."""
    check(card, CARD, prefix="template_card.")
    for one_of in NEEDED[card["card_type"]]:
        if not any(card.get(name) for name in one_of):
            raise WireError(40058, f"template_card.{' or '.join(one_of)}: is required")
    action = card.get("card_action") or {}
    if action.get("type") == 1 and not action.get("url"):
        raise WireError(40058, "template_card.card_action.url: is required")


def check_task(call: Call, card: dict[str, Any]) -> str:
    """The card's task_id, unused so far in this app. Raises 40058 or 42014."""
    task_id = str(card.get("task_id") or "")
    if not task_id:
        if card["card_type"] in INTERACTIVE or card.get("action_menu"):
            raise WireError(40058, "template_card.task_id: is required")
        return ""
    if not TASK_ID.match(task_id):
        raise WireError(40058, "task_id: 1 to 128 of [0-9A-Za-z_-@]")
    if (call.app.agentid, task_id) in call.corp.task_ids:
        raise WireError(42014, task_id)
    return task_id
