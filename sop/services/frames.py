"""The frame of a draft: how many days, in which phases with their ways in and out, and when the offer ends."""

import secrets as random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from sop.enums import EditVerb
from sop.errors import FrameChanged, FrameInvalid
from sop.models import Version
from sop.services.drafts import FRAME, FRAME_FIELDS, draft_locked, edit_note, frame_image, steps_place
from tenants import audit
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant

_CRITERIA = ("entry", "exit", "metric")


@dataclass(frozen=True, kw_only=True)
class PhaseWish:
    """One phase as a person wants it, up to its day `last`; its first follows the phase before. `key` "": a new one."""

    key: str
    name: str
    last: int
    note: str = ""
    entry: str = ""
    exit: str = ""
    metric: str = ""


@dataclass(frozen=True, kw_only=True)
class FrameWish:
    """The whole frame. `phases` in their order, the last one ends with `days`; `offer_day` may lie after the end.
    `offer_day` and `offer_at` (tenant's zone) are both set or both None."""

    days: int
    after_days: int
    offer_day: int | None
    offer_at: time | None
    phases: Sequence[PhaseWish]


def version_set_frame(
    *, tenant: "Tenant", version_id: int, wish: FrameWish, actor: Actor, seen: int | None = None
) -> Version:
    """Give a draft another frame, one edit that can be undone. Steps keep their days and stand in whatever phase is
    there now; those after the last day keep it from being published (DAY-01).

    `seen`: the draft's revision that was shown; None: whatever it is. Safe to repeat. Raises FrameInvalid,
    FrameChanged, VersionFrozen, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    _check(wish)
    with transaction.atomic():
        version = draft_locked(tenant, version_id)
        if seen is not None and version.revision != seen:
            raise FrameChanged
        before = frame_image(version)
        version.phases = _phases(version, wish)
        version.days, version.after_days = wish.days, wish.after_days
        version.offer_day, version.offer_at = wish.offer_day, wish.offer_at
        after = frame_image(version)
        if after == before:
            return version
        version.save(update_fields=FRAME_FIELDS)
        steps_place(version)
        edit_note(
            version=version, verb=EditVerb.CHANGE, title=_("Days, phases and offer"), actor=actor,
            before={FRAME: before}, after={FRAME: after},
        )  # fmt: skip
        changes = {
            name: [str(before[name]), str(after[name])] for name in before if before[name] != after[name]
        }
        audit.record(
            tenant=tenant, actor=actor, verb="sop.version.frame_set", target=version, changes=changes
        )  # fmt: skip
    return version


def _check(wish: FrameWish) -> None:
    ends = [0, *(one.last for one in wish.phases)]
    in_a_row = all(first < second for first, second in pairwise(ends)) and ends[-1] == wish.days
    offer_fits = wish.offer_day is None or 1 <= wish.offer_day <= wish.days + wish.after_days
    both = (wish.offer_day is None) == (wish.offer_at is None)
    if not (wish.phases and in_a_row and offer_fits and both and wish.days >= 1 and wish.after_days >= 0):
        raise FrameInvalid


def _phases(version: Version, wish: FrameWish) -> list[dict[str, Any]]:
    """Phases as they are stored; `version` is still as it was."""
    known = {one["key"]: one for one in version.phases}
    made, first = [], 1
    for one in wish.phases:
        old = known.get(one.key, {"key": f"own_{random.token_hex(4)}"})
        said = {"name": one.name, "note": one.note, "first": first, "last": one.last}
        criteria = {name: getattr(one, name) for name in _CRITERIA if getattr(one, name) or name in old}
        made.append({**old, **said, **criteria})
        first = one.last + 1
    if wish.after_days:
        after = next((one for one in version.phases if one["first"] > version.days), None)
        old = after or {"key": "extension", "name": "", "note": ""}
        made.append({**old, "first": wish.days + 1, "last": wish.days + wish.after_days})
    return made
