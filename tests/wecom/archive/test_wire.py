"""Reading what the vendor writes: whatever stands in it, a message comes out or is told to be none."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from wecom.archive import wire

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ENVELOPE = {
    "msgid": "m1", "action": "send", "from": "zhou", "tolist": ["wm1"], "roomid": "wr1",
    "msgtime": int(AT.timestamp() * 1000),
}  # fmt: skip
CONTROLS = st.characters(max_codepoint=0x1F)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
# A message that lost its id or its time.
INCOMPLETE = st.sampled_from(["msgid", "msgtime"]).map(
    lambda lost: {name: value for name, value in ENVELOPE.items() if name != lost}
)


def _said(text: str) -> str:
    """A text message as the vendor writes it: nothing in a string is escaped but quotes and backslashes."""
    inner = text.replace("\\", "\\\\").replace('"', '\\"')
    head = json.dumps({**ENVELOPE, "msgtype": "text"}, ensure_ascii=False)[:-1]
    return f'{head}, "text": {{"content": "{inner}"}}}}'


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]) | CONTROLS, max_size=200))
def test_any_words_with_any_control_characters_are_read_without_them(text: str) -> None:
    message = wire.read(_said(text))

    assert message.content["content"] == "".join(one for one in text if ord(one) >= 0x20)
    assert (message.msgid, message.sent_at) == ("m1", AT)


@given(st.text(max_size=12), ANYTHING, ANYTHING)
def test_any_object_of_any_kind_becomes_a_row_that_can_be_stored(kind: str, body: Any, beside: Any) -> None:
    text = json.dumps({**ENVELOPE, "msgtype": kind, kind or "x": body, "beside": beside})
    try:
        message = wire.read(text)
    except wire.Unreadable:
        assert kind in ("msgid", "msgtime")  # the body took the place of what every message has
        return
    stored = json.dumps(message.content, ensure_ascii=False, allow_nan=False)
    stored.encode()
    assert "\x00" not in stored
    assert message.is_known == (kind[:32] in wire.KNOWN and message.action in wire.ACTIONS)


@given(st.text(max_size=300) | ANYTHING.map(json.dumps) | INCOMPLETE.map(json.dumps))
def test_text_that_is_no_message_is_told_so_and_nothing_else_happens(text: str) -> None:
    assume('"msgid": ' not in text or '"msgtime": ' not in text)  # else it may be one

    with pytest.raises(wire.Unreadable):
        wire.read(text)


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("docmsg", {"doc": {"title": "课程"}}, {"title": "课程"}),
        ("markdown", {"info": {"content": "**x**"}}, {"content": "**x**"}),
        ("external_redpacket", {"redpacket": {"type": 1}}, {"type": 1}),
        ("vote", {"votetitle": "去哪", "voteitem": ["山"]}, {"votetitle": "去哪", "voteitem": ["山"]}),
        (
            "meeting_voice_call",
            {"voiceid": "v1", "meeting_voice_call": {"endtime": 1}},
            {"voiceid": "v1", "endtime": 1},
        ),
    ],
)
def test_a_kind_whose_object_stands_elsewhere_is_found(kind: str, body: dict, expected: dict) -> None:
    assert wire.read(json.dumps({**ENVELOPE, "msgtype": kind, **body})).content == expected


def test_files_inside_records_and_mixed_messages_are_found() -> None:
    inner = json.dumps({"sdkfileid": "F1", "md5sum": "AB", "filesize": 9})
    nested = {"item": [{"type": "image", "content": inner}, {"type": "text", "content": '{"content":"好"}'}]}
    record = {"item": [{"type": "ChatRecordMixed", "content": json.dumps(nested)}]}

    message = wire.read(json.dumps({**ENVELOPE, "msgtype": "chatrecord", "chatrecord": record}))

    assert [(one.file_id, one.md5, one.size, one.msgtype) for one in message.files] == [
        ("F1", "ab", 9, "image")
    ]


def test_a_refusal_names_the_person_and_the_moment() -> None:
    body = {"userid": "wm9", "agree_time": int(AT.timestamp() * 1000)}
    message = wire.read(json.dumps({**ENVELOPE, "msgtype": "disagree", "disagree": body}))

    assert message.consent == wire.Consent("wm9", False, AT)
