"""Edits of a draft. Each is one revision that remembers the steps it touched, or the frame, as they stood before and
after, so that it can be undone, and so that whoever looks at an older revision is told and overwrites nothing."""

import secrets as random
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from sop.enums import Anchor, EditVerb, VersionState
from sop.errors import PlaceUnknown, StepChanged, StepFixed, StepGone, UndoTooLate, VersionFrozen
from sop.models import DraftEdit, Step, Version
from sop.policies import calendar
from sop.policies.slots import SLOT_TIMES, time_in
from tenants import audit
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant

KEPT = 200  # edits of a draft that can be looked at and undone
_NOT_CONTENT = frozenset({"id", "tenant_id", "version_id", "revision"})
Image = dict[str, Any]
FRAME = "#frame"  # stands where the key of a step stands, for an edit of days, phases and offer
FRAME_FIELDS = ("days", "after_days", "offer_day", "offer_at", "phases")


def draft_locked(tenant: "Tenant", version_id: int) -> Version:
    """The draft, locked until the transaction ends. Raises VersionFrozen, Version.DoesNotExist."""
    version = Version.objects.select_for_update().get(tenant=tenant, pk=version_id)
    if version.state != VersionState.DRAFT:
        raise VersionFrozen
    return version


def step_locked(version: Version, step_id: int, *, key: str = "", seen: int | None = None) -> Step:
    """A step of a locked draft, as it was when revision `seen` of it was shown; None: whatever it is now.

    Raises StepGone when `key` names a step that was taken out since, StepChanged, Step.DoesNotExist.
    """
    step = Step.objects.filter(tenant=version.tenant_id, version=version, pk=step_id).first()
    if step is None:
        if key and edit_of(version, key) is not None:
            raise StepGone
        raise Step.DoesNotExist
    if seen is not None and step.revision != seen:
        raise StepChanged
    return step


def edit_of(version: Version, key: str) -> DraftEdit | None:
    """The last edit that touched the step of this key."""
    rows = DraftEdit.objects.filter(tenant=version.tenant_id, version=version, after__has_key=key)
    return rows.order_by("-number").first()


def step_image(step: Step) -> Image:
    """The content of a step in JSON."""
    return {
        field.attname: _plain(getattr(step, field.attname))
        for field in Step._meta.concrete_fields
        if field.attname not in _NOT_CONTENT
    }


def frame_image(version: Version) -> Image:
    """Days, phases and offer of a version in JSON."""
    return {name: _plain(getattr(version, name)) for name in FRAME_FIELDS}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime | time) else value


def _put_image(step: Step, image: Image) -> None:
    for field in Step._meta.concrete_fields:
        if field.attname in image:
            setattr(step, field.attname, field.to_python(image[field.attname]))


def edit_note(
    *,
    version: Version,
    verb: str,
    title: str,
    actor: Actor,
    before: Mapping[str, Image | None],
    after: Mapping[str, Image | None],
) -> DraftEdit:
    """Count one edit of a locked draft. The steps it touched carry `version.revision + 1` already."""
    version.revision += 1
    version.save(update_fields=["revision"])
    DraftEdit.objects.filter(
        tenant=version.tenant_id, version=version, number__lte=version.revision - KEPT
    ).delete()
    return DraftEdit.objects.create(
        tenant_id=version.tenant_id,
        version=version,
        number=version.revision,
        verb=verb,
        title=title[:64],
        actor=actor.name[:64],
        before=dict(before),
        after=dict(after),
    )


def phase_key(version: Version, step: Step) -> str:
    """The phase a step stands in; "" for one without a day."""
    day = version.offer_day if step.anchor == Anchor.OFFER_END else step.day
    cuts = [calendar.Phase(one["key"], one["first"], one["last"]) for one in version.phases]
    return calendar.phase_in(day, cuts) if day is not None else ""


def steps_place(version: Version) -> None:
    """Each step stands in the phase that its day falls in now."""
    moved = []
    for step in Step.objects.filter(tenant=version.tenant_id, version=version):
        phase = phase_key(version, step)
        if step.phase != phase:
            step.phase = phase
            moved.append(step)
    Step.objects.bulk_update(moved, ["phase"])


