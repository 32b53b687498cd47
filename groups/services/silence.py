"""The review of silent members (R19): who is found, and which cases end by themselves. Nobody is ever removed by us."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from groups.enums import CASES_UNDER_WAY, SILENCE_KEEP_DAYS, CaseState
from groups.models import Group, MemberPass, SilentCase
from groups.policies.silence import AAA, ADS, Found, Limits, Present, is_reviewed, review
from groups.selectors.silence import Look, looks, silence_limits
from team.enums import WorkState
from team.services import work_items_close
from tenants import clock, preferences
from tenants.models import Tenant

WAKE, REMOVE = "groups.silent.wake", "groups.silent.remove"
_FOUND_FIELDS = (
    "state", "reasons", "evidence", "customer", "last_at", "last_kind", "found_at", "decided_at",
    "decided_by", "ended_at",
)  # fmt: skip
_BY_NAME_OR_WORDS = frozenset({ADS, AAA})  # reasons that need no silence


def silence_slice(tenant: Tenant, _row: MemberPass, groups: Sequence[Group]) -> tuple[int, int]:
    """Review some groups: (people found, groups about whose silence nothing is known). Safe to repeat."""
    return _review(tenant, groups, adds=True)


def cases_recheck(tenant: Tenant, groups: Sequence[Group]) -> None:
    """End the cases of those who were active since; finds nobody new. Safe to repeat."""
    ids = [row.pk for row in groups]
    rows = SilentCase.objects.filter(tenant=tenant, group_id__in=ids, state__in=CASES_UNDER_WAY)
    having = set(rows.values_list("group_id", flat=True).distinct())
    if having:
        _review(tenant, [row for row in groups if row.pk in having], adds=False)


def cases_left(*, tenant_id: int, group_ids: set[int], customer_ids: set[int]) -> int:
    """People left: their cases are over, what was asked of the owner is done. Returns how many. Safe to repeat."""
    with transaction.atomic():
        rows = SilentCase.objects.filter(
            tenant_id=tenant_id,
            group_id__in=group_ids,
            customer_id__in=customer_ids,
            member__left_at__isnull=False,
        ).exclude(state=CaseState.LEFT)
        return _leave(tenant_id, rows)


def cases_over(*, tenant_id: int, group_ids: Iterable[int]) -> int:
    """Groups are archived or dissolved: nobody there waits for a decision or a task any more. Returns how many cases.

    In the caller's transaction; safe to repeat.
    """
    rows = SilentCase.objects.filter(
        tenant_id=tenant_id, group_id__in=list(group_ids), state__in=CASES_UNDER_WAY
    )
    return _leave(tenant_id, rows)


def _leave(tenant_id: int, rows: QuerySet[SilentCase]) -> int:
    """Under the cases' locks: a decision made at this very moment comes before or after, with its task."""
    held = rows.select_for_update(of=("self",)).order_by("pk")
    found = dict(held.values_list("pk", "state"))
    if not found:
        return 0
    SilentCase.objects.filter(tenant_id=tenant_id, pk__in=list(found)).update(
        state=CaseState.LEFT, ended_at=clock.now()
    )
    removed = [pk for pk, state in found.items() if state == CaseState.REMOVING]
    work_items_close(tenant_id=tenant_id, source_kind=REMOVE, source_ids=removed, state=WorkState.DONE)
    work_items_close(tenant_id=tenant_id, source_kind=WAKE, source_ids=list(found))
    return len(found)


def cases_drop(*, tenant_id: int, group_ids: Iterable[int]) -> None:
    """These groups are not reviewed (any more): who waits there for a decision goes. Safe to repeat."""
    SilentCase.objects.filter(
        tenant_id=tenant_id, group_id__in=list(group_ids), state=CaseState.OPEN
    ).delete()


