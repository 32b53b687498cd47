"""Reminders of touches that wait: the ladder that climbs by itself, and the button. Database only: WeCom comes later.

Each reminder is a row, written under its touch's lock, so that no two workers and no impatient hand give a fourth in
24 hours. What one person has not done is one message, however much it is.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext_noop

from sop.enums import MASS_CHANNELS, TaskState, TouchState
from sop.enums.reminders import LATE_REF, MASS_REF, NUDGE_REF, ReminderWay
from sop.errors import NobodyToRemind, OffHours, RemindersUsed
from sop.models import SendTask, Touch, TouchReminder
from sop.policies import reminders as policy
from sop.policies.reminders import Ladder
from sop.selectors.reminders import Rules, given_to, rules_of
from sop.services.handover import phone_path
from team.enums import NoticeKind
from team.selectors.notices import keys_by_message
from team.services import work_items_close, work_items_put
from team.services.notices import Draft, notify_many
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require
from tenants.words import say, say_count, say_list
from wecom.services import SendDraft, send_queue_many

if TYPE_CHECKING:
    from tenants.models import Tenant

BATCH = 500
TUNED_OFF = gettext_noop("Wants no message of reminders; it stands in the bell")
_ONE_AT_A_TIME = "select pg_try_advisory_xact_lock(hashtext('sop_ladder'), %s::int)"


def ladder_climb(*, tenant: "Tenant") -> int:
    """Remind of what is due and not done. Returns how many touches were reminded of.

    Safe to repeat and in parallel: one worker a tenant climbs at a time. A person who was written to within the pause
    is left alone, and hears of all that waits at once afterwards.
    """
    now, rules = clock.now(), rules_of(tenant.pk)
    if not rules.ladder.most or not rules.hours.may_ring(clock.local(now, tenant.timezone).time()):
        return 0
    with transaction.atomic():
        if not _is_alone(tenant.pk):
            return 0
        leads_settle(tenant=tenant)
        rows = _waiting(tenant.pk, now - rules.ladder.first)
        given = given_to(tenant_id=tenant.pk, touch_ids=[row.pk for row in rows], now=now)
        due = [row for row in rows if _is_due(row, given.get(row.pk, []), now, rules.ladder)]
        rested = _rested(tenant.pk, due, now - rules.ladder.again)
        due = [row for row in due if row.channel in MASS_CHANNELS or row.staff_id in rested]
        return len(_give(tenant, due, given, now, rules))


def _is_alone(tenant_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME, [tenant_id])
        return bool(cursor.fetchone()[0])


def _waiting(tenant_id: int, due_by: datetime) -> list[Touch]:
    """Touches in the hands of staff for long enough, that WeCom has where it is to send them."""
    task = SendTask.objects.filter(tenant_id=tenant_id, send_id=OuterRef("send_id"), state=TaskState.WAITING)
    rows = Touch.objects.select_for_update(of=("self",), skip_locked=True).filter(
        tenant_id=tenant_id, state=TouchState.HANDED, handed_at__lte=due_by, due_at__lte=due_by,
        window_ends_at__gt=clock.now(), staff__is_active=True,
    )  # fmt: skip
    rows = rows.exclude(~Exists(task), channel__in=MASS_CHANNELS)
    return list(rows.select_related("step", "run", "group", "staff").order_by("window_ends_at", "pk")[:BATCH])


def _is_due(row: Touch, given: list[datetime], now: datetime, ladder: Ladder) -> bool:
    since = max(row.handed_at or row.due_at, row.due_at)
    return policy.is_due(
        waits_since=since, window_ends_at=row.window_ends_at, given=given, now=now, ladder=ladder
    )


def _rested(tenant_id: int, rows: list[Touch], since: datetime) -> set[int | None]:
    """Those of the staff who got no message since then."""
    people = {row.staff_id for row in rows}
    written = TouchReminder.objects.filter(
        tenant_id=tenant_id, staff__in=people, way=ReminderWay.MESSAGE, at__gt=since
    )
    return people - set(written.values_list("staff_id", flat=True))


def touches_remind(*, tenant: "Tenant", touch_ids: Iterable[int], actor: Actor) -> int:
    """Somebody presses for these touches now. Returns how many were reminded of; those used up are left out.

    Raises OffHours at a time when nobody is reminded, RemindersUsed when each has had its reminders of 24 hours,
    NobodyToRemind when none of them waits for anybody, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    now, rules = clock.now(), rules_of(tenant.pk)
    if not rules.hours.may_ring(clock.local(now, tenant.timezone).time()):
        raise OffHours
    with transaction.atomic():
        rows = list(
            Touch.objects.select_for_update(of=("self",))
            .filter(
                tenant=tenant, pk__in=list(touch_ids), state=TouchState.HANDED, window_ends_at__gt=now,
                staff__is_active=True,
            )
            .select_related("step", "run", "group", "staff")
            .order_by("pk")
        )  # fmt: skip
        if not rows:
            raise NobodyToRemind
        given = given_to(tenant_id=tenant.pk, touch_ids=[row.pk for row in rows], now=now)
        free = [
            row for row in rows if policy.left(given=given.get(row.pk, []), now=now, most=rules.ladder.most)
        ]
        if not free:
            raise RemindersUsed
        done = _give(tenant, free, given, now, rules, by=actor.name)
        if not done:
            raise NobodyToRemind
        audit.record_many(tenant=tenant, actor=actor, verb="sop.touch.reminded", targets=done)
    return len(done)


