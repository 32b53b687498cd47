"""The calls behind `kept`: how codes and templates are made, changed, removed and found again at WeCom."""

from datetime import datetime, timedelta
from typing import Any

from wecom.errors import Permanent
from wecom.gateway.client import WecomClient
from wecom.keeping import assets
from wecom.keeping.kept_rules import GROUPS_PER_CODE, rooms_to_keep

AROUND = timedelta(minutes=5)
LOOK_AT_MOST = 300
# WeCom's answers for "there is no such code or template" when it is asked to remove one.
GONE_CODES = frozenset({40058, 41044, 301021})


def make(client: WecomClient, payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Make it. Returns WeCom's id and its answer. Never repeated by itself: each call makes another one."""
    answer = client.call(payload["call"], **assets.filled(client, payload["fields"]))
    return str(answer.get("config_id") or answer.get("template_id") or ""), answer


def find_made(client: WecomClient, payload: dict[str, Any], called_at: datetime) -> str:
    """The contact code made by an earlier call, recognised by its own `state`; "" when WeCom does not list it.

    WeCom lists neither group codes nor welcome templates (PROTOCOL 3.5, 3.7): those wait for a person.
    """
    state = payload["fields"].get("state")
    if payload["call"] != "add_contact_way" or not state:
        return ""
    rows = client.ways.every(
        start_time=int((called_at - AROUND).timestamp()),
        end_time=int((called_at + AROUND).timestamp()),
        limit=100,
    )
    for number, row in enumerate(rows):
        if number >= LOOK_AT_MOST:
            return ""
        if client.ways.get(config_id=row["config_id"]).get("state") == state:
            return row["config_id"]
    return ""


def change(client: WecomClient, payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Overwrite or remove it. Safe to repeat: the same again changes nothing, what is gone stays gone."""
    fields = assets.filled(client, payload["fields"])
    vendor_id = str(fields.get("config_id") or fields.get("template_id") or "")
    if payload["call"] == "update_join_way":
        fields["chat_id_list"] = _with_new_rooms(client, vendor_id, fields, payload.get("known") or [])
    try:
        answer = client.call(payload["call"], **fields)
    except Permanent as error:
        if payload["step"] != "remove" or error.code not in GONE_CODES:
            raise
        return vendor_id, {"was_gone": True}
    return vendor_id, answer


def _with_new_rooms(
    client: WecomClient, config_id: str, fields: dict[str, Any], known: list[str]
) -> list[str]:
    """Our groups, and those WeCom opened by itself since we last looked: an overwrite must not drop them."""
    now = client.groups.get_join_way(config_id=config_id).get("chat_id_list") or []
    return rooms_to_keep(wanted=fields["chat_id_list"], present=now, known=known, limit=GROUPS_PER_CODE)
