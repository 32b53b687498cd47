"""Departments and staff (PROTOCOL 3.1). Only the app's visible range is answered."""

from functools import partial

from wecom.endpoints.parts import CURSOR, ID, ZERO_ONE, page
from wecom.endpoints.shape import GET, POST, Endpoint, Limit

_row = partial(Endpoint, method=GET, permission="contacts", section="3.1")
_DEPARTMENT = Limit(required=True, kind=int)
_DEPARTMENT_OR_ALL = Limit(kind=int)

ROWS = (
    _row("department_list", "department/list", fields={"id": _DEPARTMENT_OR_ALL}, errors=(60123,)),
    _row("department_simplelist", "department/simplelist", fields={"id": _DEPARTMENT_OR_ALL}, errors=(60123,)),
    _row(
        "user_simplelist", "user/simplelist", fields={"department_id": _DEPARTMENT}, errors=(60123,),
        notes="one level of departments",
    ),
    _row(
        "user_list", "user/list", fields={"department_id": _DEPARTMENT, "fetch_child": ZERO_ONE},
        errors=(60123, 45029), notes="not for contact-sync addresses added since 2022-08-15",
    ),
    _row(
        "user_list_id", "user/list_id", method=POST, token="contact_sync", cursor_items="dept_user",
        fields={"cursor": CURSOR, "limit": page(10_000)}, notes="contact-sync secret only", errors=(48002,),
    ),
    _row("user_get", "user/get", fields={"userid": ID}, errors=(60111, 60011)),
)  # fmt: skip
