"""What people decide about silent members (R19): keep, re-activate, propose removal; for many at once, with undo."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.urls import reverse

from contacts.selectors import follow_staff_ids, opted_out_in
from groups.enums import CASE_DECISIONS, WAKE_WORDS, CaseState
from groups.errors import DecisionInvalid, GroupUnknown
from groups.models import Group, SilentCase
from groups.policies.silence import is_reviewed
from groups.services.silence import REMOVE, WAKE, cases_drop
from team.enums import Bucket, WorkKind
from team.services import work_items_close, work_items_put
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from tenants.words import Said, say


@dataclass(frozen=True)
class Decided:
    """What one decision did. `opted_out`, `frozen`: people for whom nothing may be sent; they still wait."""

    at: datetime
    count: int = 0
    opted_out: int = 0
    frozen: int = 0


def cases_decide(*, tenant: Tenant, case_ids: Iterable[int], decision: str, actor: Actor) -> Decided:
    """Decide about these people: keep, wake (a task with words) or remove (a task for the owner).

    Cases that no longer wait are left alone, so a repeat does nothing. `wake` leaves out who asked for no marketing,
    and groups whose sends are frozen. Raises DecisionInvalid, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    if decision not in CASE_DECISIONS:
        raise DecisionInvalid
    now = clock.now()
    with transaction.atomic():
        rows = SilentCase.objects.select_for_update(of=("self",)).filter(
            tenant=tenant, pk__in=list(case_ids), state=CaseState.OPEN
        )
        waiting = list(rows.select_related("group", "member", "customer").order_by("pk"))
        out: set[int] = set()
        frozen = 0
        if decision == "wake":
            people = {row.customer_id for row in waiting if row.customer_id is not None}
            out = opted_out_in(tenant_id=tenant.pk, customer_ids=people)
            frozen = sum(row.group.is_frozen and row.customer_id not in out for row in waiting)
        chosen = [row for row in waiting if not _is_held(row, decision, out)]
        for row in chosen:
            row.state, row.decided_at = CASE_DECISIONS[decision], now
            row.decided_by = actor.name[:128]
        SilentCase.objects.bulk_update(chosen, ["state", "decided_at", "decided_by"], batch_size=1000)
        _ask(tenant, chosen, decision)
        _record(tenant, chosen, "groups.silence.decided", decision, actor)
    opted_out = sum(row.customer_id in out for row in waiting)
    return Decided(now, len(chosen), opted_out, frozen)


def _is_held(row: SilentCase, decision: str, opted_out: set[int]) -> bool:
    if decision != "wake":
        return False
    return row.group.is_frozen or row.customer_id is None or row.customer_id in opted_out


def cases_undo(*, tenant: Tenant, decided_at: datetime, actor: Actor) -> int:
    """Take back what the actor decided at that moment: tasks go, the people wait again. Returns how many.

    Safe to repeat. Raises NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        rows = SilentCase.objects.select_for_update(of=("self",)).filter(
            tenant=tenant, decided_at=decided_at, decided_by=actor.name[:128],
            state__in=list(CASE_DECISIONS.values()),
        )  # fmt: skip
        held = list(rows.select_related("group", "member", "customer").order_by("pk"))
        for row in held:
            row.state, row.decided_at, row.decided_by = CaseState.OPEN, None, ""
        SilentCase.objects.bulk_update(held, ["state", "decided_at", "decided_by"], batch_size=1000)
        ids = [row.pk for row in held]
        for kind in (WAKE, REMOVE):
            work_items_close(tenant_id=tenant.pk, source_kind=kind, source_ids=ids)
        _record(tenant, held, "groups.silence.undone", "", actor)
    return len(held)


def silence_switch(*, tenant: Tenant, group_id: int, is_on: bool | None, actor: Actor) -> Group:
    """Review a group's silent members, or do not; None: as its type says. What waits there goes when it is off.

    Raises GroupUnknown, NotPermitted. Safe to repeat.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        group = Group.objects.select_for_update(of=("self",)).filter(tenant=tenant, pk=group_id).first()
        if group is None:
            raise GroupUnknown
        before = group.reviews_silence
        if before == is_on:
            return group
        group.reviews_silence = is_on
        group.save(update_fields=["reviews_silence"])
        if not is_reviewed(kind=group.kind, switch=is_on):
            cases_drop(tenant_id=tenant.pk, group_ids=[group.pk])
        audit.record(
            tenant=tenant, actor=actor, verb="groups.silence.switched", target=group,
            changes={"reviews_silence": [before, is_on]},
        )  # fmt: skip
    return group