def _review(tenant: Tenant, groups: Sequence[Group], *, adds: bool) -> tuple[int, int]:
    now = clock.now()
    wanted = [row for row in groups if is_reviewed(kind=row.kind, switch=row.reviews_silence)]
    if len(wanted) < len(groups):
        cases_drop(tenant_id=tenant.pk, group_ids={row.pk for row in groups} - {row.pk for row in wanted})
    if not wanted:
        return 0, 0
    limits = silence_limits(tenant_id=tenant.pk)
    keep = timedelta(days=preferences.value(tenant.pk, SILENCE_KEEP_DAYS))
    seen = looks(tenant_id=tenant.pk, groups=wanted, now=now)
    rows = SilentCase.objects.select_for_update().filter(tenant=tenant, group_id__in=list(seen))
    cases = {row.member_id: row for row in rows.order_by("pk")}
    writer = _Writer(tenant.pk, now, limits, keep, adds=adds)
    for group in wanted:
        writer.group(group.pk, seen[group.pk], cases)
    writer.store()
    return writer.found_count, sum(bool(look.why_unknown) for look in seen.values())


class _Writer:
    """What one slice changes, written at the end in a constant number of statements."""

    def __init__(self, tenant_id: int, now: datetime, limits: Limits, keep: timedelta, *, adds: bool) -> None:
        self._tenant_id, self._now, self._limits, self._keep, self._adds = tenant_id, now, limits, keep, adds
        self._fresh: list[SilentCase] = []
        self._changed: list[SilentCase] = []
        self._void: list[int] = []  # what cannot be known any more
        self._asked: list[int] = []  # whose tasks are taken back
        self.found_count = 0

    def group(self, group_id: int, look: Look, cases: Mapping[int, SilentCase]) -> None:
        """Set one group's people beside its known cases."""
        found = review(look.members, now=self._now, limits=self._limits, knows_silence=not look.why_unknown)
        for one in look.members:
            case, why = cases.get(one.member_id), found.get(one.member_id)
            if why is None:
                self._end(case, is_known=not look.why_unknown)
            elif case is not None:
                self.found_count += 1
                if self._comes_up(case):
                    self._changed.append(self._filled(case, one, why, look))
            elif self._adds:
                self.found_count += 1
                fresh = SilentCase(tenant_id=self._tenant_id, group_id=group_id, member_id=one.member_id)
                self._fresh.append(self._filled(fresh, one, why, look))

    def _comes_up(self, case: SilentCase) -> bool:
        """Whether a known case waits for a decision (again). What the owner was asked to do stands until done."""
        if case.state in (CaseState.OPEN, CaseState.BACK):
            return case.state == CaseState.OPEN or self._adds
        if case.state not in (CaseState.KEPT, CaseState.WAKING) or case.decided_at is None:
            return False
        wait = self._keep if case.state == CaseState.KEPT else timedelta(hours=self._limits.hours)
        return self._adds and self._now - case.decided_at > wait

    def _filled(self, case: SilentCase, one: Present, why: Found, look: Look) -> SilentCase:
        was_woken = case.state == CaseState.WAKING or bool(case.evidence.get("woken"))
        if case.pk is None or case.state != CaseState.OPEN:
            case.found_at = self._now
        if case.state == CaseState.WAKING:
            self._asked.append(case.pk)
        case.state, case.reasons = CaseState.OPEN, list(why.reasons)
        case.evidence = {**why.evidence, **({"woken": True} if was_woken else {})}
        case.customer_id = look.customer_ids[one.member_id]
        case.last_at, case.last_kind = one.last_at, look.last_kinds[one.member_id]
        case.decided_at, case.decided_by, case.ended_at = None, "", None
        return case

    def _end(self, case: SilentCase | None, *, is_known: bool) -> None:
        """Nothing speaks against somebody any more: the case is over. What nobody can know ends no decision."""
        if case is None or case.state not in CASES_UNDER_WAY:
            return
        if not is_known and not _BY_NAME_OR_WORDS.issuperset(case.reasons):
            if case.state == CaseState.OPEN:
                self._void.append(case.pk)
            return
        case.state, case.ended_at = CaseState.BACK, self._now
        self._asked.append(case.pk)
        self._changed.append(case)

    def store(self) -> None:
        """Write it all; tasks of cases that are over are taken back."""
        SilentCase.objects.bulk_create(self._fresh, ignore_conflicts=True)
        if self._changed:
            SilentCase.objects.bulk_update(self._changed, _FOUND_FIELDS)
        if self._void:
            SilentCase.objects.filter(tenant_id=self._tenant_id, pk__in=self._void).delete()
        if self._asked:
            for kind in (WAKE, REMOVE):
                work_items_close(tenant_id=self._tenant_id, source_kind=kind, source_ids=self._asked)
