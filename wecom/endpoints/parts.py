"""Limits that several sections share: ids, cursors, pages, the parts of a message."""

from wecom.endpoints.rules import any_of, image_source, objects_of_kind
from wecom.endpoints.shape import Limit

EC = "externalcontact/"
MONTH_DAYS = 31

ID = Limit(required=True, kind=str)
ID_OR_NONE = Limit(kind=str)
IDS = Limit(kind=list, each=ID)
NUMBERS = Limit(kind=list, each=Limit(kind=int))
CURSOR = Limit(kind=str)
MOMENT = Limit(kind=int)
NEEDED_MOMENT = Limit(required=True, kind=int)
FLAG = Limit(kind=bool)
ZERO_ONE = Limit(kind=int, one_of=(0, 1))
TEXT_4000 = Limit(kind=dict, spec={"content": Limit(kind=str, bytes=4000)})


def ids(most: int, *, required: bool = False) -> Limit:
    """A list of at most so many ids."""
    return Limit(required=required, kind=list, items=most, each=ID)


def numbers(most: int) -> Limit:
    """A list of at most so many whole numbers."""
    return Limit(kind=list, items=most, each=Limit(kind=int))


def page(most: int, *, required: bool = False) -> Limit:
    """The size of one page."""
    return Limit(required=required, kind=int, low=1, high=most)


IMAGE = {"media_id": Limit(kind=str), "pic_url": Limit(kind=str)}
MEDIA = {"media_id": ID}
LINK = {
    "title": Limit(required=True, kind=str, bytes=128),
    "picurl": Limit(kind=str, bytes=2048),
    "desc": Limit(kind=str, bytes=512),
    "url": Limit(required=True, kind=str, bytes=2048),
}
MINIPROGRAM = {
    "title": Limit(required=True, kind=str, bytes=64),
    "pic_media_id": ID,
    "appid": ID,
    "page": ID,
}
PARTS = {
    "image": Limit(kind=dict, spec=IMAGE),
    "link": Limit(kind=dict, spec=LINK),
    "miniprogram": Limit(kind=dict, spec=MINIPROGRAM),
    "video": Limit(kind=dict, spec=MEDIA),
    "file": Limit(kind=dict, spec=MEDIA),
}
ATTACHMENTS = Limit(
    kind=list, items=9, spec={"msgtype": Limit(required=True, kind=str, one_of=tuple(PARTS)), **PARTS}
)
CONTENT_RULES = (any_of("text.content", "attachments"), objects_of_kind("attachments"), image_source())
