"""The buttons of the phone pages: which act each one is, and whose hand does it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from simulator.human import acts, links, messages, office
from simulator.human.answers import Action, Body
from simulator.runtime import Runtime
from simulator.world.model import Corp
from simulator.world.relations import Refused

# Each act with the field that carries the person who does it.
STAFF_ACTS: dict[str, tuple[Action, str]] = {
    "say": (messages.send, "from"),
    "recall": (messages.recall, "by"),
    "confirm": (acts.confirm_mass_send, "userid"),
    "card": (acts.click_card, "userid"),
    "publish": (office.publish_moment, "userid"),
    "resign": (office.resign, "userid"),
    "create-group": (acts.group_create, "owner"),
    "rename": (acts.group_rename, "by"),
    "notice": (acts.group_notice, "by"),
    "owner": (acts.group_owner, "by"),
    "kick": (acts.group_kick, "by"),
    "invite": (acts.group_join, "invitor"),
    "leave": (acts.group_leave, "person_id"),
    "dismiss": (acts.group_dismiss, "by"),
    "remark": (acts.edit_customer, "userid"),
    "delete-customer": (acts.staff_deletes, "userid"),
}
CUSTOMER_ACTS: dict[str, tuple[Action, str]] = {
    "say": (messages.send, "from"),
    "recall": (messages.recall, "by"),
    "scan-contact": (acts.scan_contact_way, "external_userid"),
    "scan-group": (acts.scan_join_way, "external_userid"),
    "scan-link": (links.scan, "external_userid"),
    "add-staff": (acts.add_staff, "external_userid"),
    "delete-staff": (acts.customer_deletes, "external_userid"),
    "leave": (acts.group_leave, "person_id"),
    "consent": (messages.consent, "external_userid"),
    "react": (office.react_to_moment, "external_userid"),
    "refuse-transfer": (links.transfer_fail, "external_userid"),
}
ONLY_OWNER = ("notice", "owner", "dismiss")
OWNER_OR_ADMIN = ("rename", "kick")
SCANS = {"contact": "scan-contact", "group": "scan-group", "link": "scan-link"}


def _may(corp: Corp, act: str, person: str, chat_id: str) -> None:
    """What the client itself would not offer. Raises Refused."""
    group = corp.groups.get(chat_id)
    if group is None or act not in (*ONLY_OWNER, *OWNER_OR_ADMIN):
        return
    if person == group.owner or (act in OWNER_OR_ADMIN and person in group.admins):
        return
    raise Refused("只有群主可以这样做" if act in ONLY_OWNER else "只有群主和管理员可以这样做")


async def perform(runtime: Runtime, corp: Corp, kind: str, person: str, act: str, form: Body) -> Body:
    """Do it. Raises Refused for an act that this kind of person has not."""
    known = (STAFF_ACTS if kind == "staff" else CUSTOMER_ACTS).get(act)
    if known is None:
        raise Refused("没有这个动作")
    action, field = known
    _may(corp, act, person, str(form.get("chat_id") or ""))
    body: Body = {name: value for name, value in form.items() if value not in ("", None)}
    if act == "consent":
        body["agree"] = form.get("agree") == "yes"
    if act == "invite":
        body["scene"] = 1
    if act == "card":
        body["selected"] = {
            name.removeprefix("q:"): value for name, value in form.items() if name.startswith("q:")
        }
    return await action(runtime, {**body, "corp_id": corp.corp_id, field: person})


def scanned(address: str, corp: Corp) -> tuple[str, dict[str, Any]] | None:
    """What scanning a code of this corp with this address means: an act and its fields; None for other addresses."""
    parts = [part for part in urlsplit(address.strip()).path.split("/") if part]
    if parts[:1] == ["phone"] and parts[1:2] in (["scan"], ["qr"]) and len(parts) == 5:
        kind, corp_id, config_id = parts[2], parts[3], parts[4].removesuffix(".svg")
        if kind in SCANS and corp_id == corp.corp_id:
            channel = parse_qs(urlsplit(address).query).get("customer_channel", [""])[0]
            name = "link_id" if kind == "link" else "config_id"
            return SCANS[kind], {name: config_id, "customer_channel": channel}
    return None
