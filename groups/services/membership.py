"""Who sits in a group: what one event does to what we hold, under the group's lock.

Whatever the size of the group, each does the same number of statements. `policies.hearing` says where an event
stands; what it leaves open is a full read (`services.membership_read`).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum, auto

from django.db import transaction
from django.db.models import Q

from groups.enums import QuitScene
from groups.models import Group, Member
from groups.policies import spells
from groups.policies.hearing import Held, Place, after_event, place_of
from groups.policies.wire import Change
from groups.services.endings import ending_dissolved
from groups.services.glance import glance_refresh
from groups.services.held import COUNT_FIELDS, STAMP_FIELDS, group_locked, recount, stamp
from groups.services.people import Person, people_known
from groups.services.seats import rows_of, seats_write, spells_of
from groups.services.silence import cases_over


class Heard(Enum):
    """What one event was to the state it met."""

    NEXT = auto()  # it followed and is applied
    KNOWN = auto()  # the state shows it already; at most it dated something
    DOUBTED = auto()  # the state was read later and says otherwise: right, unless WeCom's answer lagged
    UNFIT = auto()  # it leaves open what is true: read the group


def membership_hear(*, tenant_id: int, app_id: int, change: Change) -> Heard:
    """Apply one event where that needs no read. Safe to repeat: the second time it is known."""
    with transaction.atomic():
        group = group_locked(tenant_id=tenant_id, app_id=app_id, chat_id=change.chat_id)
        if group is None:
            return Heard.UNFIT
        held = Held(group.member_version, group.members_as_of, group.synced_at, group.dismissed_at)
        place = place_of(held, change)
        if place is Place.OPEN:
            return Heard.UNFIT
        if not change.userids:
            return Heard.KNOWN
        return _hear(group, held, place, change)


def _hear(group: Group, held: Held, place: Place, change: Change) -> Heard:
    rows = rows_of(group, Q(userid__in=change.userids))
    people = _people(group, rows, change.userids)
    if place in (Place.NEXT, Place.PAST) and len(people) < len(change.userids):
        return Heard.UNFIT  # only a read can tell who it is
    told = {
        userid: after_event(place, held, change, spells_of(rows.get(userid, ())))
        for userid in change.userids
        if userid in people
    }
    is_contrary = any(contrary for _, contrary in told.values())
    if is_contrary and place is Place.PAST:
        return Heard.UNFIT
    after = {userid: own for userid, (own, _) in told.items()}
    seats_write(group, rows=rows, after=after, people=people, seen={})
    return _stamped(group, place, change, is_contrary=is_contrary)


def _people(group: Group, rows: Mapping[str, list[Member]], userids: Iterable[str]) -> dict[str, Person]:
    """Who the named are, where it is known: from their own rows, and asked for where those do not say."""
    known = {
        userid: Person(own[-1].is_staff, staff_id=own[-1].staff_id, customer_id=own[-1].customer_id)
        for userid, own in rows.items()
        if own[-1].staff_id or own[-1].customer_id
    }
    rest = [userid for userid in userids if userid not in known]
    if rest:
        known |= people_known(tenant_id=group.tenant_id, app_id=group.app_id or 0, userids=rest)
    return known


def _stamped(group: Group, place: Place, change: Change, *, is_contrary: bool) -> Heard:
    """Write what the group's row says after the event."""
    as_of = group.members_as_of or change.occurred_at
    if place is Place.PAST:
        as_of = max(as_of, change.occurred_at)
    if place is not Place.NEXT and not is_contrary and as_of == group.members_as_of:
        return Heard.KNOWN
    if place is Place.NEXT:
        stamp(group, version=change.current_version, as_of=change.occurred_at)
    else:
        stamp(group, version=group.member_version, as_of=as_of)
    recount(group)
    group.save(update_fields=[*STAMP_FIELDS, *COUNT_FIELDS])
    if place is Place.NEXT:
        return Heard.NEXT
    return Heard.DOUBTED if is_contrary else Heard.KNOWN


def membership_dissolve(*, tenant_id: int, app_id: int, chat_id: str, at: datetime) -> bool:
    """The group was dissolved at `at`. Its members end with it and count as nobody's departure.

    False: the group is not known. Safe to repeat; the first time told stays.
    """
    with transaction.atomic():
        group = group_locked(tenant_id=tenant_id, app_id=app_id, chat_id=chat_id)
        if group is None:
            return False
        if group.dismissed_at is None:
            group.dismissed_at = at
        rows = rows_of(group, Q(left_at=None))
        after = {
            userid: spells.settle_absent(spells_of(own), at=group.dismissed_at, scene=QuitScene.DISSOLVED)
            for userid, own in rows.items()
        }
        seats_write(group, rows=rows, after=after, people={}, seen={})
        stamp(group, version="", as_of=max(at, group.members_as_of or at))
        group.customer_count = group.staff_count = 0
        group.save(update_fields=["dismissed_at", *STAMP_FIELDS, *COUNT_FIELDS])
        ending_dissolved(tenant_id=tenant_id, group_id=group.pk)
        cases_over(tenant_id=tenant_id, group_ids=[group.pk])
        glance_refresh(tenant=group.tenant, group_ids=[group.pk])
    return True


def membership_tell_late(*, tenant_id: int, app_id: int, change: Change) -> bool:
    """A member event about a group that WeCom no longer knows: it only dates what happened before the end.

    False: no such group here. Safe to repeat.
    """
    with transaction.atomic():
        group = group_locked(tenant_id=tenant_id, app_id=app_id, chat_id=change.chat_id)
        if group is None:
            return False
        ended_at = group.dismissed_at or change.occurred_at
        rows = rows_of(group, Q(userid__in=change.userids))
        people = _people(group, rows, change.userids)
        held = Held("", None, None, ended_at)
        after = {
            userid: after_event(Place.ENDED, held, change, spells_of(rows.get(userid, ())))[0]
            for userid in people
        }
        seats_write(group, rows=rows, after=after, people=people, seen={})
    return True
