"""Show-orders (R88): a paid order of one's own, looked at by staff, a prize that no opinion changes, a permission that
can be taken back."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from campaigns.enums import Missing, PrizeKind
from campaigns.errors import (
    CampaignFixed,
    CampaignInvalid,
    CampaignNotRunning,
    OrderNotPaid,
    PraiseAsked,
    ReasonMissing,
    ShowRefused,
    StateWrong,
)
from campaigns.models import Award, ShownOrder, ShowPlay
from campaigns.policies.showing import asks_praise
from campaigns.selectors.frame import missing_of
from campaigns.selectors.ledger import unbalanced
from campaigns.selectors.pages import page_path
from campaigns.selectors.showing import show_of, token_of
from campaigns.services.frame import campaign_clone, campaign_set_place
from campaigns.services.life import campaign_end
from campaigns.services.showing import (
    ShowWish,
    permission_set,
    show_remove,
    show_set,
    shown_grant,
    shown_refuse,
)
from contacts.models import Order
from contacts.services.personal import erasure_ask, erasure_run
from content.models import Proof
from content.selectors.proofs import standing_of
from team.models import WorkItem
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.phones import phone_of
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer
from tests.factories.showing import PNG, WORDS, bought, fresh, make_show, picture, shows
from tests.parallel import in_parallel
from wecom.models import MediaAsset

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def client(client: Client, owner: Actor) -> Client:
    client.force_login(User.objects.get(pk=owner.id))
    return client


def why(code: str, act: Any) -> None:
    with pytest.raises(ShowRefused) as told:
        act()
    assert told.value.code == code


def test_a_paid_order_of_ones_own_within_the_window_is_shown_once(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, play = make_show(tenant=scope, owner=owner, wish={"before_days": 1})
    first, second = played.people[:2]
    mine, theirs = bought(scope, first), bought(scope, second)
    for order in (
        theirs,
        bought(scope, first, state="refunded"),
        bought(scope, first, minutes_ago=60 * 26),
    ):
        why("SHOW-01", lambda order=order: shows(scope, play, first, order))
    why("SHOW-02", lambda: shows(scope, play, first, mine, text=" 好 " * 3))
    row = shows(scope, play, first, mine)
    assert (row.state, row.order_id, row.text) == ("waiting", mine.pk, WORDS)
    assert shows(scope, play, first, mine).pk == row.pk
    why("SHOW-04", lambda: shows(scope, play, first, bought(scope, first)))
    assert ShownOrder.objects.count() == 1
    frozen.move(days=5, minutes=1)
    why("SHOW-08", lambda: shows(scope, play, second, theirs))
    assert not Award.objects.exists()


def test_staff_grant_once_and_a_complaint_gets_the_prize_as_praise_does(scope: Tenant, owner: Actor) -> None:
    played, play = make_show(
        tenant=scope, owner=owner, people=3, prizes=[("绘本", PrizeKind.GOODS, 1_800, 2)]
    )
    words = (
        "非常满意，孩子抱着不撒手！",
        "书角都磕坏了，很失望，不会再买。",
        "一般般吧，没有想象中那么好看。",
    )
    rows = [
        shows(scope, play, one, bought(scope, one), text=said)
        for one, said in zip(played.people, words, strict=True)
    ]
    item = WorkItem.objects.get(source_kind="campaigns.show")
    assert (item.staff_id, item.state) == (played.staff.pk, "open")
    who: dict[str, Any] = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    told = [shown_grant(**who, shown_id=one.pk).state for one in rows]
    assert told == ["granted", "granted", "gone"]
    with pytest.raises(StateWrong):
        shown_grant(**who, shown_id=rows[0].pk)
    assert {one.customer_id for one in Award.objects.all()} == {one.pk for one in played.people[:2]}
    assert unbalanced(tenant_id=scope.pk) == []
    item.refresh_from_db()
    assert item.state == "done"


def test_a_prize_is_withheld_only_for_a_reason_that_there_is_and_shown_anew(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, play = make_show(tenant=scope, owner=owner)
    person = played.people[0]
    row = shows(scope, play, person, bought(scope, person))
    who: dict[str, Any] = {
        "tenant": scope, "campaign_id": played.campaign.pk, "shown_id": row.pk, "actor": owner,
    }  # fmt: skip
    for fault in ("", "bad_rating"):
        with pytest.raises(ReasonMissing):
            shown_refuse(**who, fault=fault, reason="评价不够好")
    with pytest.raises(PraiseAsked):
        shown_refuse(**who, fault="words", reason="请写五星好评再来")
    assert shown_refuse(**who, fault="unreadable", reason="看不清").state == "refused"
    again = shows(scope, play, person, bought(scope, person))
    assert (again.state, ShownOrder.objects.count()) == ("waiting", 2)
    for _turn in range(3):
        shown_refuse(**{**who, "shown_id": again.pk}, fault="words", reason="")
        again = shows(scope, play, person, bought(scope, person))
    shown_refuse(**{**who, "shown_id": again.pk}, fault="words", reason="")
    why("SHOW-09", lambda: shows(scope, play, person, bought(scope, person)))


def test_an_order_refunded_meanwhile_and_a_campaign_that_is_over_give_nothing(
    scope: Tenant, owner: Actor
) -> None:
    played, play = make_show(tenant=scope, owner=owner)
    person, other = played.people[:2]
    row, late = (
        shows(scope, play, person, bought(scope, person)),
        shows(scope, play, other, bought(scope, other)),
    )
    who: dict[str, Any] = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    Order.objects.filter(pk=row.order_id).update(state="refunded")
    with pytest.raises(OrderNotPaid):
        shown_grant(**who, shown_id=row.pk)
    campaign_end(**who, reason="提前结束")
    with pytest.raises(CampaignNotRunning):
        shown_grant(**who, shown_id=late.pk)
    assert set(ShownOrder.objects.values_list("state", flat=True)) == {"waiting"}
    assert not Award.objects.exists()


def test_what_is_permitted_becomes_a_testimonial_and_goes_when_that_is_taken_back(
    scope: Tenant, owner: Actor
) -> None:
    played, play = make_show(tenant=scope, owner=owner)
    person = played.people[0]
    row = shows(scope, play, person, bought(scope, person), is_permitted=True, picture=picture(1))
    assert not Proof.objects.exists()
    shown_grant(tenant=scope, campaign_id=played.campaign.pk, shown_id=row.pk, actor=owner)
    proof = Proof.objects.get()
    assert (proof.text, proof.asset_id, proof.customer_id, proof.order_id) == (
        WORDS, row.asset_id, person.pk, row.order_id,
    )  # fmt: skip
    assert standing_of(tenant=scope, proof_ids=[proof.pk], needed="groups")[proof.pk].is_shown
    campaign_end(tenant=scope, campaign_id=played.campaign.pk, actor=owner, reason="提前结束")
    phone = phone_of(played.group.app, external=person.external_userid)
    home = page_path(token_of(fresh(played.campaign)))
    assert "收回许可" in phone.get(home).text
    for _twice in range(2):
        assert phone.post(home, {"act": "withdraw"}).status_code == 302
    assert [one.value for one in standing_of(tenant=scope, proof_ids=[proof.pk])[proof.pk].problems] == [
        "PROOF-06"
    ]
    assert phone.post(home, {"act": "permit"}).status_code == 302
    assert standing_of(tenant=scope, proof_ids=[proof.pk], needed="groups")[proof.pk].is_shown
    assert Proof.objects.count() == 1
    stranger = phone_of(played.group.app, external=played.people[1].external_userid)
    assert stranger.post(home, {"act": "withdraw"}).status_code == 409
    with pytest.raises(StateWrong):
        permission_set(tenant=scope, play=play, person_id=played.people[1].pk, is_permitted=False)


def test_a_picture_is_one_of_their_own_and_goes_when_the_person_is_erased(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, play = make_show(tenant=scope, owner=owner, wish={"needs_picture": True})
    first, second = played.people[:2]
    mine, theirs = bought(scope, first), bought(scope, second)
    why("SHOW-05", lambda: shows(scope, play, first, mine))
    for name, content in (
        ("a.png", b"GIF89a" * 9),
        ("a.gif", PNG * 9),
        ("a.png", PNG + b"1" * 10 * 1024 * 1024),
    ):
        why(
            "SHOW-06",
            lambda name=name, content=content: shows(scope, play, first, mine, picture=(name, content)),
        )
    row = shows(scope, play, first, mine, picture=picture(1))
    frozen.move(minutes=1)
    why("SHOW-07", lambda: shows(scope, play, second, theirs, picture=picture(1)))
    other = shows(scope, play, second, theirs, picture=picture(2))
    asked = erasure_ask(tenant=scope, customer_id=first.pk, typed=first.name, reason="本人要求", actor=owner)
    erasure_run(tenant=scope, erasure_id=asked.pk)
    row.refresh_from_db()
    assert (row.text, row.asset_id) == ("", None)
    assert list(MediaAsset.objects.values_list("pk", flat=True)) == [other.asset_id]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_thirty_colleagues_who_grant_one_at_once_give_one_prize(tenant: Tenant, owner: Actor) -> None:
    with tenant_scope(tenant):
        played, play = make_show(tenant=tenant, owner=owner)
        person = played.people[0]
        row = shows(tenant, play, person, bought(tenant, person))

    def work(number: int) -> None:
        with tenant_scope(tenant):
            try:
                shown_grant(tenant=tenant, campaign_id=played.campaign.pk, shown_id=row.pk, actor=owner)
            except StateWrong:
                return

    in_parallel(30, work)
    with tenant_scope(tenant):
        assert Award.objects.count() == 1
        assert unbalanced(tenant_id=tenant.pk) == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_one_who_shows_two_orders_from_thirty_tabs_shows_one(tenant: Tenant, owner: Actor) -> None:
    with tenant_scope(tenant):
        played, play = make_show(tenant=tenant, owner=owner)
        person = played.people[0]
        orders = [bought(tenant, person), bought(tenant, person)]

    def work(number: int) -> None:
        with tenant_scope(tenant):
            try:
                shows(tenant, play, person, orders[number % 2])
            except ShowRefused:
                return

    in_parallel(30, work)
    with tenant_scope(tenant):
        assert ShownOrder.objects.count() == 1


def test_rules_that_ask_for_praise_do_not_start_and_a_started_one_is_fixed(
    scope: Tenant, owner: Actor
) -> None:
    played, _play = make_show(tenant=scope, owner=owner, is_started=False, about="晒单写五星好评，送绘本")
    assert Missing.PRAISE in missing_of(campaign=played.campaign)
    wish = ShowWish(prize_id=played.prizes[0].pk, before_days=0, look_hours=48, needs_picture=True)
    who: dict[str, Any] = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    with pytest.raises(PraiseAsked):
        show_set(
            **who,
            wish=ShowWish(
                prize_id=wish.prize_id, before_days=0, look_hours=1, needs_picture=True, ask="写好评"
            ),
        )
    for hours, prize_id in ((0, wish.prize_id), (9_999, wish.prize_id), (1, 0)):
        with pytest.raises(CampaignInvalid):
            show_set(
                **who, wish=ShowWish(prize_id=prize_id, before_days=0, look_hours=hours, needs_picture=True)
            )
    show_set(**who, wish=ShowWish(prize_id=wish.prize_id, before_days=0, look_hours=168, needs_picture=True))
    campaign_set_place(
        **who, group_ids=[played.group.pk], starts_at=clock.now(), ends_at=clock.now() + timedelta(days=6)
    )
    assert Missing.SHOW in missing_of(campaign=fresh(played.campaign))
    started, _row = make_show(tenant=scope, owner=owner)
    with pytest.raises(CampaignFixed):
        show_remove(tenant=scope, campaign_id=started.campaign.pk, actor=owner)
    copy = show_of(campaign=campaign_clone(tenant=scope, campaign_id=started.campaign.pk, actor=owner))
    assert copy is not None
    assert (copy.look_hours, str(copy.prize)) == (48, "分级绘本一本")


@pytest.mark.parametrize(
    "statement",
    ["update campaigns_showplay set look_hours = 1", "delete from campaigns_showplay"],
)
def test_the_database_keeps_what_was_promised(scope: Tenant, owner: Actor, statement: str) -> None:
    make_show(tenant=scope, owner=owner)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert ShowPlay.objects.get().look_hours == 48


def test_a_member_shows_an_order_with_a_picture_by_phone(
    scope: Tenant, owner: Actor, django_assert_max_num_queries: Any
) -> None:
    played, _play = make_show(tenant=scope, owner=owner, wish={"needs_picture": True})
    person, other = played.people[:2]
    order, foreign = bought(scope, person), bought(scope, other)
    home = page_path(token_of(played.campaign))
    phone = phone_of(played.group.app, external=person.external_userid)
    with django_assert_max_num_queries(20):
        page = phone.get(home).text
    assert order.order_no in page
    assert foreign.order_no not in page
    assert "不影响得奖" in page
    sent = {"order": order.pk, "text": "孩子很喜欢😀，封面有划痕", "permit": "yes"}
    refused = phone.post(home, {**sent, "order": foreign.pk})
    assert (refused.status_code, "封面有划痕" in refused.text) == (422, True)
    assert phone.post(home, {**sent, "order": "９" * 20}).status_code == 422
    picture_file = SimpleUploadedFile("a.png", picture(3)[1], "image/png")
    assert phone.post(home, {**sent, "picture": picture_file}).status_code == 302
    own = phone.get(f"{home}own/")
    assert (own.status_code, own["Content-Type"]) == (200, "image/png")
    assert phone_of(played.group.app, external=other.external_userid).get(f"{home}own/").status_code == 404
    assert "已提交" in phone.get(home).text
    for who in ({"staff": "linxiao"}, {"external": "wm-unknown"}, {"external": "", "agent": "curl"}):
        assert phone_of(played.group.app, **who).post(home, sent).status_code == 409
    huge = SimpleUploadedFile("a.png", PNG + b"1" * 11 * 1024 * 1024, "image/png")
    assert phone.post(home, {**sent, "picture": huge}).status_code == 413
    assert ShownOrder.objects.count() == 1


def test_an_operator_sets_it_up_looks_and_says_why_not(scope: Tenant, owner: Actor, client: Client) -> None:
    played, _play = make_show(tenant=scope, owner=owner, is_started=False)

    def url(name: str, campaign_id: int = played.campaign.pk, **kwargs: Any) -> str:
        return reverse(f"campaigns:{name}", kwargs={"tenant_slug": scope.slug, "pk": campaign_id, **kwargs})

    assert url("show") in client.get(url("step", step="play")).text
    form = {"prize": played.prizes[0].pk, "before_days": "7", "look_hours": "24", "ask": "写五星好评"}
    assert client.post(url("show"), form).status_code == 422
    assert client.post(url("show"), {**form, "ask": "最喜欢哪一页？"}).status_code == 302
    assert ShowPlay.objects.get().before_days == 7
    running, play = make_show(tenant=scope, owner=owner)
    person = running.people[0]
    row = shows(scope, play, person, bought(scope, person))
    page = client.get(url("show", running.campaign.pk)).text
    assert WORDS in page
    drawer = url("shown_decide", running.campaign.pk, shown_pk=row.pk)
    assert client.get(url("shown_decide", shown_pk=row.pk)).status_code == 404
    assert client.post(drawer, {"verdict": "refuse", "fault": ""}).status_code == 422
    assert (
        client.post(drawer, {"verdict": "refuse", "fault": "unreadable", "reason": "太暗"}).status_code == 204
    )
    listed = client.get(url("shown", running.campaign.pk), {"state": "refused"}).text
    assert "太暗" in listed
    again = shows(scope, play, person, bought(scope, person))
    client.post(url("shown_decide", running.campaign.pk, shown_pk=again.pk), {"verdict": "grant"})
    assert Award.objects.get().customer_id == person.pk


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("写五星好评即送", True), ("晒图+5星评价", True), ("Give us five stars", True), ("满分评价送书", True),
        ("不需要好评，写真话", False), ("无论好评差评都送", False), ("晒单写感受", False),
        ("No praise needed: no praise", False),
    ],
)  # fmt: skip
def test_words_that_ask_for_praise_are_known(text: str, asks: bool) -> None:
    assert bool(asks_praise(text)) is asks


def test_another_companys_order_is_nobodys(
    tenant: Tenant, other_tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    with tenant_scope(other_tenant):
        foreign = bought(other_tenant, make_customer(tenant=other_tenant))
    with tenant_scope(tenant):
        played, play = make_show(tenant=tenant, owner=owner)
        why("SHOW-01", lambda: shows(tenant, play, played.people[0], foreign))
        assert not ShownOrder.objects.exists()
