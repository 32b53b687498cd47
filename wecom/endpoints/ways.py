"""Live codes to staff, "contact ways" (PROTOCOL 3.4)."""

from functools import partial
from typing import Any

from wecom.endpoints.parts import CURSOR, EC, FLAG, ID, ID_OR_NONE, MOMENT, NUMBERS, ids, page
from wecom.endpoints.rules import any_of
from wecom.endpoints.shape import POST, Endpoint, Fault, Limit, Rule, Values

_row = partial(Endpoint, method=POST, permission="contact_way", section="3.4")
_TEMPORARY = Limit(kind=int, low=1, high=14 * 86_400)
_OPTIONS: dict[str, Limit] = {
    "style": Limit(kind=int),
    "remark": Limit(kind=str, chars=30),
    "skip_verify": FLAG,
    "state": Limit(kind=str, chars=30),
    "user": ids(100),
    "party": NUMBERS,
    "is_temp": FLAG,
    "expires_in": _TEMPORARY,
    "chat_expires_in": _TEMPORARY,
    "unionid": ID_OR_NONE,
    "is_exclusive": FLAG,
    "mark_source": FLAG,
    "conclusions": Limit(kind=dict),
}


def _one_user(values: Values, now_s: float | None) -> Fault:
    users: list[Any] = values.get("user") or []
    if values.get("type") == 1 and len(users) != 1:
        return "user", f"has {len(users)} entries, type 1 takes exactly 1"
    return None


ONE_USER = Rule("type 1 takes exactly one user", _one_user)

ROWS = (
    _row(
        "add_contact_way", EC + "add_contact_way", is_repeatable=False,
        fields={
            "type": Limit(required=True, kind=int, one_of=(1, 2)),
            "scene": Limit(required=True, kind=int, one_of=(1, 2)),
            **_OPTIONS,
        },
        rules=(ONE_USER, any_of("user", "party")),
        notes="500,000 per corp, join ways included; 100 staff a way; 100,000 temporary a day",
        errors=(41045, 41054, 60111, 84074),
    ),
    _row("get_contact_way", EC + "get_contact_way", fields={"config_id": ID}),
    _row(
        "update_contact_way", EC + "update_contact_way", fields={"config_id": ID, **_OPTIONS},
        notes="user and party are replaced", errors=(41054, 60111, 84074),
    ),
    _row("del_contact_way", EC + "del_contact_way", fields={"config_id": ID}),
    _row(
        "list_contact_way", EC + "list_contact_way", cursor_items="contact_way",
        fields={"start_time": MOMENT, "end_time": MOMENT, "cursor": CURSOR, "limit": page(1000)},
        notes="only ways made after 2021-07-10, no temporary ones",
    ),
    _row("close_temp_chat", EC + "close_temp_chat", fields={"userid": ID, "external_userid": ID}),
)  # fmt: skip
