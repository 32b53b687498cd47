"""The lottery (R87, R82): fixed odds, a seed nobody can change, draws that never give more than there is."""

import json
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from campaigns.enums import AwardState, DrawOutcome, GrantReason, PrizeKind, Unit
from campaigns.errors import CampaignFixed, CampaignInvalid, CampaignNotRunning, CampaignPaused, NoDrawsLeft
from campaigns.models import Account, Award, Chance, Draw, DrawGrant, Entrant, Lottery
from campaigns.policies.lottery import (
    WHOLE,
    code_of,
    record_check,
    roll_of,
    seed_hash,
)
from campaigns.selectors.ledger import unbalanced
from campaigns.selectors.lottery import lottery_of, record_head, record_lines
from campaigns.services.frame import campaign_clone
from campaigns.services.life import campaign_end, campaign_pause, campaign_start
from campaigns.services.lottery import LotteryWish, draws_grant, lottery_remove, lottery_set
from tenants.audit import SYSTEM, Actor
from tenants.models import AuditEntry, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.campaigns import make_campaign
from tests.factories.contacts import make_customers
from tests.factories.lotteries import BOTH, draw, make_lottery
from tests.parallel import in_parallel

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def client(client: Client, owner: Actor) -> Client:
    client.force_login(User.objects.get(pk=owner.id))
    return client


def test_the_hash_is_known_before_the_start_and_nothing_changes_after_it(scope: Tenant, owner: Actor) -> None:
    played, lottery = make_lottery(tenant=scope, owner=owner, is_started=False)
    assert seed_hash(lottery.seed) == lottery.seed_hash
    told = AuditEntry.objects.get(verb="campaigns.lottery.set")
    assert told.changes["seed_hash"] == [None, lottery.seed_hash]
    assert lottery.seed not in json.dumps(told.changes)
    wish = LotteryWish(kind="wheel", free_draws=1, draws_most=1, odds={played.prizes[0].pk: 10})
    again = lottery_set(tenant=scope, campaign_id=played.campaign.pk, wish=wish, actor=owner)
    assert (again.seed_hash, again.kind) == (lottery.seed_hash, "wheel")
    campaign_start(tenant=scope, campaign_id=played.campaign.pk, actor=owner)
    with pytest.raises(CampaignFixed):
        lottery_set(tenant=scope, campaign_id=played.campaign.pk, wish=wish, actor=owner)
    with pytest.raises(CampaignFixed):
        lottery_remove(tenant=scope, campaign_id=played.campaign.pk, actor=owner)


@pytest.mark.parametrize(
    "statement",
    [
        "update campaigns_chance set share = 1",
        "delete from campaigns_chance",
        "update campaigns_lottery set draws_most = 9",
        "update campaigns_lottery set seed_hash = repeat('a', 64)",
        "update campaigns_draw set outcome = 'none'",
        "delete from campaigns_draw",
        "update campaigns_drawgrant set amount = 9",
        "update campaigns_entrant set used = granted + 1",
    ],
)
def test_the_database_keeps_odds_seed_draws_and_grants(scope: Tenant, owner: Actor, statement: str) -> None:
    played, lottery = make_lottery(tenant=scope, owner=owner)
    draw(scope, lottery, played.people[0].pk, "1")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    "bad",
    [{"free_draws": 4}, {"draws_most": 0}, {"odds": {1: 0}}, {"odds": {1: WHOLE + 1}}, {"odds": {1: 5}}],
)
def test_what_cannot_be_is_refused(scope: Tenant, owner: Actor, bad: dict[str, Any]) -> None:
    played = make_campaign(tenant=scope, actor=owner, is_started=False)
    if bad == {"odds": {1: 5}}:
        bad = {"odds": {played.prizes[0].pk + 999: 5}}
    wish = LotteryWish(**{"kind": "grid", "free_draws": 1, "draws_most": 3, "odds": {}, **bad})
    with pytest.raises(CampaignInvalid):
        lottery_set(tenant=scope, campaign_id=played.campaign.pk, wish=wish, actor=owner)
    assert not Lottery.objects.exists()


