"""Tokens, tickets and the sign-in of staff (PROTOCOL 2.4, 3.1, 3.12)."""

from functools import partial

from wecom.endpoints.parts import ID
from wecom.endpoints.shape import GET, POST, Endpoint, Limit

_row = partial(Endpoint, method=GET)

ROWS = (
    _row(
        "gettoken", "gettoken", permission="", section="2.4", token="none",
        fields={"corpid": ID, "corpsecret": ID},
        notes="about 2,000 wrong secrets an hour block the address for an hour",
        errors=(40001, 40013),
    ),
    _row(
        "getuserinfo", "auth/getuserinfo", permission="oauth", section="3.1", is_repeatable=False,
        fields={"code": ID},
        notes="a code works once, for 5 minutes", errors=(40029,),
    ),
    _row(
        "getuserdetail", "auth/getuserdetail", method=POST, permission="oauth", section="3.1",
        fields={"user_ticket": ID},
    ),
    _row(
        "jsapi_ticket", "get_jsapi_ticket", permission="tickets", section="3.12",
        notes="400 an hour per corp; good for 7,200 s",
    ),
    _row(
        "agent_ticket", "ticket/get", permission="tickets", section="3.12",
        fields={"type": Limit(required=True, kind=str, one_of=("agent_config",))},
        notes="100 an hour per app; good for 7,200 s",
    ),
)  # fmt: skip
