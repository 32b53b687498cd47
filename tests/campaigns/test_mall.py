"""The points mall: never more than there is, of points or of pieces, whoever asks at once."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse

from campaigns.enums import AwardState, EntryReason, PrizeKind, Unit
from campaigns.errors import CampaignFixed, CampaignInvalid, GoodLimit, PointsShort, StockOut
from campaigns.models import Account, Award, Campaign, Entry, MallGood
from campaigns.selectors.ledger import unbalanced
from campaigns.selectors.mall import good_get, mall_token
from campaigns.selectors.pages import page_path
from campaigns.selectors.points import points_of, statement_of
from campaigns.services import crowds
from campaigns.services.awards import award_hand_over, award_take_back
from campaigns.services.frame import campaign_clone
from campaigns.services.life import campaign_start
from campaigns.services.mall import GoodWish, good_redeem, mall_set
from campaigns.services.points import points_move
from contacts.models import Customer
from tenants.audit import SYSTEM, Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.phones import phone_of
from tests.conftest import MovableClock
from tests.factories.campaigns import Played, make_campaign
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


def _mall(
    tenant: Tenant, owner: Actor, *, points: int = 30, per_person: int = 1, stock: int = 5, people: int = 3,
    is_started: bool = True,
) -> tuple[Played, MallGood]:  # fmt: skip
    """A campaign whose one prize is had for points."""
    played = make_campaign(
        tenant=tenant, actor=owner, is_started=False, people=people,
        prizes=[("分级绘本一本", PrizeKind.GOODS, 1_800, stock)],
    )  # fmt: skip
    goods = {played.prizes[0].pk: GoodWish(points, per_person)}
    (made,) = mall_set(tenant=tenant, campaign_id=played.campaign.pk, goods=goods, actor=owner)
    if is_started:
        campaign_start(tenant=tenant, campaign_id=played.campaign.pk, actor=owner)
    return played, good_get(tenant_id=tenant.pk, campaign_id=played.campaign.pk, good_id=made.pk)


def _give(tenant: Tenant, played: Played, person: Customer, amount: int) -> None:
    points_move(
        tenant=tenant, campaign_id=played.campaign.pk, person_id=person.pk, amount=amount,
        reason=EntryReason.EARNED, key=f"given:{person.pk}:{amount}", actor=SYSTEM,
    )  # fmt: skip


def test_a_good_is_had_once_for_points_and_called_off_the_points_are_back(
    scope: Tenant, owner: Actor
) -> None:
    played, good = _mall(scope, owner)
    mother = played.people[0]
    _give(scope, played, mother, 70)
    first = good_redeem(tenant=scope, good=good, person_id=mother.pk, key="a")
    assert good_redeem(tenant=scope, good=good, person_id=mother.pk, key="a").pk == first.pk
    assert points_of(customer=mother) == 40
    with pytest.raises(GoodLimit):
        good_redeem(tenant=scope, good=good, person_id=mother.pk, key="b")
    award_take_back(tenant=scope, award_id=first.pk, reason="没有现货", actor=owner)
    assert points_of(customer=mother) == 70
    again = good_redeem(tenant=scope, good=good, person_id=mother.pk, key="c")
    award_hand_over(tenant=scope, award_id=again.pk, proof="SF1", actor=owner)
    assert [one.amount for one in statement_of(customer=mother, most=9)] == [-30, 30, -30, 70]
    assert unbalanced(tenant_id=scope.pk) == []


def test_who_has_too_few_points_or_comes_too_late_gets_nothing_and_pays_nothing(
    scope: Tenant, owner: Actor
) -> None:
    played, good = _mall(scope, owner, stock=1)
    one, two = played.people[:2]
    _give(scope, played, one, 29)
    _give(scope, played, two, 30)
    with pytest.raises(PointsShort):
        good_redeem(tenant=scope, good=good, person_id=one.pk, key="a")
    assert not Award.objects.exists()
    good_redeem(tenant=scope, good=good, person_id=two.pk, key="a")
    _give(scope, played, one, 31)
    with pytest.raises(StockOut):
        good_redeem(tenant=scope, good=good, person_id=one.pk, key="b")
    assert (points_of(customer=one), points_of(customer=two)) == (60, 0)
    assert unbalanced(tenant_id=scope.pk) == []


def test_points_of_another_record_of_the_same_person_are_spent_too(scope: Tenant, owner: Actor) -> None:
    played, good = _mall(scope, owner)
    main, other = played.people[:2]
    _give(scope, played, main, 10)
    _give(scope, played, other, 25)
    Customer.objects.filter(pk=other.pk).update(person=main)
    main.refresh_from_db()
    assert points_of(customer=main) == 35
    good_redeem(tenant=scope, good=good, person_id=main.pk, key="a")
    assert points_of(customer=main) == 5
    assert [one.amount for one in statement_of(customer=main, most=9)] == [-30, 25, 10]
    assert unbalanced(tenant_id=scope.pk) == []


@pytest.mark.parametrize("bad", [GoodWish(0, 1), GoodWish(-5, 1), GoodWish(100_001, 1), GoodWish(5, 0)])
def test_what_cannot_be_is_refused(scope: Tenant, owner: Actor, bad: GoodWish) -> None:
    played, _good = _mall(scope, owner, is_started=False)
    who: dict[str, Any] = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    with pytest.raises(CampaignInvalid):
        mall_set(**who, goods={played.prizes[0].pk: bad})
    with pytest.raises(CampaignInvalid):
        mall_set(**who, goods={played.prizes[0].pk + 999: GoodWish(5, 1)})
    assert MallGood.objects.get().points == 30


def test_prices_are_fixed_once_it_runs_and_a_copy_has_them(scope: Tenant, owner: Actor) -> None:
    played, _good = _mall(scope, owner)
    who: dict[str, Any] = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    with pytest.raises(CampaignFixed):
        mall_set(**who, goods={})
    for statement in ("update campaigns_mallgood set points = 1", "delete from campaigns_mallgood"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    copied = campaign_clone(**who)
    assert MallGood.objects.get(prize__campaign=copied).points == 30
    mall_set(**{**who, "campaign_id": copied.pk}, goods={})
    assert MallGood.objects.count() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_forty_at_once_never_spend_more_than_there_is_and_never_have_more_than_there_are(
    tenant: Tenant, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten people with points for two each tap four times at once; eleven pieces."""
    monkeypatch.setattr(crowds, "PATIENCE", "120s")
    with tenant_scope(tenant):
        played, good = _mall(tenant, owner, per_person=9, stock=11, people=10)
        for one in played.people:
            _give(tenant, played, one, 65)
    refused: list[Exception] = []

    def work(number: int) -> None:
        with tenant_scope(tenant):
            person = played.people[number % 10]
            try:
                good_redeem(tenant=tenant, good=good, person_id=person.pk, key=f"{number}")
            except (PointsShort, StockOut) as error:
                refused.append(error)

    in_parallel(40, work)
    with tenant_scope(tenant):
        assert (Award.objects.count(), len(refused)) == (11, 29)
        balances = list(Account.objects.filter(kind="person").values_list("balance", flat=True))
        assert sum(balances) == 10 * 65 - 11 * 30
        assert min(balances) >= 0
        assert Account.objects.get(kind="free", unit=Unit.PIECES).balance == 0
        assert unbalanced(tenant_id=tenant.pk) == []