def mass_remind(*, touches: Sequence[Touch], now: datetime) -> int:
    """Remind the sender of a mass send that WeCom has; the caller holds the locks. Returns how many. Repeatable."""
    if not touches:
        return 0
    tenant, rules = touches[0].run.tenant, rules_of(touches[0].tenant_id)
    if not rules.hours.may_ring(clock.local(now, tenant.timezone).time()):
        return 0
    waiting = [one for one in touches if one.state == TouchState.HANDED]
    given = given_to(tenant_id=tenant.pk, touch_ids=[one.pk for one in waiting], now=now)
    due = [one for one in waiting if _is_due(one, given.get(one.pk, []), now, rules.ladder)]
    return len(_give(tenant, due, given, now, rules))


def _give(
    tenant: "Tenant",
    rows: list[Touch],
    given: dict[int, list[datetime]],
    now: datetime,
    rules: Rules,
    by: str = "",
) -> list[Touch]:
    """Write the reminders and queue them; returns the touches. The caller holds their locks."""
    numbers = {row.pk: len(given.get(row.pk, [])) + 1 for row in rows}
    mass = {row.pk: row for row in rows if row.channel in MASS_CHANNELS}
    msgids = _msgids(tenant.pk, mass.values())
    by_staff: dict[int, list[Touch]] = defaultdict(list)
    for row in rows:
        if row.pk not in mass and row.staff_id is not None:
            by_staff[row.staff_id].append(row)
    drafts = {row.pk: _mass_draft(row, msgids[row.send_id], numbers[row.pk]) for row in mass.values()
              if row.send_id in msgids}  # fmt: skip
    notes = {staff_id: _nudge(tenant, some, now) for staff_id, some in by_staff.items()}
    notify_many(tenant_id=tenant.pk, drafts=list(notes.values()))
    rung = keys_by_message(tenant_id=tenant.pk, keys=[one.key for one in notes.values()])
    sends = send_queue_many(tenant=tenant, sends=list(drafts.values()))
    of_key = {send.key: send.pk for send in sends}
    reminded = [mass[one] for one in drafts] + [row for some in by_staff.values() for row in some]
    TouchReminder.objects.bulk_create(
        TouchReminder(
            tenant=tenant, touch=row, staff_id=row.staff_id, number=numbers[row.pk], at=now, by=by[:64],
            way=ReminderWay.WECOM if row.pk in drafts else ReminderWay.MESSAGE,
            to_leader=numbers[row.pk] >= rules.leader_at,
            send_id=of_key[drafts[row.pk].key] if row.pk in drafts else None,
            error="" if row.pk in drafts or notes[row.staff_id or 0].key in rung else TUNED_OFF,
        )
        for row in reminded
    )  # fmt: skip
    _tell_leads(tenant, [row for row in reminded if numbers[row.pk] >= rules.leader_at], now)
    return reminded


def _msgids(tenant_id: int, rows: Iterable[Touch]) -> dict[int | None, str]:
    tasks = SendTask.objects.filter(
        tenant_id=tenant_id, send_id__in=[row.send_id for row in rows], state=TaskState.WAITING
    )
    return dict(tasks.values_list("send_id", "vendor_id"))


