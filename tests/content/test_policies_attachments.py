"""What WeCom takes beside the words (PROTOCOL 3.6): every attachment that is let through can be sent as it stands."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.policies.attachments import (
    KINDS,
    AddressInvalid,
    AttachmentRefused,
    PartMissing,
    PartTooLong,
    TooMany,
    attachments_read,
    message_parts,
)
from tenants.errors import DomainError

LINK = {"kind": "link", "title": "第三课", "url": "https://shop.example.com/3?from=群"}
CARD = {"kind": "mini_program", "title": "打卡", "appid": "wx12", "page": "pages/in", "asset_id": 4}
WORDS = st.text(max_size=90)
ANY = st.fixed_dictionaries(
    {"kind": st.sampled_from([*KINDS, "voice", ""])},
    optional={
        "title": WORDS,
        "url": st.one_of(WORDS, st.sampled_from(["https://a.example/x", "http://[", "javascript:alert(1)"])),
        "description": WORDS,
        "image_url": st.one_of(st.just(""), WORDS, st.just("https://a.example/p.png")),
        "asset_id": st.one_of(st.none(), st.integers(-2, 9), st.booleans(), WORDS),
        "appid": WORDS,
        "page": WORDS,
    },
)


@given(st.lists(ANY, max_size=12))
def test_what_is_read_can_be_stored_and_read_again_as_the_same(value):
    try:
        read = attachments_read(value)
    except AttachmentRefused:
        return
    kept = json.loads(json.dumps([one.to_dict() for one in read]))
    assert attachments_read(kept) == read
    assert len(message_parts(read)) == len(read) <= 9


@given(st.lists(ANY, max_size=9))
def test_what_is_read_keeps_to_wecoms_limits(value):
    try:
        parts = message_parts(attachments_read(value))
    except AttachmentRefused:
        return
    for part in parts:
        body = part[part["msgtype"]]
        if part["msgtype"] == "link":
            assert 0 < len(body["title"].encode()) <= 128
            assert len(body.get("desc", "").encode()) <= 512
            assert body["url"].startswith(("http://", "https://"))
            assert len(body["url"].encode()) <= 2048
        elif part["msgtype"] == "miniprogram":
            assert 0 < len(body["title"].encode()) <= 64
            assert body["appid"]
            assert body["page"]
            assert body["pic_asset_id"] > 0
        else:
            assert body["asset_id"] > 0


@given(st.recursive(st.none() | st.booleans() | st.integers() | WORDS, st.lists, max_leaves=5))
def test_whatever_is_sent_in_is_read_or_refused(value):
    with contextlib.suppress(AttachmentRefused):
        assert isinstance(attachments_read(value), list)


def test_ten_attachments_are_refused_nine_are_not():
    assert len(attachments_read([LINK] * 9)) == 9
    with pytest.raises(TooMany):
        attachments_read([LINK] * 10)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({**LINK, "title": " "}, PartMissing),
        ({**LINK, "url": ""}, PartMissing),
        ({**LINK, "url": "ftp://a.example/x"}, AddressInvalid),
        ({**LINK, "url": "https://"}, AddressInvalid),
        ({**LINK, "image_url": "//a.example/p.png"}, AddressInvalid),
        ({**LINK, "title": "课" * 43}, PartTooLong),
        ({**LINK, "description": "课" * 171}, PartTooLong),
        ({**CARD, "title": "打" * 22}, PartTooLong),
        ({**CARD, "asset_id": None}, PartMissing),
        ({**CARD, "page": ""}, PartMissing),
        ({"kind": "image", "url": "https://a.example/p.png"}, PartMissing),
        ({"kind": "file", "asset_id": True}, AttachmentRefused),
        ({"kind": "voice"}, AttachmentRefused),
        ({**LINK, "colour": "red"}, AttachmentRefused),
        ({**LINK, "title": "课\x00"}, AttachmentRefused),
    ],
)
def test_what_wecom_would_refuse_is_refused_with_the_number_of_the_attachment(value, error):
    with pytest.raises(error) as caught:
        attachments_read([LINK, value])
    assert type(caught.value) is error
    assert "2" in str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, DomainError)


def test_the_longest_titles_that_wecom_takes_are_taken():
    read = attachments_read(
        [{**LINK, "title": "课" * 42, "description": "课" * 170}, {**CARD, "title": "打" * 21}]
    )
    assert [len(one.title) for one in read] == [42, 21]


def test_parts_carry_our_asset_ids_where_wecoms_will_stand():
    read = attachments_read([LINK, CARD, {"kind": "video", "asset_id": 7}])
    assert message_parts(read) == [
        {"msgtype": "link", "link": {"title": "第三课", "url": "https://shop.example.com/3?from=群"}},
        {
            "msgtype": "miniprogram",
            "miniprogram": {"title": "打卡", "pic_asset_id": 4, "appid": "wx12", "page": "pages/in"},
        },
        {"msgtype": "video", "video": {"asset_id": 7}},
    ]