def test_without_odds_a_campaign_with_a_lottery_does_not_start_and_a_copy_has_a_seed_of_its_own(
    scope: Tenant, owner: Actor, client: Client
) -> None:
    played, lottery = make_lottery(tenant=scope, owner=owner, percents=(0,), is_started=False)
    page = client.get(
        reverse("campaigns:detail", kwargs={"tenant_slug": scope.slug, "pk": played.campaign.pk})
    )
    assert "CAMP-12" in page.text
    lottery_remove(tenant=scope, campaign_id=played.campaign.pk, actor=owner)
    assert "CAMP-12" not in client.get(page.wsgi_request.path).text
    other, first = make_lottery(tenant=scope, owner=owner, percents=(12.5,))
    copied = lottery_of(campaign=campaign_clone(tenant=scope, campaign_id=other.campaign.pk, actor=owner))
    assert copied is not None
    assert copied.seed_hash not in (first.seed_hash, lottery.seed_hash)
    assert Chance.objects.get(lottery=copied).share == 125_000


def test_a_person_draws_the_free_ones_and_no_more_and_the_same_form_is_one_draw(
    scope: Tenant, owner: Actor
) -> None:
    played, lottery = make_lottery(
        tenant=scope, owner=owner, percents=(50,), prizes=[("笔", PrizeKind.GOODS, 1, 99)]
    )
    person = played.people[0].pk
    first = draw(scope, lottery, person, "a")
    assert draw(scope, lottery, person, "a").pk == first.pk
    second = draw(scope, lottery, person, "b")
    assert (first.number, second.number) == (1, 2)
    with pytest.raises(NoDrawsLeft):
        draw(scope, lottery, person, "c")
    assert draw(scope, lottery, person, "b").pk == second.pk
    for one in (first, second):
        code = code_of(lottery.seed_hash, person)
        assert one.roll == roll_of(lottery.seed, lottery_id=lottery.pk, code=code, number=one.number)
        assert (one.outcome == DrawOutcome.WON) == (one.roll < WHOLE // 2)
    assert Award.objects.count() == Draw.objects.filter(outcome="won").count()


def test_an_invitee_adds_one_draw_once_up_to_the_limit_and_what_was_drawn_stays(
    scope: Tenant, owner: Actor
) -> None:
    played, lottery = make_lottery(tenant=scope, owner=owner, percents=(1,), free=1, most=3)
    person = played.people[0].pk

    def grant(amount: int, key: str) -> Entrant:
        return draws_grant(
            lottery=lottery,
            person_id=person,
            amount=amount,
            reason=GrantReason.INVITEE,
            key=key,
            actor=SYSTEM,
        )

    assert [grant(1, "invitee:1").granted, grant(1, "invitee:1").granted] == [2, 2]
    for number in range(2, 6):
        grant(1, f"invitee:{number}")
    for key in "abc":
        draw(scope, lottery, person, key)
    with pytest.raises(NoDrawsLeft):
        draw(scope, lottery, person, "d")
    assert grant(-9, "invitee:1:left").granted == 3
    entrant = Entrant.objects.get(customer_id=person)
    assert entrant.used == 3
    assert sum(DrawGrant.objects.filter(entrant=entrant).values_list("amount", flat=True)) == entrant.granted


def test_what_is_used_up_or_beyond_the_budget_counts_as_nothing_and_the_books_add_up(
    scope: Tenant, owner: Actor
) -> None:
    played, lottery = make_lottery(tenant=scope, owner=owner, people=4, free=1)
    outcomes = [draw(scope, lottery, one.pk, "a").outcome for one in played.people]
    assert Counter(outcomes) == {"won": 2, "gone": 2}
    poor, little = make_lottery(tenant=scope, owner=owner, people=3, free=1, budget_fen=10_000)
    assert [draw(scope, little, one.pk, "a").outcome for one in poor.people] == ["won", "gone", "gone"]
    assert unbalanced(tenant_id=scope.pk) == []


def test_nobody_draws_before_it_begins_in_a_break_or_after_the_end(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, lottery = make_lottery(tenant=scope, owner=owner)
    who = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    person = played.people[0].pk
    frozen.move(hours=-2)
    with pytest.raises(CampaignNotRunning):
        draw(scope, lottery, person, "a")
    frozen.move(hours=2)
    campaign_pause(**who, is_paused=True)
    with pytest.raises(CampaignPaused):
        draw(scope, lottery, person, "a")
    campaign_pause(**who, is_paused=False)
    frozen.move(days=7)
    with pytest.raises(CampaignNotRunning):
        draw(scope, lottery, person, "a")
    assert not Draw.objects.exists()
    assert Entrant.objects.get(customer_id=person).used == 0


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("people", "stock", "workers"), [(1_000, 10, 40), (50, 1, 50)])
def test_a_thousand_draws_at_once_on_ten_pieces_give_exactly_ten(
    tenant: Tenant, owner: Actor, people: int, stock: int, workers: int
) -> None:
    with tenant_scope(tenant):
        played, lottery = make_lottery(
            tenant=tenant, owner=owner, people=3, free=1, prizes=[("点读笔", PrizeKind.GOODS, 9_600, stock)]
        )
        crowd = [one.pk for one in make_customers(tenant=tenant, count=people)]

    def work(number: int) -> None:
        with tenant_scope(tenant):
            for person_id in crowd[number::workers]:
                draw(tenant, lottery, person_id, "a")

    in_parallel(workers, work)
    with tenant_scope(tenant):
        assert Counter(Draw.objects.values_list("outcome", flat=True)) == {
            "won": stock,
            "gone": people - stock,
        }
        assert Award.objects.filter(state=AwardState.HELD).count() == stock
        free = Account.objects.get(kind="free", unit=Unit.PIECES, campaign=played.campaign)
        assert free.balance == 0
        assert unbalanced(tenant_id=tenant.pk) == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_one_person_tapping_forty_times_at_once_draws_as_often_as_allowed(
    tenant: Tenant, owner: Actor
) -> None:
    with tenant_scope(tenant):
        played, lottery = make_lottery(tenant=tenant, owner=owner, free=3, most=3)
        person = played.people[0].pk
    refused: list[int] = []

    def work(number: int) -> None:
        with tenant_scope(tenant):
            try:
                draw(tenant, lottery, person, f"{number % 20}")
            except NoDrawsLeft:
                refused.append(number)

    in_parallel(40, work)
    with tenant_scope(tenant):
        assert sorted(Draw.objects.values_list("number", flat=True)) == [1, 2, 3]
        assert Entrant.objects.get().used == 3
        assert len(refused) >= 40 - 2 * 3


def _record(lottery: Lottery, *, is_over: bool) -> dict[str, Any]:
    head = record_head(lottery=lottery, is_over=is_over)
    return json.loads(json.dumps({**head, "draws": list(record_lines(lottery=lottery))}))


@pytest.fixture
def recorded(scope: Tenant, owner: Actor) -> dict[str, Any]:
    """Twenty-four draws of eight people over two prizes, ended."""
    played, lottery = make_lottery(
        tenant=scope, owner=owner, people=8, percents=(20, 40), prizes=BOTH, free=3, most=3
    )
    for one in played.people:
        for key in "abc":
            draw(scope, lottery, one.pk, key)
    campaign_end(tenant=scope, campaign_id=played.campaign.pk, reason="完", actor=owner)
    return _record(lottery, is_over=True)


def test_anybody_repeats_the_record_and_finds_what_was_changed(
    recorded: dict[str, Any], tmp_path: Path
) -> None:
    def said(record: dict[str, Any]) -> str:
        kept = tmp_path / "record.json"
        kept.write_text(json.dumps(record))
        out = StringIO()
        try:
            call_command("lottery_check", str(kept), stdout=out, stderr=out)
        except CommandError as error:
            return f"refused: {error}"
        return out.getvalue()

    assert said(recorded).startswith("24 draws hold")
    assert record_check(recorded).holds
    before, line, after = recorded["draws"][:5], recorded["draws"][5], recorded["draws"][6:]
    forgeries: list[dict[str, Any]] = [
        {"seed": "00" * 32},
        {"seed_hash": "0" * 64},
        {"draws": [*before, [line[0], line[1], (line[2] + 1) % WHOLE, *line[3:]], *after]},
        {"draws": [*before, [*line[:3], "won", "点读笔" if line[4] != "点读笔" else "小红包"], *after]},
        {"draws": recorded["draws"][1:]},
        {"odds": [["点读笔", 1, 2], recorded["odds"][1]]},
    ]  # fmt: skip
    for change in forgeries:
        assert said({**recorded, **change}).startswith("refused"), change
    assert "not published" in said({**recorded, "seed": None})
    assert said({"seed": "00" * 32}).startswith("refused: this is no record")


def test_more_winners_than_pieces_do_not_hold(recorded: dict[str, Any]) -> None:
    short = [[name, share, 0] for name, share, _stock in recorded["odds"]]
    assert any("won of 0" in line for line in record_check({**recorded, "odds": short}).wrong)
