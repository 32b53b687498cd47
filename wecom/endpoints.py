"""Every WeCom call we make, as a table: path, method, what may be sent, whether it may be repeated.

Limits are WeCom's documented ones (PROTOCOL section 3), checked before the wire: a refusal here costs no call
and names the field. "Bytes" are UTF-8 bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wecom.errors import InvalidRequest

GET, POST = "GET", "POST"


@dataclass(frozen=True)
class Limit:
    """What one field may hold. `spec` describes an object, or each item of a list."""

    required: bool = False
    bytes: int | None = None
    chars: int | None = None
    items: int | None = None
    low: int | None = None
    high: int | None = None
    one_of: tuple[Any, ...] = ()
    spec: Mapping[str, "Limit"] = field(default_factory=dict)


@dataclass(frozen=True)
class Endpoint:
    """One call. `is_repeatable`: the same call twice does no harm. `permission` is what the console calls it."""

    name: str
    path: str
    method: str
    permission: str
    is_repeatable: bool = True
    fields: Mapping[str, Limit] = field(default_factory=dict)
    token: str = "access"  # which token rides in the query: access, or none
    is_upload: bool = False


def _in_range(value: int, limit: Limit) -> bool:
    return not (limit.low is not None and value < limit.low) and not (
        limit.high is not None and value > limit.high
    )


def _check(path: str, where: str, value: Any, limit: Limit) -> None:
    def refuse(why: str) -> None:
        raise InvalidRequest(f"{where} {why}", path=path)

    if value is None or value == "" or value == []:
        if limit.required:
            refuse("is missing")
        return
    if isinstance(value, str):
        if limit.bytes is not None and len(value.encode()) > limit.bytes:
            refuse(f"has {len(value.encode())} bytes, {limit.bytes} are allowed")
        if limit.chars is not None and len(value) > limit.chars:
            refuse(f"has {len(value)} characters, {limit.chars} are allowed")
    if isinstance(value, list):
        if limit.items is not None and len(value) > limit.items:
            refuse(f"has {len(value)} entries, {limit.items} are allowed")
        for index, item in enumerate(value):
            if limit.spec and isinstance(item, dict):
                _check_fields(path, f"{where}[{index}].", item, limit.spec)
    if isinstance(value, dict) and limit.spec:
        _check_fields(path, f"{where}.", value, limit.spec)
    if isinstance(value, int) and not isinstance(value, bool) and not _in_range(value, limit):
        refuse(f"is {value}, {limit.low} to {limit.high} is allowed")
    if limit.one_of and value not in limit.one_of:
        refuse(f"is none of {', '.join(map(str, limit.one_of))}")


def _check_fields(path: str, prefix: str, values: Mapping[str, Any], spec: Mapping[str, Limit]) -> None:
    for name, limit in spec.items():
        _check(path, f"{prefix}{name}", values.get(name), limit)


def check_request(endpoint: Endpoint, values: Mapping[str, Any]) -> None:
    """Raises InvalidRequest for what WeCom would refuse, naming the field and the limit."""
    unknown = sorted(set(values) - set(endpoint.fields))
    if unknown:
        raise InvalidRequest(f"unknown fields: {', '.join(unknown)}", path=endpoint.path)
    _check_fields(endpoint.path, "", values, endpoint.fields)


_ID = Limit(required=True, bytes=128)
_CURSOR = Limit()
_PAGE_1000 = Limit(low=1, high=1000)
_ATTACHMENT = {
    "msgtype": Limit(required=True, one_of=("image", "link", "miniprogram", "video", "file")),
    "link": Limit(
        spec={
            "title": Limit(required=True, bytes=128),
            "picurl": Limit(bytes=2048),
            "desc": Limit(bytes=512),
            "url": Limit(required=True, bytes=2048),
        }
    ),
    "miniprogram": Limit(
        spec={
            "title": Limit(required=True, bytes=64),
            "pic_media_id": _ID,
            "appid": _ID,
            "page": Limit(required=True, bytes=2048),
        }
    ),
    "image": Limit(spec={"media_id": Limit(bytes=256), "pic_url": Limit(bytes=2048)}),
    "video": Limit(spec={"media_id": Limit(required=True, bytes=256)}),
    "file": Limit(spec={"media_id": Limit(required=True, bytes=256)}),
}
_TEXT = Limit(spec={"content": Limit(bytes=4000)})
_ATTACHMENTS = Limit(items=9, spec=_ATTACHMENT)
_JOIN_WAY = {
    "scene": Limit(required=True, one_of=(1, 2)),
    "remark": Limit(chars=30),
    "auto_create_room": Limit(one_of=(0, 1)),
    "room_base_name": Limit(chars=40),
    "room_base_id": Limit(),
    "chat_id_list": Limit(required=True, items=5),
    "state": Limit(chars=30),
    "mark_source": Limit(),
}
_CONTACT_WAY = {
    "type": Limit(required=True, one_of=(1, 2)),
    "scene": Limit(required=True, one_of=(1, 2)),
    "style": Limit(),
    "remark": Limit(chars=30),
    "skip_verify": Limit(),
    "state": Limit(chars=30),
    "user": Limit(items=100),
    "party": Limit(),
    "is_exclusive": Limit(),
    "mark_source": Limit(),
}
_APP_MESSAGE = {
    "touser": Limit(bytes=65_000),
    "agentid": Limit(required=True),
    "msgtype": Limit(required=True, one_of=("text", "markdown", "textcard", "template_card")),
    "text": Limit(spec={"content": Limit(required=True, bytes=2048)}),
    "markdown": Limit(spec={"content": Limit(required=True, bytes=2048)}),
    "textcard": Limit(
        spec={
            "title": Limit(required=True, chars=128),
            "description": Limit(required=True, chars=512),
            "url": Limit(required=True, bytes=2048),
            "btntxt": Limit(chars=4),
        }
    ),
    "template_card": Limit(),
    "safe": Limit(one_of=(0, 1)),
    "enable_duplicate_check": Limit(one_of=(0, 1)),
    "duplicate_check_interval": Limit(low=1, high=14_400),
}
_EC = "externalcontact/"


def _rows() -> list[Endpoint]:
    return [
        Endpoint("gettoken", "gettoken", GET, "", fields={"corpid": _ID, "corpsecret": _ID}, token="none"),
        Endpoint("department_list", "department/list", GET, "contacts", fields={"id": Limit()}),
        Endpoint("user_simplelist", "user/simplelist", GET, "contacts", fields={"department_id": Limit(required=True)}),
        Endpoint("user_get", "user/get", GET, "contacts", fields={"userid": _ID}),
        Endpoint("follow_user_list", _EC + "get_follow_user_list", GET, "customers"),
        Endpoint("customer_list", _EC + "list", GET, "customers", fields={"userid": _ID}),
        Endpoint("customer_get", _EC + "get", GET, "customers", fields={"external_userid": _ID, "cursor": _CURSOR}),
        Endpoint(
            "customer_batch", _EC + "batch/get_by_user", POST, "customers",
            fields={
                "userid_list": Limit(required=True, items=100), "cursor": _CURSOR, "limit": Limit(low=1, high=100)
            },
        ),
        Endpoint(
            "corp_tag_list", _EC + "get_corp_tag_list", POST, "tags", fields={"tag_id": Limit(), "group_id": Limit()}
        ),
        Endpoint(
            "mark_tag", _EC + "mark_tag", POST, "tags",
            fields={"userid": _ID, "external_userid": _ID, "add_tag": Limit(), "remove_tag": Limit()},
        ),
        Endpoint(
            "groupchat_list", _EC + "groupchat/list", POST, "groups",
            fields={
                "status_filter": Limit(one_of=(0, 1, 2, 3)),
                "owner_filter": Limit(spec={"userid_list": Limit(items=100)}),
                "cursor": _CURSOR,
                "limit": Limit(required=True, low=1, high=1000),
            },
        ),
        Endpoint(
            "groupchat_get", _EC + "groupchat/get", POST, "groups",
            fields={"chat_id": _ID, "need_name": Limit(one_of=(0, 1))},
        ),
        Endpoint(
            "add_msg_template", _EC + "add_msg_template", POST, "mass_send", is_repeatable=False,
            fields={
                "chat_type": Limit(required=True, one_of=("single", "group")),
                "external_userid": Limit(items=10_000),
                "chat_id_list": Limit(items=2_000),
                "sender": Limit(bytes=64),
                "allow_select": Limit(),
                "text": _TEXT,
                "attachments": _ATTACHMENTS,
            },
        ),
        Endpoint(
            "groupmsg_task", _EC + "get_groupmsg_task", POST, "mass_send",
            fields={"msgid": _ID, "limit": _PAGE_1000, "cursor": _CURSOR},
        ),
        Endpoint(
            "groupmsg_send_result", _EC + "get_groupmsg_send_result", POST, "mass_send",
            fields={"msgid": _ID, "userid": _ID, "limit": _PAGE_1000, "cursor": _CURSOR},
        ),
        Endpoint(
            "groupmsg_list", _EC + "get_groupmsg_list_v2", POST, "mass_send",
            fields={
                "chat_type": Limit(required=True, one_of=("single", "group")),
                "start_time": Limit(required=True),
                "end_time": Limit(required=True),
                "creator": Limit(),
                "filter_type": Limit(one_of=(0, 1, 2)),
                "limit": Limit(low=1, high=100),
                "cursor": _CURSOR,
            },
        ),
        Endpoint(
            "remind_groupmsg_send", _EC + "remind_groupmsg_send", POST, "mass_send", is_repeatable=False,
            fields={"msgid": _ID},
        ),
        Endpoint("cancel_groupmsg_send", _EC + "cancel_groupmsg_send", POST, "mass_send", fields={"msgid": _ID}),
        Endpoint(
            "send_welcome_msg", _EC + "send_welcome_msg", POST, "welcome",
            fields={"welcome_code": Limit(required=True, bytes=512), "text": _TEXT, "attachments": _ATTACHMENTS},
        ),
        Endpoint("message_send", "message/send", POST, "messages", fields=_APP_MESSAGE),
        Endpoint(
            "media_upload", "media/upload", POST, "media", is_upload=True,
            fields={"type": Limit(required=True, one_of=("image", "voice", "video", "file"))},
        ),
        Endpoint("jsapi_ticket", "get_jsapi_ticket", GET, "tickets"),
        Endpoint("agent_ticket", "ticket/get", GET, "tickets", fields={"type": Limit(required=True)}),
        Endpoint("getuserinfo", "auth/getuserinfo", GET, "oauth", is_repeatable=False, fields={"code": _ID}),
        Endpoint("add_join_way", _EC + "groupchat/add_join_way", POST, "groups", False, _JOIN_WAY),
        Endpoint("get_join_way", _EC + "groupchat/get_join_way", POST, "groups", fields={"config_id": _ID}),
        Endpoint("add_contact_way", _EC + "add_contact_way", POST, "contact_way", False, _CONTACT_WAY),
        Endpoint("get_contact_way", _EC + "get_contact_way", POST, "contact_way", fields={"config_id": _ID}),
    ]  # fmt: skip


ENDPOINTS: dict[str, Endpoint] = {row.name: row for row in _rows()}
