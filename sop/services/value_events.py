"""Writes of value events: planned, moved, called off; invitations and reminders are touches like any other (R64)."""

import secrets as random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from content.policies.radar import token_make
from groups.selectors import groups_by_id
from sop.enums import (
    EVENT_CALL_DAYS,
    PUSH_NOON_AT,
    Audience,
    Channel,
    ContentType,
    EventKind,
    EventState,
    OnBlock,
    RunState,
    TemplateKind,
)
from sop.errors import EventInvalid, GroupNotReady, ReasonMissing
from sop.models import EventGroup, Run, ValueEvent
from sop.services.editions import edition_follow, hidden_template
from sop.services.planning import plan_cancel
from sop.services.runs import group_is_ready
from team.selectors import staff_by_id
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant

DAY_BEFORE, HOUR_BEFORE = -24 * 60, -60


@dataclass(frozen=True, kw_only=True)
class EventWish:
    """What a person decides about an event. Moments are aware UTC; `capacity` None: no limit; `staff_id`: who answers
    for it.
    """

    kind: str
    title: str
    host: str
    starts_at: datetime
    ends_at: datetime
    group_ids: Sequence[int]
    about: str = ""
    place: str = ""
    link: str = ""
    capacity: int | None = None
    staff_id: int | None = None
    reminders: Sequence[int] = field(default_factory=lambda: [DAY_BEFORE, HOUR_BEFORE])


def event_url(token: str) -> str:
    """The public page of an event, or of its check-in."""
    return f"{settings.PUBLIC_URL}/r/e/{token}"


def event_save(*, tenant: "Tenant", event_id: int | None, wish: EventWish, actor: Actor) -> ValueEvent:
    """Plan an event, or change one that has not begun: its invitation and reminders follow, what went out stays.

    Raises EventInvalid, GroupNotReady, NotPermitted, ValueEvent.DoesNotExist. A change is safe to repeat.
    """
    require(actor, Permission.OPERATE)
    _check(tenant, wish)
    with transaction.atomic():
        if event_id is None:
            row = ValueEvent(
                tenant=tenant, token=_token(tenant), check_in=_token(tenant), created_by=actor.name[:64]
            )
        else:
            row = _locked(tenant, event_id)
            if row.state == EventState.CANCELLED or row.starts_at <= clock.now():
                raise EventInvalid(_("It has begun or was called off: it stays as it is."))
        before = None if event_id is None else row.starts_at.isoformat()
        for name in (
            "kind",
            "title",
            "host",
            "about",
            "starts_at",
            "ends_at",
            "place",
            "link",
            "capacity",
            "staff_id",
        ):
            setattr(row, name, getattr(wish, name))
        row.reminders = sorted(set(wish.reminders))
        row.save()
        _rooms(tenant, row, wish.group_ids)
        _carry_out(tenant, row, list(wish.group_ids), actor)
        audit.record(
            tenant=tenant, actor=actor, target=row,
            verb="sop.event.planned" if event_id is None else "sop.event.changed",
            changes={"starts_at": [before, row.starts_at.isoformat()], "groups": [None, len(wish.group_ids)]},
        )  # fmt: skip
    return row


def event_replay(*, tenant: "Tenant", event_id: int, url: str, actor: Actor) -> ValueEvent:
    """Give an event its replay; those who signed up are told the next noon. Safe to repeat.

    Raises EventInvalid before it has begun, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = _locked(tenant, event_id)
        if row.state == EventState.CANCELLED or row.starts_at > clock.now():
            raise EventInvalid(_("A replay comes after the event."))
        before, row.replay_url = row.replay_url, url
        row.save(update_fields=["replay_url"])
        groups = EventGroup.objects.filter(tenant=tenant, event=row).values_list("group_id", flat=True)
        _carry_out(tenant, row, list(groups), actor)
        if before != url:
            audit.record(
                tenant=tenant,
                actor=actor,
                verb="sop.event.replay_set",
                target=row,
                changes={"replay_url": [before, url]},
            )
    return row


def event_cancel(*, tenant: "Tenant", event_id: int, reason: str, actor: Actor) -> ValueEvent:
    """Call an event off: nothing still planned goes out; the page says so. Raises ReasonMissing, NotPermitted."""
    require(actor, Permission.OPERATE)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        row = _locked(tenant, event_id)
        if row.state == EventState.OPEN:
            row.state, row.cancelled_at, row.cancel_reason = (
                EventState.CANCELLED,
                clock.now(),
                reason.strip()[:200],
            )
            row.save(update_fields=["state", "cancelled_at", "cancel_reason"])
            run = Run.objects.select_for_update().filter(tenant=tenant, pk=row.run_id).first()
            if run is not None:
                run.state, run.ended_at, run.end_reason = RunState.CANCELLED, clock.now(), row.cancel_reason
                run.save(update_fields=["state", "ended_at", "end_reason"])
                plan_cancel(tenant=tenant, run=run)
            audit.record(tenant=tenant, actor=actor, verb="sop.event.cancelled", target=row, reason=reason)
    return row


def _locked(tenant: "Tenant", event_id: int) -> ValueEvent:
    return ValueEvent.objects.select_for_update().get(tenant=tenant, pk=event_id)


def _token(tenant: "Tenant") -> str:
    return token_make(tenant.pk, random.token_urlsafe(12))


def _check(tenant: "Tenant", wish: EventWish) -> None:
    if wish.kind not in EventKind.values or not wish.title.strip() or not wish.host.strip():
        raise EventInvalid
    if wish.starts_at <= clock.now() or wish.ends_at <= wish.starts_at:
        raise EventInvalid(_("It has to begin after now and end after it begins."))
    if wish.kind == EventKind.SALON and not wish.place.strip():
        raise EventInvalid(_("Say where the salon takes place."))
    if wish.kind != EventKind.SALON and not (wish.link or wish.place.strip()):
        raise EventInvalid(_("Say where it takes place: a link, or the group."))
    if wish.staff_id and wish.staff_id not in staff_by_id(tenant_id=tenant.pk, staff_ids=[wish.staff_id]):
        raise EventInvalid
    found = groups_by_id(tenant_id=tenant.pk, group_ids=wish.group_ids)
    if not wish.group_ids or len(found) != len(set(wish.group_ids)):
        raise EventInvalid(_("Choose at least one group."))
    waiting = [str(one) for one in found.values() if not group_is_ready(one)]
    if waiting:
        said = _("Not live yet: %(groups)s. Finish their readiness first.")
        raise GroupNotReady(said % {"groups": _(", ").join(waiting)})


def _rooms(tenant: "Tenant", event: ValueEvent, group_ids: Sequence[int]) -> None:
    EventGroup.objects.filter(tenant=tenant, event=event).exclude(group__in=group_ids).delete()
    EventGroup.objects.bulk_create(
        [EventGroup(tenant=tenant, event=event, group_id=one) for one in sorted(set(group_ids))],
        ignore_conflicts=True,
    )


def _carry_out(tenant: "Tenant", event: ValueEvent, group_ids: list[int], actor: Actor) -> None:
    """The invitation, the reminders and the replay as steps of the event's run."""
    template = hidden_template(tenant=tenant, kind=TemplateKind.EVENT, name=_("Value event"))
    run = Run.objects.select_for_update().filter(tenant=tenant, pk=event.run_id).first()
    moments = _moments(tenant, event)
    first = run.starts_on if run else min(at for _one, at in moments).date()
    first = min([first, *(at.date() for _one, at in moments)])
    run = run or Run(tenant=tenant, created_by=actor.name[:64])
    run.name, run.starts_on, run.state, run.ended_at = event.title[:64], first, RunState.RUNNING, None
    steps = [{**one, "day": (at.date() - first).days + 1, "at": at.time()} for one, at in moments]
    edition_follow(
        tenant=tenant, template=template, run=run, days=max(one["day"] for one in steps), steps=steps,
        group_ids=group_ids, actor=actor,
    )  # fmt: skip
    if event.run_id != run.pk:
        event.run = run
        event.save(update_fields=["run"])


