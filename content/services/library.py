"""Writes of the content library: editions from draft to approval, archive, copies, bulk changes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Max

from content.enums import EDITION_MOVES, EditionState, MaterialType
from content.errors import (
    MaterialArchived,
    MaterialChanged,
    MaterialEmpty,
    MaterialFixed,
    MaterialInvalid,
    ProofUnpublished,
    ReasonNeeded,
    WordsRefused,
)
from content.models import Material, MaterialEdition
from content.policies.attachments import attachments_read
from content.policies.sensitive import refused
from content.selectors.proofs import standing_of
from content.selectors.sensitive import hits_in, words_of
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

SAID = ("kind", "title", "text", "attachments", "links", "variants")
TAGS_MOST = 12
TAG_CHARS = 20
BULK_MOST = 1000


@dataclass(frozen=True, kw_only=True)
class Said:
    """What an edition says. `variants`: [{"key", "name", "text"}]; `attachments` and `links` as a step's."""

    kind: str
    title: str
    text: str = ""
    attachments: Sequence[dict[str, Any]] = ()
    links: Sequence[dict[str, Any]] = ()
    variants: Sequence[dict[str, str]] = ()


@dataclass(frozen=True, kw_only=True)
class About:
    """What holds for all editions at once."""

    tags: Sequence[str] = field(default_factory=tuple)
    owner_id: int | None = None
    valid_from: date | None = None
    valid_until: date | None = None


def material_save(
    *,
    tenant: Tenant,
    said: Said,
    about: About,
    actor: Actor,
    material_id: int | None = None,
    revision: int | None = None,
) -> Material:
    """Write a new material (`material_id` None), or go on writing one: the open edition, else a new one beside the
    approved, which stays in use. One that waited goes back to draft.

    `revision` is that of the edition the writer saw, 0 where there was none open. Raises MaterialChanged when it is
    another one by now, MaterialEmpty, MaterialInvalid, MaterialArchived, AttachmentRefused, NotPermitted. Not safe to
    repeat.
    """
    require(actor, Permission.OPERATE)
    content = _checked(said, about)
    with transaction.atomic():
        material = _new(tenant, actor) if material_id is None else _locked(tenant, material_id)
        if material.archived_at is not None:
            raise MaterialArchived
        edition = _open(material)
        if (
            revision is not None
            and material_id is not None
            and revision != (edition.revision if edition else 0)
        ):
            raise MaterialChanged
        _about(material, about)
        if material.pk is None:
            _mirror(material, content)
            material.save()
        changes = _write(tenant, material, edition, content, actor)
        _stamp(material, actor)
        verb = "content.material.written" if material_id is None else "content.material.changed"
        audit.record(tenant=tenant, actor=actor, verb=verb, target=material, changes=changes)
    return material


def _new(tenant: Tenant, actor: Actor) -> Material:
    return Material(tenant=tenant, created_by=actor.name[:128])


def _checked(said: Said, about: About) -> dict[str, Any]:
    """The columns of an edition, trimmed. Raises when it cannot be sent."""
    texts = [one for one in said.variants if one["text"].strip()]
    if not said.text.strip() and not said.attachments:
        raise MaterialEmpty
    if not said.title.strip():
        raise MaterialInvalid
    if about.valid_from and about.valid_until and about.valid_until < about.valid_from:
        raise MaterialInvalid
    return {
        "kind": MaterialType(said.kind).value,
        "title": said.title.strip()[:64],
        "text": said.text.strip(),
        "attachments": [one.to_dict() for one in attachments_read(list(said.attachments))],
        "links": [dict(one) for one in said.links],
        "variants": [{**one, "text": one["text"].strip()} for one in texts],
    }


def _write(
    tenant: Tenant, material: Material, edition: MaterialEdition | None, content: dict[str, Any], actor: Actor
) -> dict[str, Any]:
    """Put the words into the open edition, or into a new one. Returns what changed."""
    if edition is None:
        last = MaterialEdition.objects.filter(tenant=tenant, material=material).aggregate(n=Max("number"))[
            "n"
        ]
        before: dict[str, Any] = {name: getattr(material, name) for name in SAID} if last else {}
        edition = MaterialEdition(
            tenant=tenant, material=material, number=(last or 0) + 1, created_by=actor.name[:128]
        )
    else:
        before = {name: getattr(edition, name) for name in SAID}
        edition.revision += 1
    for name in SAID:
        setattr(edition, name, content[name])
    edition.state, edition.asked_at, edition.asked_by = EditionState.DRAFT, None, ""
    edition.save()
    if not material.edition:
        _mirror(material, content)
    material.state = edition.state
    return {
        name: [before.get(name), content[name]]
        for name in ("kind", "title", "text")
        if before.get(name) != content[name]
    }


