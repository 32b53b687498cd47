"""Everything at once in one campaign: nobody waits in a circle, and the books add up."""

from typing import Any

import pytest

from campaigns.enums import AwardSource, GrantReason, PrizeKind
from campaigns.errors import CheckInRejected, NoDrawsLeft, StockOut
from campaigns.models import Award, CheckIn, Draw, Entrant, Lottery
from campaigns.selectors.ledger import unbalanced
from campaigns.selectors.points import points_of
from campaigns.services import crowds
from campaigns.services.awards import award_by_hand, award_make
from campaigns.services.checkins import checkin_reject
from campaigns.services.life import campaign_start
from campaigns.services.lottery import LotteryWish, draw_make, draws_grant, lottery_set
from tenants.audit import SYSTEM, Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.factories.campaigns import Played
from tests.factories.checkins import check_in, make_checkin
from tests.parallel import in_parallel

pytestmark = [pytest.mark.integration, pytest.mark.slow]
PEOPLE, ROUNDS, PENS, BOOKS = 12, 3, 20, 30


def _make(tenant: Tenant, owner: Actor) -> tuple[Played, Lottery]:
    """A day's check-in reaches the goal: two draws and a pen. Every draw falls on a book."""
    played, _plan = make_checkin(
        tenant=tenant, owner=owner, has_gift=True, is_started=False, people=PEOPLE,
        wish={"goal_days": 1, "goal_draws": 2},
        prizes=[("点读笔", PrizeKind.GOODS, 9_600, PENS), ("绘本", PrizeKind.GOODS, 1_800, BOOKS)],
    )  # fmt: skip
    who: dict[str, Any] = {"tenant": tenant, "campaign_id": played.campaign.pk, "actor": owner}
    wish = LotteryWish(kind="grid", free_draws=1, draws_most=99, odds={played.prizes[1].pk: 1_000_000})
    made = lottery_set(**who, wish=wish)
    campaign_start(**who)
    return played, Lottery.objects.select_related("campaign").get(pk=made.pk)


@pytest.mark.django_db(transaction=True)
def test_draws_check_ins_gifts_and_rejections_of_the_same_people_at_once_wait_in_no_circle(
    tenant: Tenant, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowds, "PATIENCE", "120s")
    with tenant_scope(tenant):
        played, lottery = _make(tenant, owner)
        people = [one.pk for one in played.people]
    campaign_id, (pen, book) = played.campaign.pk, (one.pk for one in played.prizes)

    def taps(person: int, number: int) -> None:
        for turn in range(ROUNDS):
            row = check_in(tenant, played, person)
            if number % 3 == turn % 3:
                try:
                    checkin_reject(
                        tenant=tenant,
                        campaign_id=campaign_id,
                        checkin_id=row.pk,
                        reason="不清楚",
                        actor=owner,
                    )
                except CheckInRejected:
                    continue

    def draws(person: int, number: int) -> None:
        for turn in range(ROUNDS):
            try:
                draw_make(tenant=tenant, lottery=lottery, person_id=person, key=f"{number}:{turn}")
            except NoDrawsLeft:
                draws_grant(
                    lottery=lottery, person_id=person, amount=1, reason=GrantReason.INVITEE, key=f"{number}:{turn}",
                    actor=SYSTEM,
                )  # fmt: skip

    def gives(person: int, number: int) -> None:
        for turn in range(ROUNDS):
            key = f"{person}:{number}:{turn}"
            try:
                award_by_hand(
                    tenant=tenant, campaign_id=campaign_id, prize_id=(pen, book)[turn % 2], customer_id=person,
                    key=key, note="好", actor=owner,
                )  # fmt: skip
                award_make(
                    tenant=tenant, campaign_id=campaign_id, prize_id=(book, pen)[turn % 2], customer_id=person,
                    source=AwardSource.JOIN, key=f"join:{key}", note="", actor=SYSTEM,
                )  # fmt: skip
            except StockOut:
                continue

    acts = (taps, draws, gives)

    def work(number: int) -> None:
        with tenant_scope(tenant):
            acts[number % 3](people[number // 3], number)

    in_parallel(PEOPLE * 3, work)
    with tenant_scope(tenant):
        standing = Award.objects.exclude(state="returned")
        assert standing.filter(prize_id=pen).count() <= PENS
        assert standing.filter(prize_id=book).count() <= BOOKS
        assert all(one.used <= one.granted for one in Entrant.objects.all())
        assert Draw.objects.count() == sum(Entrant.objects.values_list("used", flat=True))
        for one in played.people:
            stands = CheckIn.objects.filter(customer=one, rejected_at=None).exists()
            assert points_of(customer=one) == (5 + 30) * stands
            assert standing.filter(customer=one, source=AwardSource.CHECK_IN).count() <= stands
        assert unbalanced(tenant_id=tenant.pk) == []
