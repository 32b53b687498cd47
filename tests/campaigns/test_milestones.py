"""Milestones of groups (R83): which are reached, once; who takes a share, and never more than there are."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from campaigns.enums import Missing, PrizeKind
from campaigns.errors import (
    CameTooLate,
    CampaignFixed,
    CampaignInvalid,
    NotForThisPerson,
    PersonNotInGroups,
    SharesGone,
)
from campaigns.models import Award, Campaign, MilestoneHit, Milestones, MilestoneShare
from campaigns.policies.milestones import filled, is_weak, next_of
from campaigns.selectors.frame import missing_of
from campaigns.selectors.ledger import unbalanced
from campaigns.selectors.milestones import milestones_of, token_of
from campaigns.selectors.pages import page_path
from campaigns.services.frame import campaign_clone
from campaigns.services.milestones import MilestonesWish, milestones_remove, milestones_set, share_take
from groups.models import Member
from team.models import WorkItem
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.phones import phone_of
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer, make_customer_tag, make_tag
from tests.factories.groups import make_group, make_member
from tests.factories.milestones import fills, make_milestones, tell
from tests.factories.team import make_staff
from tests.parallel import in_parallel

WORKERS = 30
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
ENDS = BEGAN + timedelta(days=7)
pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def client(client: Client, owner: Actor) -> Client:
    client.force_login(User.objects.get(pk=owner.id))
    return client


def _hits() -> list[tuple[int, str]]:
    return list(MilestoneHit.objects.order_by("threshold").values_list("threshold", "kind"))


def test_forty_nine_bring_nothing_fifty_a_small_one_a_hundred_a_large_one_and_a_hundred_fifty_a_small_one(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _row = make_milestones(tenant=scope, owner=owner, people=1)
    fills(tenant=scope, group=played.group, count=48)
    assert _hits() == []
    fills(tenant=scope, group=played.group, count=1)
    assert _hits() == [(50, "small")]
    fills(tenant=scope, group=played.group, count=49)
    assert _hits() == [(50, "small")]
    fills(tenant=scope, group=played.group, count=1)
    assert _hits() == [(50, "small"), (100, "large")]
    fills(tenant=scope, group=played.group, count=50)
    assert _hits() == [(50, "small"), (100, "large"), (150, "small")]
    told = WorkItem.objects.filter(source_kind="campaigns.milestone")
    assert told.count() == 3
    assert all(page_path(token_of(played.campaign)) in one.script for one in told)


def test_who_leaves_and_comes_back_reaches_nothing_again_and_colleagues_and_second_records_do_not_count(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _row = make_milestones(tenant=scope, owner=owner, people=40)
    first = fills(tenant=scope, group=played.group, count=9)
    make_member(group=played.group, staff=make_staff(tenant=scope, name="小陈"), joined_at=clock.now())
    second = make_customer(tenant=scope, name="同一个人", person=first[0])
    fills(tenant=scope, group=played.group, people=[second])
    assert _hits() == []
    fills(tenant=scope, group=played.group, count=1)
    assert _hits() == [(50, "small")]
    frozen.move(hours=1)
    Member.objects.filter(customer__in=first, left_at=None).update(left_at=clock.now())
    frozen.move(hours=1)
    fills(tenant=scope, group=played.group, people=first)
    fills(tenant=scope, group=played.group, count=3)
    tell(tenant=scope, group=played.group, people=first)
    assert _hits() == [(50, "small")]


def test_what_a_group_had_before_the_campaign_is_no_milestone_and_each_group_fills_for_itself(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _row = make_milestones(tenant=scope, owner=owner, people=60)
    other = make_group(tenant=scope, app=played.group.app)
    fills(tenant=scope, group=other, count=120)
    fills(tenant=scope, group=played.group, count=39)
    assert _hits() == []
    fills(tenant=scope, group=played.group, count=1)
    assert _hits() == [(100, "large")]


def test_the_first_who_were_there_take_a_share_each_once_and_the_money_is_set_aside(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _row = make_milestones(tenant=scope, owner=owner, people=49, wish={"small_shares": 2})
    newcomer = fills(tenant=scope, group=played.group, count=1)[0]
    hit = MilestoneHit.objects.get()
    merged = make_customer(tenant=scope, name="换号", person=newcomer)
    share_take(tenant=scope, hit_id=hit.pk, customer_id=newcomer.pk)
    share_take(tenant=scope, hit_id=hit.pk, customer_id=newcomer.pk)
    share_take(tenant=scope, hit_id=hit.pk, customer_id=merged.pk)
    hit.refresh_from_db()
    assert (hit.taken, Award.objects.get().amount_fen, Award.objects.get().source) == (1, 300, "milestone")
    frozen.move(minutes=5)
    late = fills(tenant=scope, group=played.group, count=1)[0]
    barred = played.people[3]
    make_customer_tag(tenant=scope, customer=barred, tag=make_tag(tenant=scope, name="羊毛党"))
    gone = played.people[4]
    Member.objects.filter(customer=gone).update(left_at=clock.now())
    stranger = make_customer(tenant=scope)
    for person, error in (
        (late, CameTooLate), (barred, NotForThisPerson), (gone, PersonNotInGroups), (stranger, PersonNotInGroups),
    ):  # fmt: skip
        with pytest.raises(error):
            share_take(tenant=scope, hit_id=hit.pk, customer_id=person.pk)
    share_take(tenant=scope, hit_id=hit.pk, customer_id=played.people[0].pk)
    with pytest.raises(SharesGone):
        share_take(tenant=scope, hit_id=hit.pk, customer_id=played.people[1].pk)
    assert Award.objects.count() == MilestoneShare.objects.count() == 2
    assert unbalanced(tenant_id=scope.pk) == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_sixty_thumbs_at_once_each_twice_take_exactly_the_shares(tenant: Tenant, owner: Actor) -> None:
    with tenant_scope(tenant):
        played, _row = make_milestones(tenant=tenant, owner=owner, people=60, wish={"large_shares": 10})
        fills(tenant=tenant, group=played.group, count=40)
        hit = MilestoneHit.objects.get()
        crowd = [one.pk for one in played.people]
    twice = [*crowd, *crowd[7:], *crowd[:7]]

    def work(number: int) -> None:
        with tenant_scope(tenant):
            for person in twice[number::WORKERS]:
                try:
                    share_take(tenant=tenant, hit_id=hit.pk, customer_id=person)
                except SharesGone:
                    continue

    in_parallel(WORKERS, work)
    with tenant_scope(tenant):
        hit.refresh_from_db()
        assert (hit.kind, hit.taken) == ("large", 10)
        assert MilestoneShare.objects.values("customer").distinct().count() == Award.objects.count() == 10
        assert unbalanced(tenant_id=tenant.pk) == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_crowd_that_joins_at_once_and_is_told_twice_reaches_each_milestone_once(
    tenant: Tenant, owner: Actor
) -> None:
    with tenant_scope(tenant):
        played, _row = make_milestones(tenant=tenant, owner=owner, people=40)
        newcomers = [make_customer(tenant=tenant) for _number in range(65)]

    def work(number: int) -> None:
        with tenant_scope(tenant):
            mine = newcomers[number::WORKERS]
            fills(tenant=tenant, group=played.group, people=mine)
            tell(tenant=tenant, group=played.group, people=mine)

    in_parallel(WORKERS, work)
    with tenant_scope(tenant):
        assert _hits() == [(50, "small"), (100, "large")]
        assert WorkItem.objects.filter(source_kind="campaigns.milestone").count() == 2


@pytest.mark.parametrize(
    "wish",
    [{"small_shares": 0}, {"large_shares": 501}, {"small_shares": -1}, {"small_id": 0}, {"small_shares": 61}],
)
def test_what_cannot_be_is_refused(scope: Tenant, owner: Actor, wish: dict[str, Any]) -> None:
    played, row = make_milestones(tenant=scope, owner=owner, is_started=False, people=2)
    values = {"small_id": row.small_id, "small_shares": 20, "large_id": None, "large_shares": 20, **wish}
    with pytest.raises(CampaignInvalid):
        milestones_set(
            tenant=scope, campaign_id=played.campaign.pk, wish=MilestonesWish(**values), actor=owner
        )
    row.refresh_from_db()
    assert row.large_id is not None


def test_goods_are_no_red_packet_and_a_start_asks_for_a_piece_for_each_share(
    scope: Tenant, owner: Actor
) -> None:
    prizes = [("绘本", PrizeKind.GOODS, 300, 60), ("群红包", PrizeKind.RED_PACKET, 300, 60)]
    with pytest.raises(CampaignInvalid):
        make_milestones(tenant=scope, owner=owner, is_started=False, people=2, prizes=prizes)
    played, row = make_milestones(tenant=scope, owner=owner, is_started=False, people=2)
    Milestones.objects.update(small=None, large_shares=41)
    assert Missing.MILESTONE_PRIZE in missing_of(campaign=played.campaign)
    Milestones.objects.update(large_shares=40)
    assert Missing.MILESTONE_PRIZE not in missing_of(campaign=played.campaign)
    Milestones.objects.update(large=None)
    assert Missing.MILESTONE_PRIZE in missing_of(campaign=played.campaign)
    assert row.pk


def test_a_started_one_is_fixed_and_a_copy_gives_the_same(scope: Tenant, owner: Actor) -> None:
    played, _row = make_milestones(tenant=scope, owner=owner, people=2)
    with pytest.raises(CampaignFixed):
        milestones_remove(tenant=scope, campaign_id=played.campaign.pk, actor=owner)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("update campaigns_milestones set small_shares = 1")
    draft = campaign_clone(tenant=scope, campaign_id=played.campaign.pk, actor=owner)
    copy = milestones_of(campaign=Campaign.objects.get(pk=draft.pk))
    assert copy is not None
    assert (copy.small and copy.small.name, copy.small_shares, copy.large_shares) == ("群红包", 20, 10)
    assert copy.small is not None
    assert copy.small.campaign_id == draft.pk


def test_a_member_takes_a_share_on_the_phone_and_others_are_told_why_not(
    scope: Tenant, owner: Actor, frozen: MovableClock, django_assert_max_num_queries: Any
) -> None:
    played, _row = make_milestones(tenant=scope, owner=owner, people=48)
    home = page_path(token_of(played.campaign))
    phone = phone_of(played.group.app, external=played.people[0].external_userid)
    assert "还差 2 人" in phone.get(home).content.decode()
    fills(tenant=scope, group=played.group, count=2)
    hit = MilestoneHit.objects.get()
    with django_assert_max_num_queries(25):
        page = phone.get(home).content.decode()
    assert "领一份" in page
    assert phone.post(home, {"hit": "999999"}).status_code == 404
    assert phone.post(home, {"hit": "-1😀"}).status_code == 404
    sent = phone.post(home, {"hit": str(hit.pk)})
    assert (sent.status_code, sent["Location"]) == (302, home)
    after = phone.get(home).content.decode()
    assert "领一份" not in after
    assert "你领到了一份" in after
    frozen.move(minutes=1)
    late = fills(tenant=scope, group=played.group, count=1)[0]
    other = phone_of(played.group.app, external=late.external_userid)
    assert "达标时在群里的人" in other.get(home).content.decode()
    refused = other.post(home, {"hit": str(hit.pk)})
    assert (refused.status_code, "达标时在群里的人" in refused.content.decode()) == (409, True)
    for who in ({"staff": "linxiao"}, {"external": "wm-unknown"}, {"external": "", "agent": "curl"}):
        assert phone_of(played.group.app, **who).post(home, {"hit": str(hit.pk)}).status_code == 409
    assert MilestoneShare.objects.count() == 1


def test_an_operator_sets_them_is_warned_of_weak_bait_and_sees_what_was_reached(
    scope: Tenant, owner: Actor, client: Client, frozen: MovableClock
) -> None:
    prizes = [("一毛红包", PrizeKind.RED_PACKET, 10, 30), ("群红包", PrizeKind.RED_PACKET, 500, 30)]
    played, _row = make_milestones(tenant=scope, owner=owner, is_started=False, people=49, prizes=prizes)

    def url(name: str, **kwargs: Any) -> str:
        return reverse(
            f"campaigns:{name}", kwargs={"tenant_slug": scope.slug, "pk": played.campaign.pk, **kwargs}
        )

    assert url("milestones") in client.get(url("step", step="play")).text
    page = client.get(url("milestones")).text
    assert "诱饵太弱" in page
    assert "一毛红包" in page
    form = {"small": played.prizes[1].pk, "small_shares": "31", "large": "", "large_shares": "20"}
    refused = client.post(url("milestones"), form)
    assert (refused.status_code, "只有 30 份" in refused.text) == (422, True)
    assert client.post(url("milestones"), {**form, "small": "", "small_shares": "5"}).status_code == 422
    assert client.post(url("milestones"), {**form, "small_shares": "30"}).status_code == 302
    assert "诱饵太弱" not in client.get(url("milestones")).text
    campaign = reverse(
        "campaigns:act", kwargs={"tenant_slug": scope.slug, "pk": played.campaign.pk, "verb": "start"}
    )
    assert client.post(campaign).status_code in (200, 302)
    fills(tenant=scope, group=played.group, count=1)
    share_take(tenant=scope, hit_id=MilestoneHit.objects.get().pk, customer_id=played.people[0].pk)
    page = client.get(url("milestones")).text
    assert "1 / 30" in page
    assert "只剩 29 份，一个红包要分 30 份" in page


@given(
    spells=st.lists(
        st.tuples(st.integers(1, 120), st.integers(-60, 200), st.integers(1, 120) | st.none()), max_size=160
    )
)
def test_a_milestone_is_reached_when_more_sit_there_than_ever_before(
    spells: list[tuple[int, int, int | None]],
) -> None:
    def hour(number: int) -> datetime:
        return BEGAN + timedelta(hours=number)

    times = [(who, hour(at), None if stay is None else hour(at + stay)) for who, at, stay in spells]

    def there(number: float) -> int:
        at = BEGAN + timedelta(hours=number)
        return len({who for who, joined, left in times if joined <= at and (left is None or left > at)})

    before = max(there(number) for number in range(-60, 0))
    highest = max([before, *(there(number) for number in range(168))])
    found = filled(times, since=BEGAN, until=ENDS)
    assert found.most == highest
    assert found.here == there(167.999)
    assert [n for n, _at in found.reached] == [n for n in range(50, 500, 50) if before < n <= highest]
    assert all(BEGAN <= at < ENDS for _n, at in found.reached)


def test_a_group_that_shrank_before_the_campaign_is_not_rewarded_for_who_comes_back() -> None:
    week, day = timedelta(days=7), timedelta(days=1)
    stayed = [(who, BEGAN - week, None) for who in range(45)]
    back = [(who, BEGAN - week, BEGAN - day) for who in range(45, 60)]
    back += [(who, BEGAN + day, None) for who in range(45, 60)]
    assert filled([*stayed, *back], since=BEGAN, until=ENDS).reached == ()


def test_the_next_milestone_and_weak_bait() -> None:
    assert [next_of(n) for n in (0, 49, 50, 99, 100)] == [50, 50, 100, 100, 150]
    assert [is_weak(unit_fen=fen, weak_yuan=2) for fen in (199, 200)] == [True, False]
