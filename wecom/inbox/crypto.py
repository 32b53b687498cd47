"""The callback's envelope: signature, AES frame, receive id (PROTOCOL 1.1).

The cipher is wechatpy's; its frame reading is not used, because it accepts any padding and any length and lets
foreign exceptions out. Everything that is wrong with a request is a `CallbackRefused`.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from wechatpy.crypto.base import WeChatCipher

from wecom.errors import CallbackRefused

BLOCK = 32
KEY_CHARS = 43
_RANDOM_BYTES = 16
_HEAD_BYTES = _RANDOM_BYTES + 4


@dataclass(frozen=True)
class Keys:
    """What one callback URL is configured with. `receive_ids` lists every id a message may be meant for:
    the corp of an own app; the suite id, and for the URL check the provider's corp, of a provider app."""

    token: str
    aes_key: str
    receive_ids: tuple[str, ...]


@lru_cache(maxsize=2048)
def raw_key(aes_key: str) -> bytes:
    """The 32 bytes of an EncodingAESKey. Raises CallbackRefused when it is not one."""
    if len(aes_key) != KEY_CHARS:
        raise CallbackRefused("the AES key does not have 43 characters")
    try:
        raw = base64.b64decode(aes_key + "=", validate=True)
    except (binascii.Error, ValueError) as error:
        raise CallbackRefused("the AES key is not base64") from error
    if len(raw) != 32:
        raise CallbackRefused("the AES key does not hold 32 bytes")
    return raw


def sign(token: str, timestamp: str, nonce: str, ciphertext: str) -> str:
    """WeCom's msg_signature: SHA-1 over the sorted parts, hex."""
    joined = "".join(sorted([token, timestamp, nonce, ciphertext]))
    return hashlib.sha1(joined.encode("utf-8", "surrogatepass")).hexdigest()


def check_signature(keys: Keys, *, signature: str, timestamp: str, nonce: str, ciphertext: str) -> None:
    """Raises CallbackRefused (403). Takes the same time for every wrong signature."""
    wanted = sign(keys.token, timestamp, nonce, ciphertext)
    if not hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "surrogatepass")):
        raise CallbackRefused("the signature does not fit", status=403)


def decrypt(keys: Keys, ciphertext: str) -> bytes:
    """The plaintext bytes of a verified ciphertext. Raises CallbackRefused."""
    try:
        sealed = base64.b64decode(ciphertext, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CallbackRefused("the ciphertext is not base64") from error
    if not sealed or len(sealed) % 16:
        raise CallbackRefused("the ciphertext is not whole blocks")
    plain = WeChatCipher(raw_key(keys.aes_key)).decrypt(sealed)
    return _unframe(plain, keys.receive_ids)


def _unframe(plain: bytes, receive_ids: tuple[str, ...]) -> bytes:
    pad = plain[-1]
    if not 1 <= pad <= BLOCK or pad > len(plain) or plain[-pad:] != bytes([pad]) * pad:
        raise CallbackRefused("the padding is wrong")
    body = plain[:-pad]
    if len(body) < _HEAD_BYTES:
        raise CallbackRefused("the message is too short")
    (length,) = struct.unpack(">I", body[_RANDOM_BYTES:_HEAD_BYTES])
    if length > len(body) - _HEAD_BYTES:
        raise CallbackRefused("the length goes past the end")
    receiver = body[_HEAD_BYTES + length :]
    if receiver not in [one.encode() for one in receive_ids]:
        raise CallbackRefused("the message is meant for another receiver", status=403)
    return body[_HEAD_BYTES : _HEAD_BYTES + length]


def encrypt(keys: Keys, plaintext: str, *, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """The ciphertext of a message to or from WeCom, base64, addressed to the first receive id."""
    body = plaintext.encode()
    frame = random_bytes(_RANDOM_BYTES) + struct.pack(">I", len(body)) + body + keys.receive_ids[0].encode()
    pad = BLOCK - len(frame) % BLOCK
    sealed = WeChatCipher(raw_key(keys.aes_key)).encrypt(frame + bytes([pad]) * pad)
    return base64.b64encode(sealed).decode()


def new_token() -> str:
    """A callback token for the console's form: 24 letters and digits."""
    alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    return "".join(secrets.choice(alphabet) for _ in range(24))


def new_aes_key() -> str:
    """An EncodingAESKey: 32 random bytes in 43 characters, letters and digits only as the console wants."""
    while True:
        made = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        if made.isalnum():
            return made
