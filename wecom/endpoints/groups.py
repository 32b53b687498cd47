"""Customer groups, their codes and handing them over (PROTOCOL 3.5)."""

from functools import partial

from wecom.endpoints.parts import CURSOR, EC, FLAG, ID, MOMENT, NEEDED_MOMENT, ZERO_ONE, ids, page
from wecom.endpoints.rules import whole_days
from wecom.endpoints.shape import POST, Endpoint, Limit

_row = partial(Endpoint, method=POST, permission="groups", section="3.5")
_count = partial(Endpoint, method=POST, permission="statistics", section="3.5")
_hand_over = partial(Endpoint, method=POST, permission="transfers", section="3.5", is_repeatable=False)
_CHAT = EC + "groupchat/"
_OWNERS = Limit(kind=dict, spec={"userid_list": ids(100)})
_DAYS = {"day_begin_time": NEEDED_MOMENT, "day_end_time": MOMENT}
_DAY_RULE = whole_days("day_begin_time", "day_end_time")
_MOVE = {"chat_id_list": ids(100, required=True), "new_owner": ID}
_JOIN_WAY = {
    "scene": Limit(required=True, kind=int, one_of=(1, 2)),
    "remark": Limit(kind=str, chars=30),
    "auto_create_room": ZERO_ONE,
    "room_base_name": Limit(kind=str, chars=40),
    "room_base_id": Limit(kind=int, low=1),
    "chat_id_list": ids(5, required=True),
    "state": Limit(kind=str, chars=30),
    "mark_source": FLAG,
}

ROWS = (
    _row(
        "groupchat_list", _CHAT + "list", cursor_items="group_chat_list", errors=(81017, 60111),
        fields={
            "status_filter": Limit(kind=int, one_of=(0, 1, 2, 3)),
            "owner_filter": _OWNERS,
            "cursor": CURSOR,
            "limit": page(1000, required=True),
        },
        notes="owner_filter needed with more than 1,000 visible staff",
    ),
    _row("groupchat_get", _CHAT + "get", fields={"chat_id": ID, "need_name": ZERO_ONE}, errors=(86003, 60011)),
    _count(
        "groupchat_statistic", _CHAT + "statistic", rules=(_DAY_RULE,),
        fields={
            **_DAYS,
            "owner_filter": _OWNERS,
            "order_by": Limit(kind=int, one_of=(1, 2, 3, 4)),
            "order_asc": ZERO_ONE,
            "offset": Limit(kind=int, low=0),
            "limit": page(1000),
        },
    ),
    _count(
        "groupchat_statistic_by_day", _CHAT + "statistic_group_by_day", rules=(_DAY_RULE,),
        fields={**_DAYS, "owner_filter": _OWNERS},
    ),
    _row(
        "opengid_to_chatid", EC + "opengid_to_chatid", errors=(90501, 90511),
        fields={"opengid": ID},
    ),
    _hand_over(
        "groupchat_transfer", _CHAT + "transfer", fields=_MOVE, errors=(60111, 84074),
        notes="300 per new owner a day; only groups whose owner left",
    ),
    _hand_over(
        "groupchat_onjob_transfer", _CHAT + "onjob_transfer", fields=_MOVE, errors=(60111, 84074),
        notes="300 per new owner a day; 2 per group in 90 days",
    ),
    _row(
        "add_join_way", _CHAT + "add_join_way", is_repeatable=False, fields=_JOIN_WAY,
        notes="500,000 per corp, contact ways included", errors=(41045, 41091, 86003),
    ),
    _row("get_join_way", _CHAT + "get_join_way", fields={"config_id": ID}, errors=(301021,)),
    _row(
        "update_join_way", _CHAT + "update_join_way", fields={"config_id": ID, **_JOIN_WAY},
        notes="replaces everything", errors=(301021, 41091, 86003),
    ),
    _row("del_join_way", _CHAT + "del_join_way", fields={"config_id": ID}, errors=(301021,)),
)  # fmt: skip
