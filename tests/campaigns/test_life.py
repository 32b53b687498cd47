"""From draft to review: what may be done when, by whom, and what stays fixed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from campaigns.enums import AccountKind, AwardState, CampaignState, PrizeKind, Unit
from campaigns.errors import (
    AwardSettled,
    BudgetSpent,
    CampaignFixed,
    CampaignIncomplete,
    CampaignInvalid,
    CampaignNotRunning,
    CampaignPaused,
    CampaignUnsettled,
    PersonNotInGroups,
    StateWrong,
)
from campaigns.models import Account, Award, Campaign, CampaignGroup, Entry, Prize
from campaigns.selectors.figures import figures_of
from campaigns.selectors.ledger import unbalanced
from campaigns.services.awards import award_by_hand, award_hand_over, award_take_back
from campaigns.services.frame import (
    Costs,
    PrizeWish,
    campaign_clone,
    campaign_discard,
    campaign_set_costs,
    campaign_set_place,
    campaign_set_rules,
    prize_save,
)
from campaigns.services.life import (
    budget_ask,
    budget_change,
    campaign_ask_start,
    campaign_end,
    campaign_pause,
    campaign_review,
    campaign_start,
    campaigns_end_due,
)
from contacts.services.personal import erasure_ask, erasure_run
from groups.models import Member
from team.models import Approval
from team.services.approvals import approval_decide
from tenants.audit import Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, Tenant
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.campaigns import Played, make_campaign
from tests.factories.contacts import make_customer, make_order
from tests.factories.groups import make_group

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
OPERATOR = Actor(kind="user", id=None, name="小陈", permissions=PERMISSIONS[Role.OPERATOR])
SALES = Actor(kind="user", id=None, name="小李", permissions=PERMISSIONS[Role.SALES])


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


def _who(played: Played, actor: Actor) -> dict[str, Any]:
    return {"tenant": played.campaign.tenant, "campaign_id": played.campaign.pk, "actor": actor}


def _give(played: Played, actor: Actor, number: int = 0, **named: Any) -> Award:
    given = {
        "prize_id": played.prizes[0].pk, "customer_id": played.people[number].pk, "key": f"k{number}",
        "note": "答得好", **named,
    }  # fmt: skip
    return award_by_hand(**_who(played, actor), **given)


def test_a_campaign_lives_from_draft_to_review(scope: Tenant, owner: Actor, frozen: MovableClock) -> None:
    played = make_campaign(tenant=scope, actor=owner, is_started=False)
    with pytest.raises(CampaignNotRunning):
        _give(played, owner)
    campaign_start(**_who(played, owner))
    award = _give(played, owner)
    frozen.move(days=8)
    assert campaigns_end_due(tenant=scope) == 1
    assert campaigns_end_due(tenant=scope) == 0
    with pytest.raises(CampaignNotRunning):
        _give(played, owner, 1)
    told = {"kept": "老师亲自发", "changed": "多备绘本"}
    with pytest.raises(CampaignUnsettled):
        campaign_review(**_who(played, owner), **told)
    award_hand_over(tenant=scope, award_id=award.pk, proof="SF1", actor=SALES)
    row = campaign_review(**_who(played, owner), **told)
    assert (row.state, row.review_kept) == (CampaignState.REVIEWED, "老师亲自发")
    left = Account.objects.filter(kind=AccountKind.FREE).values_list("balance", flat=True)
    assert set(left) == {0}
    assert Account.objects.get(kind=AccountKind.OUTSIDE, unit=Unit.FEN).balance == -9_600
    with pytest.raises(StateWrong):
        campaign_review(**_who(played, owner), **told)
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {
        "campaigns.campaign.created", "campaigns.campaign.started", "campaigns.award.made",
        "campaigns.award.handed_over", "campaigns.campaign.ended", "campaigns.campaign.reviewed",
    } <= verbs  # fmt: skip


def test_an_unfinished_campaign_cannot_start_and_says_what_is_missing(scope: Tenant, owner: Actor) -> None:
    played = make_campaign(tenant=scope, actor=owner, is_started=False)
    campaign_set_rules(**_who(played, owner), rules_text="发朋友圈集赞领奖", owner_id=played.staff.pk)
    with pytest.raises(CampaignIncomplete) as refused:
        campaign_start(**_who(played, owner))
    assert refused.value.code == "CAMP-10"
    assert Entry.objects.count() == 0


def test_an_operator_asks_and_a_leader_starts(scope: Tenant, owner: Actor) -> None:
    played = make_campaign(tenant=scope, actor=owner, is_started=False)
    with pytest.raises(NotPermitted):
        campaign_start(**_who(played, OPERATOR))
    campaign_ask_start(**_who(played, OPERATOR), reason="月底活动")
    request = Approval.objects.get()
    assert "¥6,000" in request.said
    approval_decide(tenant=scope, approval_id=request.pk, is_granted=True, note="", actor=owner)
    row = Campaign.objects.get(pk=played.campaign.pk)
    assert (row.state, row.approved_by) == (CampaignState.RUNNING, owner.name)


def test_a_budget_that_was_raised_after_it_was_asked_for_is_not_granted(scope: Tenant, owner: Actor) -> None:
    played = make_campaign(tenant=scope, actor=owner, is_started=False)
    campaign_ask_start(**_who(played, OPERATOR), reason="月底活动")
    campaign_set_costs(
        **_who(played, OPERATOR), costs=Costs(budget_fen=90_000_000, media_fen=0, labour_minutes=0)
    )
    with pytest.raises(StateWrong):
        approval_decide(
            tenant=scope, approval_id=Approval.objects.get().pk, is_granted=True, note="", actor=owner
        )
    assert Campaign.objects.get(pk=played.campaign.pk).state == CampaignState.DRAFT


def test_another_budget_is_a_leaders(scope: Tenant, owner: Actor) -> None:
    played = make_campaign(tenant=scope, actor=owner)
    with pytest.raises(NotPermitted):
        budget_change(**_who(played, OPERATOR), budget_fen=1_000_000, reason="加码")
    budget_ask(**_who(played, OPERATOR), budget_fen=1_000_000, reason="加码")
    approval_decide(
        tenant=scope, approval_id=Approval.objects.get().pk, is_granted=True, note="", actor=owner
    )
    assert Campaign.objects.get(pk=played.campaign.pk).budget_fen == 1_000_000
    assert Account.objects.get(kind=AccountKind.FREE, unit=Unit.FEN).balance == 1_000_000


@pytest.mark.parametrize("field", ["ends_at", "starts_at", "rules_text", "state"])
def test_the_database_keeps_what_a_started_campaign_promised(scope: Tenant, owner: Actor, field: str) -> None:
    played = make_campaign(tenant=scope, actor=owner)
    assert played.campaign.ends_at is not None
    assert played.campaign.starts_at is not None
    other = {
        "ends_at": played.campaign.ends_at + timedelta(days=1),
        "starts_at": played.campaign.starts_at - timedelta(days=1), "rules_text": "新规则", "state": "draft",
    }  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        Campaign.objects.filter(pk=played.campaign.pk).update(**{field: other[field]})
    with pytest.raises(IntegrityError), transaction.atomic():
        Prize.objects.filter(pk=played.prizes[0].pk).update(stock=99)


def test_services_refuse_to_change_a_started_campaign(scope: Tenant, owner: Actor) -> None:
    played = make_campaign(tenant=scope, actor=owner)
    who = _who(played, owner)
    wish = PrizeWish(name="新", kind=PrizeKind.GOODS, unit_fen=1, stock=1)
    for act in (
        lambda: campaign_set_place(**who, group_ids=[], starts_at=None, ends_at=None),
        lambda: campaign_set_costs(**who, costs=Costs(budget_fen=1, media_fen=0, labour_minutes=0)),
        lambda: campaign_set_rules(**who, rules_text="新规则", owner_id=None),
        lambda: prize_save(**who, wish=wish),
        lambda: campaign_discard(**who),
    ):
        with pytest.raises(CampaignFixed):
            act()
    campaign_set_costs(**who, costs=Costs(budget_fen=600_000, media_fen=5_000, labour_minutes=60))
    assert Campaign.objects.get(pk=played.campaign.pk).media_fen == 5_000


def test_a_pause_stops_prizes_and_a_resume_lets_them_go_on(scope: Tenant, owner: Actor) -> None:
    played = make_campaign(tenant=scope, actor=owner)
    campaign_pause(**_who(played, owner), is_paused=True)
    with pytest.raises(CampaignPaused):
        _give(played, owner)
    campaign_pause(**_who(played, owner), is_paused=False)
    assert _give(played, owner).state == AwardState.HELD


def test_an_early_end_is_a_leaders_and_needs_a_reason(scope: Tenant, owner: Actor) -> None:
    played = make_campaign(tenant=scope, actor=owner)
    with pytest.raises(NotPermitted):
        campaign_end(**_who(played, OPERATOR), reason="发完了")
    row = campaign_end(**_who(played, owner), reason="发完了")
    assert (row.state, row.end_reason) == (CampaignState.ENDED, "发完了")


def test_only_members_of_the_groups_get_something_and_each_click_once(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played = make_campaign(tenant=scope, actor=owner)
    stranger = make_customer(tenant=scope)
    with pytest.raises(PersonNotInGroups):
        _give(played, owner, customer_id=stranger.pk)
    Member.objects.filter(customer=played.people[1]).update(left_at=frozen.moment)
    with pytest.raises(PersonNotInGroups):
        _give(played, owner, 1)
    assert _give(played, owner).pk == _give(played, owner).pk
    with pytest.raises(NotPermitted):
        _give(played, SALES, 2)
    frozen.move(hours=-2)
    with pytest.raises(CampaignNotRunning):
        _give(played, owner, 2)


def test_what_is_settled_stays_settled(scope: Tenant, owner: Actor) -> None:
    played = make_campaign(tenant=scope, actor=owner)
    award = _give(played, owner)
    award_hand_over(tenant=scope, award_id=award.pk, proof="SF1", actor=owner)
    with pytest.raises(AwardSettled):
        award_take_back(tenant=scope, award_id=award.pk, reason="退回", actor=owner)
    with pytest.raises(AwardSettled):
        award_hand_over(tenant=scope, award_id=award.pk, proof="SF2", actor=owner)


def test_a_copy_has_everything_but_the_dates_and_what_came_of_it(scope: Tenant, owner: Actor) -> None:
    played = make_campaign(tenant=scope, actor=owner)
    _give(played, owner)
    copy = campaign_clone(**_who(played, owner))
    assert (copy.state, copy.starts_at, copy.budget_fen) == (CampaignState.DRAFT, None, 600_000)
    assert copy.rules_text == played.campaign.rules_text
    assert [(one.name, one.stock) for one in Prize.objects.filter(campaign=copy)] == [("点读笔", 5)]
    assert CampaignGroup.objects.filter(campaign=copy).count() == 1
    assert not Award.objects.filter(campaign=copy).exists()
    campaign_discard(tenant=scope, campaign_id=copy.pk, actor=owner)
    assert not Campaign.objects.filter(pk=copy.pk).exists()


@pytest.mark.parametrize(
    "wish",
    [
        PrizeWish(name=" ", kind="goods", unit_fen=1, stock=1),
        PrizeWish(name="笔", kind="goods", unit_fen=-1, stock=1),
        PrizeWish(name="笔", kind="goods", unit_fen=1, stock=0),
        PrizeWish(name="包", kind="red_packet", unit_fen=0, stock=1),
        PrizeWish(name="点读笔", kind="goods", unit_fen=1, stock=1),
    ],
)
def test_an_impossible_prize_is_refused(scope: Tenant, owner: Actor, wish: PrizeWish) -> None:
    played = make_campaign(tenant=scope, actor=owner, is_started=False)
    with pytest.raises(CampaignInvalid):
        prize_save(**_who(played, owner), wish=wish)


@pytest.fixture
def foreign_group_id(other_tenant: Tenant) -> int:
    with tenant_scope(other_tenant):
        return make_group(tenant=other_tenant).pk


def test_a_foreign_group_and_negative_money_are_refused(
    foreign_group_id: int, scope: Tenant, owner: Actor
) -> None:
    played = make_campaign(tenant=scope, actor=owner, is_started=False)
    with pytest.raises(CampaignInvalid):
        campaign_set_place(**_who(played, owner), group_ids=[foreign_group_id], starts_at=None, ends_at=None)
    with pytest.raises(CampaignInvalid):
        campaign_set_costs(**_who(played, owner), costs=Costs(budget_fen=-1, media_fen=0, labour_minutes=0))


def test_figures_count_people_once_and_orders_in_the_window(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played = make_campaign(tenant=scope, actor=owner)
    make_order(tenant=scope, customer=played.people[0], ordered_at=frozen.moment - timedelta(minutes=1))
    first = _give(played, owner)
    _give(played, owner, key="second")
    back = _give(played, owner, 1)
    award_hand_over(tenant=scope, award_id=first.pk, proof="SF1", actor=owner)
    award_take_back(tenant=scope, award_id=back.pk, reason="弄错了", actor=owner)
    second_record = make_customer(tenant=scope, person=played.people[0])
    make_order(tenant=scope, customer=played.people[0], ordered_at=frozen.moment + timedelta(days=1))
    make_order(
        tenant=scope, customer=second_record, ordered_at=frozen.moment + timedelta(days=2), amount_fen=100_000,
        refund_fen=40_000,
    )  # fmt: skip
    make_order(tenant=scope, customer=played.people[0], ordered_at=frozen.moment + timedelta(days=7))
    make_order(tenant=scope, customer=played.people[1], ordered_at=frozen.moment + timedelta(days=1))
    made = figures_of(campaign=played.campaign)
    assert (made.people, made.awards, made.given, made.open_count, made.goal_now) == (1, 2, 1, 1, 1)
    assert (made.roi.orders, made.roi.net_fen, made.roi.cost_fen) == (2, 258_000, 9_600)
    assert made.roi.value is not None
    assert round(made.roi.value, 2) == 25.88


def test_erasing_a_person_leaves_the_books_balanced_and_no_words(scope: Tenant, owner: Actor) -> None:
    played = make_campaign(tenant=scope, actor=owner)
    award = _give(played, owner, note="住在人民路 1 号，要蓝色")
    award_hand_over(tenant=scope, award_id=award.pk, proof="豆豆妈妈签收", actor=owner)
    erasure = erasure_ask(
        tenant=scope, customer_id=played.people[0].pk, typed="豆豆妈妈", reason="本人要求", actor=owner
    )
    erasure_run(tenant=scope, erasure_id=erasure.pk)
    award.refresh_from_db()
    assert (award.note, award.proof, award.amount_fen, award.state) == ("", "", 9_600, AwardState.GIVEN)
    assert unbalanced(tenant_id=scope.pk) == []
    assert Entry.objects.filter(award_id=award.pk).count() == 4
    told = str(
        list(
            AuditEntry.objects.filter(verb__startswith="campaigns.award").values_list("reason", "target_name")
        )
    )
    assert "人民路" not in told
    assert "签收" not in told


def test_a_group_that_is_no_more_keeps_the_campaign(scope: Tenant, owner: Actor) -> None:
    played = make_campaign(tenant=scope, actor=owner, is_started=False)
    other = make_group(tenant=scope)
    campaign_set_place(
        **_who(played, owner), group_ids=[other.pk], starts_at=played.campaign.starts_at,
        ends_at=played.campaign.ends_at,
    )  # fmt: skip
    assert list(CampaignGroup.objects.values_list("group_id", flat=True)) == [other.pk]


def test_the_ceiling_holds_for_what_is_promised_not_only_for_what_is_given(
    scope: Tenant, owner: Actor
) -> None:
    played = make_campaign(tenant=scope, actor=owner, budget_fen=9_600)
    _give(played, owner)
    with pytest.raises(BudgetSpent):
        _give(played, owner, 1)
