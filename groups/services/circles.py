"""Keep the circles of groups (R21): every night the days since late events may have come, written where they differ."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from contacts.services.tags import customer_tag_add
from groups.models import CircleSpell, Group, Member, MemberPass
from groups.policies.circles import WINDOW_DAYS, Did, Rule, Spell, Standing, spells, standing
from groups.selectors.circles import circle_members, circle_rule, did_of
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

LATE_DAYS = 14  # an event may come so late and still move the circles of its days
_FIELDS = ("circle", "until_day", "active_days", "gave")
Key = tuple[int, int]  # (group id, customer id)


def circles_slice(tenant: Tenant, row: MemberPass, groups: Sequence[Group]) -> tuple[int, int]:
    """The night's work on some groups: (spells begun or changed, 0). Safe to repeat."""
    first = row.day - timedelta(days=LATE_DAYS)
    ids = [group.pk for group in groups]
    return circles_write(tenant=tenant, group_ids=ids, first_day=first, last_day=row.day), 0


def circles_write(*, tenant: Tenant, group_ids: Sequence[int], first_day: date, last_day: date) -> int:
    """Work out the circles of these days and write what differs. Returns how many rows. Repeatable.

    From the first day of a group to the last this is a rebuild: the rows are the same as after every single night.
    A constant number of statements, in one transaction.
    """
    rule, minutes = circle_rule(tenant_id=tenant.pk)
    did = did_of(
        tenant_id=tenant.pk, zone=tenant.timezone, group_ids=group_ids,
        first=first_day - timedelta(days=WINDOW_DAYS + 1), until=last_day, minutes=minutes,
    )  # fmt: skip
    present = _present(tenant, group_ids, first_day, last_day)
    with transaction.atomic():
        held = _held(tenant, group_ids, first_day)
        writer = _Writer(tenant.pk, rule, first_day, last_day)
        nothing = Did()
        for key in sorted(set(present) | set(held)):
            writer.person(key, did.get(key, nothing), present.get(key, ()), held.get(key, []))
        return writer.store()


def _held(tenant: Tenant, group_ids: Sequence[int], first_day: date) -> dict[Key, list[CircleSpell]]:
    """Spells that these days may change, oldest first."""
    rows = CircleSpell.objects.select_for_update().filter(
        Q(until_day=None) | Q(until_day__gte=first_day), tenant=tenant, group_id__in=group_ids
    )
    found: dict[Key, list[CircleSpell]] = {}
    for row in rows.order_by("from_day", "pk"):
        found.setdefault((row.group_id, row.customer_id), []).append(row)
    return found


def _present(
    tenant: Tenant, group_ids: Sequence[int], first_day: date, last_day: date
) -> dict[Key, list[date]]:
    """{(group, customer): the days at whose beginning the person sat in the group}."""
    days = [first_day + timedelta(days=number) for number in range((last_day - first_day).days + 1)]
    starts = [(day, clock.day_bounds(day, tenant.timezone)[0]) for day in days]
    rows = Member.objects.filter(
        Q(left_at=None) | Q(left_at__gt=starts[0][1]), tenant=tenant, group_id__in=group_ids, is_staff=False,
        customer_id__isnull=False, joined_at__lt=starts[-1][1],
    )  # fmt: skip
    found: dict[Key, list[date]] = {}
    for group_id, customer_id, joined_at, left_at in rows.values_list(
        "group_id", "customer_id", "joined_at", "left_at"
    ):
        if customer_id is not None and (sat := list(_sat(starts, joined_at, left_at))):
            found.setdefault((group_id, customer_id), []).extend(sat)
    return found


def _sat(
    starts: Iterable[tuple[date, datetime]], joined_at: datetime, left_at: datetime | None
) -> Iterator[date]:
    return (day for day, start in starts if joined_at < start and (left_at is None or left_at > start))


class _Writer:
    """Sets what should stand beside what stands, and writes the difference."""

    def __init__(self, tenant_id: int, rule: Rule, first_day: date, last_day: date) -> None:
        self._tenant_id, self._rule, self._first, self._last = tenant_id, rule, first_day, last_day
        self._fresh: list[CircleSpell] = []
        self._changed: list[CircleSpell] = []
        self._gone: list[int] = []

    def person(self, key: Key, did: Did, days: Iterable[date], held: list[CircleSpell]) -> None:
        """One person in one group."""
        wanted = spells(did, days, self._rule, last_day=self._last)
        head = next((row for row in reversed(held) if row.from_day < self._first), None)
        if head is not None:
            wanted = self._stitched(head, did, wanted)
        known = {row.from_day: row for row in held if row.from_day >= self._first}
        for spell in wanted:
            row = known.pop(spell.from_day, None)
            if row is None:
                row = CircleSpell(
                    tenant_id=self._tenant_id, group_id=key[0], customer_id=key[1], from_day=spell.from_day
                )
                self._put(row, spell.until_day, spell.last)
                self._fresh.append(row)
            else:
                self._change(row, spell.until_day, spell.last)
        self._gone += [row.pk for row in known.values()]

    def _stitched(self, head: CircleSpell, did: Did, wanted: list[Spell]) -> list[Spell]:
        """A spell from before goes on where the first day has the same circle; else it ends there."""
        reaches = head.until_day is None or head.until_day >= self._first
        if reaches and wanted and wanted[0].from_day == self._first and wanted[0].last.circle == head.circle:
            self._change(head, wanted[0].until_day, wanted[0].last)
            return wanted[1:]
        if head.until_day is None or head.until_day > self._first:
            last = standing(did, self._first - timedelta(days=1), self._rule)
            self._change(head, self._first, Standing(head.circle, last.active_days, last.gave))
        return wanted

    def _change(self, row: CircleSpell, until: date | None, last: Standing) -> None:
        before = tuple(getattr(row, name) for name in _FIELDS)
        self._put(row, until, last)
        if before != tuple(getattr(row, name) for name in _FIELDS):
            self._changed.append(row)

    @staticmethod
    def _put(row: CircleSpell, until: date | None, last: Standing) -> None:
        row.circle, row.until_day, row.active_days = last.circle, until, last.active_days
        row.gave = dict(last.gave)

    def store(self) -> int:
        """Write it; how many rows."""
        if self._gone:
            CircleSpell.objects.filter(tenant_id=self._tenant_id, pk__in=self._gone).delete()
        if self._changed:
            CircleSpell.objects.bulk_update(self._changed, _FIELDS, batch_size=2000)
        CircleSpell.objects.bulk_create(self._fresh, batch_size=2000)
        return len(self._fresh) + len(self._changed) + len(self._gone)


def circle_tag(*, tenant: Tenant, group: Group, circles: Sequence[str], tag_id: int, actor: Actor) -> int:
    """Put a tag on everybody of these circles of a group. Returns how many people carry it then.

    Safe to repeat. Raises TagUnknown, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        people = circle_members(tenant_id=tenant.pk, group_ids=[group.pk], circles=circles)[group.pk]
        for customer_id in sorted(people):
            customer_tag_add(tenant=tenant, customer_id=customer_id, tag_id=tag_id, actor=actor)
        audit.record(
            tenant=tenant, actor=actor, verb="groups.circle.tagged", target=group,
            changes={"circles": [None, list(circles)], "people": [None, len(people)]},
        )  # fmt: skip
    return len(people)
