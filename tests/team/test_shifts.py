"""Who is at work, who stands in, and whose list a thing stands on outside shifts."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from team.errors import BackupInvalid
from team.models import StaffProfile, WorkItem
from team.policies.shifts import Hours, is_night, is_on, minutes_of, night_of
from team.selectors import backup_of, on_shift, work_counts, work_item_list
from team.services import day_off_set, profile_set, shifts_set, work_item_act, work_item_put
from tenants.audit import SYSTEM, Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, Tenant
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.team import make_staff
from tests.factories.tenants import make_tenant

DAY = (time(9), time(18))
NIGHT = (time(22), time(6))
MONDAY = date(2026, 3, 2)
times = st.times(min_value=time(0), max_value=time(23, 59)).map(
    lambda one: one.replace(second=0, microsecond=0)
)


def on_the_wall(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute))


@pytest.mark.unit
@pytest.mark.parametrize(
    ("hour", "minute", "works"), [(8, 59, False), (9, 0, True), (17, 59, True), (18, 0, False)]
)
def test_a_shift_holds_from_its_start_until_before_its_end(hour: int, minute: int, works: bool) -> None:
    assert is_on(Hours({0: DAY}), on_the_wall(MONDAY, hour, minute)) is works


@pytest.mark.unit
def test_a_night_shift_runs_into_the_morning_of_a_day_that_is_off_and_no_further() -> None:
    hours = Hours({0: NIGHT}, frozenset({MONDAY + timedelta(days=1)}))
    at = [on_the_wall(MONDAY, 23), on_the_wall(MONDAY + timedelta(days=1), 5), on_the_wall(MONDAY, 5)]
    assert [is_on(hours, one) for one in at] == [True, True, False]
    taken_off = Hours({0: NIGHT}, frozenset({MONDAY}))
    assert [is_on(taken_off, one) for one in at] == [False, False, False]


@pytest.mark.unit
def test_who_declared_no_week_works_but_on_days_off() -> None:
    assert is_on(Hours(), on_the_wall(MONDAY, 3))
    assert not is_on(Hours({}, frozenset({MONDAY})), on_the_wall(MONDAY, 12))


@pytest.mark.unit
@given(st.dictionaries(st.integers(0, 6), st.tuples(times, times), min_size=1))
def test_the_minutes_at_work_of_a_week_are_those_that_its_shifts_say(
    week: dict[int, tuple[time, time]],
) -> None:
    """The days before and after run over into the week, so that it closes like a ring."""
    minutes = {
        one
        for one in range(0, 7 * 1440, 7)
        if is_on(Hours(week), on_the_wall(MONDAY, 0) + timedelta(minutes=one))
    }
    said = {
        (day * 1440 + start.hour * 60 + start.minute + one) % (7 * 1440)
        for day, (start, end) in week.items()
        for one in range(minutes_of((start, end)))
    }
    assert minutes == {one for one in said if one % 7 == 0}


@pytest.mark.unit
def test_two_in_the_morning_is_of_the_evening_before_and_a_night_over_midnight_is_one() -> None:
    assert [is_night(time(hour), time(22), time(7)) for hour in (21, 22, 0, 6, 7)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert [is_night(time(hour), time(1), time(5)) for hour in (0, 1, 4, 5)] == [False, True, True, False]
    late, early = on_the_wall(MONDAY, 23), on_the_wall(MONDAY + timedelta(days=1), 2)
    assert {night_of(one, time(7)) for one in (late, early)} == {MONDAY}
    assert night_of(on_the_wall(MONDAY, 7), time(7)) == MONDAY  # the night is over


def leader(tenant: Tenant) -> Actor:
    return Actor("user", 1, "主管", PERMISSIONS[Role.LEADER])


@pytest.mark.integration
@pytest.mark.django_db
def test_nobody_declared_anything_so_everybody_may_work(tenant: Tenant, frozen: MovableClock) -> None:
    with tenant_scope(tenant):
        make_staff(tenant=tenant)
        assert on_shift(tenant_id=tenant.pk, at=frozen.moment) is None


@pytest.mark.integration
@pytest.mark.django_db
def test_on_shift_names_those_at_work_on_the_companys_wall(tenant: Tenant) -> None:
    at = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # Monday 10:00 in Shanghai
    with tenant_scope(tenant):
        day, night, free, gone, off = (make_staff(tenant=tenant) for _one in range(5))
        gone.is_active = False
        gone.save()
        for one, span in ((day, DAY), (night, NIGHT), (gone, DAY), (off, DAY)):
            shifts_set(tenant=tenant, staff_id=one.pk, week={0: span}, actor=SYSTEM)
        day_off_set(tenant=tenant, staff_id=off.pk, day=MONDAY, is_off=True, actor=SYSTEM)
        assert on_shift(tenant_id=tenant.pk, at=at) == {day.pk, free.pk}
        assert on_shift(tenant_id=tenant.pk, at=at + timedelta(hours=14)) == {night.pk, free.pk}


@pytest.mark.integration
@pytest.mark.django_db
def test_what_falls_due_outside_a_shift_stands_on_both_lists_and_the_backup_may_do_it(
    tenant: Tenant, frozen: MovableClock
) -> None:
    at = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    with tenant_scope(tenant):
        ann, ben, cal = (make_staff(tenant=tenant, name=name) for name in ("安", "本", "卡"))
        profile_set(tenant=tenant, staff_id=ann.pk, backup_id=ben.pk, actor=leader(tenant))
        shifts_set(tenant=tenant, staff_id=ann.pk, week={0: DAY}, actor=leader(tenant))
        fields = {"kind": "sop_task", "title": "晚间群发", "staff_id": ann.pk}
        inside = work_item_put(tenant_id=tenant.pk, source_kind="t", source_id=1, due_at=at, **fields)
        outside = work_item_put(
            tenant_id=tenant.pk, source_kind="t", source_id=2, due_at=at + timedelta(hours=9), **fields
        )

        def seen(staff: object) -> set[int]:
            return {one.pk for one in work_item_list(tenant_id=tenant.pk, staff_id=staff.pk)}  # type: ignore[attr-defined]

        assert backup_of(tenant_id=tenant.pk, staff_ids=[ann.pk, ben.pk]) == {ann.pk: ben.pk}
        assert (seen(ann), seen(ben), seen(cal)) == ({inside.pk, outside.pk}, {outside.pk}, set())
        assert work_counts(tenant_id=tenant.pk, staff_id=ben.pk, since=at)["all"] == 1
        sales = Actor("staff", ben.pk, "本", PERMISSIONS[Role.SALES])
        work_item_act(tenant=tenant, item_id=outside.pk, verb="done", actor=sales, staff_ids=[ben.pk])
        assert WorkItem.objects.get(pk=outside.pk).done_by == "本"


@pytest.mark.integration
@pytest.mark.django_db
def test_another_week_or_another_backup_moves_what_already_waits(
    tenant: Tenant, frozen: MovableClock
) -> None:
    at = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)  # Monday 19:00
    with tenant_scope(tenant):
        ann, ben, cal = (make_staff(tenant=tenant) for _one in range(3))
        item = work_item_put(
            tenant_id=tenant.pk,
            source_kind="t",
            source_id=1,
            due_at=at,
            kind="lead",
            title="跟进",
            staff_id=ann.pk,
        )
        covers = []
        for act in (
            lambda: profile_set(tenant=tenant, staff_id=ann.pk, backup_id=ben.pk, actor=SYSTEM),
            lambda: shifts_set(tenant=tenant, staff_id=ann.pk, week={0: DAY}, actor=SYSTEM),
            lambda: profile_set(tenant=tenant, staff_id=ann.pk, backup_id=cal.pk, actor=SYSTEM),
            lambda: shifts_set(tenant=tenant, staff_id=ann.pk, week={0: (time(9), time(21))}, actor=SYSTEM),
            lambda: day_off_set(tenant=tenant, staff_id=ann.pk, day=MONDAY, is_off=True, actor=SYSTEM),
            lambda: day_off_set(tenant=tenant, staff_id=ann.pk, day=MONDAY, is_off=False, actor=SYSTEM),
        ):
            act()
            covers.append(WorkItem.objects.get(pk=item.pk).cover_id)
        assert covers == [None, ben.pk, cal.pk, None, cal.pk, None]


@pytest.mark.integration
@pytest.mark.django_db
def test_only_leaders_write_profiles_and_shifts_and_the_trail_keeps_what_stood_before(tenant: Tenant) -> None:
    with tenant_scope(tenant):
        staff = make_staff(tenant=tenant)
        operator = Actor("user", 2, "运营", PERMISSIONS[Role.OPERATOR])
        for act in (
            lambda: profile_set(tenant=tenant, staff_id=staff.pk, kind="sales", actor=operator),
            lambda: shifts_set(tenant=tenant, staff_id=staff.pk, week={0: DAY}, actor=operator),
            lambda: day_off_set(tenant=tenant, staff_id=staff.pk, day=MONDAY, is_off=True, actor=operator),
        ):
            with pytest.raises(NotPermitted):
                act()
        for _twice in range(2):
            profile_set(
                tenant=tenant, staff_id=staff.pk, kind="sales", strengths="逼单 😀", actor=leader(tenant)
            )
            shifts_set(tenant=tenant, staff_id=staff.pk, week={0: DAY, 6: None}, actor=leader(tenant))
        profile_set(tenant=tenant, staff_id=staff.pk, kind="operations", actor=leader(tenant))
        told = list(
            AuditEntry.objects.filter(target_kind="team.staff")
            .order_by("pk")
            .values_list("changes", flat=True)
        )
        assert told == [
            {"kind": ["", "sales"], "strengths": ["", "逼单 😀"]},
            {"day_1": ["", "09:00–18:00"]},
            {"kind": ["sales", "operations"]},
        ]


@pytest.mark.integration
@pytest.mark.django_db
def test_a_backup_is_an_active_colleague_of_the_same_company(tenant: Tenant) -> None:
    other = make_tenant()
    with tenant_scope(other):
        stranger = make_staff(tenant=other)
    with tenant_scope(tenant):
        staff, gone = make_staff(tenant=tenant), make_staff(tenant=tenant, is_active=False)
        codes = []
        for backup in (staff.pk, gone.pk, stranger.pk, 10**12):
            with pytest.raises(BackupInvalid) as refused:
                profile_set(tenant=tenant, staff_id=staff.pk, backup_id=backup, actor=leader(tenant))
            codes.append(refused.value.code)  # type: ignore[attr-defined]
        assert codes == ["STAFF-06"] * 4
        assert not StaffProfile.objects.exists()