def _mirror(material: Material, content: dict[str, Any]) -> None:
    for name in SAID:
        setattr(material, name, content[name])


def _about(material: Material, about: About) -> None:
    material.tags = tags_clean(about.tags)
    material.owner_id = about.owner_id
    material.valid_from, material.valid_until = about.valid_from, about.valid_until


def tags_clean(tags: Iterable[str]) -> list[str]:
    """Each once, in order, without blanks at the ends."""
    told = (" ".join(one.split())[:TAG_CHARS] for one in tags)
    return list(dict.fromkeys(one for one in told if one))[:TAGS_MOST]


def _stamp(material: Material, actor: Actor) -> None:
    material.changed_at, material.changed_by = clock.now(), actor.name[:128]
    material.save()


def _locked(tenant: Tenant, material_id: int) -> Material:
    """Raises Material.DoesNotExist, also for another tenant's id."""
    return Material.objects.select_for_update(no_key=True).get(tenant=tenant, pk=material_id)


def _open(material: Material) -> MaterialEdition | None:
    if material.pk is None:
        return None
    rows = MaterialEdition.objects.filter(tenant_id=material.tenant_id, material=material)
    return rows.exclude(state=EditionState.APPROVED).first()


def _move(edition: MaterialEdition, to: EditionState) -> None:
    """The one place where an edition changes its state. Raises MaterialFixed."""
    if to not in EDITION_MOVES[edition.state]:
        raise MaterialFixed
    edition.state = to


def material_set_attachments(
    *, tenant: Tenant, material_id: int, attachments: Sequence[dict[str, Any]], actor: Actor
) -> Material:
    """Replace what goes along in the open edition; beside an approved one, in a new edition. Safe to repeat.

    Raises MaterialEmpty where nothing would be left, AttachmentRefused, MaterialArchived, NotPermitted.
    """
    material = Material.objects.get(tenant=tenant, pk=material_id)
    newest = _open(material) or material
    kept = {name: getattr(newest, name) for name in SAID}
    return material_save(
        tenant=tenant,
        said=Said(**{**kept, "attachments": attachments}),
        about=About(
            tags=material.tags,
            owner_id=material.owner_id,
            valid_from=material.valid_from,
            valid_until=material.valid_until,
        ),
        actor=actor,
        material_id=material_id,
    )


def material_ask(*, tenant: Tenant, material_id: int, actor: Actor) -> Material:
    """Ask for the approval of the open edition. Raises WordsRefused, MaterialFixed, MaterialArchived, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        material, edition = _pending(tenant, material_id)
        _words_checked(tenant, edition)
        _move(edition, EditionState.WAITING)
        edition.asked_at, edition.asked_by, edition.reason = clock.now(), actor.name[:128], ""
        edition.save()
        material.state = edition.state
        _stamp(material, actor)
        audit.record(tenant=tenant, actor=actor, verb="content.material.asked", target=material)
    return material


def material_decide(
    *, tenant: Tenant, material_id: int, revision: int, is_approved: bool, actor: Actor, reason: str = ""
) -> Material:
    """Approve the edition that waits, or send it back with a reason. `revision` is the one that was read.

    Raises MaterialChanged, MaterialFixed, ReasonNeeded, WordsRefused, ProofUnpublished, NotPermitted (it needs
    APPROVE). Repeating it is MaterialFixed.
    """
    require(actor, Permission.APPROVE)
    if not is_approved and not reason.strip():
        raise ReasonNeeded
    with transaction.atomic():
        material, edition = _pending(tenant, material_id)
        if edition.state != EditionState.WAITING:
            raise MaterialFixed
        if edition.revision != revision:
            raise MaterialChanged
        if is_approved:
            _words_checked(tenant, edition)
            _proof_checked(tenant, material)
        _move(edition, EditionState.APPROVED if is_approved else EditionState.REFUSED)
        edition.decided_at, edition.decided_by = clock.now(), actor.name[:128]
        edition.reason = reason.strip()[:200]
        edition.save()
        if is_approved:
            _mirror(material, {name: getattr(edition, name) for name in SAID})
            material.edition = edition.number
        material.state = edition.state
        _stamp(material, actor)
        verb = "content.material.approved" if is_approved else "content.material.sent_back"
        audit.record(
            tenant=tenant, actor=actor, verb=verb, target=material, changes={"reason": [None, edition.reason]}
        )
    return material


def _pending(tenant: Tenant, material_id: int) -> tuple[Material, MaterialEdition]:
    material = _locked(tenant, material_id)
    if material.archived_at is not None:
        raise MaterialArchived
    edition = _open(material)
    if edition is None:
        raise MaterialFixed
    return material, edition


def _words_checked(tenant: Tenant, edition: MaterialEdition) -> None:
    stopped = refused(hits_in(edition_texts(edition), words_of(tenant)))
    if stopped:
        raise WordsRefused(stopped)


def edition_texts(edition: Any) -> list[str]:
    """Every text that a customer would read: words, wordings, titles and descriptions of what goes along."""
    along = [f"{one.get('title', '')}\n{one.get('description', '')}" for one in edition.attachments]
    return [edition.text, *(one["text"] for one in edition.variants), *along]


def _proof_checked(tenant: Tenant, material: Material) -> None:
    if not material.needs_proof:
        return
    found = standing_of(tenant=tenant, proof_ids=[material.proof_id or 0]).get(material.proof_id or 0)
    if found is None or not found.is_shown:
        why = found.problems[0] if found else None
        raise ProofUnpublished(why.label if why else None, code=why.value if why else None)


def material_archive(*, tenant: Tenant, material_id: int, is_archived: bool, actor: Actor) -> Material:
    """Put a material away, or take it back; what was counted stays. Raises NotPermitted. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        return _archive(tenant, _locked(tenant, material_id), is_archived, actor)


