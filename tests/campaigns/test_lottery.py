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
from hypothesis import given
from hypothesis import strategies as st

from campaigns.enums import AwardState, DrawOutcome, GrantReason, PrizeKind, Unit
from campaigns.errors import CampaignFixed, CampaignInvalid, CampaignNotRunning, CampaignPaused, NoDrawsLeft
from campaigns.models import Account, Award, Campaign, Chance, Draw, DrawGrant, Entrant, Lottery
from campaigns.policies.lottery import (
    WHOLE,
    cells,
    code_of,
    drawn,
    odds_hold,
    record_check,
    roll_of,
    seed_hash,
)
from campaigns.policies.wheel import sectors
from campaigns.selectors.ledger import unbalanced
from campaigns.selectors.lottery import lottery_of, lottery_token, record_head, record_lines, token_of
from campaigns.selectors.pages import page_path
from campaigns.services.frame import campaign_clone
from campaigns.services.life import campaign_end, campaign_pause, campaign_start
from campaigns.services.lottery import LotteryWish, draw_make, draws_grant, lottery_remove, lottery_set
from tenants.audit import SYSTEM, Actor
from tenants.models import AuditEntry, Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.phones import phone_of
from tests.conftest import MovableClock
from tests.factories.campaigns import Played, make_campaign
from tests.factories.contacts import make_customers
from tests.parallel import in_parallel

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
PEN = [("点读笔", PrizeKind.GOODS, 9_600, 2)]
BOTH = [("点读笔", PrizeKind.GOODS, 9_600, 2), ("小红包", PrizeKind.RED_PACKET, 288, 40)]


def make_lottery(
    *, tenant: Tenant, owner: Actor, percents: tuple[float, ...] = (100,), kind: str = "grid", free: int = 2,
    most: int = 3, is_started: bool = True, **fields: Any,
) -> tuple[Played, Lottery]:  # fmt: skip
    """A campaign with a lottery over its prizes in their order, running unless told otherwise."""
    played = make_campaign(tenant=tenant, actor=owner, is_started=False, **{"prizes": PEN, **fields})
    odds = {
        prize.pk: int(share * WHOLE / 100)
        for prize, share in zip(played.prizes, percents, strict=True)
        if share
    }
    wish = LotteryWish(kind=kind, free_draws=free, draws_most=most, odds=odds)
    made = lottery_set(tenant=tenant, campaign_id=played.campaign.pk, wish=wish, actor=owner)
    if is_started:
        campaign_start(tenant=tenant, campaign_id=played.campaign.pk, actor=owner)
    return played, Lottery.objects.select_related("campaign").get(pk=made.pk)


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def client(client: Client, owner: Actor) -> Client:
    client.force_login(User.objects.get(pk=owner.id))
    return client


def _draw(tenant: Tenant, lottery: Lottery, person_id: int, key: str) -> Draw:
    fresh = Lottery.objects.select_related("campaign").get(pk=lottery.pk)
    return draw_make(tenant=tenant, lottery=fresh, person_id=person_id, key=key)


# --- Arithmetic

GOLDEN = [755_496, 832_521, 683_296]
SEEDS = st.binary(min_size=32, max_size=32).map(bytes.hex)


def test_a_known_seed_gives_known_rolls() -> None:
    """Golden case: computed with `openssl dgst -sha256 -mac HMAC`, so that nobody changes the rule unseen."""
    seed = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    assert seed_hash(seed) == "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd"
    assert [roll_of(seed, lottery_id=7, code="abc", number=one) for one in (1, 2, 3)] == GOLDEN


@given(seed=SEEDS, code=st.text("0123456789abcdef", min_size=16, max_size=16), number=st.integers(1, 999))
def test_a_roll_is_within_the_whole_and_follows_from_its_facts_alone(
    seed: str, code: str, number: int
) -> None:
    roll = roll_of(seed, lottery_id=1, code=code, number=number)
    assert 0 <= roll < WHOLE
    assert roll == roll_of(seed, lottery_id=1, code=code, number=number)
    others = {
        roll_of(seed, lottery_id=2, code=code, number=number),
        roll_of(seed, lottery_id=1, code=code, number=number + 1),
        roll_of(seed, lottery_id=1, code=code[::-1] + "0", number=number),
    }
    assert len(others | {roll}) >= 3


