"""Rules on what staff may write, the product album, figures of staff (PROTOCOL 3.9)."""

from functools import partial

from wecom.endpoints.parts import CURSOR, EC, ID, MEDIA, NEEDED_MOMENT, ids, numbers, page
from wecom.endpoints.rules import any_of, objects_of_kind, whole_days
from wecom.endpoints.shape import GET, POST, Endpoint, Limit

_rule = partial(Endpoint, method=POST, permission="rules", section="3.9")
_product = partial(Endpoint, method=POST, permission="products", section="3.9")

_RANGE = {"user_list": ids(1000), "department_list": numbers(1000)}
_SCOPE = Limit(kind=dict, spec=_RANGE)
_WORD = Limit(required=True, kind=str, chars=32)
_SEMANTICS = Limit(kind=list, each=Limit(kind=int, one_of=(1, 2, 3)))
_ALBUM = {
    "description": Limit(kind=str, chars=300),
    "price": Limit(kind=int, low=0, high=5_000_000),
    "product_sn": Limit(kind=str, chars=128),
    "attachments": Limit(
        kind=list,
        items=9,
        spec={
            "type": Limit(required=True, kind=str, one_of=("image",)),
            "image": Limit(kind=dict, spec=MEDIA),
        },
    ),
}


def _needed(limit: Limit) -> Limit:
    return Limit(**{**vars(limit), "required": True})


ROWS = (
    _rule(
        "add_intercept_rule", EC + "add_intercept_rule", is_repeatable=False, notes="100 per corp",
        fields={
            "rule_name": Limit(required=True, kind=str, chars=20),
            "word_list": Limit(required=True, kind=list, items=300, each=_WORD),
            "semantics_list": _SEMANTICS,
            "intercept_type": Limit(required=True, kind=int, one_of=(1, 2)),
            "applicable_range": _needed(_SCOPE),
        },
        rules=(any_of("applicable_range.user_list", "applicable_range.department_list"),),
    ),
    _rule("intercept_rule_list", EC + "get_intercept_rule_list", method=GET),
    _rule("get_intercept_rule", EC + "get_intercept_rule", fields={"rule_id": ID}),
    _rule(
        "update_intercept_rule", EC + "update_intercept_rule",
        fields={
            "rule_id": ID,
            "rule_name": Limit(kind=str, chars=20),
            "word_list": Limit(kind=list, items=300, each=_WORD),
            "extra_rule": Limit(kind=dict, spec={"semantics_list": _SEMANTICS}),
            "intercept_type": Limit(kind=int, one_of=(1, 2)),
            "add_applicable_range": _SCOPE,
            "remove_applicable_range": _SCOPE,
        },
        notes="only the app that made it", errors=(48002,),
    ),
    _rule("del_intercept_rule", EC + "del_intercept_rule", fields={"rule_id": ID}, errors=(48002,)),
    _product(
        "add_product_album", EC + "add_product_album", is_repeatable=False, errors=(40007,),
        fields={name: _needed(limit) if name != "product_sn" else limit for name, limit in _ALBUM.items()},
        rules=(objects_of_kind("attachments", "type"),),
    ),
    _product("get_product_album", EC + "get_product_album", fields={"product_id": ID}),
    _product(
        "product_album_list", EC + "get_product_album_list", cursor_items="product_list",
        fields={"limit": page(100), "cursor": CURSOR},
    ),
    _product(
        "update_product_album", EC + "update_product_album", fields={"product_id": ID, **_ALBUM},
        rules=(objects_of_kind("attachments", "type"),),
        notes="only the app that made it", errors=(48002, 40007),
    ),
    _product("delete_product_album", EC + "delete_product_album", fields={"product_id": ID}, errors=(48002,)),
    Endpoint(
        "user_behavior_data", EC + "get_user_behavior_data", POST, "statistics", section="3.9",
        fields={
            "userid": ids(100),
            "partyid": numbers(100),
            "start_time": NEEDED_MOMENT,
            "end_time": NEEDED_MOMENT,
        },
        rules=(any_of("userid", "partyid"), whole_days("start_time", "end_time")),
        notes="several ids are summed", errors=(60111,),
    ),
)  # fmt: skip