def _archive(tenant: Tenant, material: Material, is_archived: bool, actor: Actor) -> Material:
    if (material.archived_at is not None) != is_archived:
        material.archived_at = clock.now() if is_archived else None
        material.save(update_fields=["archived_at"])
        verb = "content.material.archived" if is_archived else "content.material.restored"
        audit.record(tenant=tenant, actor=actor, verb=verb, target=material)
    return material


def material_duplicate(*, tenant: Tenant, material_id: int, title: str, actor: Actor) -> Material:
    """A draft of its own with the same words. One made of a testimonial stays bound to it. Not safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        source = _locked(tenant, material_id)
        newest = _open(source) or source
        made = material_save(
            tenant=tenant,
            said=Said(**{name: getattr(newest, name) for name in SAID} | {"title": title[:64]}),
            about=About(tags=source.tags, owner_id=source.owner_id),
            actor=actor,
        )
        if source.needs_proof:
            Material.objects.filter(tenant=tenant, pk=made.pk).update(proof=source.proof, needs_proof=True)
    return made


def materials_set_kind(*, tenant: Tenant, material_ids: Iterable[int], kind: str, actor: Actor) -> int:
    """Give many materials a type, also their editions that are not approved yet. Returns how many changed.

    Safe to repeat.
    """
    wanted = MaterialType(kind).value

    def change(material: Material) -> bool:
        if material.kind == wanted:
            return False
        audit.record(
            tenant=tenant, actor=actor, verb="content.material.changed", target=material,
            changes={"kind": [material.kind, wanted]},
        )  # fmt: skip
        material.kind = wanted
        MaterialEdition.objects.filter(tenant=tenant, material=material).exclude(
            state=EditionState.APPROVED
        ).update(kind=wanted)
        _stamp(material, actor)
        return True

    return _each(tenant, material_ids, actor, change)


def materials_tag(*, tenant: Tenant, material_ids: Iterable[int], tags: Sequence[str], actor: Actor) -> int:
    """Put tags on many materials beside those they have. Returns how many changed. Safe to repeat."""

    def change(material: Material) -> bool:
        made = tags_clean([*material.tags, *tags])
        if made == material.tags:
            return False
        material.tags = made
        _stamp(material, actor)
        return True

    return _each(tenant, material_ids, actor, change)


def materials_archive(*, tenant: Tenant, material_ids: Iterable[int], actor: Actor) -> int:
    """Put many away. Returns how many. Safe to repeat."""

    def change(material: Material) -> bool:
        was = material.archived_at is None
        _archive(tenant, material, True, actor)
        return was

    return _each(tenant, material_ids, actor, change)


def _each(tenant: Tenant, material_ids: Iterable[int], actor: Actor, change: Any) -> int:
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        rows = Material.objects.select_for_update(no_key=True).filter(
            tenant=tenant, pk__in=list(material_ids)[:BULK_MOST]
        )
        return sum(change(row) for row in rows.order_by("pk"))
