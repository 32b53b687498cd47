"""Who sits in a group: what events do to what we hold, under the group's lock.

Whatever the size of the group, each does the same number of statements. `policies.hearing` says where an event
stands; what it leaves open is a full read (`services.membership_read`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum, auto

from django.db import transaction
from django.db.models import Q

from groups.enums import QuitScene
from groups.models import Group, Member
from groups.policies import spells
from groups.policies.hearing import Held, Place, after_event, place_of
from groups.policies.spells import Spells
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


def membership_hear(*, tenant_id: int, app_id: int, changes: Sequence[Change]) -> list[Heard]:
    """Apply events of one group, in their order, where that needs no read: what each was, up to the first that is
    unfit. At least one event. Safe to repeat: the second time they are known."""
    with transaction.atomic():
        group = group_locked(tenant_id=tenant_id, app_id=app_id, chat_id=changes[0].chat_id)
        if group is None:
            return [Heard.UNFIT]
        hearing = _Hearing(group, changes)
        heard: list[Heard] = []
        for change in changes:
            heard.append(hearing.hear(change))
            if heard[-1] is Heard.UNFIT:
                break
        hearing.write()
    return heard


class _Hearing:
    """What some events make of a locked group: read once, changed in memory, written once."""

    def __init__(self, group: Group, changes: Iterable[Change]) -> None:
        self.group = group
        self.userids = sorted({userid for change in changes for userid in change.userids})
        self.rows: dict[str, list[Member]] | None = None  # read with the first event that needs them
        self.people: dict[str, Person] = {}
        self.after: dict[str, Spells] = {}
        self.is_stamped = False

    def hear(self, change: Change) -> Heard:
        group = self.group
        held = Held(group.member_version, group.members_as_of, group.synced_at, group.dismissed_at)
        place = place_of(held, change)
        if place is Place.OPEN:
            return Heard.UNFIT
        if not change.userids:
            return Heard.KNOWN
        rows = self._rows()
        named = [userid for userid in change.userids if userid in self.people]
        if place in (Place.NEXT, Place.PAST) and len(named) < len(change.userids):
            return Heard.UNFIT  # only a read can tell who it is
        told = {
            userid: after_event(
                place, held, change, self.after.get(userid) or spells_of(rows.get(userid, ()))
            )
            for userid in named
        }
        is_contrary = any(contrary for _, contrary in told.values())
        if is_contrary and place is Place.PAST:
            return Heard.UNFIT
        self.after |= {userid: own for userid, (own, _) in told.items()}
        return self._stamped(place, change, is_contrary=is_contrary)

    def _rows(self) -> dict[str, list[Member]]:
        if self.rows is None:
            self.rows = rows_of(self.group, Q(userid__in=self.userids))
            self.people = _people(self.group, self.rows, self.userids)
        return self.rows

    def _stamped(self, place: Place, change: Change, *, is_contrary: bool) -> Heard:
        """Have the group's row say what it is true of after the event."""
        group = self.group
        as_of = group.members_as_of or change.occurred_at
        if place is Place.PAST:
            as_of = max(as_of, change.occurred_at)
        if place is not Place.NEXT and not is_contrary and as_of == group.members_as_of:
            return Heard.KNOWN
        self.is_stamped = True
        if place is Place.NEXT:
            stamp(group, version=change.current_version, as_of=change.occurred_at)
            return Heard.NEXT
        stamp(group, version=group.member_version, as_of=as_of)
        return Heard.DOUBTED if is_contrary else Heard.KNOWN

    def write(self) -> None:
        if self.after:
            seats_write(self.group, rows=self.rows or {}, after=self.after, people=self.people, seen={})
        if self.is_stamped:
            recount(self.group)
            self.group.save(update_fields=[*STAMP_FIELDS, *COUNT_FIELDS])


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
