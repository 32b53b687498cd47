"""Message bodies of every type the archive knows, files' bytes, and the vendor's untidy JSON (PROTOCOL 3.14)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from simulator.world.archive import ArchivedFile
from simulator.world.model import Corp, stable_id

# Where the object's key is not the msgtype.
KEYS = {
    "docmsg": "doc",
    "markdown": "info",
    "news": "info",
    "external_redpacket": "redpacket",
}
TOP_LEVEL = ("vote", "meeting_voice_call", "voip_doc_share")
CONTROL = {"\\u0003": "\u0003", "\\u001f": "\u001f"}
# A type that no list names, as new ones come without notice.
UNKNOWN = "hologram"
KILOBYTE = 1024
SIZES = {
    "image": 90 * KILOBYTE,
    "voice": 12 * KILOBYTE,
    "video": 1300 * KILOBYTE,
    "file": 700 * KILOBYTE,
    "emotion": 40 * KILOBYTE,
}


def with_control_character(text: str) -> str:
    """Clients let such characters through; the vendor writes them into its JSON as they are."""
    half = len(text) // 2
    return text[:half] + "\u0003" + text[half:] + "\u001f"


def encoded(message: dict[str, Any]) -> str:
    """JSON as the vendor writes it: raw UTF-8, control characters not escaped."""
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    for escaped, raw in CONTROL.items():
        text = text.replace(escaped, raw)
    return text


def chunk(sdkfileid: str, size: int, start: int, length: int) -> bytes:
    """Bytes of a file, the same at every call."""
    pattern = hashlib.sha256(sdkfileid.encode()).digest()
    end = min(size, start + length)
    whole = pattern * ((end - start) // len(pattern) + 2)
    offset = start % len(pattern)
    return whole[offset : offset + end - start]


def new_file(corp: Corp, size: int, at: float) -> tuple[str, str]:
    """A file in the archive: its sdkfileid and its md5, which is empty now and then."""
    number = len(corp.archive.files) + 1
    sdkfileid = stable_id("sdkfile", f"{corp.corp_id}|{corp.seed}|file|{number}", 43) * 2
    corp.archive.files[sdkfileid] = ArchivedFile(sdkfileid, size, at)
    md5 = hashlib.md5(chunk(sdkfileid, size, 0, size)).hexdigest()
    return sdkfileid, "" if number % 8 == 0 else md5


def media(corp: Corp, kind: str, at: float, **extra: Any) -> dict[str, Any]:
    """The object of an image, voice, video, file or emotion message, with a file behind it."""
    size = int(extra.pop("filesize", 0)) or SIZES[kind]
    sdkfileid, md5 = new_file(corp, size, at)
    shapes: dict[str, dict[str, Any]] = {
        "image": {"filesize": size},
        "voice": {"voice_size": size, "play_length": 6},
        "video": {"filesize": size, "play_length": 15},
        "file": {"filename": "课程表.pdf", "fileext": "pdf", "filesize": size},
        "emotion": {"type": 1, "width": 240, "height": 240, "imagesize": size},
    }
    return {"md5sum": md5, "sdkfileid": sdkfileid, **shapes[kind], **extra}


def _plain(corp: Corp, at: float) -> dict[str, dict[str, Any]]:
    staff = next(iter(corp.staff), "")
    part = {"type": "text", "content": json.dumps({"content": "一起打卡"}, ensure_ascii=False)}
    return {
        "card": {"corpname": corp.name, "userid": staff},
        "location": {
            "longitude": 113.93,
            "latitude": 22.54,
            "address": "深圳市南山区",
            "title": "读书角",
            "zoom": 15,
        },
        "link": {
            "title": "今天的课",
            "description": "晚上八点",
            "link_url": "https://example.com/lesson",
            "image_url": "",
        },
        "weapp": {"title": "课程商城", "description": "", "username": "gh_shop@app", "displayname": "商城"},
        "chatrecord": {
            "title": "群聊的聊天记录",
            "item": [{**part, "type": "ChatRecordText", "msgtime": int(at), "from_chatroom": True}],
        },
        "mixed": {"item": [part]},
        "redpacket": {"type": 2, "wish": "一起加油", "totalcnt": 5, "totalamount": 500},
        "external_redpacket": {"type": 1, "wish": "恭喜发财", "totalcnt": 1, "totalamount": 100},
        "collect": {
            "room_name": "打卡群",
            "creator": staff,
            "create_time": "2026-01-01 00:00:00",
            "title": "收作业",
            "details": [],
        },
        "todo": {"title": "回访", "content": "今天回访三位学员"},
        "meeting": {"topic": "答疑", "starttime": int(at), "endtime": int(at) + 3600, "address": ""},
        "calendar": {"title": "直播", "creatorname": staff, "attendeename": [], "starttime": int(at)},
        "sphfeed": {"feed_type": 4, "sph_name": "读书号", "feed_desc": "三分钟读一本书"},
        "markdown": {"content": "**今天的作业**"},
        "news": {
            "item": [{"title": "营员故事", "description": "", "url": "https://example.com/", "picurl": ""}]
        },
        "docmsg": {
            "title": "课程安排",
            "link_url": "https://doc.weixin.qq.com/txdoc/x",
            "doc_creator": staff,
        },
        **_calls(at),
    }


def _calls(at: float) -> dict[str, dict[str, Any]]:
    """Those whose fields sit at the top level, and the unknown one."""
    return {
        "vote": {"votetitle": "周末活动", "voteitem": ["读书", "徒步"], "votetype": 101, "voteid": "v1"},
        "meeting_voice_call": {"voiceid": "voice-1", "meeting_voice_call": {"endtime": int(at)}},
        "voip_doc_share": {"voipid": "voip-1", "voip_doc_share": {"filename": "讲义.pdf", "filesize": 1024}},
        UNKNOWN: {"depth": 3, "caption": "新的消息类型"},
    }


KINDS = (*SIZES, *_plain(Corp("", "", 0), 0))


def body(corp: Corp, kind: str, at: float, given: dict[str, Any] | None = None) -> dict[str, Any]:
    """The object of a message of this kind; what the caller gives stands over the sample."""
    extra = given or {}
    if kind in SIZES:
        return media(corp, kind, at, **extra)
    if kind == "text":
        return {"content": "", **extra}
    return {**_plain(corp, at).get(kind, {}), **extra}


def pick(corp: Corp, number: int, at: float) -> tuple[str, dict[str, Any]]:
    """One of all kinds, by number; from 80 on the unknown one."""
    kind = UNKNOWN if number >= 80 else KINDS[number % len(KINDS)]
    return kind, body(corp, kind, at)
