"""The nightly certificate: it agrees with a day that went right, and finds each fault that is planted."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.enums import CAP_PER_DAY
from contacts.models import Exposure, ExposureDay, ExposureWeek, GroupDay
from contacts.services.identity import customers_merge
from groups.models import Member
from sop.enums import CERTIFY_AT, REF
from sop.models import Certificate, Touch, TouchRecipient
from sop.selectors.certificates import faults_shown
from sop.services.certificate import (
    certificate_again,
    certificate_make,
    certificate_mend,
    certify_night,
    tenants_uncertified,
)
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply, plan_cancel
from team.models import WorkItem
from tenants import clock, preferences
from tenants.audit import SYSTEM
from tenants.errors import NotPermitted
from tenants.models import Preference, User
from tenants.services import preference_set
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer
from tests.factories.groups import make_member
from tests.factories.sop import make_run
from tests.factories.tenants import actor_of
from tests.factories.tenants import make_member as make_seat
from tests.sop.conftest import Camp
from tests.sop.test_services_dispatch import AT_10
from wecom.models import QuotaEntry

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
SUNDAY, MONDAY = date(2026, 3, 1), date(2026, 3, 2)
Make = Callable[..., Camp]
STEPS = [
    {"channel": "group_forward"},
    {"channel": "group_mass"},
    {"channel": "private_mass", "text": "早安"},
    {"channel": "moments"},
    {"channel": "staff_task", "is_service": True, "text": "在吗"},
]


@pytest.fixture
def sent(camp: Make, frozen: MovableClock) -> Camp:
    """A Monday on which all of it went out to two groups of three."""
    made = camp(steps=STEPS, groups=2)
    frozen.set(AT_10)
    plan_apply(tenant=made.tenant, run=made.run)
    dispatch_due(tenant_id=made.tenant.pk)
    return made


def kinds(row: Certificate) -> set[str]:
    return {one["kind"] for one in row.faults}


def test_a_day_that_went_right_agrees(sent: Camp) -> None:
    row = certificate_make(tenant=sent.tenant, day=MONDAY)
    assert (row.fault_count, row.faults) == (0, [])
    assert (row.touches, row.exposures, row.persons, row.sends) == (6, 18, 6, 8)
    assert not WorkItem.objects.filter(source_kind="sop.certificate").exists()


def test_a_message_taken_back_still_agrees(sent: Camp, frozen: MovableClock) -> None:
    plan_cancel(tenant=sent.tenant, run=sent.run)
    row = certificate_make(tenant=sent.tenant, day=MONDAY)
    assert (row.fault_count, row.touches) == (0, 0)


def _forget_exposure(sent: Camp) -> None:
    row = Exposure.objects.filter(group=sent.groups[0], customer=sent.people[0][0]).first()
    assert row is not None
    row.pk, row.seq, row.weight = None, 1, -1
    row.save(force_insert=True)


def _invent_exposure(sent: Camp) -> None:
    row = Exposure.objects.filter(customer=sent.people[0][0], capped=True).first()
    assert row is not None
    row.pk, row.customer_id = None, make_customer(tenant=sent.tenant).pk
    row.save(force_insert=True)


def _raise_day(sent: Camp) -> None:
    ExposureDay.objects.filter(customer=sent.people[0][0]).update(count=2)


def _raise_week(sent: Camp) -> None:
    ExposureWeek.objects.filter(customer=sent.people[1][0]).update(count=9)


def _lower_group(sent: Camp) -> None:
    GroupDay.objects.filter(group=sent.groups[1]).delete()


def _forget_quota(sent: Camp) -> None:
    QuotaEntry.objects.filter(receiver_id=sent.groups[0].chat_id).delete()


def _invent_quota(sent: Camp) -> None:
    row = QuotaEntry.objects.filter(receiver_kind="group").first()
    assert row is not None
    row.pk, row.receiver_id = None, "wrNobody"
    row.save(force_insert=True)


def _told_late(sent: Camp) -> None:
    make_member(
        group=sent.groups[0], customer=make_customer(tenant=sent.tenant), joined_at=AT_10 - timedelta(hours=1)
    )


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (_forget_exposure, {"not_logged"}),
        (_invent_exposure, {"not_sent"}),
        (_raise_day, {"day", "week"}),
        (_raise_week, {"week"}),
        (_lower_group, {"group"}),
        (_forget_quota, {"quota_missing"}),
        (_invent_quota, {"quota_surplus"}),
        (_told_late, {"not_logged", "day"}),
    ],
)
def test_a_planted_fault_is_found_told_and_mended(
    sent: Camp, plant: Callable[[Camp], None], found: set[str]
) -> None:
    plant(sent)
    row = certificate_make(tenant=sent.tenant, day=MONDAY)
    assert kinds(row) == found
    item = WorkItem.objects.get(source_kind="sop.certificate")
    assert (item.state, item.rule_code) == ("open", "CERT-01")
    row = certificate_mend(tenant=sent.tenant, certificate_id=row.pk, actor=SYSTEM)
    assert (row.fault_count, row.mended_by) == (0, SYSTEM.name)
    item.refresh_from_db()
    assert item.state == "done"


def test_somebody_over_the_cap_is_named_and_cannot_be_mended(sent: Camp) -> None:
    Preference.objects.create(tenant=sent.tenant, key="touch.cap_per_day", value=2)
    row = certificate_make(tenant=sent.tenant, day=MONDAY)
    assert (kinds(row), row.fault_count) == ({"over_day"}, 6)
    row = certificate_mend(tenant=sent.tenant, certificate_id=row.pk, actor=SYSTEM)
    assert kinds(row) == {"over_day"}


def test_a_cap_that_was_lowered_after_the_day_and_people_found_to_be_one_are_no_fault(
    sent: Camp, frozen: MovableClock
) -> None:
    frozen.move(minutes=5)
    one, two = sent.people[0][0], sent.people[1][0]
    customers_merge(tenant=sent.tenant, goes_on_id=one.pk, other_id=two.pk, actor=SYSTEM, reason="同一个人")
    row = certificate_make(tenant=sent.tenant, day=MONDAY)
    assert (row.fault_count, row.persons) == (0, 5)
    preference_set(tenant=sent.tenant, setting=CAP_PER_DAY, raw=1, actor=SYSTEM)
    assert certificate_make(tenant=sent.tenant, day=MONDAY).fault_count == 0


def test_members_who_left_before_or_came_after_are_not_counted(sent: Camp, frozen: MovableClock) -> None:
    Member.objects.filter(customer=sent.people[0][0]).update(left_at=AT_10 + timedelta(minutes=1))
    make_member(
        group=sent.groups[0],
        customer=make_customer(tenant=sent.tenant),
        joined_at=AT_10 + timedelta(minutes=1),
    )
    assert certificate_make(tenant=sent.tenant, day=MONDAY).fault_count == 0


def test_the_very_moment_of_a_send_belongs_to_who_came_then_and_not_to_who_left(sent: Camp) -> None:
    leaves, left = sent.people[0][0], Member.objects.filter(customer=sent.people[0][0])
    left.update(left_at=AT_10)
    row = certificate_make(tenant=sent.tenant, day=MONDAY)
    assert {(one["kind"], one.get("customer")) for one in row.faults if "touch" in one} == {
        ("not_sent", leaves.pk)
    }
    left.update(left_at=None, joined_at=AT_10)
    assert certificate_make(tenant=sent.tenant, day=MONDAY).fault_count == 0


def test_who_was_left_out_of_a_private_send_was_not_reached_and_a_conversation_counts(sent: Camp) -> None:
    out, private = sent.people[0][0], Touch.objects.get(channel="private_mass", group=sent.groups[0])
    TouchRecipient.objects.filter(touch=private, customer=out).update(state="blocked")
    row = certificate_make(tenant=sent.tenant, day=MONDAY)
    told = {(one["kind"], one["touch"], one.get("customer")) for one in row.faults if "touch" in one}
    assert told == {("not_sent", private.pk, out.pk), ("quota_surplus", private.pk, None)}
    certificate_mend(tenant=sent.tenant, certificate_id=row.pk, actor=SYSTEM)
    talk = Touch.objects.filter(step__is_service=True).first()
    assert talk is not None
    Touch.objects.filter(pk=talk.pk).update(is_talk=True)
    talked = TouchRecipient.objects.filter(touch=talk)
    row = certificate_make(tenant=sent.tenant, day=MONDAY)
    missing = {one["customer"] for one in row.faults if one["kind"] == "not_logged"}
    assert missing == {*talked.values_list("customer_id", flat=True)} != set()
    certificate_mend(tenant=sent.tenant, certificate_id=row.pk, actor=SYSTEM)
    log = Exposure.objects.filter(touch_key=f"{REF}:{talk.pk}")
    assert set(log.values_list("group_id", flat=True)) == {None}  # said to a person, not in the group


def test_what_is_put_back_into_the_log_of_a_private_message_names_no_group_and_its_value(sent: Camp) -> None:
    private = Touch.objects.get(channel="private_mass", group=sent.groups[0])
    log = Exposure.objects.filter(touch_key=f"{REF}:{private.pk}")
    row = log.first()
    assert row is not None
    row.pk, row.seq, row.weight = None, 1, -1
    row.save(force_insert=True)
    made = certificate_make(tenant=sent.tenant, day=MONDAY)
    certificate_mend(tenant=sent.tenant, certificate_id=made.pk, actor=SYSTEM)
    assert log.filter(customer=row.customer_id).count() == 3
    told = set(log.values_list("group_id", "gives_value"))
    assert told == {(None, True)}  # what was given counts before anything is sold (R76)


@pytest.mark.parametrize(("moved", "day"), [(timedelta(0), MONDAY), (-timedelta(microseconds=1), SUNDAY)])
def test_midnight_belongs_to_the_day_it_begins(sent: Camp, moved: timedelta, day: date) -> None:
    midnight = clock.day_bounds(MONDAY, sent.tenant.timezone)[0]
    touches = Touch.objects.filter(handed_at__isnull=False)
    touches.update(handed_at=midnight + moved)
    Member.objects.update(joined_at=midnight - timedelta(days=1))
    for one in (SUNDAY, MONDAY):
        assert certificate_make(tenant=sent.tenant, day=one).touches == (6 if one == day else 0)


def test_only_who_operates_counts_again_or_mends(sent: Camp) -> None:
    row = certificate_make(tenant=sent.tenant, day=MONDAY)
    viewer = actor_of(make_seat(tenant=sent.tenant, role="viewer"))
    for act in (certificate_again, certificate_mend):
        with pytest.raises(NotPermitted):
            act(tenant=sent.tenant, certificate_id=row.pk, actor=viewer)


def test_a_count_waits_for_the_gate(sent: Camp) -> None:
    """Both ways look at one moment: the gate's lock is taken before anything is counted."""
    with CaptureQueriesContext(connection) as queries:
        certificate_make(tenant=sent.tenant, day=MONDAY)
    asked = [one["sql"] for one in queries]
    lock = next(number for number, sql in enumerate(asked) if "FOR NO KEY UPDATE" in sql)
    assert lock < next(number for number, sql in enumerate(asked) if "out as materialized" in sql)


