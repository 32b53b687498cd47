"""Mass sends to customers and groups (PROTOCOL 3.6). A call makes tasks; the staff send by hand."""

from functools import partial

from wecom.endpoints.parts import (
    ATTACHMENTS,
    CONTENT_RULES,
    CURSOR,
    EC,
    FLAG,
    ID,
    ID_OR_NONE,
    IDS,
    MONTH_DAYS,
    NEEDED_MOMENT,
    TEXT_4000,
    ids,
    page,
)
from wecom.endpoints.rules import needs, only_when, span
from wecom.endpoints.shape import POST, Endpoint, Fault, Limit, Rule, Values

_row = partial(Endpoint, method=POST, permission="mass_send", section="3.6")
_KINDS = ("single", "group")


def _receivers(values: Values, now_s: float | None) -> Fault:
    if values.get("chat_type") in (None, "single") and not values.get("external_userid"):
        return None if values.get("sender") else ("external_userid", "is missing (or sender)")
    return None


RECEIVERS = Rule("single needs external_userid or sender", _receivers)

ROWS = (
    _row(
        "add_msg_template", EC + "add_msg_template", is_repeatable=False,
        fields={
            "chat_type": Limit(kind=str, one_of=_KINDS),
            "external_userid": ids(10_000),
            "chat_id_list": ids(2_000),
            "tag_filter": Limit(
                kind=dict, spec={"group_list": Limit(kind=list, spec={"tag_list": IDS})}
            ),
            "sender": ID_OR_NONE,
            "allow_select": FLAG,
            "text": TEXT_4000,
            "attachments": ATTACHMENTS,
        },
        rules=(
            *CONTENT_RULES,
            RECEIVERS,
            needs("sender", when="chat_type", equals="group"),
            only_when("allow_select", when="chat_type", among=(None, "single")),
        ),
        notes="each receiver as often a month as it has days (or 7 a week, 1 a day)",
        errors=(41048, 40007, 60111, 84074),
    ),
    _row(
        "groupmsg_list", EC + "get_groupmsg_list_v2", cursor_items="group_msg_list",
        rules=(span("start_time", "end_time", days=MONTH_DAYS),),
        fields={
            "chat_type": Limit(required=True, kind=str, one_of=_KINDS),
            "start_time": NEEDED_MOMENT,
            "end_time": NEEDED_MOMENT,
            "creator": ID_OR_NONE,
            "filter_type": Limit(kind=int, one_of=(0, 1, 2)),
            "limit": page(100),
            "cursor": CURSOR,
        },
    ),
    _row(
        "groupmsg_task", EC + "get_groupmsg_task", cursor_items="task_list", errors=(41063,),
        fields={"msgid": ID, "limit": page(1000), "cursor": CURSOR},
    ),
    _row(
        "groupmsg_send_result", EC + "get_groupmsg_send_result", cursor_items="send_list",
        fields={"msgid": ID, "userid": ID, "limit": page(1000), "cursor": CURSOR}, errors=(41063, 40003),
    ),
    _row(
        "remind_groupmsg_send", EC + "remind_groupmsg_send", is_repeatable=False, fields={"msgid": ID},
        notes="3 per task in 24 h", errors=(41063, 41093, 41094),
    ),
    _row(
        "cancel_groupmsg_send", EC + "cancel_groupmsg_send", fields={"msgid": ID},
        notes="stops what is unsent; nothing is recalled", errors=(41063, 41093),
    ),
)  # fmt: skip
