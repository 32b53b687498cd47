"""The vectors of PROTOCOL 1.4: the vendor's sample, go-workwx and wechatpy."""

from __future__ import annotations

import pytest

from simulator.wire import crypto

A_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
A_CORP = "wx5823bf96d3bd56c7"
A_TOKEN = "QDG6eK"
VECTORS = [
    (
        A_TOKEN,
        A_KEY,
        A_CORP,
        "1409659589",
        "263014780",
        "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
        "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==",
        "1616140317555161061",
    ),
    (
        "kjr2TKI8umCBfVF3wAHk8JiPwma5VBme",
        "4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws",
        "ww6a112864f8022910",
        "1583940690",
        "VHh7ymSeb0jc4lSb",
        "1ba3cb09c0d2c2b3ed6900d37f91a6efae6cb011",
        "6KmUQuPVu7UhjyVqRdbo5SfcRqaHvbUlKSHFvBV2ZuR6TIlKsygcfeSd1GDplg1C5KSKr6UPHCaC/nIX3ZNt9w==",
        "94966531020182955848408",
    ),
    (
        "123456",
        "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR",
        "wx49f0ab532d5d035a",
        "1411443780",
        "437374425",
        "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96",
        "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q==",
        "5927782489442352469",
    ),
]
A3_ENCRYPTED = (
    "sKqRbbiSUnDhFHOvPjtUMZKo/x1DjkKnHZ+bKiZjrKcDxomygcpdvhV69k+MgoMNsqWyLkEren710YVorrnleyggux59tmPYAe"
    "biI3U3+DA63KL0du3utP8ky7QxVG2E"
)


@pytest.mark.parametrize(("token", "key", "corp_id", "ts", "nonce", "signed", "sealed", "plain"), VECTORS)
def test_published_vector_verifies_and_decrypts(
    token: str, key: str, corp_id: str, ts: str, nonce: str, signed: str, sealed: str, plain: str
) -> None:
    assert crypto.signature(token, ts, nonce, sealed) == signed
    assert crypto.decrypt(key, sealed, corp_id) == plain


def test_encrypt_with_fixed_salt_gives_the_recorded_envelope() -> None:
    message = "<xml><Content>你好</Content></xml>"
    sealed = crypto.encrypt(A_KEY, message, A_CORP, salt=b"0123456789abcdef")
    assert sealed == A3_ENCRYPTED
    signed = crypto.signature(A_TOKEN, "1409659813", "1372623149", sealed)
    assert signed == "1179e361839367ec5ada6bb6776004f4d54498ca"


@pytest.mark.parametrize("length", [0, 1, 11, 12, 13, 31, 32, 33, 4096])
def test_round_trip_at_every_padding_edge(length: int) -> None:
    message = "x" * length
    assert crypto.decrypt(A_KEY, crypto.encrypt(A_KEY, message, A_CORP), A_CORP) == message


def test_foreign_receive_id_is_refused() -> None:
    sealed = crypto.encrypt(A_KEY, "hello", A_CORP)
    with pytest.raises(crypto.CryptoError):
        crypto.decrypt(A_KEY, sealed, "wwother")


def test_cut_ciphertext_is_refused() -> None:
    with pytest.raises(crypto.CryptoError):
        crypto.decrypt(A_KEY, crypto.encrypt(A_KEY, "hello", A_CORP)[:-5], A_CORP)