def test_the_night_counts_the_day_before_once_from_its_hour_on(sent: Camp, frozen: MovableClock) -> None:
    frozen.set(AT_10 + timedelta(hours=15))  # Tuesday 01:00 in Shanghai
    assert certify_night(tenant_id=sent.tenant.pk) is None
    assert tenants_uncertified() == [sent.tenant.pk]
    hour = preferences.value(sent.tenant.pk, CERTIFY_AT)
    frozen.set(clock.at_local(MONDAY + timedelta(days=1), hour, sent.tenant.timezone))
    row = certify_night(tenant_id=sent.tenant.pk)
    assert row is not None
    assert (row.day, row.touches) == (MONDAY, 6)
    assert certify_night(tenant_id=sent.tenant.pk) is None
    assert tenants_uncertified() == []


def test_the_page_shows_agreement_then_the_rows_and_mends_them(sent: Camp, client: Client) -> None:
    User.objects.update(language="en")
    client.force_login(User.objects.get(email="lin@example.com"))
    slug = sent.tenant.slug
    empty = client.get(reverse("sop:certificates", args=[slug])).content.decode()
    assert "No day has been counted yet" in empty
    row = certificate_make(tenant=sent.tenant, day=MONDAY)
    assert "Agrees" in client.get(reverse("sop:certificates", args=[slug])).content.decode()
    _told_late(sent)
    page = reverse("sop:certificate", args=[slug, row.pk])
    client.post(reverse("sop:certificate_act", args=[slug, row.pk, "again"]))
    shown = client.get(page).content.decode()
    assert "Reached, and not counted" in shown
    (kind, *_others) = faults_shown(tenant=sent.tenant, certificate=Certificate.objects.get())
    assert [(one.expected, one.found) for one in kind.rows] == [(1, 0), (1, 0)]
    assert Touch.objects.filter(channel="group_forward").first().step.title in shown  # type: ignore[union-attr]
    client.post(reverse("sop:certificate_act", args=[slug, row.pk, "mend"]))
    assert "Both counts agree" in client.get(page).content.decode()


