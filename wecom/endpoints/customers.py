"""Customers and handing them over (PROTOCOL 3.2)."""

from functools import partial

from wecom.endpoints.parts import CURSOR, EC, ID, ID_OR_NONE, ids, page
from wecom.endpoints.rules import any_of
from wecom.endpoints.shape import GET, POST, Endpoint, Limit

_row = partial(Endpoint, method=POST, permission="customers", section="3.2")
_hand_over = partial(Endpoint, method=POST, permission="transfers", section="3.2", is_repeatable=False)
_result = partial(Endpoint, method=POST, permission="transfers", section="3.2", cursor_items="customer")

_PAIR = {"handover_userid": ID, "takeover_userid": ID}
_MOVE = {**_PAIR, "external_userid": ids(100, required=True)}
_REMARKS = ("remark", "description", "remark_company", "remark_mobiles", "remark_pic_mediaid")

ROWS = (
    _row("follow_user_list", EC + "get_follow_user_list", method=GET),
    _row("customer_list", EC + "list", method=GET, fields={"userid": ID}, errors=(84061, 84074, 60111)),
    _row(
        "customer_get", EC + "get", method=GET, cursor_items="follow_user",
        fields={"external_userid": ID, "cursor": CURSOR}, errors=(40096, 84061),
    ),
    _row(
        "customer_batch", EC + "batch/get_by_user", cursor_items="external_contact_list",
        fields={"userid_list": ids(100, required=True), "cursor": CURSOR, "limit": page(100)},
        errors=(84061, 84074, 60111),
    ),
    _row(
        "customer_remark", EC + "remark", rules=(any_of(*_REMARKS),), errors=(84061, 40096, 40007),
        fields={
            "userid": ID,
            "external_userid": ID,
            "remark": Limit(kind=str, chars=20),
            "description": Limit(kind=str, chars=150),
            "remark_company": Limit(kind=str, chars=20),
            "remark_mobiles": Limit(kind=list),
            "remark_pic_mediaid": ID_OR_NONE,
        },
    ),
    _hand_over(
        "transfer_customer", EC + "transfer_customer", errors=(60111, 84074),
        fields={**_MOVE, "transfer_success_msg": Limit(kind=str, chars=200)},
        notes="2 per customer in 90 days; done by itself after 24 h",
    ),
    _hand_over(
        "resigned_transfer_customer", EC + "resigned/transfer_customer", fields=_MOVE,
        errors=(60111, 84074, 90500), notes="2 per customer in 90 days",
    ),
    _result("transfer_result", EC + "transfer_result", fields={**_PAIR, "cursor": CURSOR}),
    _result("resigned_transfer_result", EC + "resigned/transfer_result", fields={**_PAIR, "cursor": CURSOR}),
    _row(
        "unassigned_list", EC + "get_unassigned_list", permission="transfers", cursor_items="info",
        fields={"cursor": CURSOR, "page_size": page(1000)},
    ),
)  # fmt: skip
