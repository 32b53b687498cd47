"""WeCom callback crypto: signature and AES-256-CBC envelope.

Facts: PROTOCOL 1.1 (developer.work.weixin.qq.com/document/path/96466): the IV is the first half of
the key, the PKCS#7 block is 32 bytes, the plain layout is 16 random bytes, a big-endian length, the
message and the receive id.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK_BYTES = 32
RANDOM_BYTES = 16


class CryptoError(Exception):
    """The signature, padding, length or receive id of an envelope is wrong."""


def signature(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    """Hex SHA-1 over the four strings in lexicographic order."""
    joined = "".join(sorted([token, timestamp, nonce, encrypted]))
    return hashlib.sha1(joined.encode()).hexdigest()


def _cipher(aes_key: str) -> Cipher:
    key = base64.b64decode(aes_key + "=")
    if len(key) != 32:
        raise CryptoError("EncodingAESKey must decode to 32 bytes")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))


def encrypt(aes_key: str, message: str, receive_id: str, *, salt: bytes | None = None) -> str:
    """Base64 ciphertext of `message`; `salt` fixes the 16 random bytes for tests."""
    body = message.encode()
    plain = (salt or os.urandom(RANDOM_BYTES)) + struct.pack(">I", len(body)) + body + receive_id.encode()
    pad = BLOCK_BYTES - len(plain) % BLOCK_BYTES
    encryptor = _cipher(aes_key).encryptor()
    sealed = encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
    return base64.b64encode(sealed).decode()


def decrypt(aes_key: str, encrypted: str, receive_id: str) -> str:
    """The message inside an envelope. Raises CryptoError when anything does not fit."""
    try:
        sealed = base64.b64decode(encrypted, validate=True)
    except binascii.Error as error:
        raise CryptoError("ciphertext is not base64") from error
    if not sealed or len(sealed) % 16:
        raise CryptoError("ciphertext is not a whole number of blocks")
    decryptor = _cipher(aes_key).decryptor()
    plain = decryptor.update(sealed) + decryptor.finalize()
    pad = plain[-1]
    if not 1 <= pad <= BLOCK_BYTES or pad > len(plain) - RANDOM_BYTES - 4:
        raise CryptoError("padding out of range")
    content = plain[RANDOM_BYTES:-pad]
    length = struct.unpack(">I", content[:4])[0]
    if length > len(content) - 4:
        raise CryptoError("length past the end")
    if content[4 + length :].decode() != receive_id:
        raise CryptoError("receive id differs")
    return content[4 : 4 + length].decode()
