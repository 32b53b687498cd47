"""The end plan of a group, carried out as tasks of its owner (R13): notice, hand-over, dissolving."""

import re
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format

from groups.enums import END_LEAD_DAYS, LIVE_STATES, EndKind, EndState, Question, Seen, State
from groups.errors import EndInvalid
from groups.models import EndTask, Group
from groups.policies import endplan
from groups.selectors.facts import answers_of
from team.enums import Bucket, WorkKind, WorkState
from team.selectors import staff_by_id
from team.services import work_item_close, work_item_put, work_items_close
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from tenants.words import say, say_day

SOURCE = "groups.end_task"


def ending_begin(*, tenant: Tenant, group: Group) -> list[EndTask]:
    """Lay out the closing tasks of a group, in the caller's transaction. Safe to repeat: those there are kept;
    cancelled ones open again with new days."""
    days = _days(tenant, group)
    following = str(
        answers_of(tenant_id=tenant.pk, group_ids=[group.pk])
        .get(group.pk, {})
        .get(Question.ENDING, {})
        .get("next", "")
    ).strip()
    target = _group_named(tenant, group, following)
    kept = {row.kind: row for row in EndTask.objects.select_for_update().filter(tenant=tenant, group=group)}
    told = kept[EndKind.DISSOLVE].due_on if EndKind.DISSOLVE in kept else None
    for kind in EndKind.values:
        row = kept.get(kind)
        if row is not None and row.state != EndState.CANCELLED:
            continue
        row = row or EndTask(tenant=tenant, group=group, kind=kind)
        row.state, row.due_on, row.opened_at = EndState.OPEN, days[kind], clock.now()
        row.owner_id, row.target = row.owner_id or group.owner_id, row.target or target
        row.script = _redated(row.script, told, days[EndKind.DISSOLVE]) or endplan.words(
            kind, group=str(group), ends=_day_words(days[EndKind.DISSOLVE]), following=following,
            promise=row.target.value_proposition if row.target else "",
        )  # fmt: skip
        row.save()
        _tell(tenant, group, row)
    return list(EndTask.objects.filter(tenant=tenant, group=group))


def _days(tenant: Tenant, group: Group) -> dict[str, date]:
    today = clock.local_date(clock.now(), tenant.timezone)
    lead = preferences.value(tenant.pk, END_LEAD_DAYS)
    return endplan.days(ends_on=group.ends_on, today=today, lead_days=lead)


def _day_words(day: date) -> str:
    return date_format(day, "MONTH_DAY_FORMAT")


def _redated(script: str, told: date | None, day: date) -> str:
    """Words that name the day told before name the new one, whichever language they were laid out in."""
    if not script or told is None or told == day:
        return script
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            before, after = _day_words(told), _day_words(day)
        script = re.sub(rf"(?<!\d){re.escape(before)}(?!\d)", after, script)
    return script


def ending_moved(*, tenant: Tenant, group: Group) -> None:
    """The group ends on another day: what waits takes the new days and words, or is cancelled until the end is near.

    In the caller's transaction, under the group's lock; safe to repeat.
    """
    rows = EndTask.objects.select_for_update().filter(tenant=tenant, group=group)
    waiting = {row.kind: row for row in rows if row.state == EndState.OPEN}
    if not waiting:
        return
    days = _days(tenant, group)
    is_far = group.ends_on is None or days[EndKind.NOTICE] > clock.local_date(clock.now(), tenant.timezone)
    if is_far and group.state != State.CLOSING:
        ending_cancel(tenant=tenant, group=group)
        return
    told = waiting[EndKind.DISSOLVE].due_on if EndKind.DISSOLVE in waiting else None
    for kind, row in waiting.items():
        row.due_on, row.script = days[kind], _redated(row.script, told, days[EndKind.DISSOLVE])
        row.save(update_fields=["due_on", "script"])
        _tell(tenant, group, row)


def _group_named(tenant: Tenant, group: Group, name: str) -> Group | None:
    """The open group that the end plan names, where there is just one of that name."""
    if not name:
        return None
    rows = Group.objects.filter(tenant=tenant, name=name, dismissed_at=None).exclude(pk=group.pk)
    found = list(rows.exclude(state=State.ARCHIVED)[:2])
    return found[0] if len(found) == 1 else None


_HOW = {
    EndKind.NOTICE: lambda: say("Post the words in the group and as its announcement, then mark this done."),
    EndKind.HANDOVER: lambda: say(
        "Post the invitation to the next group and write to those who do not come along, then mark this done."
    ),
    EndKind.DISSOLVE: lambda: say(
        "In WeCom on the phone: open the group, ··· at the top right, Group management, Dissolve. Only the owner can. "
        "The task closes by itself when WeCom reports it."
    ),
}


def _tell(tenant: Tenant, group: Group, row: EndTask) -> None:
    work_item_put(
        tenant_id=tenant.pk,
        source_kind=SOURCE,
        source_id=row.pk,
        staff_id=row.owner_id,
        group_id=group.pk,
        kind=WorkKind.ALERT,
        bucket=Bucket.MUST,
        title=say("%(group)s ends: %(task)s") % {"group": group, "task": EndKind(row.kind).label},
        detail=_HOW[EndKind(row.kind)](),
        script=row.script,
        reason=say("The end plan says so: %(day)s.") % {"day": say_day(row.due_on)},
        rule_code="R13",
        due_at=clock.day_bounds(row.due_on, tenant.timezone)[1],
        url=f"{reverse('groups:detail', args=[tenant.slug, group.pk])}?tab=ending",
    )