def _moments(tenant: "Tenant", event: ValueEvent) -> list[tuple[dict[str, Any], datetime]]:
    """(fields of a step, when on the tenant's wall), without seconds."""
    zone, noon = tenant.timezone, preferences.value(tenant.pk, PUSH_NOON_AT)
    starts = clock.local(event.starts_at, zone).replace(second=0, microsecond=0)
    call_day: date = starts.date() - timedelta(days=preferences.value(tenant.pk, EVENT_CALL_DAYS))
    called = clock.local(clock.at_local(call_day, noon, zone), zone)
    soonest = clock.local(clock.now(), zone).replace(second=0, microsecond=0) + timedelta(minutes=1)
    words = {
        "title": event.title,
        "host": event.host,
        "when": f"{starts:%m-%d %H:%M}",
        "where": _where(event),
    }
    found = [
        (
            _step(event, "invite", _("Invite: %(title)s") % words, Channel.GROUP_FORWARD, Audience.MEMBERS,
                  _("%(title)s\n%(host)s · %(when)s · %(where)s\nSign up here: {链接:报名}") % words, 180),
            max(called, min(soonest, starts)),
        )
    ]  # fmt: skip
    for minutes in event.reminders:
        is_far = minutes <= DAY_BEFORE
        at = starts + timedelta(minutes=minutes)
        if is_far:
            text = _("You signed up for “%(title)s”, %(when)s, %(where)s. Details: {链接:报名}") % words
            one = _step(event, f"before{-minutes}", _("Remind those who signed up"), Channel.PRIVATE_MASS,
                        Audience.SIGNED_UP, text, 240)  # fmt: skip
        else:
            text = _("“%(title)s” begins at %(when)s, %(where)s. {链接:报名}") % words
            one = _step(event, f"before{-minutes}", _("Remind the group"), Channel.GROUP_FORWARD, Audience.MEMBERS,
                        text, -minutes)  # fmt: skip
        found.append((one, at))
    if event.replay_url:
        day = clock.local(event.ends_at, zone).date() + timedelta(days=1)
        day = max(day, (soonest + timedelta(days=1)).date()) if soonest.date() >= day else day
        text = _("The replay of “%(title)s” is here: {链接:报名}") % words
        step = _step(
            event, "replay", _("Send the replay"), Channel.PRIVATE_MASS, Audience.SIGNED_UP, text, 240
        )
        found.append((step, clock.local(clock.at_local(day, noon, zone), zone)))
    return found


def _where(event: ValueEvent) -> str:
    return event.place or _("online")


def _step(
    event: ValueEvent, key: str, title: str, channel: str, audience: str, text: str, window: int
) -> dict[str, Any]:
    link = {
        "key": "报名", "title": event.title, "kind": "link", "url": event_url(event.token),
        "object_id": f"event:{event.pk}",
    }  # fmt: skip
    return {
        "key": key, "title": title[:64], "channel": channel, "audience": audience, "text": text, "links": [link],
        "content_type": ContentType.ACTIVITY, "window_minutes": max(window, 30), "on_block": OnBlock.DELAY,
        "priority": 40, "cost_minutes": 3, "opens_talk": key == "invite",
    }  # fmt: skip
