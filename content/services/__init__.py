"""Writes of content: radar links and the clicks on them, scripts and the questions that lack one."""

import secrets as random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F

from contacts.services.behaviours import BehaviourItem, behaviour_record_many
from content.enums import BEHAVIOUR_OF_LINK, CLICKS_A_MINUTE, LinkKind, ScriptKind
from content.errors import ProofUnpublished, QuestionMissing, ScriptUnknown, WordsRefused
from content.models import RadarLink, Script, ScriptMiss
from content.policies.radar import Identity, token_make
from content.policies.sensitive import refused
from content.selectors.proofs import PRIVATE, Shown, unproved
from content.selectors.sensitive import hits_in, words_of
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.pace import within_minute
from tenants.services import require

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
    most = preferences.value(tenant_id, CLICKS_A_MINUTE)
    return within_minute(f"content.clicks:{tenant_id}:{visitor}", most)


def script_save(
    *,
    tenant: Tenant,
    script_id: int | None,
    title: str,
    text: str,
    kind: str,
    actor: Actor,
    keywords: str = "",
    miss_id: int | None = None,
) -> Script:
    """Write a new script (`script_id` None) or change one. `miss_id`: the open question it answers.

    Raises WordsRefused, ProofUnpublished for a testimonial that may not be shown in private, ScriptUnknown,
    NotPermitted. A change is safe to repeat.
    """
    require(actor, Permission.OPERATE)
    text_sayable(tenant, text.strip())
    with transaction.atomic():
        row = Script(tenant=tenant) if script_id is None else _script_locked(tenant, script_id)
        before = {"title": row.title, "text": row.text} if script_id is not None else {}
        row.title, row.text, row.kind = title.strip(), text.strip(), ScriptKind(kind)
        row.keywords = keywords.strip()
        row.changed_at, row.changed_by = clock.now(), actor.name[:128]
        row.save()
        if miss_id is not None:
            ScriptMiss.objects.filter(tenant=tenant, pk=miss_id).delete()
        changed = {
            name: [before.get(name), getattr(row, name)]
            for name in ("title", "text")
            if before.get(name) != getattr(row, name)
        }
        verb = "content.script.written" if script_id is None else "content.script.changed"
        audit.record(tenant=tenant, actor=actor, verb=verb, target=row, changes=changed)
    return row


def text_sayable(tenant: Tenant, text: str, channel: str = PRIVATE) -> None:
    """Whether these words may be sent: for colleagues to send, or as a welcome. `channel` as a step names it.

    Raises WordsRefused, ProofUnpublished for a testimonial that may not be shown there.
    """
    stopped = refused(hits_in([text], words_of(tenant)))
    if stopped:
        raise WordsRefused(stopped)
    for problem in unproved(tenant=tenant, shown=[Shown(text, channel)]).values():
        raise ProofUnpublished(problem.label, code=problem.value)


def _script_locked(tenant: Tenant, script_id: int) -> Script:
    row = Script.objects.select_for_update().filter(tenant=tenant, pk=script_id).first()
    if row is None:
        raise ScriptUnknown
    return row


def script_archive(*, tenant: Tenant, script_id: int, is_archived: bool, actor: Actor) -> Script:
    """Take a script out of use, or back into it; what was counted stays. Raises like script_save. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = _script_locked(tenant, script_id)
        if (row.archived_at is not None) != is_archived:
            row.archived_at = clock.now() if is_archived else None
            row.save(update_fields=["archived_at"])
            verb = "content.script.archived" if is_archived else "content.script.restored"
            audit.record(tenant=tenant, actor=actor, verb=verb, target=row)
    return row


def script_used(*, tenant: Tenant, script_id: int) -> None:
    """Count that a script was sent. Not safe to repeat: each call is one sending. Raises ScriptUnknown."""
    found = Script.objects.filter(tenant=tenant, pk=script_id)
    if not found.update(uses=F("uses") + 1, used_at=clock.now()):
        raise ScriptUnknown


def script_missed(*, tenant: Tenant, words: str, actor: Actor) -> ScriptMiss:
    """Write down a question that no script answers; the same words again count once more. Raises QuestionMissing."""
    require(actor, Permission.WORK)
    asked = " ".join(words.split())[:120]
    if not asked:
        raise QuestionMissing
    with transaction.atomic():
        row, created = ScriptMiss.objects.get_or_create(
            tenant=tenant, words=asked, defaults={"asked_by": actor.name[:128]}
        )
        if not created:
            ScriptMiss.objects.filter(pk=row.pk, tenant=tenant).update(
                times=F("times") + 1, asked_at=clock.now(), asked_by=actor.name[:128]
            )
    return row


def miss_drop(*, tenant: Tenant, miss_id: int, actor: Actor) -> None:
    """Forget an open question that needs no script. Safe to repeat."""
    require(actor, Permission.OPERATE)
    ScriptMiss.objects.filter(tenant=tenant, pk=miss_id).delete()
