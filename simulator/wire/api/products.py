"""Product albums 商品图册 (PROTOCOL 3.9)."""

from __future__ import annotations

from typing import Any

from simulator.wire.api.attachments import live_media
from simulator.wire.api.owned import drop, every, keep, one
from simulator.wire.checks import Field
from simulator.wire.endpoint import Call, page, post
from simulator.wire.errors import WireError
from simulator.world.entities import OwnedThing

MAX_PRICE_FEN = 5_000_000
MAX_IMAGES = 9
FOR_PRODUCTS = 2


def _check_images(call: Call) -> None:
    for row in call.body.get("attachments") or []:
        if row.get("type") != "image":
            raise WireError(40008, "attachments are images")
        live_media(call, str((row.get("image") or {}).get("media_id") or ""), purpose=FOR_PRODUCTS)


def add(call: Call) -> dict[str, Any]:
    _check_images(call)
    return {"product_id": keep(call, "product", "prod").id}


def _row(thing: OwnedThing) -> dict[str, Any]:
    return {"product_id": thing.id, "create_time": thing.created_at, **thing.body}


def read(call: Call) -> dict[str, Any]:
    return {"product": _row(one(call, "product", "product_id"))}


def listing(call: Call) -> dict[str, Any]:
    found = [_row(thing) for thing in every(call, "product")]
    rows, cursor = page(found, call.body.get("cursor", ""), call.body["limit"])
    return {"product_list": rows, "next_cursor": cursor}


def update(call: Call) -> dict[str, Any]:
    thing = one(call, "product", "product_id", to_change=True)
    _check_images(call)
    thing.body.update({name: value for name, value in call.body.items() if name in CHANGES})
    return {}


def delete(call: Call) -> dict[str, Any]:
    return drop(call, "product", "product_id")


PRODUCT = Field(str, required=True)
IMAGE = Field(dict, spec={"media_id": Field(str, required=True)})
PICTURES = {"type": Field(str, required=True), "image": IMAGE}
CHANGES = {
    "description": Field(str, max_chars=300),
    "price": Field(int, low=0, high=MAX_PRICE_FEN),
    "product_sn": Field(str, max_chars=128),
    "attachments": Field(list, items=dict, max_items=MAX_IMAGES, spec=PICTURES),
}
NEW = {
    **CHANGES,
    "description": Field(str, required=True, max_chars=300),
    "price": Field(int, required=True, low=0, high=MAX_PRICE_FEN),
    "attachments": Field(list, required=True, items=dict, max_items=MAX_IMAGES, spec=PICTURES),
}
_EC = "externalcontact/"

ENDPOINTS = (
    post(_EC + "add_product_album", "products", add, **NEW),
    post(_EC + "get_product_album", "products", read, product_id=PRODUCT),
    post(
        _EC + "get_product_album_list",
        "products",
        listing,
        limit=Field(int, low=1, high=100, default=50),
        cursor=Field(str),
    ),
    post(_EC + "update_product_album", "products", update, product_id=PRODUCT, **CHANGES),
    post(_EC + "delete_product_album", "products", delete, product_id=PRODUCT),
)
