"""What colleagues send by themselves in WeCom takes its place of people's days: counted once, proven, taken back."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from contacts import handlers as contacts_handlers
from contacts.models import Exposure, ExposureDay, ExposureWeek, GroupDay
from contacts.selectors.conversations import spoken_with
from contacts.selectors.timeline import customer_timeline
from contacts.services.identity import customers_merge
from groups import handlers as groups_handlers
from groups.models import Member
from outbox.models import EventRow
from sop.models import Touch
from sop.selectors.certificates import faults_shown
from sop.services.certificate import certificate_make, certificate_mend
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from tenants.audit import SYSTEM
from tenants.models import Preference, User
from tests.conftest import MovableClock
from tests.factories.groups import make_member
from tests.factories.tenants import make_member as make_seat
from tests.sop.conftest import Camp
from tests.sop.test_services_dispatch import AT_10
from wecom.events import OwnSendsReached, OwnSendsWithdrawn
from wecom.models import OwnReach
from wecom.sending.own_reach import Told, reach_note, reach_withdraw

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
MONDAY = date(2026, 3, 2)
AT_9 = AT_10 - timedelta(hours=1)
Make = Callable[..., Camp]


def told(
    made: Camp, kind: str, *receivers: str, at: datetime = AT_9, msgid: str = "m1", counts: bool = True
) -> None:
    """WeCom told of a message, and the handler heard it."""
    reach_note(
        tenant_id=made.tenant.pk, kind=kind, msgid=msgid, sender="linxiao", counts=counts,
        told=[Told(one, at) for one in receivers],
    )  # fmt: skip
    ids = list(OwnReach.objects.values_list("pk", flat=True))
    event = OwnSendsReached(tenant_id=made.tenant.pk, occurred_at=AT_10, reach_ids=ids)
    groups_handlers.on_own_sends_reached(tenant_id=made.tenant.pk, events=[event])


def send_planned(made: Camp, frozen: MovableClock) -> dict[str, str]:
    frozen.set(AT_10)
    plan_apply(tenant=made.tenant, run=made.run)
    dispatch_due(tenant_id=made.tenant.pk)
    return dict(Touch.objects.values_list("group__name", "rule_code"))


@pytest.mark.parametrize("kind", ["group", "single", "moment"])
def test_what_a_colleague_sent_by_hand_takes_the_place_of_a_planned_message(
    camp: Make, frozen: MovableClock, kind: str
) -> None:
    made = camp(steps=[{"channel": "group_forward"}], groups=2)
    Preference.objects.create(tenant=made.tenant, key="touch.cap_per_day", value=1)
    group, someone = made.groups[0], made.people[0][0]
    told(made, kind, group.chat_id if kind == "group" else someone.external_userid)
    assert send_planned(made, frozen) == {"启蒙01群": "CAP-01", "启蒙02群": ""}
    row = certificate_make(tenant=made.tenant, day=MONDAY)
    assert (row.fault_count, row.touches) == (0, 1)
    assert row.exposures == (6 if kind == "group" else 4)
    assert GroupDay.objects.filter(group=group, count__gt=0).count() == (kind == "group")


def test_a_planned_message_first_and_a_colleagues_on_top_is_told_and_is_no_fault_of_the_gate(
    camp: Make, frozen: MovableClock, client: Client
) -> None:
    made = camp(steps=[{"channel": "group_forward"}])
    Preference.objects.create(tenant=made.tenant, key="touch.cap_per_day", value=1)
    send_planned(made, frozen)
    someone = made.people[0][0]
    told(made, "single", someone.external_userid, at=AT_10 + timedelta(hours=1))
    row = certificate_make(tenant=made.tenant, day=MONDAY)
    assert row.fault_count == 0
    assert row.faults == [{"kind": "own_over", "customer": someone.pk, "expected": 1, "found": 2}]
    user = User.objects.create(email="n5@example.com", name="n5", language="en")
    make_seat(tenant=made.tenant, user=user, role="leader")
    client.force_login(user)
    page = client.get(reverse("sop:certificate", kwargs={"tenant_slug": made.tenant.slug, "pk": row.pk}))
    text = page.content.decode()
    assert "Both counts agree" in text
    assert "Over a cap by what colleagues sent by themselves" in text
    assert "Mend the counts" not in text


def test_a_mass_send_reaches_who_sat_in_the_group_at_that_moment(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"channel": "group_forward"}])
    left, came, stayed = made.people[0]
    Member.objects.filter(customer=left).update(left_at=AT_9 - timedelta(minutes=1))
    Member.objects.filter(customer=came).update(joined_at=AT_9 + timedelta(minutes=1))
    told(made, "group", made.groups[0].chat_id, "wrNobodyKnows")
    assert list(Exposure.objects.values_list("customer", "group", "local_date", "channel")) == [
        (stayed.pk, made.groups[0].pk, MONDAY, "group_mass")
    ]
    assert certificate_make(tenant=made.tenant, day=MONDAY).fault_count == 0


def test_one_message_counts_once_however_often_it_is_told_and_with_whatever_record(
    camp: Make, frozen: MovableClock
) -> None:
    made = camp(steps=[{"channel": "group_forward"}], groups=2)
    one, other = made.people[0][0], made.people[1][0]
    customers_merge(tenant=made.tenant, goes_on_id=one.pk, other_id=other.pk, actor=SYSTEM, reason="同一个人")
    told(made, "single", one.external_userid)
    told(made, "single", other.external_userid, one.external_userid)
    assert list(ExposureDay.objects.filter(count__gt=0).values_list("customer", "count")) == [(one.pk, 1)]
    assert certificate_make(tenant=made.tenant, day=MONDAY).fault_count == 0


def test_one_send_into_two_groups_is_two_messages_to_who_sits_in_both(
    camp: Make, frozen: MovableClock
) -> None:
    made = camp(steps=[{"channel": "group_forward"}], groups=2)
    both = made.people[0][0]
    make_member(group=made.groups[1], customer=both)
    told(made, "group", *(one.chat_id for one in made.groups))
    assert ExposureDay.objects.get(customer=both).count == 2
    assert set(GroupDay.objects.values_list("group", "count")) == {(one.pk, 1) for one in made.groups}
    assert certificate_make(tenant=made.tenant, day=MONDAY).fault_count == 0


def test_a_send_that_turns_out_to_be_ours_gives_its_places_back(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"channel": "group_forward"}])
    told(made, "group", made.groups[0].chat_id)
    reach_withdraw(tenant_id=made.tenant.pk, msgids=["m1"])
    row = EventRow.objects.get(name="wecom.own_sends.withdrawn")
    event = OwnSendsWithdrawn(tenant_id=made.tenant.pk, occurred_at=AT_10, keys=row.payload["keys"])
    for _twice in range(2):
        contacts_handlers.on_own_sends_withdrawn(tenant_id=made.tenant.pk, events=[event])
    assert not ExposureDay.objects.filter(count__gt=0).exists()
    assert not GroupDay.objects.filter(count__gt=0).exists()
    assert certificate_make(tenant=made.tenant, day=MONDAY).fault_count == 0


def test_moments_that_a_company_does_not_count_take_no_place(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"channel": "group_forward"}])
    told(made, "moment", made.people[0][0].external_userid, counts=False)
    assert list(Exposure.objects.values_list("capped", flat=True)) == [False]
    assert not ExposureDay.objects.filter(count__gt=0).exists()
    assert certificate_make(tenant=made.tenant, day=MONDAY).fault_count == 0


def _forget(made: Camp) -> None:
    row = Exposure.objects.get(touch_key__startswith="wecom.own:", customer=made.people[0][0])
    row.pk, row.seq, row.weight = None, 1, -1
    row.save(force_insert=True)


def _invent(made: Camp) -> None:
    OwnReach.objects.all().delete()


def _lower_week(made: Camp) -> None:
    ExposureWeek.objects.filter(customer=made.people[0][0]).update(count=0)


def _lower_group(made: Camp) -> None:
    GroupDay.objects.update(count=0)


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (_forget, {"not_logged"}),
        (_invent, {"not_sent", "day", "group"}),
        (_lower_week, {"week"}),
        (_lower_group, {"group"}),
    ],
)
def test_a_fault_in_the_counts_of_own_sends_is_found_named_and_mended(
    camp: Make, frozen: MovableClock, plant: Callable[[Camp], None], found: set[str]
) -> None:
    made = camp(steps=[{"channel": "group_forward"}])
    told(made, "group", made.groups[0].chat_id)
    frozen.move(hours=2)  # what was heard a moment ago is brought up first
    plant(made)
    row = certificate_make(tenant=made.tenant, day=MONDAY)
    assert {one["kind"] for one in row.faults} == found
    with override("en"):
        shown = faults_shown(tenant=made.tenant, certificate=row)
    if found == {"not_logged"}:
        assert [one.touch for kind in shown for one in kind.rows] == ["Mass send into groups · linxiao"]
    assert certificate_mend(tenant=made.tenant, certificate_id=row.pk, actor=SYSTEM).fault_count == 0


def test_the_timeline_says_who_it_was(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"channel": "group_forward"}])
    someone = made.people[0][0]
    told(made, "single", someone.external_userid)
    told(made, "moment", someone.external_userid, msgid="m2")
    with override("en"):
        texts = {one.text for one in customer_timeline(tenant_id=made.tenant.pk, customer_id=someone.pk)}
    assert {"A colleague's own mass send in WeCom", "A colleague posted in Moments"} <= texts


def test_what_colleagues_send_is_no_broadcast_of_the_gate(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"channel": "group_forward"}])
    someone = made.people[0][0]
    send_planned(made, frozen)
    told(made, "single", someone.external_userid)
    told(made, "moment", someone.external_userid, msgid="m2")
    assert spoken_with(customer=someone, since=AT_9 - timedelta(days=1)).broadcasts == 1
    assert ExposureDay.objects.get(customer=someone).count == 3