def ending_cancel(*, tenant: Tenant, group: Group) -> int:
    """The group goes on, or is put away: what waits is cancelled. In the caller's transaction; safe to repeat."""
    rows = EndTask.objects.filter(tenant=tenant, group=group, state=EndState.OPEN)
    waiting = list(rows.values_list("pk", flat=True))
    rows.update(state=EndState.CANCELLED)
    work_items_close(tenant_id=tenant.pk, source_kind=SOURCE, source_ids=waiting, state=WorkState.CANCELLED)
    return len(waiting)


def ending_dissolved(*, tenant_id: int, group_id: int) -> None:
    """WeCom reported the end: the last task is done. In the caller's transaction; safe to repeat."""
    row = (
        EndTask.objects.select_for_update()
        .filter(tenant_id=tenant_id, group_id=group_id, kind=EndKind.DISSOLVE, state=EndState.OPEN)
        .first()
    )
    if row is not None:
        _settle(row, EndState.DONE, by="WeCom", seen=Seen.WECOM)
        work_item_close(
            tenant_id=tenant_id, source_kind=SOURCE, source_id=row.pk, state=WorkState.DONE, by="WeCom"
        )


def end_task_settle(
    *, tenant: Tenant, task_id: int, is_done: bool, actor: Actor, from_item: bool = False
) -> EndTask:
    """A person says that a closing task is done, or was not after all. Safe to repeat. Raises EndInvalid.

    `from_item`: said on the work item itself, which then opens and closes with it.
    """
    require(actor, Permission.WORK)
    with transaction.atomic():
        row = _locked(tenant, task_id)
        wanted = EndState.DONE if is_done else EndState.OPEN
        if row.state == wanted:
            return row
        if row.state == EndState.CANCELLED or (not is_done and row.seen == Seen.WECOM):
            raise EndInvalid
        before = row.state
        _settle(row, wanted, by=actor.name, seen=Seen.PERSON)
        audit.record(
            tenant=tenant, actor=actor, verb="groups.ending.settled", target=row.group,
            changes={row.kind: [before, wanted]},
        )  # fmt: skip
        if is_done:
            work_item_close(
                tenant_id=tenant.pk, source_kind=SOURCE, source_id=row.pk, state=WorkState.DONE, by=actor.name
            )
        elif not from_item:
            _tell(tenant, row.group, row)
    return row


def _settle(row: EndTask, state: str, *, by: str, seen: str) -> None:
    is_done = state == EndState.DONE
    row.state = state
    row.done_at, row.done_by, row.seen = (clock.now(), by[:128], seen) if is_done else (None, "", "")
    row.save(update_fields=["state", "done_at", "done_by", "seen"])


def end_task_edit(
    *,
    tenant: Tenant,
    task_id: int,
    due_on: date,
    script: str,
    owner_id: int | None,
    target_id: int | None,
    actor: Actor,
) -> EndTask:
    """Change day, words, owner or the next group of a task that waits. Safe to repeat. Raises EndInvalid."""
    require(actor, Permission.OPERATE)
    if owner_id is not None and not staff_by_id(tenant_id=tenant.pk, staff_ids=[owner_id]):
        raise EndInvalid
    with transaction.atomic():
        row = _locked(tenant, task_id)
        target = Group.objects.filter(tenant=tenant, pk=target_id).first() if target_id else None
        is_strange = target_id is not None and (target is None or target.pk == row.group_id)
        if row.state != EndState.OPEN or is_strange:
            raise EndInvalid
        before: list[Any] = [row.due_on.isoformat(), row.owner_id, row.target_id]
        row.due_on, row.script, row.owner_id, row.target = due_on, script.strip()[:1000], owner_id, target
        row.save(update_fields=["due_on", "script", "owner", "target"])
        audit.record(
            tenant=tenant, actor=actor, verb="groups.ending.changed", target=row.group,
            changes={row.kind: [before, [due_on.isoformat(), owner_id, target_id]]},
        )  # fmt: skip
        _tell(tenant, row.group, row)
    return row


def _locked(tenant: Tenant, task_id: int) -> EndTask:
    rows = EndTask.objects.select_for_update(of=("self",)).select_related("group")
    row = rows.filter(tenant=tenant, pk=task_id).first()
    if row is None:
        raise EndInvalid
    return row


def endings_night(*, tenant_id: int) -> int:
    """Running groups whose end is near get their closing tasks. Returns how many groups. Safe to repeat.

    Tasks cancelled since the end is near stay cancelled: somebody let the group go on.
    """
    tenant = Tenant.objects.get(pk=tenant_id)
    today = clock.local_date(clock.now(), tenant.timezone)
    until = today + timedelta(days=preferences.value(tenant_id, END_LEAD_DAYS))
    near = Group.objects.filter(tenant=tenant, state__in=LIVE_STATES, dismissed_at=None, ends_on__lte=until)
    laid_out = _laid_out(tenant, near, until - today)
    wanted = [one for one in near.order_by("pk").values_list("pk", flat=True) if one not in laid_out]
    for group_id in wanted:
        with transaction.atomic():
            group = near.select_for_update(of=("self",)).filter(pk=group_id).first()
            if group is not None:
                ending_begin(tenant=tenant, group=group)
    return len(wanted)


def _laid_out(tenant: Tenant, near: QuerySet[Group], lead: timedelta) -> set[int]:
    """Groups whose tasks wait, or were laid out for the end that is near now."""
    rows = EndTask.objects.filter(tenant=tenant, group__in=near)
    return {
        group_id
        for group_id, kind, state, opened_at, ends_on in rows.values_list(
            "group_id", "kind", "state", "opened_at", "group__ends_on"
        )
        if state == EndState.OPEN
        or (kind, state) == (EndKind.DISSOLVE, EndState.DONE)
        or (ends_on and clock.local_date(opened_at, tenant.timezone) >= ends_on - lead)
    }