def _mass_draft(row: Touch, msgid: str, number: int) -> SendDraft:
    return SendDraft(
        kind="remind_mass_send", key=f"{MASS_REF}:{row.send_id}:{number}", payload={"msgid": msgid},
        ref_kind=MASS_REF, ref_id=row.send_id or 0,
    )  # fmt: skip


def _nudge(tenant: "Tenant", rows: list[Touch], now: datetime) -> Draft:
    """One notice of all that one person has not done, with the way to the first of it."""
    first = min(rows, key=lambda row: (row.window_ends_at, row.pk))
    until = clock.local(first.window_ends_at, tenant.timezone)
    tasks = reverse("team_phone:tasks", kwargs={"phone_slug": tenant.slug})
    return Draft(
        kind=NoticeKind.REMINDER, key=nudge_key(first.staff_id, now), staff_ids=[first.staff_id or 0],
        title=say_count("%(n)s task waits for you", "%(n)s tasks wait for you", len(rows)) % {"n": len(rows)},
        detail=say("First: “%(step)s”, by %(until)s")
        % {"step": first.step.title, "until": f"{until:%m-%d %H:%M}"},
        url=reverse("team:today", kwargs={"tenant_slug": tenant.slug}),
        phone_url=phone_path(tenant, first.pk) if len(rows) == 1 else tasks,
    )  # fmt: skip


def nudge_key(staff_id: int | None, at: datetime) -> str:
    """How the notice of one reminder of a person is named; `reminders_answered` reads it."""
    return f"{NUDGE_REF}:{staff_id}:{at.isoformat()}"


def _tell_leads(tenant: "Tenant", rows: list[Touch], now: datetime) -> None:
    """The last step of the ladder: a row on Today for whoever leads, which tells them."""
    by_staff: dict[int, list[Touch]] = defaultdict(list)
    for row in rows:
        if row.staff_id is not None:
            by_staff[row.staff_id].append(row)
    if not by_staff:
        return
    ledger = reverse("sop:touches", kwargs={"tenant_slug": tenant.slug})
    items = {
        staff_id: {
            "staff_id": None, "kind": "alert", "bucket": "must",
            "title": say("%(who)s has not sent what was reminded of") % {"who": some[0].staff},
            "detail": say_list(list(dict.fromkeys(row.step.title for row in some))[:10], say(", ")),
            "reason": say("Reminded as often as allowed: help, or give it to a colleague"),
            "due_at": min(row.window_ends_at for row in some),
            "window_ends_at": max(row.window_ends_at for row in some),
            "url": f"{ledger}?staff={staff_id}&state=handed", "verb_label": say("See them"),
        }
        for staff_id, some in by_staff.items()
    }  # fmt: skip
    work_items_put(tenant_id=tenant.pk, source_kind=LATE_REF, items=items)


def leads_settle(*, tenant: "Tenant") -> None:
    """Take the leads' row about a person away once nothing of theirs waits that was reminded of to the end."""
    late = TouchReminder.objects.filter(tenant=tenant, to_leader=True, touch__state=TouchState.HANDED)
    told = TouchReminder.objects.filter(
        tenant=tenant, to_leader=True, at__gt=clock.now() - timedelta(days=2), staff__isnull=False
    )
    waiting = set(late.values_list("touch__staff_id", flat=True))
    over = {staff_id for staff_id in told.values_list("staff_id", flat=True) if staff_id not in waiting}
    if over:
        work_items_close(
            tenant_id=tenant.pk,
            source_kind=LATE_REF,
            source_ids=sorted(one for one in over if one),
            state="done",
        )


def reminder_answered(*, tenant_id: int, send_id: int, error: str) -> None:
    """What WeCom said to its reminder of a mass send. Safe to repeat."""
    TouchReminder.objects.filter(tenant_id=tenant_id, send_id=send_id).update(error=error[:200])


def nudges_answered(*, tenant_id: int, keys: Iterable[str], send_id: int, error: str) -> None:
    """What became of a message that told notices of these keys: it stands beside the reminders. Safe to repeat."""
    for key in keys:
        ref, _colon, rest = key.partition(":")
        if ref == NUDGE_REF:
            staff_id, _colon, at = rest.partition(":")
            rows = TouchReminder.objects.filter(
                tenant_id=tenant_id,
                staff_id=int(staff_id),
                at=datetime.fromisoformat(at),
                way=ReminderWay.MESSAGE,
            )
            rows.update(send_id=send_id, error=error[:200])