@pytest.mark.parametrize("day", [MONDAY, MONDAY + timedelta(days=6)])
def test_a_week_over_its_cap_by_one_is_named_also_by_what_sunday_brought(
    sent: Camp, frozen: MovableClock, day: date
) -> None:
    """Three messages a person on Monday; on Sunday one more."""
    Preference.objects.create(tenant=sent.tenant, key="touch.cap_per_week", value=3 if day > MONDAY else 2)
    if day > MONDAY:
        frozen.move(days=6)
        again = make_run(tenant=sent.tenant, version=sent.version, groups=sent.groups[:1], starts_on=day)
        plan_apply(tenant=sent.tenant, run=again)
        Preference.objects.filter(key="touch.cap_per_week").update(value=9)
        dispatch_due(tenant_id=sent.tenant.pk)
        Preference.objects.filter(key="touch.cap_per_week").update(value=5)
    row = certificate_make(tenant=sent.tenant, day=day)
    over = {
        one["customer"]: (one["expected"], one["found"]) for one in row.faults if one["kind"] == "over_week"
    }
    if day == MONDAY:
        assert set(over.values()) == {(2, 3)}
        assert len(over) == 6
    else:
        assert over == {one.pk: (5, 6) for one in sent.people[0]}


def _used(sent: Camp, count: int, **more: object) -> None:
    """So many mass sends of the company more to the first group in the month."""
    row = QuotaEntry.objects.filter(receiver_id=sent.groups[0].chat_id).first()
    assert row is not None
    for number in range(count):
        row.pk, row.vendor_msgid = None, f"console:{number}"
        row.local_date = MONDAY + timedelta(days=1 + number % 25)
        for name, value in more.items():
            setattr(row, name, value)
        row.save(force_insert=True)


