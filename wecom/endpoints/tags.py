"""Corp tags (PROTOCOL 3.3). An app changes only the tags it made."""

from functools import partial

from wecom.endpoints.parts import EC, ID, ID_OR_NONE, IDS
from wecom.endpoints.rules import any_of
from wecom.endpoints.shape import POST, Endpoint, Limit

_row = partial(Endpoint, method=POST, permission="tags", section="3.3")
_NAME = Limit(kind=str, chars=30)
_ORDER = Limit(kind=int)
_AGENT = Limit(kind=int)

ROWS = (
    _row(
        "corp_tag_list", EC + "get_corp_tag_list", fields={"tag_id": IDS, "group_id": IDS},
        notes="group_id wins over tag_id; both empty: all",
    ),
    _row(
        "add_corp_tag", EC + "add_corp_tag",
        fields={
            "group_id": ID_OR_NONE,
            "group_name": _NAME,
            "order": _ORDER,
            "tag": Limit(
                required=True,
                kind=list,
                spec={"name": Limit(required=True, kind=str, chars=30), "order": _ORDER},
            ),
            "agentid": _AGENT,
        },
        rules=(any_of("group_id", "group_name"),),
        notes="3,000 tags per corp", errors=(40068, 40071, 40126),
    ),
    _row(
        "edit_corp_tag", EC + "edit_corp_tag", errors=(40068,),
        fields={"id": ID, "name": _NAME, "order": _ORDER, "agentid": _AGENT},
    ),
    _row(
        "del_corp_tag", EC + "del_corp_tag", errors=(40068,), rules=(any_of("tag_id", "group_id"),),
        fields={"tag_id": IDS, "group_id": IDS, "agentid": _AGENT},
        notes="the last tag takes its group with it",
    ),
    _row(
        "mark_tag", EC + "mark_tag", errors=(40068, 84061, 40096), rules=(any_of("add_tag", "remove_tag"),),
        fields={"userid": ID, "external_userid": ID, "add_tag": IDS, "remove_tag": IDS},
        notes="a tag belongs to one member and one customer",
    ),
)  # fmt: skip