@given(st.lists(st.integers(1, WHOLE // 5), min_size=1, max_size=5))
def test_a_prize_is_drawn_as_often_as_its_odds_say(shares: list[int]) -> None:
    odds = list(enumerate(shares, start=1))
    edges = [sum(shares[:place]) for place in range(len(shares) + 1)]
    for (prize_id, _share), first, after in zip(odds, edges[:-1], edges[1:], strict=True):
        assert (drawn(first, odds), drawn(after - 1, odds)) == (prize_id, prize_id)
    assert drawn(edges[-1], odds) is None
    assert odds_hold(shares)


def test_odds_of_nothing_less_than_nothing_or_more_than_the_whole_do_not_hold() -> None:
    assert [odds_hold(one) for one in ([], [0], [-1, 5], [WHOLE, 1], [WHOLE])] == [False] * 4 + [True]


@given(st.lists(st.integers(1, 99), unique=True, max_size=12), st.integers(6, 9))
def test_the_picture_has_every_prize_and_a_place_for_nothing(prizes: list[int], count: int) -> None:
    found = cells(prizes, count)
    assert len(found) == count
    assert None in found
    assert set(prizes[: count - 1]) <= set(found)
    assert set(found) <= {*prizes, None}


def test_a_wheel_closes() -> None:
    made = sectors(8)
    ends = [one.path.split("A")[1].split(" ", 5)[5].removesuffix("Z") for one in made]
    starts = [one.path.split("L")[1].split("A")[0] for one in made]
    assert ends == [*starts[1:], starts[0]]


# --- Setting up


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
    _draw(scope, lottery, played.people[0].pk, "1")
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


# --- Draws


def test_a_person_draws_the_free_ones_and_no_more_and_the_same_form_is_one_draw(
    scope: Tenant, owner: Actor
) -> None:
    played, lottery = make_lottery(
        tenant=scope, owner=owner, percents=(50,), prizes=[("笔", PrizeKind.GOODS, 1, 99)]
    )
    person = played.people[0].pk
    first = _draw(scope, lottery, person, "a")
    assert _draw(scope, lottery, person, "a").pk == first.pk
    second = _draw(scope, lottery, person, "b")
    assert (first.number, second.number) == (1, 2)
    with pytest.raises(NoDrawsLeft):
        _draw(scope, lottery, person, "c")
    assert _draw(scope, lottery, person, "b").pk == second.pk
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
        _draw(scope, lottery, person, key)
    with pytest.raises(NoDrawsLeft):
        _draw(scope, lottery, person, "d")
    assert grant(-9, "invitee:1:left").granted == 3
    entrant = Entrant.objects.get(customer_id=person)
    assert entrant.used == 3
    assert sum(DrawGrant.objects.filter(entrant=entrant).values_list("amount", flat=True)) == entrant.granted


def test_what_is_used_up_or_beyond_the_budget_counts_as_nothing_and_the_books_add_up(
    scope: Tenant, owner: Actor
) -> None:
    played, lottery = make_lottery(tenant=scope, owner=owner, people=4, free=1)
    outcomes = [_draw(scope, lottery, one.pk, "a").outcome for one in played.people]
    assert Counter(outcomes) == {"won": 2, "gone": 2}
    poor, little = make_lottery(tenant=scope, owner=owner, people=3, free=1, budget_fen=10_000)
    assert [_draw(scope, little, one.pk, "a").outcome for one in poor.people] == ["won", "gone", "gone"]
    assert unbalanced(tenant_id=scope.pk) == []


def test_nobody_draws_before_it_begins_in_a_break_or_after_the_end(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, lottery = make_lottery(tenant=scope, owner=owner)
    who = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    person = played.people[0].pk
    frozen.move(hours=-2)
    with pytest.raises(CampaignNotRunning):
        _draw(scope, lottery, person, "a")
    frozen.move(hours=2)
    campaign_pause(**who, is_paused=True)
    with pytest.raises(CampaignPaused):
        _draw(scope, lottery, person, "a")
    campaign_pause(**who, is_paused=False)
    frozen.move(days=7)
    with pytest.raises(CampaignNotRunning):
        _draw(scope, lottery, person, "a")
    assert not Draw.objects.exists()
    assert Entrant.objects.get(customer_id=person).used == 0


# --- At once


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
                _draw(tenant, lottery, person_id, "a")

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
                _draw(tenant, lottery, person, f"{number % 20}")
            except NoDrawsLeft:
                refused.append(number)

    in_parallel(40, work)
    with tenant_scope(tenant):
        assert sorted(Draw.objects.values_list("number", flat=True)) == [1, 2, 3]
        assert Entrant.objects.get().used == 3
        assert len(refused) >= 40 - 2 * 3


# --- The public record


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
            _draw(scope, lottery, one.pk, key)
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


# --- On the phone


def _phone(played: Played, number: int = 0) -> Client:
    return phone_of(played.group.app, external=played.people[number].external_userid)


def _key(page: Any) -> str:
    text = page.content.decode()
    return text.split('name="key" value="')[1][:32]


@pytest.mark.parametrize("kind", ["grid", "wheel", "box"])
def test_a_member_draws_on_the_phone_and_is_told_what_came_out(
    scope: Tenant, owner: Actor, kind: str
) -> None:
    played, lottery = make_lottery(tenant=scope, owner=owner, kind=kind, free=1, percents=(100,))
    phone, home = _phone(played), page_path(token_of(played.campaign))
    page = phone.get(home)
    text = page.content.decode()
    assert "100%" in text
    assert "剩 2" in text
    assert lottery.seed not in text
    sent = phone.post(home, {"key": _key(page)})
    assert (sent.status_code, sent["Location"]) == (302, f"{home}?draw=1")
    assert "你抽中了：点读笔" in phone.get(sent["Location"]).content.decode()
    replayed = phone.post(home, {"key": _key(page)})
    assert replayed["Location"] == f"{home}?draw=1"
    after = phone.get(home)
    assert "disabled" in after.content.decode()
    assert phone.post(home, {"key": "f" * 32}).status_code == 409
    assert phone.post(home, {"key": "<script>"}).status_code == 422
    assert "点读笔" in phone.get(page_path(token_of(played.campaign), "prizes")).content.decode()
    assert Draw.objects.count() == Award.objects.count() == 1


def test_a_script_gets_the_place_where_the_picture_stops(scope: Tenant, owner: Actor) -> None:
    played, _lottery = make_lottery(tenant=scope, owner=owner)
    phone, home = _phone(played), page_path(token_of(played.campaign))
    said = phone.post(home, {"key": "a" * 32}, headers={"accept": "application/json"}).json()
    assert said["url"] == f"{home}?draw=1"
    assert f'is-hit" data-place="{said["place"]}"' in phone.get(said["url"]).content.decode()


def test_strangers_staff_and_outsiders_draw_nothing(scope: Tenant, owner: Actor) -> None:
    played, _lottery = make_lottery(tenant=scope, owner=owner)
    home = page_path(token_of(played.campaign))
    for who in (
        {"external": ""},
        {"staff": "linxiao"},
        {"external": "wm-unknown"},
        {"external": "", "agent": "curl"},
    ):
        refused = phone_of(played.group.app, **who).post(home, {"key": "a" * 32})
        assert refused.status_code == 409
    assert not Entrant.objects.exists()
    assert "2 次" not in phone_of(played.group.app, staff="x").get(f"{home}?draw=1").content.decode()


def test_the_record_on_the_phone_hides_the_seed_until_the_end_and_names_nobody(
    scope: Tenant, owner: Actor
) -> None:
    played, lottery = make_lottery(tenant=scope, owner=owner)
    home = page_path(token_of(played.campaign))
    _phone(played).post(home, {"key": "a" * 32})
    record, log = f"{home}record/", f"{home}log/"
    stranger = Client(headers={"user-agent": "Mozilla/5.0"})
    early = stranger.get(record).json()
    assert (early["seed"], early["seed_hash"]) == (None, lottery.seed_hash)
    shown = _phone(played).get(log).content.decode()
    assert lottery.seed not in shown
    assert lottery.seed_hash in shown
    assert "豆豆妈妈" not in stranger.get(record).content.decode() + stranger.get(log).content.decode()
    campaign_end(tenant=scope, campaign_id=played.campaign.pk, reason="完", actor=owner)
    late = stranger.get(record).json()
    assert record_check(late).holds
    assert len(late["draws"]) == 1
    assert lottery.seed in stranger.get(log).content.decode()


def test_pages_and_draws_take_few_statements(
    scope: Tenant, owner: Actor, django_assert_max_num_queries: Any
) -> None:
    played, lottery = make_lottery(tenant=scope, owner=owner, percents=(0.0001,), free=2)
    phone, home = _phone(played), page_path(token_of(played.campaign))
    phone.get(home)
    with django_assert_max_num_queries(16):
        phone.get(home)
    _draw(scope, lottery, played.people[0].pk, "a")
    with django_assert_max_num_queries(10):
        _draw(scope, lottery, played.people[0].pk, "b")


# --- In the console


def test_an_operator_sets_it_up_and_sees_each_draw(scope: Tenant, owner: Actor, client: Client) -> None:
    played = make_campaign(tenant=scope, actor=owner, is_started=False, prizes=BOTH)

    def url(name: str, **kwargs: Any) -> str:
        return reverse(
            f"campaigns:{name}", kwargs={"tenant_slug": scope.slug, "pk": played.campaign.pk, **kwargs}
        )

    assert url("lottery") in client.get(url("step", step="play")).text
    pen, packet = (f"odds_{one.pk}" for one in played.prizes)
    given = {"kind": "wheel", "free_draws": "2", "draws_most": "5", pen: "60", packet: "50"}
    refused = client.post(url("lottery"), given)
    assert (refused.status_code, "110%" in refused.text) == (422, True)
    assert client.post(url("lottery"), {**given, pen: "0.0125"}).status_code == 302
    lottery = Lottery.objects.get()
    assert sorted(Chance.objects.values_list("share", flat=True)) == [125, 500_000]
    assert 'value="0.0125"' in client.get(url("lottery")).text
    campaign_start(tenant=scope, campaign_id=played.campaign.pk, actor=owner)
    for key in "ab":
        _draw(scope, lottery, played.people[0].pk, key)
    page = client.get(url("lottery")).text
    assert lottery.seed_hash in page
    assert lottery.seed not in page
    assert "豆豆妈妈" in page
    assert page_path(lottery_token(campaign=played.campaign, lottery=lottery)) in page
    rows = client.get(url("draws")).text
    assert rows.count("豆豆妈妈") == 2
    assert "豆豆妈妈" not in client.get(f"{url('draws')}?q=没有这人").text
    assert client.post(url("lottery"), {**given, pen: "1"}).status_code == 409
    assert Campaign.objects.get(pk=played.campaign.pk).state == "running"