@pytest.mark.parametrize(("more", "is_over"), [(30, False), (31, True)])
def test_the_month_of_a_group_holds_as_many_as_its_days_and_no_more(
    sent: Camp, more: int, is_over: bool
) -> None:
    _used(sent, more)
    row = certificate_make(tenant=sent.tenant, day=MONDAY)
    over = [one for one in row.faults if one["kind"] == "quota_over"]
    named = {"kind": "quota_over", "receiver": sent.groups[0].chat_id, "expected": 31, "found": 32}
    assert over == ([named] if is_over else [])


def test_what_members_sent_by_themselves_puts_no_plan_over_the_quota(sent: Camp) -> None:
    _used(sent, 40, source="personal")
    row = certificate_make(tenant=sent.tenant, day=MONDAY)
    assert "quota_over" not in kinds(row)


def test_a_mass_send_that_wecom_has_and_nobody_let_go_used_the_quota_all_the_same(sent: Camp) -> None:
    mass = Touch.objects.get(channel="group_mass", group=sent.groups[0])
    Touch.objects.filter(pk=mass.pk).update(state="expired", evidence={"msgid": "m1"})
    row = certificate_make(tenant=sent.tenant, day=MONDAY)
    assert "quota_surplus" not in kinds(row)
    Touch.objects.filter(pk=mass.pk).update(evidence={})
    assert "quota_surplus" in kinds(certificate_make(tenant=sent.tenant, day=MONDAY))
