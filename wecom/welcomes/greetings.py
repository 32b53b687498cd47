"""What a new customer is greeted with, pure: the words with their variables, and the parts that come along.

A part is {"kind", ...}: image, video, file {asset_id}; link {title, url, desc, picurl}; miniprogram {title, appid,
page, asset_id}. WeCom sends each part as a message of its own, 9 at most (PROTOCOL 3.6, 3.7).
"""

import re
from dataclasses import dataclass, field
from typing import Any

from wecom.keeping.kept_rules import WELCOME_BYTES, cut_bytes

# The names people may write; the first of each is the one the page offers in that language.
CUSTOMER = ("customer name", "客户昵称", "customer")
STAFF = ("staff name", "员工姓名", "staff")
_VARIABLE = re.compile(r"\{\s*([^{}]{1,20}?)\s*\}")
# A name that is not known takes the comma and the space before it along, so that the sentence still reads.
_EMPTY_NAME = re.compile(r"[\s,，、]*\x00")


@dataclass(frozen=True)
class Greeting:
    """Words and parts. Both empty: nobody is greeted."""

    text: str = ""
    parts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not self.text.strip() and not self.parts


def variables_in(text: str) -> set[str]:
    """{"customer", "staff"}: which of the known variables the words use."""
    named = {one.lower() for one in _VARIABLE.findall(text)}
    return {key for key, names in (("customer", CUSTOMER), ("staff", STAFF)) if named & set(names)}


def unknown_variables(text: str) -> list[str]:
    """Names in braces that nothing will replace."""
    known = {*CUSTOMER, *STAFF}
    return [one for one in dict.fromkeys(_VARIABLE.findall(text)) if one.lower() not in known]


def rendered(text: str, *, customer: str, staff: str) -> str:
    """The words as they are sent, cut to what WeCom takes. An unknown name leaves no hole."""
    values = dict.fromkeys(CUSTOMER, customer) | dict.fromkeys(STAFF, staff)

    def put(found: re.Match[str]) -> str:
        name = found.group(1).lower()
        return (values[name] or "\x00") if name in values else found.group(0)

    said = _EMPTY_NAME.sub("", _VARIABLE.sub(put, text)).strip()
    return cut_bytes(said, WELCOME_BYTES)


def attachments(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The parts as send_welcome_msg takes them, with our asset ids where WeCom's will stand."""
    return [_attachment(one) for one in parts]


def _attachment(part: dict[str, Any]) -> dict[str, Any]:
    kind = part["kind"]
    if kind == "link":
        body = {name: part[name] for name in ("title", "picurl", "desc", "url") if part.get(name)}
    elif kind == "miniprogram":
        body = {name: part[name] for name in ("title", "appid", "page")}
        body["pic_asset_id"] = part["asset_id"]
    else:
        body = {"asset_id": part["asset_id"]}
    return {"msgtype": kind, kind: body}


def template_part(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The one part of a group welcome template: {"image": {...}}; {} without one."""
    if not parts:
        return {}
    made = _attachment(parts[0])
    return {made["msgtype"]: made[made["msgtype"]]}
