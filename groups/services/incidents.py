"""Incidents (R25): opened by a person or a signal, written down as they run, closed and reviewed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse

from groups.enums import EntryKind, IncidentKind, IncidentLevel, IncidentOrigin, IncidentState
from groups.errors import GroupUnknown, IncidentInvalid, IncidentOver, IncidentUnknown, ReasonNeeded
from groups.models import Group, Incident, IncidentEntry, IncidentGroup, IncidentTask
from groups.policies.incidents import PLAYBOOKS
from groups.selectors.incidents import frozen_by, groups_held_elsewhere
from groups.services.freezing import group_unfreeze
from team.enums import Bucket, WorkKind, WorkState
from team.services import work_item_close, work_item_put, work_items_close
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from tenants.words import Words, facts_of, in_the_companys, say, say_count, say_list

ALERT = "groups.incident"
TASK = "groups.incident_task"
TEXT_CHARS, LINK_CHARS = 1000, 500


@dataclass(frozen=True, kw_only=True)
class IncidentWish:
    """What a person, or a signal, says when an incident begins."""

    kind: str
    title: Words
    group_ids: list[int]
    level: int = IncidentLevel.MAJOR
    owner_id: int | None = None
    is_drill: bool = False
    note: Words = ""
    origin: str = IncidentOrigin.MANUAL
    evidence: dict[str, Any] = field(default_factory=dict)


def incident_url(incident: Incident, tenant: Tenant) -> str:
    """The room's address in the console."""
    return reverse("groups:incident", kwargs={"tenant_slug": tenant.slug, "pk": incident.pk})


def incident_locked(tenant: Tenant, incident_id: int, *, must_run: bool = True) -> Incident:
    """The incident under its lock. Raises IncidentUnknown, IncidentOver."""
    rows = Incident.objects.select_for_update(of=("self",)).filter(tenant=tenant, pk=incident_id)
    incident = rows.first()
    if incident is None:
        raise IncidentUnknown
    if must_run and incident.is_over:
        raise IncidentOver
    return incident


def entry_add(*, incident: Incident, kind: str, text: Words, by: str, link: str = "") -> IncidentEntry:
    """One line of the timeline, in the caller's transaction, read in each reader's language where `text` can be.

    Not safe to repeat: each call is a line.
    """
    return IncidentEntry.objects.create(
        tenant_id=incident.tenant_id, incident=incident, at=clock.now(), kind=kind,
        text=in_the_companys(text).strip()[:TEXT_CHARS], facts=facts_of({"text": text}, ("text",)),
        link=link.strip()[:LINK_CHARS], by=by[:128],
    )  # fmt: skip


