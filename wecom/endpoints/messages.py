"""App messages to staff and their cards (PROTOCOL 3.11)."""

from functools import partial

from wecom.endpoints.parts import ID, IDS, ZERO_ONE
from wecom.endpoints.rules import any_of, needs, object_of_kind
from wecom.endpoints.shape import POST, Endpoint, Limit

_row = partial(Endpoint, method=POST, permission="messages", section="3.11")
_AGENT = Limit(required=True, kind=int)
_SHORT = Limit(kind=dict, spec={"content": Limit(required=True, kind=str, bytes=2048)})
_URL = Limit(required=True, kind=str, bytes=2048)
_CARD = {
    "card_type": Limit(
        required=True,
        kind=str,
        one_of=(
            "text_notice", "news_notice", "button_interaction", "vote_interaction", "multiple_interaction",
        ),
    ),
    "main_title": Limit(kind=dict, spec={"title": Limit(kind=str), "desc": Limit(kind=str)}),
    "card_action": Limit(kind=dict),
    "button_selection": Limit(kind=dict),
    "button_list": Limit(
        kind=list,
        items=6,
        spec={"text": Limit(required=True, kind=str), "style": Limit(kind=int), "key": Limit(kind=str)},
    ),
    "task_id": Limit(kind=str, bytes=128, matches="[0-9A-Za-z_@-]+"),
}  # fmt: skip
_INTERACTIVE = "template_card.card_type"
_CARD_RULES = tuple(
    needs("template_card.task_id", when=_INTERACTIVE, equals=kind)
    for kind in ("button_interaction", "vote_interaction", "multiple_interaction")
)

ROWS = (
    _row(
        "message_send", "message/send",
        fields={
            "touser": Limit(kind=str, pieces=1000),
            "toparty": Limit(kind=str, pieces=100),
            "totag": Limit(kind=str, pieces=100),
            "agentid": _AGENT,
            "msgtype": Limit(
                required=True, kind=str, one_of=("text", "markdown", "textcard", "news", "template_card")
            ),
            "text": _SHORT,
            "markdown": _SHORT,
            "textcard": Limit(
                kind=dict,
                spec={
                    "title": Limit(required=True, kind=str, chars=128),
                    "description": Limit(required=True, kind=str, chars=512),
                    "url": _URL,
                    "btntxt": Limit(kind=str, chars=4),
                },
            ),
            "news": Limit(
                kind=dict,
                spec={
                    "articles": Limit(
                        required=True, kind=list, items=8, spec={"title": Limit(required=True, kind=str)}
                    )
                },
            ),
            "template_card": Limit(kind=dict, spec=_CARD),
            "safe": ZERO_ONE,
            "enable_duplicate_check": ZERO_ONE,
            "duplicate_check_interval": Limit(kind=int, low=0, high=14_400),
        },
        rules=(
            any_of("touser", "toparty", "totag"),
            object_of_kind(),
            *_CARD_RULES,
            needs("template_card.button_list", when=_INTERACTIVE, equals="button_interaction"),
        ),
        notes="200 person-sends a day per account; one member 30 a minute, 1,000 an hour, the rest is dropped",
        errors=(81013, 301002, 42014),
    ),
    _row(
        "update_template_card", "message/update_template_card",
        fields={
            "userids": IDS,
            "atall": ZERO_ONE,
            "agentid": _AGENT,
            "response_code": ID,
            "button": Limit(kind=dict, spec={"replace_name": Limit(required=True, kind=str)}),
            "template_card": Limit(kind=dict),
        },
        rules=(any_of("userids", "atall"), any_of("button.replace_name", "template_card")),
        notes="one use per code, within 72 h", errors=(42015, 301002),
    ),
    _row("message_recall", "message/recall", fields={"msgid": ID}, notes="within 24 h"),
)  # fmt: skip
