"""The message archive: switched on in WeCom's console and here, and some days of talk in the groups."""

from datetime import date
from typing import Any

from demo.company import Company
from demo.vendor import Vendor
from tenants.scoping import tenant_scope
from wecom.archive.services import archive_connect, key_make
from wecom.selectors import app_needed

TALKING_GROUPS = 3
# What a parent says, what the group's owner answers; a day takes some of it in turn.
TALK = (
    ("text", "今天的第二段孩子跟不上，是听三遍再读吗？", "先听两遍，第三遍跟着小声读，读不准没关系。"),
    ("image", "", "看到作业啦，字母写得很稳，晚上给你点评。"),
    ("text", "出差两天，能补课吗？", "可以，回放保留 7 天，补完在群里说一声。"),
    ("voice", "", "发音很清楚，th 再咬一下舌尖。"),
    ("text", "年课和现在的营有什么不一样？", "年课每周三节直播，有一对一纠音，我把课表发群里。"),
)


def archive_begin(company: Company, vendor: Vendor) -> None:
    """The administrator makes a key, enters its public half at WeCom and the archive's secret here."""
    tenant, owner = company.tenant, company.owner
    with tenant_scope(tenant):
        app = app_needed(tenant_id=tenant.pk)
        key = key_make(tenant=tenant, app_id=app.pk, actor=owner)
        console = vendor.corp_set(
            company.corp_id,
            archive={
                "is_on": True,
                "public_keys": {str(key.version): key.public_key},
                "current_version": key.version,
            },
        )
        archive_connect(tenant=tenant, app_id=app.pk, secret=console["archive"]["secret"], actor=owner)


def _talks(
    company: Company, vendor: Vendor, day: date
) -> list[tuple[dict[str, Any], str, tuple[str, str, str]]]:
    """(group, who asks, (kind, question, answer)) of a day in the first groups."""
    groups = sorted(vendor.ledger(company.corp_id)["groups"], key=lambda one: one["name"])
    found = []
    for number, group in enumerate(groups[:TALKING_GROUPS]):
        if group["customers"]:
            turn = day.toordinal() + number
            found.append((group, group["customers"][turn % len(group["customers"])], TALK[turn % len(TALK)]))
    return found


def say(company: Company, vendor: Vendor, chat_id: str, sender: str, kind: str, text: str) -> None:
    """Somebody says something in a group."""
    vendor.call(
        "POST",
        "/sim/message/send",
        **{"corp_id": company.corp_id, "chat_id": chat_id, "from": sender},
        msgtype=kind,
        text=text,
    )


def day_of_talk(company: Company, vendor: Vendor, day: date) -> int:
    """Parents ask in the first groups. Returns how many messages were said."""
    talks = _talks(company, vendor, day)
    for group, who, (kind, question, _answer) in talks:
        say(company, vendor, group["chat_id"], who, kind, question)
    return len(talks)


def talk_answer(company: Company, vendor: Vendor, day: date, number: int) -> int:
    """The owner of one of these groups answers what was asked that day. Returns how many messages were said."""
    talks = _talks(company, vendor, day)[number : number + 1]
    for group, _who, (_kind, _question, answer) in talks:
        say(company, vendor, group["chat_id"], group["owner"], "text", answer)
    return len(talks)
