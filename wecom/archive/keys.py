"""RSA of the archive: WeCom encrypts each message's key with our public key (PKCS#1 v1.5, 2048 bits), we open it."""

import base64
import binascii
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

BITS = 2048
KEY_BYTES_MOST = 20_000


class KeyUnusable(Exception):
    """A pasted key is not an unencrypted RSA private key of 2048 bits."""


class RandomKeyUnusable(Exception):
    """What WeCom sent does not open with this private key."""


@dataclass(frozen=True)
class Pair:
    """Both halves as PEM text."""

    private_key: str
    public_key: str


def make() -> Pair:
    """A new pair."""
    return _pair(rsa.generate_private_key(public_exponent=65537, key_size=BITS))


def read(pem: str) -> Pair:
    """The pair of a pasted private key (PKCS#1 or PKCS#8 PEM). Raises KeyUnusable."""
    if len(pem) > KEY_BYTES_MOST:
        raise KeyUnusable
    try:
        key = serialization.load_pem_private_key(pem.strip().encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyUnusable from error
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size != BITS:
        raise KeyUnusable
    return _pair(key)


def _pair(key: rsa.RSAPrivateKey) -> Pair:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Pair(private.decode(), public.decode())


class Opener:
    """One private key, ready to open many."""

    def __init__(self, private_pem: str) -> None:
        key = serialization.load_pem_private_key(private_pem.encode(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise KeyUnusable
        self._key = key

    def open(self, random_key: str) -> str:
        """`encrypt_random_key` (base64) -> the text that DecryptData wants. Raises RandomKeyUnusable.

        A key of another version may give nonsense instead of an error: the next step then refuses it.
        """
        try:
            return self._key.decrypt(base64.b64decode(random_key, validate=True), padding.PKCS1v15()).decode()
        except (ValueError, binascii.Error, UnicodeDecodeError) as error:
            raise RandomKeyUnusable from error
