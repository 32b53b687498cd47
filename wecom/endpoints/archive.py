"""The HTTP calls beside the message archive (PROTOCOL 3.14), with the archive's own secret."""

from functools import partial

from wecom.endpoints.parts import ID
from wecom.endpoints.shape import POST, Endpoint, Limit

_row = partial(Endpoint, method=POST, permission="archive", section="3.14", token="archive")

ROWS = (
    _row(
        "msgaudit_permit_users", "msgaudit/get_permit_user_list", errors=(301052, 301053),
        fields={"type": Limit(kind=int, one_of=(1, 2, 3))},
    ),
    _row(
        "msgaudit_single_agree", "msgaudit/check_single_agree", errors=(301053,),
        fields={
            "info": Limit(required=True, kind=list, items=100, spec={"userid": ID, "exteranalopenid": ID})
        },
        notes="exteranalopenid is the vendor's spelling",
    ),
    _row("msgaudit_room_agree", "msgaudit/check_room_agree", fields={"roomid": ID}, errors=(301053,)),
    _row(
        "msgaudit_groupchat_get", "msgaudit/groupchat/get", fields={"roomid": ID}, errors=(301053, 301059),
        notes="internal groups only",
    ),
)  # fmt: skip
