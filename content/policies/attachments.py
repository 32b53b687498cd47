"""What goes along with the words of a message: pictures, links, mini-programs, videos, files. Pure.

Everywhere an attachment is a dict {"kind", "title", "url", "description", "image_url", "asset_id", "appid", "page"};
`attachments_read` is the one place that says whether it can be sent. The limits are those of WeCom's mass send, group
welcome and Moments alike where they agree (PROTOCOL 3.6, add_msg_template): 9 at most, each a message of its own.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError

MOST: Final = 9
IMAGE, LINK, MINI_PROGRAM, VIDEO, FILE = "image", "link", "mini_program", "video", "file"
KINDS: Final = (IMAGE, LINK, MINI_PROGRAM, VIDEO, FILE)
KIND_LABELS: Final[dict[str, Any]] = {
    IMAGE: _("Picture or poster"),
    LINK: _("Article or link"),
    MINI_PROGRAM: _("Mini-program"),
    VIDEO: _("Video"),
    FILE: _("File"),
}
URL_BYTES: Final = 2048
LINK_TITLE_BYTES: Final = 128
MINI_TITLE_BYTES: Final = 64
DESCRIPTION_BYTES: Final = 512
APPID_CHARS: Final = 64
PAGE_BYTES: Final = 1024
_TEXTS: Final = ("title", "url", "description", "image_url", "appid", "page")
_LARGEST_ID: Final = 2**63 - 1


class AttachmentRefused(DomainError, ValueError):
    """WeCom would not take it; the message says which one and what to do."""

    code = "ATTACH-01"
    message = _("WeCom does not take this attachment.")


class TooMany(AttachmentRefused):
    code = "ATTACH-02"
    message = _("WeCom takes at most 9 attachments a message. Take some off.")


class PartMissing(AttachmentRefused):
    code = "ATTACH-03"


class PartTooLong(AttachmentRefused):
    code = "ATTACH-04"


class AddressInvalid(AttachmentRefused):
    code = "ATTACH-05"


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """One attachment. `asset_id` is a file kept by wecom.keeping; what its kind does not use is "" or None."""

    kind: str
    title: str = ""
    url: str = ""
    description: str = ""
    image_url: str = ""
    asset_id: int | None = None
    appid: str = ""
    page: str = ""

    @property
    def label(self) -> Any:
        """Picture, Link, ... as people read it."""
        return KIND_LABELS[self.kind]

    def to_dict(self) -> dict[str, Any]:
        """As it is stored; `attachments_read([this])` gives the same attachment again."""
        return asdict(self)


def attachments_read(value: Any) -> list[Attachment]:
    """What was stored or sent in, checked and trimmed. Reading what was read changes nothing.

    Raises AttachmentRefused, a ValueError and a DomainError with a sentence for the person: TooMany, PartMissing,
    PartTooLong, AddressInvalid. Whether a kept file exists is the caller's to ask.
    """
    if value in (None, ""):
        return []
    if not isinstance(value, list | tuple):
        raise AttachmentRefused(_("Attachments are a list."))
    if len(value) > MOST:
        raise TooMany
    return [_read(number, one) for number, one in enumerate(value, start=1)]


def message_parts(attachments: Iterable[Attachment]) -> list[dict[str, Any]]:
    """The attachments as add_msg_template takes them, with our asset ids where WeCom's media ids will stand:
    wecom.keeping.assets.filled puts those in just before the call."""
    return [_part(one) for one in attachments]


def _part(one: Attachment) -> dict[str, Any]:
    if one.kind == LINK:
        body: dict[str, Any] = {"title": one.title, "url": one.url}
        body |= {"desc": one.description} if one.description else {}
        body |= {"picurl": one.image_url} if one.image_url else {}
        return {"msgtype": "link", "link": body}
    if one.kind == MINI_PROGRAM:
        body = {"title": one.title, "pic_asset_id": one.asset_id, "appid": one.appid, "page": one.page}
        return {"msgtype": "miniprogram", "miniprogram": body}
    return {"msgtype": one.kind, one.kind: {"asset_id": one.asset_id}}


def _read(number: int, value: Any) -> Attachment:
    if not isinstance(value, dict):
        raise _refused(AttachmentRefused, number, _("it is not an attachment."))
    kind = value.get("kind")
    if kind not in KINDS:
        raise _refused(AttachmentRefused, number, _("its kind is not known."))
    strange = set(value) - {*_TEXTS, "kind", "asset_id"}
    if strange:
        raise _refused(AttachmentRefused, number, _("it has parts nobody knows."))
    texts = {name: _text(number, value.get(name)) for name in _TEXTS}
    made = Attachment(kind=kind, asset_id=_asset(number, value.get("asset_id")), **texts)
    _CHECKS[kind](number, made)
    return made


def _text(number: int, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _refused(AttachmentRefused, number, _("a part of it is not text."))
    told = value.strip()
    if any(unicodedata.category(one) in ("Cc", "Cs") for one in told):
        raise _refused(AttachmentRefused, number, _("it has characters that cannot be shown."))
    return told


def _asset(number: int, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _LARGEST_ID:
        raise _refused(AttachmentRefused, number, _("its file is not known. Choose it again."))
    return value


def _link(number: int, one: Attachment) -> None:
    _needed(number, one.title, _("write the title of the link."))
    _short(number, one.title, LINK_TITLE_BYTES, _("the title of a link"))
    _short(number, one.description, DESCRIPTION_BYTES, _("the description of a link"))
    _needed(number, one.url, _("write where the link leads."))
    _address(number, one.url)
    if one.image_url:
        _address(number, one.image_url)


def _mini_program(number: int, one: Attachment) -> None:
    _needed(number, one.title, _("write the title of the mini-program's card."))
    _short(number, one.title, MINI_TITLE_BYTES, _("the title of a mini-program"))
    _needed(number, one.appid, _("write the AppID of the mini-program."))
    _short(number, one.appid, APPID_CHARS, _("an AppID"))
    _needed(number, one.page, _("write the page of the mini-program that opens."))
    _short(number, one.page, PAGE_BYTES, _("the page of a mini-program"))
    _needed(number, one.asset_id, _("choose the cover picture of the mini-program."))


def _kept_file(number: int, one: Attachment) -> None:
    _needed(number, one.asset_id, _("choose the file."))


_CHECKS = {
    LINK: _link,
    MINI_PROGRAM: _mini_program,
    IMAGE: _kept_file,
    VIDEO: _kept_file,
    FILE: _kept_file,
}


def _needed(number: int, value: Any, what: Promise) -> None:
    if not value:
        raise _refused(PartMissing, number, what)


def _short(number: int, value: str, most: int, what: Promise) -> None:
    if len(value.encode()) > most:
        said = _("%(what)s has at most %(most)s bytes at WeCom; a Chinese character takes three.")
        raise _refused(PartTooLong, number, said % {"what": what, "most": most})


def _address(number: int, url: str) -> None:
    _short(number, url, URL_BYTES, _("an address"))
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address or any(one.isspace() for one in url):
        raise _refused(AddressInvalid, number, _("the address must begin with https:// or http://."))


def _refused(error: type[AttachmentRefused], number: int, what: Any) -> AttachmentRefused:
    return error(_("Attachment %(number)s: %(what)s") % {"number": number, "what": what})
