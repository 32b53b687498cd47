"""How messages look on a phone: titles, texts and links of what staff get, words for what is no text."""

from __future__ import annotations

from typing import Any

from simulator.world.entities import AppMessage
from simulator.world.model import Corp

KINDS = {
    "image": "图片",
    "voice": "语音",
    "video": "视频",
    "file": "文件",
    "emotion": "表情",
    "card": "名片",
    "location": "位置",
    "weapp": "小程序",
    "miniprogram": "小程序",
    "redpacket": "红包",
    "external_redpacket": "红包",
    "chatrecord": "聊天记录",
    "vote": "投票",
    "meeting": "会议",
    "todo": "待办",
    "collect": "填表",
    "calendar": "日程",
    "sphfeed": "视频号",
    "markdown": "文档消息",
    "news": "图文",
    "docmsg": "在线文档",
    "mixed": "混合消息",
}


def links_of(message: AppMessage) -> list[str]:
    """The addresses behind an app message, in the order they are shown."""
    body = message.body
    if message.msgtype == "textcard":
        return [body["url"]]
    if message.msgtype == "news":
        return [row["url"] for row in body["articles"] if row.get("url")]
    if message.msgtype == "template_card":
        found = [body.get("card_action") or {}, *(body.get("jump_list") or [])]
        return [row["url"] for row in found if row.get("url")]
    words = body.get("content", "").replace("(", " ").replace(")", " ").replace('"', " ").split()
    return [word for word in words if word.startswith(("http://", "https://"))]


def title_of(message: AppMessage) -> str:
    """What the list shows."""
    body = message.body
    if message.msgtype == "textcard":
        return str(body["title"])
    if message.msgtype == "news":
        return str(body["articles"][0]["title"])
    if message.msgtype == "template_card":
        return str((body.get("main_title") or {}).get("title") or body.get("sub_title_text") or "")
    return str(body.get("content") or KINDS.get(message.msgtype, message.msgtype))


def text_of(message: AppMessage) -> str:
    """The smaller line below the title."""
    body = message.body
    if message.msgtype in ("textcard", "video"):
        return str(body.get("description") or "")
    if message.msgtype == "template_card":
        title = body.get("main_title") or {}
        return str(title.get("desc") or (body.get("sub_title_text") if title.get("title") else "") or "")
    return ""


def questions_of(message: AppMessage) -> list[dict[str, Any]]:
    """What a vote or multiple-choice card asks: key, title, whether several answers are allowed, options."""
    body = message.body
    votes = (
        [{**body["checkbox"], "title": "", "many": body["checkbox"].get("mode") == 1}]
        if body.get("checkbox")
        else []
    )
    rows = [*(body.get("select_list") or []), body.get("button_selection")]
    return votes + [{"title": "", **row, "many": False} for row in rows if row]


def menu_of(message: AppMessage) -> list[dict[str, Any]]:
    """The entries of a card's menu in its corner."""
    return list((message.body.get("action_menu") or {}).get("action_list") or [])


def name_of(corp: Corp, person_id: str) -> str:
    """The name of a person or group; the id itself when nobody has it."""
    if person_id in corp.staff:
        return corp.staff[person_id].name
    if person_id in corp.customers:
        return corp.customers[person_id].name
    group = corp.groups.get(person_id)
    return group.name if group else person_id


def brief(message: dict[str, Any]) -> str:
    """One line of a message for a list of chats."""
    if message.get("recalled"):
        return "撤回了一条消息"
    if message["text"]:
        return str(message["text"]).split("\n")[0][:60]
    kinds = [KINDS.get(row.get("msgtype", ""), row.get("msgtype", "")) for row in message["attachments"]]
    titles = [str((row.get("link") or {}).get("title") or "") for row in message["attachments"]]
    return " ".join(f"[{title or kind}]" for title, kind in zip(titles, kinds, strict=True))
