"""Welcome messages and group welcome templates (PROTOCOL 3.7)."""

from functools import partial

from wecom.endpoints.parts import ATTACHMENTS, CONTENT_RULES, EC, ID, PARTS, TEXT_4000, ZERO_ONE
from wecom.endpoints.rules import any_of, at_most_one_of
from wecom.endpoints.shape import POST, Endpoint, Fault, Limit, Rule, Values

_row = partial(Endpoint, method=POST, permission="welcome", section="3.7")
_KINDS = ("image", "link", "miniprogram", "file", "video")
_TEMPLATE = EC + "group_welcome_template/"


def _image(values: Values, now_s: float | None) -> Fault:
    image = values.get("image") or {}
    if image and not (image.get("media_id") or image.get("pic_url")):
        return "image.media_id", "is missing (or pic_url)"
    return None


_RULES = (
    any_of("text.content", *_KINDS),
    at_most_one_of(*_KINDS),
    Rule("image has media_id or pic_url", _image),
)


def _body(text_bytes: int) -> dict[str, Limit]:
    return {
        "text": Limit(kind=dict, spec={"content": Limit(kind=str, bytes=text_bytes)}),
        **{kind: PARTS[kind] for kind in _KINDS},
        "agentid": Limit(kind=int),
        "notify": ZERO_ONE,
    }


ROWS = (
    _row(
        "send_welcome_msg", EC + "send_welcome_msg", rules=CONTENT_RULES,
        fields={
            "welcome_code": ID,
            "text": TEXT_4000,
            "attachments": ATTACHMENTS,
        },
        notes="within 20 s of the event, once, the first app wins", errors=(41050, 41051, 41053, 41096, 40007),
    ),
    _row(
        "group_welcome_add", _TEMPLATE + "add", is_repeatable=False, fields=_body(3000), rules=_RULES,
        notes="100 per corp", errors=(41055, 40007),
    ),
    _row(
        "group_welcome_edit", _TEMPLATE + "edit", fields={"template_id": ID, **_body(4000)}, rules=_RULES,
        errors=(40007,),
    ),
    _row("group_welcome_get", _TEMPLATE + "get", fields={"template_id": ID}),
    _row("group_welcome_del", _TEMPLATE + "del", fields={"template_id": ID, "agentid": Limit(kind=int)}),
)  # fmt: skip