def incident_open(*, tenant: Tenant, wish: IncidentWish, actor: Actor) -> Incident:
    """Begin an incident: its groups, its playbook as tasks, its first line. Nothing is frozen by this.

    A signal's is a draft until somebody judges it. Raises IncidentInvalid, GroupUnknown, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    title = " ".join(in_the_companys(wish.title).split())[:120]
    wanted = sorted(set(wish.group_ids))
    if not title or not wanted or wish.kind not in IncidentKind.values:
        raise IncidentInvalid
    with transaction.atomic():
        groups = list(Group.objects.filter(tenant=tenant, pk__in=wanted).order_by("pk"))
        if len(groups) != len(wanted):
            raise GroupUnknown
        is_signal = wish.origin != IncidentOrigin.MANUAL
        incident = Incident.objects.create(
            tenant=tenant, kind=wish.kind, level=wish.level, title=title, owner_id=wish.owner_id,
            state=IncidentState.DRAFT if is_signal else IncidentState.OPEN, origin=wish.origin, is_drill=wish.is_drill,
            evidence=wish.evidence | facts_of({"title": wish.title}, ("title",)), opened_at=clock.now(),
            opened_by=actor.name[:128],
        )  # fmt: skip
        IncidentGroup.objects.bulk_create(
            IncidentGroup(tenant=tenant, incident=incident, group=group) for group in groups
        )
        _play(incident)
        first = wish.note if str(wish.note).strip() else say("Opened by %(name)s.") % {"name": actor.name}
        entry_add(
            incident=incident,
            kind=EntryKind.SIGNAL if is_signal else EntryKind.STATE,
            text=first,
            by=actor.name,
        )
        audit.record(
            tenant=tenant, actor=actor, verb="groups.incident.opened", target=incident,
            changes={"kind": [None, incident.kind], "groups": [None, len(groups)], "drill": [None, wish.is_drill]},
        )  # fmt: skip
        _alert(tenant, incident, groups[0], first)
    return incident


def _play(incident: Incident) -> None:
    """The playbook of its kind as tasks; steps of another kind that nobody did go, from Today too."""
    rows = IncidentTask.objects.filter(tenant_id=incident.tenant_id, incident=incident)
    plays = PLAYBOOKS[incident.kind]
    gone = rows.filter(done_at=None).exclude(key="")
    work_items_close(
        tenant_id=incident.tenant_id, source_kind=TASK, source_ids=gone.values_list("pk", flat=True)
    )
    gone.delete()
    done = set(rows.exclude(key="").values_list("key", flat=True))
    IncidentTask.objects.bulk_create(
        IncidentTask(
            tenant_id=incident.tenant_id, incident=incident, key=play.key, position=number, text=str(play.text),
            words=play.words, due_at=incident.opened_at + timedelta(minutes=play.minutes),
        )
        for number, play in enumerate(plays)
        if play.key not in done
    )  # fmt: skip


def signal_title(origin: str, group: Group) -> Words:
    """What a signal about a group is called, in any language."""
    title = say("Complaints in %(group)s") if origin == IncidentOrigin.WORDS else say("Many leave %(group)s")
    return title % {"group": group}


def _alert(tenant: Tenant, incident: Incident, group: Group, why: Words) -> None:
    """Tell its owner, once: the group's owner where the incident has none. A drill says so first."""
    is_signal = incident.origin != IncidentOrigin.MANUAL
    title = signal_title(incident.origin, group) if is_signal else incident.title
    named = say("Drill: %(title)s") % {"title": title} if incident.is_drill else title
    work_item_put(
        tenant_id=tenant.pk,
        source_kind=ALERT,
        source_id=incident.pk,
        staff_id=incident.owner_id or group.owner_id,
        group_id=group.pk,
        kind=WorkKind.ALERT,
        bucket=Bucket.MUST,
        title=named,
        detail=say("Freeze the sends if it is real, then follow the playbook."),
        reason=why,
        rule_code="INCIDENT",
        starts_at=incident.opened_at,
        url=incident_url(incident, tenant),
        verb_label=say("Open the room"),
    )


