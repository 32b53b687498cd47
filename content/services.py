"""Writes of content: radar links and the clicks on them."""

import secrets as random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import F

from contacts.services.behaviours import BehaviourItem, behaviour_record_many
from content.enums import BEHAVIOUR_OF_LINK, CLICKS_A_MINUTE, LinkKind
from content.models import RadarLink
from content.policies import Identity, token_make
from tenants import preferences

SOURCE = "radar"


@dataclass(frozen=True, kw_only=True)
class RadarWish:
    """A radar link that should exist: once for (source_kind, source_id, source_key)."""

    target_url: str
    title: str
    kind: str
    source_kind: str
    source_id: int
    source_key: str
    object_id: str = ""
    group_id: int | None = None


def radar_links_put(*, tenant_id: int, wishes: Sequence[RadarWish]) -> dict[tuple[int, str], str]:
    """(source_id, source_key) -> full URL, making the links that are missing. Safe to repeat, also in parallel.

    Three queries for any number of wishes. An existing link keeps its target: what was sent never leads elsewhere.
    """
    if not wishes:
        return {}
    found = _urls(tenant_id, wishes)
    missing = {
        (wish.source_id, wish.source_key): wish
        for wish in wishes
        if (wish.source_id, wish.source_key) not in found
    }
    if not missing:
        return found
    RadarLink.objects.bulk_create(
        (
            RadarLink(
                tenant_id=tenant_id,
                token=token_make(tenant_id, random.token_urlsafe(9)),
                target_url=wish.target_url,
                title=wish.title[:64],
                kind=LinkKind(wish.kind),
                object_id=wish.object_id[:128],
                group_id=wish.group_id,
                source_kind=wish.source_kind,
                source_id=wish.source_id,
                source_key=wish.source_key,
            )
            for wish in missing.values()
        ),
        ignore_conflicts=True,
        batch_size=1000,
    )
    return _urls(tenant_id, wishes)


def _urls(tenant_id: int, wishes: Sequence[RadarWish]) -> dict[tuple[int, str], str]:
    rows = RadarLink.objects.filter(
        tenant_id=tenant_id,
        source_kind__in={wish.source_kind for wish in wishes},
        source_id__in={wish.source_id for wish in wishes},
        source_key__in={wish.source_key for wish in wishes},
    ).values_list("source_id", "source_key", "token")
    return {(source_id, key): f"{settings.PUBLIC_URL}/r/{token}" for source_id, key, token in rows}


def click_record(
    *, link: RadarLink, identity: Identity | None, visitor: str, request_id: str, at: datetime
) -> bool:
    """Record one opening of a link; False when it does not count: staff, or a visitor over the limit.

    `visitor` names the browser (its identity or address) for the limit; `request_id` makes the event unique.
    An unknown person is counted on the link and makes no behaviour. `at` is aware UTC. Safe to repeat with the
    same `request_id` for the behaviour, not for the count.
    """
    if identity is not None and identity.is_staff:
        return False
    if not _within_limit(link.tenant_id, visitor):
        return False
    with transaction.atomic():
        RadarLink.objects.filter(tenant_id=link.tenant_id, pk=link.pk).update(clicks=F("clicks") + 1)
        if identity is not None:
            behaviour_record_many(
                tenant_id=link.tenant_id,
                source=SOURCE,
                items=[
                    BehaviourItem(
                        event_id=request_id,
                        kind=BEHAVIOUR_OF_LINK[link.kind],
                        occurred_at=at,
                        external_userid=identity.external_userid,
                        group_id=link.group_id,
                        object_kind="radar_link",
                        object_id=link.object_id or link.token,
                        object_title=link.title,
                        data={"token": link.token, "source": link.source_kind, "source_id": link.source_id},
                    )
                ],
            )
    return True


def _within_limit(tenant_id: int, visitor: str) -> bool:
    key = f"content.clicks:{tenant_id}:{visitor}"
    cache.add(key, 0, timeout=60)
    try:
        return cache.incr(key) <= preferences.value(tenant_id, CLICKS_A_MINUTE)
    except ValueError:
        return True  # the minute ended between the two calls