def step_move(
    *,
    tenant: "Tenant",
    version_id: int,
    step_id: int,
    day: int,
    slot: int,
    actor: Actor,
    at: time | None = None,
    seen: int | None = None,
    key: str = "",
) -> Step:
    """Put a step of a draft on another camp day and part of the day (0 morning, 1 noon, 2 evening), or to `at`.

    Within its part of the day it keeps its time. Safe to repeat: a step that stands there already stays untouched.
    Raises VersionFrozen, StepChanged, StepGone, StepFixed, PlaceUnknown, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        version = draft_locked(tenant, version_id)
        step = step_locked(version, step_id, key=key, seen=seen)
        if step.anchor != Anchor.RUN_START:
            raise StepFixed
        if not 1 <= day <= version.days + version.after_days or not 0 <= slot < len(SLOT_TIMES):
            raise PlaceUnknown
        before, to = step_image(step), at or time_in(slot, step.at)
        if (step.day, step.at) == (day, to):
            return step
        told = {"day": [str(step.day), str(day)], "at": [str(step.at), str(to)]}
        step.day, step.at, step.revision = day, to, version.revision + 1
        step.phase = phase_key(version, step)
        step.save()
        _noted(version, EditVerb.MOVE, actor, step, before)
        audit.record(tenant=tenant, actor=actor, verb="sop.step.moved", target=step, changes=told)
    return step


def step_copy(*, tenant: "Tenant", version_id: int, step_id: int, actor: Actor) -> Step:
    """A second step like this one, at the same time; each call makes one more. Raises VersionFrozen, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        version = draft_locked(tenant, version_id)
        source = step_locked(version, step_id)
        step = Step(tenant=tenant, version=version, revision=version.revision + 1)
        _put_image(step, step_image(source))
        step.key = f"own_{random.token_hex(4)}"
        step.mark = ""
        step.title = (_("%(title)s (copy)") % {"title": source.title})[:64]
        step.save()
        _noted(version, EditVerb.COPY, actor, step, None)
        audit.record(tenant=tenant, actor=actor, verb="sop.step.added", target=step)
    return step


def _noted(version: Version, verb: str, actor: Actor, step: Step, before: Image | None) -> None:
    edit_note(
        version=version,
        verb=verb,
        title=step.title,
        actor=actor,
        before={step.key: before},
        after={step.key: step_image(step)},
    )


def draft_undo(*, tenant: "Tenant", version_id: int, number: int, actor: Actor) -> DraftEdit:
    """Take back one edit of a draft, itself an edit that can be taken back. Returns the edit that was undone.

    Raises UndoTooLate when what it touched was changed since, VersionFrozen, DraftEdit.DoesNotExist, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        version = draft_locked(tenant, version_id)
        edit = DraftEdit.objects.get(tenant=tenant, version=version, number=number)
        now = _images(version, edit.after)
        if now != edit.after:
            raise UndoTooLate
        steps = _by_key(version, edit.after)
        for key, image in edit.before.items():
            if key == FRAME and image is not None:
                _restore_frame(version, image)
            else:
                _restore(version, key, steps.get(key), image)
        edit_note(
            version=version, verb=EditVerb.UNDO, title=edit.title, actor=actor, before=now,
            after=_images(version, edit.before),
        )  # fmt: skip
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="sop.draft.undone",
            target=version,
            changes={"edit": [None, f"{edit.verb}: {edit.title}"]},
        )
    return edit


def _by_key(version: Version, keys: Iterable[str]) -> dict[str, Step]:
    rows = Step.objects.filter(tenant=version.tenant_id, version=version, key__in=list(keys))
    return {row.key: row for row in rows}


def _images(version: Version, keys: Iterable[str]) -> dict[str, Image | None]:
    """What an edit touched, as it stands now."""
    steps = _by_key(version, keys)
    found = {key: step_image(steps[key]) if key in steps else None for key in keys}
    return {key: frame_image(version) if key == FRAME else image for key, image in found.items()}


def _restore(version: Version, key: str, step: Step | None, image: Image | None) -> None:
    """The days of the phases may have changed while the step was out of the draft."""
    if image is None:
        if step is not None:
            step.delete()
        return
    step = step or Step(tenant_id=version.tenant_id, version=version, key=key)
    _put_image(step, image)
    step.phase = phase_key(version, step)
    step.revision = version.revision + 1
    step.save()


def _restore_frame(version: Version, image: Image) -> None:
    for field in Version._meta.concrete_fields:
        if field.name in FRAME_FIELDS:
            setattr(version, field.name, field.to_python(image[field.name]))
    version.save(update_fields=FRAME_FIELDS)
    steps_place(version)