def incident_judge(
    *, tenant: Tenant, incident_id: int, kind: str, level: int, owner_id: int | None, actor: Actor
) -> Incident:
    """Say what an incident is and who has it in hand; a draft becomes a running one. Safe to repeat.

    Raises IncidentUnknown, IncidentOver, IncidentInvalid, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    if kind not in IncidentKind.values or level not in IncidentLevel.values:
        raise IncidentInvalid
    with transaction.atomic():
        incident = incident_locked(tenant, incident_id)
        before = [incident.kind, incident.level, incident.owner_id, incident.state]
        wanted = [kind, level, owner_id, IncidentState.OPEN.value]
        if before == wanted:
            return incident
        incident.kind, incident.level, incident.owner_id, incident.state = (
            kind,
            level,
            owner_id,
            IncidentState.OPEN,
        )
        incident.save(update_fields=["kind", "level", "owner", "state"])
        if before[0] != kind:
            _play(incident)
        said = say("Judged: %(kind)s, %(level)s.") % {
            "kind": IncidentKind(kind).label,
            "level": IncidentLevel(level).label,
        }
        entry_add(incident=incident, kind=EntryKind.STATE, text=said, by=actor.name)
        audit.record(
            tenant=tenant, actor=actor, verb="groups.incident.judged", target=incident,
            changes={"kind": [before[0], kind], "level": [before[1], level], "owner": [before[2], owner_id]},
        )  # fmt: skip
        room = incident.rooms.select_related("group").order_by("pk").first()
        if room is not None:
            _alert(tenant, incident, room.group, said)
    return incident


def incident_note(
    *, tenant: Tenant, incident_id: int, kind: str, text: str, actor: Actor, link: str = ""
) -> IncidentEntry:
    """Write a note or evidence into the timeline, also after it is over. Raises IncidentUnknown, ReasonNeeded."""
    require(actor, Permission.WORK)
    if not text.strip():
        raise ReasonNeeded
    wanted = kind if kind in (EntryKind.NOTE, EntryKind.EVIDENCE) else EntryKind.NOTE
    with transaction.atomic():
        incident = incident_locked(tenant, incident_id, must_run=False)
        return entry_add(incident=incident, kind=wanted, text=text, by=actor.name, link=link)


def incident_state(
    *, tenant: Tenant, incident_id: int, text: str, is_published: bool, actor: Actor
) -> Incident:
    """Keep the public statement; `is_published`: it has been said in the groups. Staff send it themselves.

    Raises IncidentUnknown, IncidentOver, ReasonNeeded (no words), NotPermitted.
    """
    require(actor, Permission.OPERATE)
    if not text.strip():
        raise ReasonNeeded
    with transaction.atomic():
        incident = incident_locked(tenant, incident_id)
        before = incident.statement
        incident.statement = text.strip()[:2000]
        is_news = is_published and (incident.stated_at is None or before != incident.statement)
        if is_news:
            incident.stated_at = clock.now()
            entry_add(incident=incident, kind=EntryKind.STATEMENT, text=incident.statement, by=actor.name)
        incident.save(update_fields=["statement", "stated_at"])
        if before != incident.statement or is_news:
            audit.record(
                tenant=tenant, actor=actor, verb="groups.incident.stated", target=incident,
                changes={"statement": [before, incident.statement]},
            )  # fmt: skip
    return incident


def incident_add_groups(*, tenant: Tenant, incident_id: int, group_ids: Iterable[int], actor: Actor) -> int:
    """It reaches further groups. Returns how many are new. Safe to repeat. Raises IncidentOver, GroupUnknown."""
    require(actor, Permission.OPERATE)
    wanted = set(group_ids)
    with transaction.atomic():
        incident = incident_locked(tenant, incident_id)
        if Group.objects.filter(tenant=tenant, pk__in=wanted).count() != len(wanted):
            raise GroupUnknown
        known = set(incident.rooms.values_list("group_id", flat=True))
        fresh = sorted(wanted - known)
        IncidentGroup.objects.bulk_create(
            IncidentGroup(tenant=tenant, incident=incident, group_id=one) for one in fresh
        )
        if fresh:
            said = say_count(
                "%(n)s more group is concerned.", "%(n)s more groups are concerned.", len(fresh)
            ) % {"n": len(fresh)}
            entry_add(incident=incident, kind=EntryKind.STATE, text=said, by=actor.name)
            audit.record(
                tenant=tenant, actor=actor, verb="groups.incident.spread", target=incident,
                changes={"groups": [len(known), len(known) + len(fresh)]},
            )  # fmt: skip
    return len(fresh)


def incident_dismiss(*, tenant: Tenant, incident_id: int, reason: str, actor: Actor) -> Incident:
    """A false alarm: over without a review, with the reason. Raises ReasonNeeded, IncidentOver, IncidentUnknown."""
    return _end(tenant, incident_id, IncidentState.DISMISSED, reason, actor, lift_reason="")


def incident_close(
    *, tenant: Tenant, incident_id: int, outcome: str, lift_reason: str, actor: Actor
) -> Incident:
    """It is settled. With `lift_reason` the groups it froze may be sent to again; "" leaves them frozen.

    A group that another running incident holds stays frozen. Raises ReasonNeeded (no outcome), IncidentOver,
    IncidentUnknown, NotPermitted.
    """
    return _end(tenant, incident_id, IncidentState.CLOSED, outcome, actor, lift_reason=lift_reason)


def _end(
    tenant: Tenant, incident_id: int, state: IncidentState, said: str, actor: Actor, *, lift_reason: str
) -> Incident:
    require(actor, Permission.OPERATE)
    if not said.strip():
        raise ReasonNeeded
    with transaction.atomic():
        incident = incident_locked(tenant, incident_id)
        if lift_reason.strip():
            incident_lift(incident=incident, tenant=tenant, reason=lift_reason, actor=actor)
        incident.state, incident.outcome = state, said.strip()[:TEXT_CHARS]
        incident.closed_at, incident.closed_by = clock.now(), actor.name[:128]
        incident.save(update_fields=["state", "outcome", "closed_at", "closed_by"])
        ended = say("%(state)s: %(reason)s") % {"state": state.label, "reason": said.strip()}
        entry_add(incident=incident, kind=EntryKind.STATE, text=ended, by=actor.name)
        verb = "groups.incident.closed" if state == IncidentState.CLOSED else "groups.incident.dismissed"
        audit.record(tenant=tenant, actor=actor, verb=verb, target=incident, reason=said.strip()[:500])
        work_item_close(tenant_id=tenant.pk, source_kind=ALERT, source_id=incident.pk, by=actor.name)
        tasks = IncidentTask.objects.filter(tenant=tenant, incident=incident, done_at=None)
        work_items_close(
            tenant_id=tenant.pk, source_kind=TASK, source_ids=tasks.values_list("pk", flat=True),
            state=WorkState.CANCELLED, by=actor.name,
        )  # fmt: skip
    return incident


def incident_lift(*, incident: Incident, tenant: Tenant, reason: str, actor: Actor) -> int:
    """Let sends go out again to the groups this incident froze. In the caller's transaction. Returns how many."""
    rows = frozen_by(tenant_id=tenant.pk, incident_id=incident.pk).order_by("pk")
    # Under their locks: another incident that freezes one of them meanwhile is seen, or freezes it anew.
    ids = list(rows.select_for_update().values_list("pk", flat=True))
    kept = groups_held_elsewhere(tenant_id=tenant.pk, incident_id=incident.pk, group_ids=ids)
    free = [one for one in ids if one not in kept]
    if free:
        group_unfreeze(tenant=tenant, group_ids=free, reason=reason, actor=actor)
    IncidentGroup.objects.filter(
        tenant=tenant, incident=incident, frozen_at__isnull=False, released_at=None
    ).update(released_at=clock.now())
    said = say_count(
        "Sends to %(n)s group resumed: %(reason)s", "Sends to %(n)s groups resumed: %(reason)s", len(free)
    ) % {"n": len(free), "reason": reason.strip()}
    more = say_count(
        "%(n)s stays frozen for another incident.", "%(n)s stay frozen for another incident.", len(kept)
    ) % {"n": len(kept)}
    text = say_list((said, more), " ") if kept else said
    entry_add(incident=incident, kind=EntryKind.UNFREEZE, text=text, by=actor.name)
    return len(free)


def incident_review(
    *, tenant: Tenant, incident_id: int, cause: str, went_well: str, change: str, actor: Actor
) -> Incident:
    """What the team learned, once it is over; may be written again. Raises IncidentUnknown, ReasonNeeded."""
    require(actor, Permission.OPERATE)
    if not cause.strip() or not change.strip():
        raise ReasonNeeded
    with transaction.atomic():
        incident = incident_locked(tenant, incident_id, must_run=False)
        incident.cause, incident.went_well, incident.change = (
            one.strip()[:TEXT_CHARS] for one in (cause, went_well, change)
        )
        incident.reviewed_at, incident.reviewed_by = clock.now(), actor.name[:128]
        incident.save(update_fields=["cause", "went_well", "change", "reviewed_at", "reviewed_by"])
        audit.record(tenant=tenant, actor=actor, verb="groups.incident.reviewed", target=incident)
    return incident
