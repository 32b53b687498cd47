"""Media of ours at WeCom: kept whole by us, uploaded ahead, uploaded again before WeCom forgets them.

WeCom keeps an uploaded file for 3 days (PROTOCOL 3.10), so a media_id is a loan and never the asset.
"""

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import structlog
from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from outbox.dispatch import enqueue
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.errors import DomainError
from tenants.models import Tenant
from tenants.services import require
from wecom.enums import AppState, MediaKind
from wecom.errors import NotConnected, WecomError
from wecom.gateway.client import WecomClient, client_for
from wecom.models import App, MediaAsset, MediaUpload

log = structlog.get_logger(__name__)

LIFE = timedelta(days=3)
RENEW_BEFORE = timedelta(hours=24)
SAFE_BEFORE = timedelta(minutes=5)  # an id that ends sooner is not used any more
MEGABYTE = 1024 * 1024
LARGEST_BYTES = {
    MediaKind.IMAGE: 10 * MEGABYTE,
    MediaKind.VIDEO: 10 * MEGABYTE,
    MediaKind.FILE: 20 * MEGABYTE,
}
SMALLEST_BYTES = 6
PICTURE_KEPT_S = 30 * 86_400
ENDINGS = {MediaKind.IMAGE: (".jpg", ".jpeg", ".png"), MediaKind.VIDEO: (".mp4",), MediaKind.FILE: ()}


class AssetInvalid(DomainError):
    code = "MEDIA-01"
    message = _("WeCom does not take this file.")


def asset_store(*, tenant: Tenant, kind: str, name: str, content: bytes, actor: Actor) -> MediaAsset:
    """Keep a file and have it uploaded soon. The same bytes again are the same asset.

    Raises AssetInvalid, NotPermitted. Safe to repeat.
    """
    require(actor, Permission.OPERATE)
    sort = MediaKind(kind)
    _check(sort, name, content)
    digest = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        row, is_new = MediaAsset.objects.get_or_create(
            tenant=tenant,
            sha256=digest,
            kind=sort,
            defaults={
                "name": name[-200:],
                "content_type": _content_type(sort, content),
                "size_bytes": len(content),
                "body": content,
                "created_by": actor.name[:128],
            },
        )
        if is_new:
            audit.record(tenant=tenant, actor=actor, verb="wecom.media.added", target=row)
        enqueue("wecom.renew_media", tenant_id=tenant.pk)
    return row


def _check(sort: MediaKind, name: str, content: bytes) -> None:
    if len(content) < SMALLEST_BYTES:
        raise AssetInvalid(_("The file is empty."))
    if len(content) > LARGEST_BYTES[sort]:
        most = LARGEST_BYTES[sort] // MEGABYTE
        raise AssetInvalid(_("The file is larger than the %(most)s MB that WeCom takes.") % {"most": most})
    endings = ENDINGS[sort]
    if endings and not name.lower().endswith(endings):
        raise AssetInvalid(_("WeCom takes only %(kinds)s here.") % {"kinds": ", ".join(endings)})
    if sort == MediaKind.IMAGE and _content_type(sort, content) not in ("image/png", "image/jpeg"):
        raise AssetInvalid(_("This is not a PNG or JPEG picture, whatever its name says."))


def _content_type(sort: MediaKind, content: bytes) -> str:
    """By the bytes, not by what the browser said."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "video/mp4" if sort == MediaKind.VIDEO else "application/octet-stream"


def asset_get(*, tenant_id: int, asset_id: int) -> MediaAsset:
    """With its bytes. Raises MediaAsset.DoesNotExist, also for another tenant's id."""
    return MediaAsset.objects.get(tenant_id=tenant_id, pk=asset_id)


def assets_by_id(*, tenant_id: int, asset_ids: Iterable[int]) -> dict[int, MediaAsset]:
    """{id: asset without its bytes}."""
    rows = MediaAsset.objects.filter(tenant_id=tenant_id, pk__in=set(asset_ids)).defer("body")
    return {row.pk: row for row in rows}


def media_id_of(client: WecomClient, asset_id: int) -> str:
    """WeCom's id for one of our assets, uploading it when there is none that lasts. May call WeCom.

    Raises MediaAsset.DoesNotExist and whatever the upload raises. Safe to repeat.
    """
    app = client.app
    found = MediaUpload.objects.filter(
        tenant_id=app.tenant_id,
        asset_id=asset_id,
        corp_id=app.corp_id,
        expires_at__gt=clock.now() + SAFE_BEFORE,
    ).first()
    return found.media_id if found else _upload(client, asset_id).media_id


def _upload(client: WecomClient, asset_id: int) -> MediaUpload:
    app, asset = client.app, asset_get(tenant_id=client.app.tenant_id, asset_id=asset_id)
    now = clock.now()
    media_id = client.media.upload(kind=asset.kind, filename=asset.name, content=bytes(asset.body))[
        "media_id"
    ]
    row, _is_new = MediaUpload.objects.update_or_create(
        tenant_id=app.tenant_id,
        asset=asset,
        corp_id=app.corp_id,
        defaults={"media_id": media_id, "uploaded_at": now, "expires_at": now + LIFE},
    )
    return row


