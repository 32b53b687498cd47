"""Acquisition links (PROTOCOL 3.13). Paid; not for the system app's secret."""

from functools import partial

from wecom.endpoints.parts import CURSOR, EC, FLAG, ID, NEEDED_MOMENT, ids, numbers, page
from wecom.endpoints.rules import any_of, not_older, span
from wecom.endpoints.shape import GET, POST, Endpoint, Limit

_row = partial(Endpoint, method=POST, permission="acquisition", section="3.13")
_LINK = EC + "customer_acquisition/"
CHANNEL_BYTES = 64
_RANGE = {"user_list": ids(500), "department_list": numbers(500)}
_OPTIONS = {
    "skip_verify": FLAG,
    "priority_option": Limit(
        kind=dict,
        spec={
            "priority_type": Limit(required=True, kind=int, one_of=(1, 2)),
            "priority_userid_list": ids(500),
        },
    ),
}

ROWS = (
    _row(
        "link_list", _LINK + "list_link", cursor_items="link_id_list",
        fields={"limit": page(100), "cursor": CURSOR},
    ),
    _row("link_get", _LINK + "get", fields={"link_id": ID}),
    _row(
        "link_create", _LINK + "create_link", is_repeatable=False, errors=(41095,),
        fields={
            "link_name": Limit(required=True, kind=str, chars=30),
            "range": Limit(required=True, kind=dict, spec=_RANGE),
            **_OPTIONS,
        },
        rules=(any_of("range.user_list", "range.department_list"),),
        notes="500 staff a link; customer_channel in its address at most 64 bytes",
    ),
    _row(
        "link_update", _LINK + "update_link", notes="the range is replaced",
        fields={
            "link_id": ID,
            "link_name": Limit(kind=str, chars=30),
            "range": Limit(kind=dict, spec=_RANGE),
            **_OPTIONS,
        },
    ),
    _row("link_delete", _LINK + "delete_link", fields={"link_id": ID}),
    _row(
        "link_customer", _LINK + "customer", cursor_items="customer_list",
        fields={"link_id": ID, "limit": page(1000), "cursor": CURSOR},
    ),
    _row(
        "link_statistic", _LINK + "statistic", rules=(span("start_time", "end_time", days=30), not_older("start_time")),
        fields={"link_id": ID, "start_time": NEEDED_MOMENT, "end_time": NEEDED_MOMENT},
    ),
    _row("link_quota", EC + "customer_acquisition_quota", method=GET),
)  # fmt: skip
