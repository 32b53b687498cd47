"""A price to compare with (R91): proven by orders, asked and granted (R128), gone when nobody pays it any more."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from contacts.errors import AnchorUnproven
from contacts.models import Order, PriceAnchor, Sku
from contacts.policies.prices import PriceFacts
from contacts.selectors.prices import anchor_of, price_facts, prices_paid
from contacts.services.prices import anchor_ask, anchor_end, anchor_set
from contacts.services.skus import sku_save
from team.selectors import approvals_waiting
from team.services import approval_decide
from tenants.audit import SYSTEM, Actor
from tenants.enums import Role
from tenants.errors import DomainError, NotPermitted
from tenants.models import AuditEntry, Preference, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_views import body, sign_in
from tests.factories.contacts import make_customer, make_order
from tests.factories.tenants import actor_of, make_member, make_user

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
DAY = timedelta(days=1)


@pytest.fixture
def scoped(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield tenant


def make_sku(tenant: Tenant, code: str = "CAMP") -> Sku:
    return sku_save(tenant=tenant, code=code, name="体验营", price_fen=29900, kind="first", actor=SYSTEM)


def paid(tenant: Tenant, fen: int | None, at: Any, code: str = "CAMP", **told: Any) -> None:
    make_order(
        tenant=tenant,
        customer=make_customer(tenant=tenant),
        sku_id=code,
        amount_fen=fen,
        ordered_at=at,
        **told,
    )


def person(tenant: Tenant, role: Role) -> Actor:
    return actor_of(make_member(tenant=tenant, role=role, user=make_user()))


def test_only_what_was_really_paid_and_kept_proves_a_price(scoped: Tenant, frozen: MovableClock) -> None:
    sku, now = make_sku(scoped), frozen.moment
    paid(scoped, 29900, now - 91 * DAY)  # too long ago
    paid(scoped, 29900, now - DAY, state="refunded", refund_fen=29900)
    paid(scoped, 29900, now - DAY, refund_fen=20000)  # kept: 99
    paid(scoped, 29900, now - DAY, code="YEAR")
    paid(scoped, 29900, now + DAY)
    paid(scoped, None, now - DAY)
    told = {"tenant": scoped, "sku_id": sku.pk, "price_fen": 29900, "reason": "双十一海报"}
    with pytest.raises(AnchorUnproven):
        anchor_set(**told, actor=person(scoped, Role.LEADER))
    with pytest.raises(AnchorUnproven):
        anchor_ask(**told, actor=person(scoped, Role.OPERATOR))
    paid(scoped, 29900, now - 8 * DAY)
    anchor_set(**told, actor=person(scoped, Role.LEADER))
    facts = price_facts(tenant_id=scoped.pk, code="CAMP", price_fen=29900)
    assert (facts.sales, facts.lowest_fen, facts.last_fen) == (1, 9900, 9900)
    assert [(one.fen, one.orders) for one in prices_paid(tenant_id=scoped.pk, code="CAMP")] == [
        (29900, 1),
        (9900, 1),
    ]
    with pytest.raises(AnchorUnproven):
        anchor_set(**(told | {"price_fen": 29901}), actor=person(scoped, Role.LEADER))


def test_without_a_sale_of_seven_days_the_last_one_is_the_measure(
    scoped: Tenant, frozen: MovableClock
) -> None:
    paid(scoped, 29900, frozen.moment - 20 * DAY)
    paid(scoped, 19900, frozen.moment - 7 * DAY)
    facts = price_facts(tenant_id=scoped.pk, code="CAMP", price_fen=29900)
    assert (facts.lowest_fen, facts.basis_fen, facts.is_above_basis(29900)) == (None, 19900, True)
    paid(scoped, 29900, frozen.moment - 7 * DAY + timedelta(seconds=1))
    facts = price_facts(tenant_id=scoped.pk, code="CAMP", price_fen=29900)
    assert (facts.basis_fen, facts.is_above_basis(29900)) == (29900, False)


def test_an_operator_asks_with_the_facts_and_it_holds_when_a_leader_grants_it(
    scoped: Tenant, frozen: MovableClock
) -> None:
    sku, operator, leader = make_sku(scoped), person(scoped, Role.OPERATOR), person(scoped, Role.LEADER)
    paid(scoped, 29900, frozen.moment - 9 * DAY)
    paid(scoped, 9900, frozen.moment - DAY)
    told = {"tenant": scoped, "sku_id": sku.pk, "price_fen": 29900, "reason": "双十一海报"}
    with pytest.raises(NotPermitted):
        anchor_set(**told, actor=operator)
    with pytest.raises(NotPermitted):
        anchor_ask(**told, actor=person(scoped, Role.SALES))
    with pytest.raises(DomainError):
        anchor_ask(**(told | {"reason": "  "}), actor=operator)
    for _twice in range(2):
        anchor_ask(**told, actor=operator)
    row = approvals_waiting(tenant_id=scoped.pk).get()
    assert "299" in row.said
    assert "99" in row.said.split("·")[1]  # what it sold for lately
    assert anchor_of(tenant_id=scoped.pk, code="CAMP") is None
    approval_decide(tenant=scoped, approval_id=row.pk, is_granted=True, actor=leader)
    now = anchor_of(tenant_id=scoped.pk, code="CAMP")
    assert now is not None
    assert (now.anchor.price_fen, now.holds, now.is_above_basis) == (29900, True, True)
    entry = AuditEntry.objects.filter(verb="contacts.sku.anchored").get()
    assert (entry.changes["anchor_fen"], entry.reason) == ([None, 29900], "双十一海报")


def test_what_was_paid_back_before_the_decision_is_not_granted(scoped: Tenant, frozen: MovableClock) -> None:
    sku, leader = make_sku(scoped), person(scoped, Role.LEADER)
    paid(scoped, 29900, frozen.moment - DAY, order_no="only")
    anchor_ask(
        tenant=scoped, sku_id=sku.pk, price_fen=29900, reason="海报", actor=person(scoped, Role.OPERATOR)
    )
    Order.objects.filter(order_no="only").update(state="refunded")
    row = approvals_waiting(tenant_id=scoped.pk).get()
    with pytest.raises(AnchorUnproven), transaction.atomic():
        approval_decide(tenant=scoped, approval_id=row.pk, is_granted=True, actor=leader)
    row.refresh_from_db()
    assert (row.state, PriceAnchor.objects.count()) == ("asked", 0)


def test_one_at_a_time_the_proof_lapses_and_it_can_be_taken_away(
    scoped: Tenant, frozen: MovableClock
) -> None:
    sku, leader = make_sku(scoped), person(scoped, Role.LEADER)
    paid(scoped, 39900, frozen.moment - DAY)
    told = {"tenant": scoped, "sku_id": sku.pk, "reason": "海报", "actor": leader}
    anchor_set(**told, price_fen=29900)
    anchor_set(**told, price_fen=39900)
    live = PriceAnchor.objects.filter(ended_at=None)
    assert [one.price_fen for one in live] == [39900]
    with pytest.raises(IntegrityError), transaction.atomic():
        PriceAnchor.objects.create(tenant=scoped, sku=sku, price_fen=1, reason="x", set_by="x")
    frozen.move(hours=24 * 90)
    now = anchor_of(tenant_id=scoped.pk, code="CAMP")
    assert now is not None
    assert not now.holds
    for _twice in range(2):
        anchor_end(tenant=scoped, sku_id=sku.pk, actor=person(scoped, Role.OPERATOR))
    assert anchor_of(tenant_id=scoped.pk, code="CAMP") is None
    assert AuditEntry.objects.filter(verb="contacts.sku.unanchored").count() == 1


def test_a_company_may_want_more_orders_as_proof(scoped: Tenant, frozen: MovableClock) -> None:
    sku, leader = make_sku(scoped), person(scoped, Role.LEADER)
    Preference.objects.create(tenant=scoped, key="prices.anchor_sales", value=2)
    told = {"tenant": scoped, "sku_id": sku.pk, "price_fen": 29900, "reason": "海报", "actor": leader}
    paid(scoped, 29900, frozen.moment - DAY)
    with pytest.raises(AnchorUnproven):
        anchor_set(**told)
    paid(scoped, 35000, frozen.moment - DAY)
    anchor_set(**told)
    assert PriceAnchor.objects.get().facts["sales"] == 2


@given(
    sales=st.integers(0, 50), lowest=st.none() | st.integers(0, 10**7), last=st.none() | st.integers(0, 10**7),
    price=st.integers(1, 10**7),
)  # fmt: skip
def test_a_price_at_or_below_the_measure_is_never_warned_of(
    sales: int, lowest: int | None, last: int | None, price: int
) -> None:
    facts = PriceFacts(days=90, sales=sales, lowest_fen=lowest, last_fen=last)
    measure = lowest if lowest is not None else last
    assert facts.is_above_basis(price) is (measure is not None and price > measure)
    assert facts.is_proven(0) is (sales > 0)


def test_the_drawer_shows_what_was_paid_and_a_leader_sets_it_from_the_catalogue(
    tenant: Tenant, frozen: MovableClock
) -> None:
    operator, leader, sales = (sign_in(tenant, role) for role in (Role.OPERATOR, Role.LEADER, Role.SALES))
    with tenant_scope(tenant):
        sku = make_sku(tenant)
        paid(tenant, 29900, frozen.moment - DAY)
    home, url = f"/t/{tenant.slug}/customers/skus/", f"/t/{tenant.slug}/customers/skus/{sku.pk}/anchor/"
    hx = {"HX-Request": "true"}
    assert "¥299" in body(operator.get(url, headers=hx))
    assert sales.get(url).status_code == 403
    assert operator.post(url, {"price_yuan": "-1", "reason": "x"}, headers=hx).status_code in {200, 422}
    operator.post(url, {"price_yuan": "299", "reason": "海报 😀"}, headers=hx)
    assert "海报 😀" in body(leader.get(f"/t/{tenant.slug}/approvals/"))
    assert "approvals/#a-" in body(operator.get(url, headers=hx))
    leader.post(url, {"price_yuan": "299.00", "reason": "海报"}, headers=hx)
    assert f'hx-get="{url}"' in body(operator.get(home))
    with tenant_scope(tenant):
        assert PriceAnchor.objects.get().price_fen == 29900
    operator.post(f"{url}end/", headers=hx)
    with tenant_scope(tenant):
        assert PriceAnchor.objects.get().ended_at is not None