def _ask(tenant: Tenant, rows: list[SilentCase], decision: str) -> None:
    if decision == "keep" or not rows:
        return
    url = reverse("groups:silent", kwargs={"tenant_slug": tenant.slug})
    if decision == "remove":
        items = {row.pk: _removal(row, url) for row in rows}
        work_items_put(tenant_id=tenant.pk, source_kind=REMOVE, items=items)
        return
    friends = follow_staff_ids(
        tenant_id=tenant.pk, customer_ids=[row.customer_id for row in rows if row.customer_id is not None]
    )
    words = preferences.value(tenant.pk, WAKE_WORDS)
    items = {row.pk: _waking(row, friends.get(row.customer_id or 0, []), words, tenant) for row in rows}
    work_items_put(tenant_id=tenant.pk, source_kind=WAKE, items=items)


def _waking(row: SilentCase, friends: list[int], words: str, tenant: Tenant) -> dict[str, object]:
    url = reverse("contacts:detail", kwargs={"tenant_slug": tenant.slug, "pk": row.customer_id})
    return {
        "staff_id": friends[0] if friends else row.group.owner_id,
        "group_id": row.group_id,
        "kind": WorkKind.CHECK,
        "bucket": Bucket.SUGGEST,
        "title": say("Re-activate %(name)s") % {"name": row},
        "detail": ""
        if friends
        else say("Nobody here is a friend of this person: mention them in the group instead."),
        "script": words.replace("{name}", str(row)),
        "script_source": say("Settings: words that re-activate a silent member"),
        "reason": _why(row),
        "url": url,
        "verb_label": say("See the person"),
    }


def _removal(row: SilentCase, url: str) -> dict[str, object]:
    return {
        "staff_id": row.group.owner_id,
        "group_id": row.group_id,
        "kind": WorkKind.CHECK,
        "bucket": Bucket.REMIND,
        "title": say("Remove %(name)s from %(group)s") % {"name": row, "group": row.group},
        "detail": say(
            "WeCom lets only the group's owner or admin remove somebody: open the group in WeCom, its members, "
            "remove. This task closes by itself when WeCom says that the person has left."
        ),
        "reason": _why(row),
        "url": f"{url}?state=removing&group={row.group_id}",
        "verb_label": say("See the evidence"),
    }


def _why(row: SilentCase) -> Said:
    if "silent" in row.reasons:
        days = int(row.evidence.get("hours", 0)) // 24
        return say("No activity for %(n)s days in %(group)s.") % {"n": days, "group": row.group}
    return say("Found by the review of silent members in %(group)s.") % {"group": row.group}


def _record(tenant: Tenant, rows: list[SilentCase], verb: str, decision: str, actor: Actor) -> None:
    """One entry a group, with the people by name."""
    by_group: dict[int, list[SilentCase]] = {}
    for row in rows:
        by_group.setdefault(row.group_id, []).append(row)
    for listed in by_group.values():
        people = {"people": [None, [str(one) for one in listed]]}
        audit.record(
            tenant=tenant, actor=actor, verb=verb, target=listed[0].group,
            changes={**({"decision": [None, decision]} if decision else {}), **people},
        )  # fmt: skip
