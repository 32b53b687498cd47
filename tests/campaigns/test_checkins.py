"""Check-ins (R86): one a person and day, what the days give, and what goes back when one is rejected."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from campaigns.enums import AwardState, PrizeKind, Unit
from campaigns.errors import (
    CampaignFixed,
    CampaignInvalid,
    CampaignNotRunning,
    CampaignPaused,
    CheckInRefused,
    CheckInRejected,
    DayOver,
    NoCardLeft,
    PointsShort,
    ReasonMissing,
    TooManyAtOnce,
)
from campaigns.models import (
    Account,
    Award,
    CheckIn,
    CheckInMember,
    CheckInPlan,
    CheckInReward,
    DrawGrant,
    Entrant,
    Entry,
    Lottery,
)
from campaigns.selectors.checkins import plan_of_campaign
from campaigns.selectors.frame import missing_of
from campaigns.selectors.ledger import unbalanced
from campaigns.selectors.points import points_of, statement_of
from campaigns.services import crowds
from campaigns.services.awards import award_hand_over
from campaigns.services.checkins import (
    CheckInWish,
    checkin_make,
    checkin_make_up,
    checkin_reject,
    checkin_remove,
    checkin_set,
)
from campaigns.services.frame import campaign_clone, prize_remove
from campaigns.services.life import campaign_pause, campaign_start
from campaigns.services.lottery import LotteryWish, draw_make, lottery_set
from campaigns.services.points import points_move
from contacts.models import Behaviour
from contacts.services.personal import erasure_ask, erasure_run
from tenants.audit import SYSTEM, Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.campaigns import Played
from tests.factories.checkins import WISH, check_in, fresh, make_checkin, today_of
from tests.parallel import in_parallel

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


def _days(scope: Tenant, frozen: MovableClock, played: Played, count: int) -> list[CheckIn]:
    """The first member checks in on so many days in a row; the clock stands on the last."""
    made = []
    for number in range(count):
        if number:
            frozen.move(days=1)
        made.append(check_in(scope, played, played.people[0].pk))
    return made


def _reject(scope: Tenant, owner: Actor, row: CheckIn, reason: str = "声音没录上") -> Any:
    return checkin_reject(
        tenant=scope, campaign_id=row.plan.campaign_id, checkin_id=row.pk, reason=reason, actor=owner
    )


def test_five_days_give_days_rows_and_the_goal_and_each_point_is_an_entry(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner, has_gift=True)
    mother = played.people[0]
    _days(scope, frozen, played, 5)
    assert points_of(customer=mother) == 5 * 5 + 10 + 30
    assert [one.amount for one in statement_of(customer=mother, most=20)] == [30, 5, 5, 10, 5, 5, 5]
    award = Award.objects.get()
    assert (award.prize, award.source, award.state) == (played.prizes[0], "check_in", AwardState.HELD)
    member = CheckInMember.objects.get()
    assert (member.day_count, member.streak, member.last_day) == (5, 5, today_of(scope))
    assert Behaviour.objects.filter(kind="checkin", customer_id=mother.pk).count() == 5
    assert unbalanced(tenant_id=scope.pk) == []


def test_the_same_form_sent_again_is_one_check_in(scope: Tenant, owner: Actor) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner, wish={"proof": "text"})
    person = played.people[0].pk
    first = check_in(scope, played, person, proof="读完 3 页 📖")
    again = check_in(scope, played, person, proof="另一段话")
    assert (again.pk, again.proof) == (first.pk, "读完 3 页 📖")
    assert (CheckIn.objects.count(), Entry.objects.filter(unit=Unit.POINTS).count()) == (1, 1)


def test_a_day_begins_at_midnight_on_the_companys_wall_and_a_late_form_is_told_so(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, plan = make_checkin(tenant=scope, owner=owner)
    person, today = played.people[0].pk, today_of(scope)
    check_in(scope, played, person)
    frozen.set(frozen.moment.replace(hour=15, minute=59, second=59))
    same_day = today_of(scope)
    frozen.move(seconds=2)  # 16:00 in London is midnight in Shanghai
    assert today_of(scope) == same_day + timedelta(days=1)
    with pytest.raises(DayOver):
        checkin_make(tenant=scope, plan=plan, person_id=played.people[1].pk, day=same_day, proof="")
    with pytest.raises(DayOver):
        checkin_make(
            tenant=scope, plan=plan, person_id=person, day=today_of(scope) + timedelta(days=1), proof=""
        )
    check_in(scope, played, person)
    assert CheckIn.objects.values_list("day", flat=True).distinct().count() == 2
    assert today <= same_day


@pytest.mark.parametrize(
    ("kind", "proof"),
    [
        ("text", ""), ("text", " \x00 "), ("text", "好"), ("text", "长" * 501), ("link", "javascript:alert(1)"),
        ("link", "www.example.com"), ("link", ""),
    ],
)  # fmt: skip
def test_what_is_no_proof_is_refused_and_nothing_is_written(
    scope: Tenant, owner: Actor, kind: str, proof: str
) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner, wish={"proof": kind})
    with pytest.raises(CheckInRefused):
        check_in(scope, played, played.people[0].pk, proof=proof)
    assert (CheckIn.objects.count(), Entry.objects.filter(unit=Unit.POINTS).count()) == (0, 0)


def test_nobody_checks_in_before_it_begins_in_a_break_or_after_the_end(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner)
    person = played.people[0].pk
    frozen.move(hours=-2)
    with pytest.raises(CampaignNotRunning):
        check_in(scope, played, person)
    frozen.move(hours=2)
    campaign_pause(tenant=scope, campaign_id=played.campaign.pk, actor=owner, is_paused=True)
    with pytest.raises(CampaignPaused):
        check_in(scope, played, person)
    with pytest.raises(CampaignPaused):
        checkin_make_up(tenant=scope, plan=fresh(played), person_id=person, day=today_of(scope))
    campaign_pause(tenant=scope, campaign_id=played.campaign.pk, actor=owner, is_paused=False)
    frozen.move(days=7)
    with pytest.raises(CampaignNotRunning):
        check_in(scope, played, person)
    assert not CheckIn.objects.exists()


def test_a_missed_day_is_made_up_once_with_a_card_and_joins_the_row(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner)
    mother = played.people[0]
    check_in(scope, played, mother.pk)
    frozen.move(days=2)
    check_in(scope, played, mother.pk)
    who: dict[str, Any] = {"tenant": scope, "plan": fresh(played), "person_id": mother.pk}
    missed = today_of(scope) - timedelta(days=1)
    for _again in range(2):
        checkin_make_up(**who, day=missed)
    member = CheckInMember.objects.get()
    assert (member.day_count, member.streak) == (3, 3)
    assert points_of(customer=mother) == 5 + 5 + 10  # no points for the day itself
    for day in (missed - timedelta(days=30), today_of(scope), today_of(scope) + timedelta(days=1)):
        known = CheckIn.objects.filter(day=day).exists()
        if not known:
            with pytest.raises(NoCardLeft):
                checkin_make_up(**who, day=day)
    frozen.move(days=2)
    with pytest.raises(NoCardLeft):
        checkin_make_up(**{**who, "plan": fresh(played)}, day=today_of(scope) - timedelta(days=1))


def test_a_rejected_day_takes_back_what_it_gave_and_can_be_handed_in_anew(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner, has_gift=True)
    mother = played.people[0]
    last = _days(scope, frozen, played, 5)[-1]
    with pytest.raises(ReasonMissing):
        _reject(scope, owner, last, " ")
    assert _reject(scope, owner, last).points == 5 + 30
    assert points_of(customer=mother) == 4 * 5 + 10
    assert Award.objects.get().state == AwardState.RETURNED
    assert CheckInMember.objects.get().day_count == 4
    with pytest.raises(CheckInRejected):
        _reject(scope, owner, last)
    again = check_in(scope, played, mother.pk)
    assert (again.pk, again.rejected_at) == (last.pk, None)
    assert points_of(customer=mother) == 5 * 5 + 10 + 30
    assert sorted(Award.objects.values_list("state", flat=True)) == ["held", "returned"]
    assert unbalanced(tenant_id=scope.pk) == []


def test_spent_points_stay_spent_and_are_not_given_a_second_time(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner)
    mother, row = played.people[0], _days(scope, frozen, played, 1)[0]
    spend: dict[str, Any] = {
        "tenant": scope, "campaign_id": played.campaign.pk, "person_id": mother.pk, "actor": SYSTEM, "reason": "paid",
    }  # fmt: skip
    points_move(**spend, amount=-3, key="spent")
    settled = _reject(scope, owner, row)
    assert (settled.points, settled.kept) == (2, 3)
    assert points_of(customer=mother) == 0
    check_in(scope, played, mother.pk)
    assert points_of(customer=mother) == 2
    with pytest.raises(PointsShort):
        points_move(**spend, amount=-3, key="more")
    assert unbalanced(tenant_id=scope.pk) == []


def test_a_gift_in_the_hands_stays_there_and_is_not_given_twice(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner, has_gift=True)
    last = _days(scope, frozen, played, 5)[-1]
    award_hand_over(tenant=scope, award_id=Award.objects.get().pk, proof="SF1", actor=owner)
    _reject(scope, owner, last)
    check_in(scope, played, played.people[0].pk)
    assert Award.objects.get().state == AwardState.GIVEN


def test_without_a_piece_left_the_day_counts_and_the_gift_comes_when_there_is_one(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _plan = make_checkin(
        tenant=scope, owner=owner, has_gift=True, prizes=[("体验课一节", PrizeKind.SERVICE, 1_200, 1)],
        wish={"goal_days": 1},
    )  # fmt: skip
    one, two = played.people[:2]
    first, _second = check_in(scope, played, one.pk), check_in(scope, played, two.pk)
    assert Award.objects.get().customer_id == one.pk
    assert points_of(customer=two) == 5 + 30
    _reject(scope, owner, first)
    frozen.move(days=1)
    check_in(scope, played, two.pk)
    assert Award.objects.get(state=AwardState.HELD).customer_id == two.pk


def test_the_goal_gives_draws_and_a_rejected_day_takes_only_those_not_drawn(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _plan = make_checkin(
        tenant=scope, owner=owner, is_started=False, wish={"goal_days": 1, "goal_draws": 2}
    )
    assert "CAMP-37" in [one.value for one in missing_of(campaign=played.campaign)]
    wish = LotteryWish(kind="grid", free_draws=0, draws_most=9, odds={played.prizes[0].pk: 1_000_000})
    lottery_set(tenant=scope, campaign_id=played.campaign.pk, wish=wish, actor=owner)
    campaign_start(tenant=scope, campaign_id=played.campaign.pk, actor=owner)
    row = check_in(scope, played, played.people[0].pk)
    lottery = Lottery.objects.select_related("campaign").get()
    draw_make(tenant=scope, lottery=lottery, person_id=played.people[0].pk, key="a")
    _reject(scope, owner, row)
    entrant = Entrant.objects.get()
    assert (entrant.granted, entrant.used) == (1, 1)
    check_in(scope, played, played.people[0].pk)
    assert Entrant.objects.get().granted == 2
    assert list(DrawGrant.objects.order_by("pk").values_list("amount", flat=True)) == [2, -1, 1]


@pytest.mark.parametrize(
    "bad",
    [
        {"tasks": " \n"}, {"day_points": -1}, {"goal_days": 8}, {"goal_days": 0}, {"streak_days": 1},
        {"streak_days": 0}, {"streak_points": 0}, {"day_points": 100_001}, {"gift_id": 1}, {"reach_days": 31},
        {"day_points": 0, "streak_days": 0, "streak_points": 0, "goal_points": 0},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(scope: Tenant, owner: Actor, bad: dict[str, Any]) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner, is_started=False)
    if "gift_id" in bad:
        bad = {"gift_id": played.prizes[0].pk + 999}
    with pytest.raises(CampaignInvalid):
        checkin_set(
            tenant=scope, campaign_id=played.campaign.pk, wish=CheckInWish(**{**WISH, **bad}), actor=owner
        )
    assert CheckInPlan.objects.get().goal_days == 5


def test_what_was_announced_is_fixed_and_a_copy_takes_it_along(scope: Tenant, owner: Actor) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner, has_gift=True)
    who: dict[str, Any] = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    with pytest.raises(CampaignFixed):
        checkin_set(**who, wish=CheckInWish(**WISH))
    with pytest.raises(CampaignFixed):
        checkin_remove(**who)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("update campaigns_checkinplan set day_points = 1")
    copied = plan_of_campaign(campaign=campaign_clone(**who))
    assert copied is not None
    assert copied.gift is not None
    assert (copied.gift.campaign_id, copied.tasks) == (copied.campaign_id, WISH["tasks"])
    checkin_remove(**{**who, "campaign_id": copied.campaign_id})
    assert CheckInPlan.objects.count() == 1


def test_a_goal_of_more_days_than_the_campaign_has_does_not_start(scope: Tenant, owner: Actor) -> None:
    played, _plan = make_checkin(
        tenant=scope, owner=owner, is_started=False, wish={"period": "month", "goal_days": 9}
    )
    assert "CAMP-36" in [one.value for one in missing_of(campaign=played.campaign)]


def test_who_is_erased_leaves_the_day_and_not_the_words(scope: Tenant, owner: Actor) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner, wish={"proof": "text"})
    row = check_in(scope, played, played.people[0].pk, proof="豆豆今天读完了")
    who = played.people[0]
    asked = erasure_ask(tenant=scope, customer_id=who.pk, typed=who.name, reason="本人要求", actor=owner)
    erasure_run(tenant=scope, erasure_id=asked.pk)
    row.refresh_from_db()
    assert row.proof == ""
    assert unbalanced(tenant_id=scope.pk) == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_one_person_tapping_forty_times_at_once_checks_in_once(
    tenant: Tenant, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowds, "PATIENCE", "120s")
    with tenant_scope(tenant):
        played, _plan = make_checkin(tenant=tenant, owner=owner, has_gift=True, wish={"goal_days": 1})
        person = played.people[0]

    def work(number: int) -> None:
        with tenant_scope(tenant):
            check_in(tenant, played, person.pk)

    in_parallel(40, work)
    with tenant_scope(tenant):
        assert CheckIn.objects.count() == 1
        assert Award.objects.count() == 1
        assert points_of(customer=person) == 5 + 30
        assert CheckInReward.objects.count() == 3
        assert unbalanced(tenant_id=tenant.pk) == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_crowd_checks_in_and_is_rejected_at_once_and_the_books_add_up(
    tenant: Tenant, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowds, "PATIENCE", "120s")
    with tenant_scope(tenant):
        played, _plan = make_checkin(
            tenant=tenant, owner=owner, has_gift=True, people=24, wish={"goal_days": 1},
            prizes=[("点读笔", PrizeKind.GOODS, 9_600, 7)],
        )  # fmt: skip
        crowd = [one.pk for one in played.people]

    def work(number: int) -> None:
        with tenant_scope(tenant):
            row = check_in(tenant, played, crowd[number // 2])
            if number // 2 % 3 == 0 and number % 2:
                try:
                    _reject(tenant, owner, row)
                except CheckInRejected:
                    return

    in_parallel(48, work)
    with tenant_scope(tenant):
        good = CheckIn.objects.filter(rejected_at=None).count()
        held = Account.objects.filter(kind="person").values_list("balance", flat=True)
        assert sum(held) == good * (5 + 30)
        assert Award.objects.exclude(state="returned").count() <= 7
        assert unbalanced(tenant_id=tenant.pk) == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_is_told_that_it_is_busy_and_nothing_is_written(
    tenant: Tenant, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowds, "PATIENCE", "50ms")
    with tenant_scope(tenant):
        played, _plan = make_checkin(tenant=tenant, owner=owner)
        check_in(tenant, played, played.people[0].pk)
        outside = Account.objects.get(kind="outside", unit=Unit.POINTS)
    refused: list[Exception] = []

    def work(number: int) -> None:
        with tenant_scope(tenant):
            try:
                check_in(tenant, played, played.people[1].pk)
            except TooManyAtOnce as error:
                refused.append(error)

    with tenant_scope(tenant), transaction.atomic():
        Account.objects.select_for_update().get(pk=outside.pk)
        in_parallel(1, work)
    with tenant_scope(tenant):
        assert len(refused) == 1
        assert CheckIn.objects.filter(customer_id=played.people[1].pk).count() == 0
        check_in(tenant, played, played.people[1].pk)
        assert points_of(customer=played.people[1]) == 5


def test_a_check_in_that_gives_points_alone_is_copied_with_its_campaign(scope: Tenant, owner: Actor) -> None:
    played, plan = make_checkin(tenant=scope, owner=owner, is_started=False)
    who = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    for one in played.prizes:
        prize_remove(**who, prize_id=one.pk)

    copied = plan_of_campaign(campaign=campaign_clone(**who))

    assert copied is not None
    assert (copied.tasks, copied.day_points) == (plan.tasks, plan.day_points)
