"""PROTOCOL 1.4's vectors, both directions, and everything that is wrong with a frame."""

import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto.base import WeChatCipher

from wecom.errors import CallbackRefused
from wecom.inbox import crypto, envelope

pytestmark = pytest.mark.unit

A = crypto.Keys("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", ("wx5823bf96d3bd56c7",))
B = crypto.Keys(
    "kjr2TKI8umCBfVF3wAHk8JiPwma5VBme", "4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws", ("ww6a112864f8022910",)
)
C = crypto.Keys("123456", "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR", ("wx49f0ab532d5d035a",))
A2 = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvu"
    "JTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwG"
    "c2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9"
    "EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0"
    "lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
)
VERIFICATIONS = [
    (A, "1409659589", "263014780", "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
     "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==",
     "1616140317555161061"),
    (B, "1583940690", "VHh7ymSeb0jc4lSb", "1ba3cb09c0d2c2b3ed6900d37f91a6efae6cb011",
     "6KmUQuPVu7UhjyVqRdbo5SfcRqaHvbUlKSHFvBV2ZuR6TIlKsygcfeSd1GDplg1C5KSKr6UPHCaC/nIX3ZNt9w==",
     "94966531020182955848408"),
    (C, "1411443780", "437374425", "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96",
     "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q==",
     "5927782489442352469"),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "timestamp", "nonce", "signature", "echo", "plain"), VERIFICATIONS)
def test_url_verification_of_the_documentation_opens(keys, timestamp, nonce, signature, echo, plain):
    crypto.check_signature(keys, signature=signature, timestamp=timestamp, nonce=nonce, ciphertext=echo)
    assert crypto.decrypt(keys, echo) == plain.encode()


@pytest.mark.parametrize(("keys", "timestamp", "nonce", "signature", "echo", "plain"), VERIFICATIONS)
def test_vectors_are_made_again_from_their_random_bytes(keys, timestamp, nonce, signature, echo, plain):
    head = WeChatCipher(crypto.raw_key(keys.aes_key)).decrypt(base64.b64decode(echo))[:16]
    sealed = crypto.encrypt(keys, plain, random_bytes=lambda count: head)
    assert sealed == echo
    assert crypto.sign(keys.token, timestamp, nonce, sealed) == signature


def test_message_of_the_documentation_is_a_text_message():
    signature = "477715d11cdb4164915debcba66cb864d751f3e6"
    crypto.check_signature(A, signature=signature, timestamp="1409659813", nonce="1372623149", ciphertext=A2)
    inner = envelope.parse_inner(crypto.decrypt(A, A2).decode())
    assert (inner.event, inner.agent_id, inner.fields["Content"]) == ("message.text", "218", "hello")
    assert inner.fields["FromUserName"] == "mycreate"
    assert inner.fields["MsgId"] == "4561255354251345929"


def test_deterministic_vector_in_both_directions():
    plain = "<xml><Content>你好</Content></xml>"
    wanted = (
        "sKqRbbiSUnDhFHOvPjtUMZKo/x1DjkKnHZ+bKiZjrKcDxomygcpdvhV69k+MgoMNsqWyLkEren710YVorrnleyggux59tmPYAebiI3U3"
        "+DA63KL0du3utP8ky7QxVG2E"
    )
    assert crypto.encrypt(A, plain, random_bytes=lambda count: b"0123456789abcdef") == wanted
    assert (
        crypto.sign(A.token, "1409659813", "1372623149", wanted) == "1179e361839367ec5ada6bb6776004f4d54498ca"
    )
    assert crypto.decrypt(A, wanted).decode() == plain


def _seal(frame: bytes) -> str:
    return base64.b64encode(WeChatCipher(crypto.raw_key(A.aes_key)).encrypt(frame)).decode()


def _frame(message: bytes = b"hi", *, length: int | None = None, to: bytes = b"wx5823bf96d3bd56c7") -> bytes:
    body = b"r" * 16 + struct.pack(">I", len(message) if length is None else length) + message + to
    pad = 32 - len(body) % 32
    return body + bytes([pad]) * pad


@pytest.mark.parametrize(
    ("sealed", "status"),
    [
        ("not base64!", 400),
        ("", 400),
        ("YWJj", 400),
        (_seal(_frame()[:-1] + b"\x00"), 400),  # padding 0
        (_seal(_frame()[:-1] + b"\x21"), 400),  # padding 33
        (_seal(_frame()[:-2] + b"\x07" + _frame()[-1:]), 400),  # padding bytes differ
        (_seal(bytes([32]) * 32), 400),  # nothing but padding
        (_seal(_frame(length=2**31)), 400),
        (_seal(_frame(length=5000)), 400),
        (_seal(_frame(to=b"another")), 403),
        (_seal(_frame(to=b"")), 403),
    ],
)
def test_a_broken_frame_is_refused(sealed, status):
    with pytest.raises(CallbackRefused) as caught:
        crypto.decrypt(A, sealed)
    assert caught.value.status == status


@pytest.mark.parametrize("key", ["", "short", "*" * 43, "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C="])
def test_a_wrong_aes_key_is_refused(key):
    with pytest.raises(CallbackRefused):
        crypto.raw_key(key)


def test_made_keys_are_what_the_console_takes():
    key, token = crypto.new_aes_key(), crypto.new_token()
    assert len(key) == 43
    assert key.isalnum()
    assert len(crypto.raw_key(key)) == 32
    assert token.isalnum()
    assert len(token) <= 32


@given(st.binary(max_size=400))
def test_bytes_that_nobody_sealed_are_refused_and_never_crash(noise):
    for sealed in (base64.b64encode(noise).decode(), noise.decode("latin-1")):
        with pytest.raises(CallbackRefused):
            crypto.decrypt(A, sealed)


@given(st.text(max_size=300).filter(lambda text: text.isprintable()))
def test_what_is_sealed_is_opened_again(text):
    assert crypto.decrypt(A, crypto.encrypt(A, text)).decode() == text