def _phone(played: Played, number: int = 0) -> Client:
    return phone_of(played.group.app, external=played.people[number].external_userid)


def _home(played: Played) -> str:
    return page_path(mall_token(Campaign.objects.get(pk=played.campaign.pk)))


def test_a_member_looks_is_asked_once_more_and_has_it(scope: Tenant, owner: Actor) -> None:
    played, good = _mall(scope, owner, stock=2)
    phone, home = _phone(played), _home(played)
    assert "还差 30 积分" in phone.get(home).text
    assert f"?good={good.pk}" not in phone.get(home).text
    _give(scope, played, played.people[0], 30)
    page = phone.get(f"{home}?good={good.pk}").text
    key = page.split('name="key" value="')[1][:32]
    sent = phone.post(home, {"good": str(good.pk), "key": key})
    assert sent["Location"] == f"{home}?got=1"
    assert "已经是你的了" in phone.get(sent["Location"]).text
    assert phone.post(home, {"good": str(good.pk), "key": key}).status_code == 302
    assert Award.objects.count() == 1
    assert phone.post(home, {"good": str(good.pk), "key": "f" * 32}).status_code == 409
    for bad in (
        {"good": "-1", "key": key},
        {"good": "9" * 30, "key": key},
        {"good": str(good.pk), "key": "x"},
    ):
        assert phone.post(home, bad).status_code == 422
    assert "-30" in phone.get(f"{home}points/").text.replace("−", "-")
    assert "分级绘本一本" in phone.get(f"{home}prizes/").text
    other, _other_good = _mall(scope, owner)
    assert phone_of(other.group.app, external=other.people[0].external_userid).post(
        _home(other), {"good": str(good.pk), "key": key}
    ).status_code == 422  # fmt: skip


def _url(scope: Tenant, played: Played, name: str, **kwargs: Any) -> str:
    return reverse(
        f"campaigns:{name}", kwargs={"tenant_slug": scope.slug, "pk": played.campaign.pk, **kwargs}
    )


def test_an_operator_prices_goods_and_staff_hands_out_or_calls_off(
    scope: Tenant, owner: Actor, client: Client
) -> None:
    played, _good = _mall(scope, owner, is_started=False)
    there, pk = _url(scope, played, "mall"), played.prizes[0].pk
    assert there in client.get(_url(scope, played, "step", step="play")).text
    for bad in ({}, {f"points_{pk}": "0"}, {f"points_{pk}": "-3"}, {f"points_{pk}": "5", f"limit_{pk}": "0"}):
        assert client.post(there, bad).status_code == 422
    assert client.post(there, {f"points_{pk}": "20", f"limit_{pk}": "2"}).status_code == 302
    good = MallGood.objects.select_related("prize").get()
    assert (good.points, good.per_person) == (20, 2)
    campaign_start(tenant=scope, campaign_id=played.campaign.pk, actor=owner)
    mother = played.people[0]
    _give(scope, played, mother, 45)
    first = good_redeem(tenant=scope, good=good, person_id=mother.pk, key="a")
    good_redeem(tenant=scope, good=good, person_id=mother.pk, key="b")
    page = client.get(there).text
    assert "豆豆妈妈" in page
    assert _home(played) in page
    drawer = _url(scope, played, "award_take_back", award_pk=first.pk)
    assert "积分退回" in client.get(drawer).text
    client.post(drawer, {"reason": "没有现货"})
    assert Award.objects.get(pk=first.pk).state == AwardState.RETURNED
    assert Entry.objects.filter(reason="repaid").count() == 1
    file = client.get(f"{_url(scope, played, 'redemptions')}?export=csv")
    assert isinstance(file, StreamingHttpResponse)
    rows = list(csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig"))))
    assert [one[rows[0].index("积分")] for one in rows[1:]] == ["20", "20"]
    people = client.get(reverse("campaigns:points", kwargs={"tenant_slug": scope.slug})).text
    assert "豆豆妈妈" in people
    assert ">25<" in people