def media_ids(*, tenant_id: int, asset_ids: Iterable[int]) -> dict[int, str]:
    """{asset id: WeCom's id} for a page inside WeCom, uploading what has none that lasts. May call WeCom.

    An asset nobody knows is left out. Raises NotConnected and whatever an upload raises. Safe to repeat.
    """
    known = assets_by_id(tenant_id=tenant_id, asset_ids=asset_ids)
    client = _client(tenant_id) if known else None
    return {one: media_id_of(client, one) for one in known} if client else {}


def picture_urls(*, tenant_id: int, asset_ids: Iterable[int]) -> dict[int, str]:
    """{asset id: the lasting address WeCom gave the picture}, remembered: WeCom makes few of them a day.

    A picture WeCom does not take is left out. Calls WeCom for those not remembered. Raises NotConnected.
    """
    known = assets_by_id(tenant_id=tenant_id, asset_ids=asset_ids)
    client = _client(tenant_id) if known else None
    found = {}
    for one, asset in known.items():
        assert client is not None
        key = f"wecom.picture:{client.app.corp_id}:{one}"
        url = cache.get(key)
        if url is None:
            try:
                url = client.media.upload_image(
                    filename=asset.name, content=bytes(asset_get(tenant_id=tenant_id, asset_id=one).body)
                )
            except WecomError as error:
                log.warning("picture_not_uploaded", tenant_id=tenant_id, asset=one, error=str(error))
                continue
            cache.set(key, url, timeout=PICTURE_KEPT_S)
        found[one] = url
    return found


def _client(tenant_id: int) -> WecomClient:
    app = App.objects.filter(tenant_id=tenant_id, state=AppState.CONNECTED).order_by("pk").first()
    if app is None:
        raise NotConnected
    return client_for(tenant_id, app.pk)


def media_forget(*, tenant_id: int, asset_ids: Iterable[int]) -> None:
    """WeCom does not know these uploads any more (40007): the next use uploads again."""
    MediaUpload.objects.filter(tenant_id=tenant_id, asset_id__in=list(asset_ids)).delete()


def assets_erase(*, tenant_id: int, asset_ids: Iterable[int]) -> int:
    """Remove files for good, because what they show may not be kept. Returns how many. Safe to repeat.

    What still names one finds nothing: a page leaves it out, a send with it is refused.
    """
    rows = MediaAsset.objects.filter(tenant_id=tenant_id, pk__in=list(asset_ids))
    corps = set(App.objects.filter(tenant_id=tenant_id).values_list("corp_id", flat=True))
    gone = list(rows.values_list("pk", flat=True))
    cache.delete_many([f"wecom.picture:{corp_id}:{one}" for corp_id in corps for one in gone])
    rows.delete()
    return len(gone)


def asset_ids_in(value: Any) -> list[int]:
    """Every asset that a message of ours names, wherever it stands in it."""
    if isinstance(value, dict):
        own = [value["asset_id"]] if isinstance(value.get("asset_id"), int) else []
        return own + [one for inner in value.values() for one in asset_ids_in(inner)]
    return [one for inner in value for one in asset_ids_in(inner)] if isinstance(value, list) else []


def filled(client: WecomClient, value: Any) -> Any:
    """The same message with WeCom's ids in the place of ours: {"asset_id": 3} -> {"media_id": "..."},
    {"pic_asset_id": 3} -> {"pic_media_id": "..."}. May upload."""
    if isinstance(value, list):
        return [filled(client, one) for one in value]
    if not isinstance(value, dict):
        return value
    made = {}
    for key, inner in value.items():
        if key in ("asset_id", "pic_asset_id"):
            made[key.replace("asset_id", "media_id")] = media_id_of(client, inner)
        else:
            made[key] = filled(client, inner)
    return made


_users: list[Any] = []


def register_user(ids: Any) -> None:
    """Tell of assets in use: `ids(tenant_id=) -> asset ids`, kept uploaded. The same function twice counts once."""
    if ids not in _users:
        _users.append(ids)


def assets_in_use(*, tenant_id: int) -> set[int]:
    """Assets that some welcome carries now."""
    return {one for ids in _users for one in ids(tenant_id=tenant_id)}


def renew(*, tenant_id: int) -> int:
    """Upload what is in use and has no upload, or one that ends within a day. Returns how many. Safe to repeat.

    One that WeCom refuses does not keep the others from being uploaded.
    """
    app = App.objects.filter(tenant_id=tenant_id, state=AppState.CONNECTED).order_by("pk").first()
    if app is None:
        return 0
    client, done = client_for(tenant_id, app.pk), 0
    wanted = assets_in_use(tenant_id=tenant_id)
    fresh = MediaUpload.objects.filter(
        tenant_id=tenant_id, corp_id=app.corp_id, expires_at__gt=clock.now() + RENEW_BEFORE
    )
    for asset_id in sorted(wanted - set(fresh.values_list("asset_id", flat=True))):
        try:
            _upload(client, asset_id)
            done += 1
        except MediaAsset.DoesNotExist:
            continue
        except WecomError as error:
            log.warning("media_not_renewed", tenant_id=tenant_id, asset=asset_id, error=str(error))
    return done


def tenants_with_media() -> list[int]:
    """Tenants with an upload that ends within a day. Runs across tenants: the caller is a tick."""
    ending = MediaUpload.objects.filter(expires_at__lt=clock.now() + RENEW_BEFORE)
    return list(ending.values_list("tenant_id", flat=True).distinct())
