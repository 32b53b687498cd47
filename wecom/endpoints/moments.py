"""Moments tasks (PROTOCOL 3.8). Staff publish by hand."""

from functools import partial

from wecom.endpoints.parts import CURSOR, EC, ID, ID_OR_NONE, IDS, MEDIA, NEEDED_MOMENT, NUMBERS, page
from wecom.endpoints.rules import any_of, objects_of_kind, span
from wecom.endpoints.shape import GET, POST, Endpoint, Fault, Limit, Rule, Values

_row = partial(Endpoint, method=POST, permission="moments", section="3.8")
_LINK = {
    "title": Limit(kind=str, bytes=64),
    "url": ID,
    "media_id": ID,
}
_ATTACHMENTS = Limit(
    kind=list,
    items=9,
    spec={
        "msgtype": Limit(required=True, kind=str, one_of=("image", "video", "link")),
        "image": Limit(kind=dict, spec=MEDIA),
        "video": Limit(kind=dict, spec=MEDIA),
        "link": Limit(kind=dict, spec=_LINK),
    },
)
_VISIBLE = Limit(
    kind=dict,
    spec={
        "sender_list": Limit(kind=dict, spec={"user_list": IDS, "department_list": NUMBERS}),
        "external_contact_list": Limit(kind=dict, spec={"tag_list": IDS}),
    },
)


def _one_kind(values: Values, now_s: float | None) -> Fault:
    kinds = [entry["msgtype"] for entry in values.get("attachments") or []]
    if len(set(kinds)) > 1:
        return "attachments", f"mix {kinds[0]} with another kind"
    if kinds and kinds[0] != "image" and len(kinds) > 1:
        return "attachments", f"has {len(kinds)} entries, 1 {kinds[0]} is allowed"
    return None


_OF_MOMENT = {"moment_id": ID, "userid": ID, "cursor": CURSOR}

ROWS = (
    _row(
        "add_moment_task", EC + "add_moment_task", is_repeatable=False,
        fields={
            "text": Limit(kind=dict, spec={"content": Limit(kind=str, chars=2000)}),
            "attachments": _ATTACHMENTS,
            "visible_range": _VISIBLE,
        },
        rules=(
            any_of("text.content", "attachments"),
            Rule("9 images, or 1 video, or 1 link", _one_kind),
            objects_of_kind("attachments"),
        ),
        notes="10 a minute per corp; the job lives 24 h", errors=(40007, 45009),
    ),
    _row("moment_task_result", EC + "get_moment_task_result", method=GET, fields={"jobid": ID}),
    _row("cancel_moment_task", EC + "cancel_moment_task", fields={"moment_id": ID}),
    _row(
        "moment_list", EC + "get_moment_list", cursor_items="moment_list",
        rules=(span("start_time", "end_time", days=30),),
        fields={
            "start_time": NEEDED_MOMENT,
            "end_time": NEEDED_MOMENT,
            "creator": ID_OR_NONE,
            "filter_type": Limit(kind=int, one_of=(0, 1, 2)),
            "cursor": CURSOR,
            "limit": page(20),
        },
    ),
    _row(
        "moment_task", EC + "get_moment_task", cursor_items="task_list",
        fields={"moment_id": ID, "cursor": CURSOR, "limit": page(1000)},
    ),
    _row(
        "moment_customer_list", EC + "get_moment_customer_list", cursor_items="customer_list",
        fields={**_OF_MOMENT, "limit": page(1000)},
    ),
    _row(
        "moment_send_result", EC + "get_moment_send_result", cursor_items="customer_list",
        fields={**_OF_MOMENT, "limit": page(5000)},
    ),
    _row("moment_comments", EC + "get_moment_comments", fields={"moment_id": ID, "userid": ID}),
)  # fmt: skip
