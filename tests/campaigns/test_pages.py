"""The pages of campaigns: what each role sees and may do, what a form refuses, and what it costs to read."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from campaigns.enums import CampaignState, PrizeKind
from campaigns.models import Award, Campaign, Payout, Prize
from campaigns.services import paying
from campaigns.services.awards import award_by_hand
from campaigns.services.payouts import payouts_run
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.campaigns import Played, make_campaign
from tests.factories.contacts import make_customer
from tests.factories.groups import make_group
from tests.factories.team import make_staff
from tests.factories.tenants import make_member, make_user

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
QUERIES_MOST = 25


@pytest.fixture
def client(tenant: Tenant, frozen: MovableClock) -> Client:
    made = Client()
    made.force_login(User.objects.get(email="lin@example.com"))
    return made


@pytest.fixture
def as_role(tenant: Tenant) -> Callable[[str], Client]:
    def make(role: str) -> Client:
        person = make_user()
        with tenant_scope(tenant):
            make_member(tenant=tenant, role=role, user=person)
        made = Client()
        made.force_login(person)
        return made

    return make


@pytest.fixture
def played(tenant: Tenant, owner: Actor, client: Client) -> Played:
    with tenant_scope(tenant):
        return make_campaign(
            tenant=tenant, actor=owner,
            prizes=[("点读笔", PrizeKind.GOODS, 9_600, 5), ("红包", PrizeKind.RED_PACKET, 100, 5)],
        )  # fmt: skip


def _url(tenant: Tenant, name: str, **kwargs: Any) -> str:
    return reverse(f"campaigns:{name}", kwargs={"tenant_slug": tenant.slug, **kwargs})


def test_the_way_from_a_name_to_a_running_campaign_says_what_is_missing_until_nothing_is(
    client: Client, tenant: Tenant
) -> None:
    with tenant_scope(tenant):
        group, staff = make_group(tenant=tenant), make_staff(tenant=tenant)
    assert "还没有活动" in client.get(_url(tenant, "list")).text
    idea = {"name": "国庆宠粉🎁", "theme": "fan_treat", "goal_kind": "people", "goal_target": ""}
    begun = client.post(_url(tenant, "new"), idea)
    with tenant_scope(tenant):
        row = Campaign.objects.get()
    assert begun["Location"] == _url(tenant, "step", pk=row.pk, step="place")
    page = client.get(_url(tenant, "detail", pk=row.pk)).text
    assert [
        code
        for code in ("CAMP-01", "CAMP-02", "CAMP-03", "CAMP-06", "CAMP-09", "CAMP-11")
        if code not in page
    ] == []
    refused = client.post(_url(tenant, "act", pk=row.pk, verb="start"))
    assert (refused.status_code, "CAMP-01" in refused.text) == (409, True)
    now = clock.local(clock.now(), tenant.timezone)
    span = {
        "groups": [group.pk], "starts_at": now.strftime("%Y-%m-%dT%H:%M"),
        "ends_at": (now + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M"),
    }  # fmt: skip
    client.post(_url(tenant, "step", pk=row.pk, step="idea"), idea | {"goal_target": "20"})
    client.post(_url(tenant, "step", pk=row.pk, step="place"), span)
    drawer = {"name": "点读笔", "kind": "goods", "unit_yuan": "96.50", "stock": "5"}
    client.post(_url(tenant, "prize_new", pk=row.pk), drawer, headers={"HX-Request": "true"})
    client.post(_url(tenant, "step", pk=row.pk, step="prizes"), {"budget_yuan": "500", "labour_hours": "1.5"})
    client.post(
        _url(tenant, "step", pk=row.pk, step="rules"), {"rules_text": "群成员均可参加", "owner": staff.pk}
    )
    assert "都齐了" in client.get(_url(tenant, "detail", pk=row.pk)).text
    assert client.post(_url(tenant, "act", pk=row.pk, verb="start")).status_code == 302
    with tenant_scope(tenant):
        row.refresh_from_db()
        assert (row.state, row.budget_fen, row.labour_minutes) == (CampaignState.RUNNING, 50_000, 90)
        assert Prize.objects.get().unit_fen == 9_650
        assert row.ends_at is not None
        assert clock.local(row.ends_at, tenant.timezone).strftime("%Y-%m-%dT%H:%M") == span["ends_at"]


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("idea", {"name": "好" * 61, "theme": "fan_treat", "goal_kind": "people"}),
        ("idea", {"name": "好", "theme": "fan_treat", "goal_kind": "people", "goal_target": "-1"}),
        ("idea", {"name": "好", "theme": "nothing", "goal_kind": "people"}),
        ("place", {"starts_at": "2026-03-05T10:00", "ends_at": "2026-03-05T10:00"}),
        ("place", {"groups": ["999999"]}),
        ("prizes", {"budget_yuan": "-1"}),
        ("prizes", {"budget_yuan": "0.001"}),
        ("prizes", {"budget_yuan": "9" * 30}),
        ("rules", {"owner": "999999"}),
    ],
)
def test_a_step_refuses_what_cannot_be(
    client: Client, tenant: Tenant, owner: Actor, step: str, told: dict[str, Any]
) -> None:
    with tenant_scope(tenant):
        row = make_campaign(tenant=tenant, actor=owner, is_started=False).campaign
        before = Campaign.objects.values().get(pk=row.pk)
    answer = client.post(_url(tenant, "step", pk=row.pk, step=step), told)
    assert (answer.status_code, "invalid-feedback" in answer.text) == (422, True)
    with tenant_scope(tenant):
        assert Campaign.objects.values().get(pk=row.pk) == before


def test_a_prize_goes_from_the_search_to_a_hand(client: Client, tenant: Tenant, played: Played) -> None:
    page, person = _url(tenant, "give", pk=played.campaign.pk), played.people[0]
    with tenant_scope(tenant):
        stranger = make_customer(tenant=tenant, name="豆豆姑姑")
    found = client.get(page, {"q": "豆豆"}).text
    assert ("豆豆妈妈" in found, "豆豆姑姑" in found) == (True, False)
    told = {"prize": played.prizes[0].pk, "note": "作业连交 7 天", "key": "abc"}
    for _twice in range(2):
        assert client.post(f"{page}?customer={person.pk}", told).status_code == 302
    assert client.post(f"{page}?customer={stranger.pk}", told | {"key": "x"}).status_code == 409
    assert client.post(page, told).status_code == 422
    with tenant_scope(tenant):
        award = Award.objects.get()
    drawer = _url(tenant, "award_hand_over", pk=played.campaign.pk, award_pk=award.pk)
    assert client.post(drawer, {"proof": ""}).status_code == 422
    assert client.post(drawer, {"proof": "SF1"}, headers={"HX-Request": "true"}).status_code == 204
    listed = client.get(_url(tenant, "awards", pk=played.campaign.pk)).text
    assert all(word in listed for word in ("豆豆妈妈", "作业连交 7 天", "SF1", "已发放"))


def test_the_ledger_shows_every_entry_and_that_it_adds_up(
    client: Client, tenant: Tenant, owner: Actor, played: Played
) -> None:
    with tenant_scope(tenant):
        for number, prize in enumerate(played.prizes):
            award_by_hand(
                tenant=tenant, campaign_id=played.campaign.pk, prize_id=prize.pk, customer_id=played.people[0].pk,
                key=str(number), note="好", actor=owner,
            )  # fmt: skip
        payouts_run(tenant=tenant)
    page = client.get(_url(tenant, "ledger", pk=played.campaign.pk)).text
    assert all(
        word in page
        for word in ("每个账户都对得上", "付款与支付服务一致", "核对 1 笔，已付 ¥1", "占用 · 点读笔")
    )
    narrowed = client.get(_url(tenant, "ledger", pk=played.campaign.pk), {"prize": played.prizes[1].pk}).text
    assert ("占用 · 红包" in narrowed, "占用 · 点读笔" in narrowed) == (True, False)
    filed = client.get(_url(tenant, "awards", pk=played.campaign.pk), {"export": "csv"})
    assert "96.0" in b"".join(filed.streaming_content).decode()  # type: ignore[attr-defined]


def test_a_refused_payment_offers_its_three_ways_out(
    client: Client, tenant: Tenant, owner: Actor, played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(self: paying.Sandbox, **named: Any) -> paying.Receipt:
        raise paying.PaymentRefused("账户未实名")

    with tenant_scope(tenant):
        award = award_by_hand(
            tenant=tenant, campaign_id=played.campaign.pk, prize_id=played.prizes[1].pk,
            customer_id=played.people[0].pk, key="1", note="好", actor=owner,
        )  # fmt: skip
        with monkeypatch.context() as patch:
            patch.setattr(paying.Sandbox, "pay", refuses)
            payouts_run(tenant=tenant)
    page = client.get(_url(tenant, "awards", pk=played.campaign.pk)).text
    assert all(word in page for word in ("账户未实名", "重新付款", "线下已付", "收回"))
    again = _url(tenant, "award_again", pk=played.campaign.pk, award_pk=award.pk)
    assert client.post(again, headers={"HX-Request": "true"}).status_code == 204
    with tenant_scope(tenant):
        assert Payout.objects.get().state == "due"


@pytest.mark.parametrize("role", [Role.SALES, Role.VIEWER])
def test_who_may_not_run_campaigns_reads_and_is_offered_nothing(
    tenant: Tenant, played: Played, as_role: Callable[[str], Client], role: str
) -> None:
    reader = as_role(role)
    page = reader.get(_url(tenant, "detail", pk=played.campaign.pk))
    assert page.status_code == 200
    assert not any(word in page.text for word in ("发奖品</a>", "暂停发奖", "复制活动"))
    assert reader.post(_url(tenant, "act", pk=played.campaign.pk, verb="pause")).status_code == 403


def test_an_operator_is_offered_to_ask_and_a_leader_to_start(
    client: Client, tenant: Tenant, owner: Actor, as_role: Callable[[str], Client]
) -> None:
    with tenant_scope(tenant):
        row = make_campaign(tenant=tenant, actor=owner, is_started=False).campaign
    operator, url = as_role(Role.OPERATOR), _url(tenant, "detail", pk=row.pk)
    assert "申请启动" in operator.get(url).text
    assert operator.post(_url(tenant, "act", pk=row.pk, verb="start")).status_code == 403
    asked = operator.post(
        _url(tenant, "ask_start", pk=row.pk), {"reason": "月底"}, headers={"HX-Request": "true"}
    )
    assert asked.status_code == 204
    assert "等组长在审批里处理" in operator.get(url).text
    assert "启动活动" in client.get(url).text


def test_another_companys_campaign_is_nowhere(
    client: Client, tenant: Tenant, other_tenant: Tenant, played: Played
) -> None:
    outsider = Client()
    outsider.force_login(User.objects.get(email="zhou@example.com"))
    for name, more in (
        ("detail", {}), ("awards", {}), ("ledger", {}), ("review", {}), ("step", {"step": "rules"}),
        ("act", {"verb": "pause"}), ("budget", {}), ("prize", {"prize_pk": played.prizes[0].pk}),
    ):  # fmt: skip
        url = _url(other_tenant, name, pk=played.campaign.pk, **more)
        for answer in (outsider.get(url), outsider.post(url, {"reason": "x", "budget_yuan": "1"})):
            assert answer.status_code in (404, 405), name
    with tenant_scope(tenant):
        assert Campaign.objects.get().paused_at is None


@pytest.mark.parametrize("name", ["detail", "awards", "ledger", "give", "rules"])
def test_a_page_reads_the_same_number_of_statements_for_few_and_many(
    client: Client,
    tenant: Tenant,
    owner: Actor,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    name: str,
) -> None:
    with tenant_scope(tenant):
        many = make_campaign(
            tenant=tenant,
            actor=owner,
            people=40,
            prizes=[("笔", PrizeKind.GOODS, 100, 90)],
            budget_fen=900_000,
        )
        for number, person in enumerate(many.people):
            award_by_hand(
                tenant=tenant, campaign_id=many.campaign.pk, prize_id=many.prizes[0].pk, customer_id=person.pk,
                key=str(number), note="好", actor=owner,
            )  # fmt: skip
    url = _url(tenant, name, pk=many.campaign.pk)
    client.get(url)
    with django_assert_max_num_queries(QUERIES_MOST):
        assert client.get(url).status_code == 200


def test_the_list_reads_the_same_number_of_statements_for_many(
    client: Client, tenant: Tenant, owner: Actor, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with tenant_scope(tenant):
        for _number in range(12):
            make_campaign(tenant=tenant, actor=owner)
    url = _url(tenant, "list")
    client.get(url)
    with django_assert_max_num_queries(QUERIES_MOST):
        page = client.get(url).text
    assert page.count("邀好友抽绘本") == 12
