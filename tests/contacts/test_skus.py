"""The catalogue, and what an order is by it."""

from datetime import timedelta
from typing import Any

import pytest

from contacts.enums import SkuKind
from contacts.errors import SkuTaken
from contacts.models import Order, Sheet, Sku
from contacts.selectors.paths import basic_skus, walk_of
from contacts.selectors.skus import UNKNOWN, Sold, order_facts, order_list, orders_of_kind, sold_of
from contacts.services.behaviours import BehaviourItem, behaviour_record_many
from contacts.services.orders import orders_number
from contacts.services.sheets import sheet_check, sheet_start, sheet_upload, sheet_write
from contacts.services.skus import sku_save, sku_set_archived
from tenants.audit import Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, Tenant
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_views import body, sign_in
from tests.factories.contacts import make_customer, make_order
from tests.factories.tenants import make_user

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
HTMX = {"HX-Request": "true"}
LIST_QUERIES = 17  # with the page around it


@pytest.fixture
def scoped(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def home(tenant: Tenant, frozen: MovableClock) -> str:
    return f"/t/{tenant.slug}/customers/"


def sku(tenant: Tenant, owner: Actor, code: str = "CAMP", **changed: Any) -> Sku:
    told = {"name": "体验营", "price_fen": 9900, "kind": SkuKind.FIRST, **changed}
    return sku_save(tenant=tenant, code=code, actor=owner, **told)


def kinds(tenant: Tenant) -> dict[str, str]:
    return {row.order_no: order_facts(row).kind for row in order_list(tenant_id=tenant.pk)}


def bought_at(tenant: Tenant, person: Any) -> Any:
    walk = walk_of(tenant_id=tenant.pk, customer_id=person.pk, skus=None)
    return walk.bought_at if walk else None


def bought(tenant: Tenant, number: str, person: Any, at: Any, **data: str) -> None:
    item = BehaviourItem(
        event_id=f"order:{number}", kind="order", occurred_at=at, customer_id=person.pk, object_id=number,
        amount_fen=9900, data=data,
    )  # fmt: skip
    behaviour_record_many(tenant_id=tenant.pk, source="shop", items=[item])


def test_an_order_is_of_the_kind_its_shop_says_or_a_repurchase_or_its_sku(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    person, other, day = make_customer(tenant=scoped), make_customer(tenant=scoped), timedelta(days=1)
    now = frozen.moment
    bought(scoped, "2", person, now, sku_id="CAMP")
    bought(scoped, "1", person, now - day, sku_id="CAMP")  # told later, bought before
    bought(scoped, "3", person, now - 2 * day, sku_id="YEAR", sku_kind="upsell")
    bought(scoped, "4", other, now, sku_id="CAMP", sku_kind="nonsense")
    bought(scoped, "5", other, now)
    bought(scoped, "6", other, now + day)
    orders_number(tenant_id=scoped.pk, customer_ids=[person.pk, other.pk])
    assert kinds(scoped) == {"1": "", "2": "repurchase", "3": "upsell", "4": "", "5": "", "6": ""}
    sku(scoped, owner)
    told = kinds(scoped)
    assert told == {"1": "first", "2": "repurchase", "3": "upsell", "4": "first", "5": "", "6": ""}
    for kind in (*SkuKind.values, ""):
        rows = orders_of_kind(order_list(tenant_id=scoped.pk), tenant_id=scoped.pk, kind=kind or UNKNOWN)
        assert {row.order_no for row in rows} == {number for number, is_ in told.items() if is_ == kind}


def test_a_refunded_order_makes_the_next_no_repurchase_and_two_records_count_as_one_person(
    scoped: Tenant, frozen: MovableClock
) -> None:
    person = make_customer(tenant=scoped)
    record = make_customer(tenant=scoped, person=person)
    day, common = timedelta(days=1), {"tenant": scoped, "sku_id": "CAMP"}
    make_order(**common, customer=person, order_no="1", state="refunded", ordered_at=frozen.moment - 3 * day)
    make_order(**common, customer=record, order_no="2", ordered_at=frozen.moment - 2 * day)
    make_order(**common, customer=person, order_no="3", ordered_at=frozen.moment - day)
    assert orders_number(tenant_id=scoped.pk, customer_ids=[record.pk]) == 1
    assert orders_number(tenant_id=scoped.pk, customer_ids=[record.pk]) == 0
    assert dict(Order.objects.values_list("order_no", "nth")) == {"1": 1, "2": 1, "3": 2}


def test_two_records_of_one_person_are_one_buyer_of_a_sku(scoped: Tenant) -> None:
    person = make_customer(tenant=scoped)
    record = make_customer(tenant=scoped, person=person)
    for who in (person, record, make_customer(tenant=scoped)):
        make_order(tenant=scoped, customer=who, sku_id="CAMP", amount_fen=900)
    sold = sold_of(tenant_id=scoped.pk, codes=["CAMP", "NEVER"])
    assert set(sold) == {"CAMP"}
    assert (sold["CAMP"].people, sold["CAMP"].orders) == (2, 3)


def test_what_was_paid_back_is_no_money_and_who_gave_all_back_is_no_buyer(scoped: Tenant) -> None:
    common = {"tenant": scoped, "sku_id": "CAMP", "amount_fen": 9900}
    make_order(**common, customer=make_customer(tenant=scoped), refund_fen=900)
    make_order(**common, customer=make_customer(tenant=scoped), refund_fen=9900, state="refunded")
    assert sold_of(tenant_id=scoped.pk, codes=["CAMP"])["CAMP"] == Sold(
        orders=2, refunded=1, people=1, fen=9000
    )


def test_the_catalogue_tells_which_skus_end_the_two_ways_in(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    person, day = make_customer(tenant=scoped), timedelta(days=1)
    make_order(tenant=scoped, customer=person, sku_id="YEAR", ordered_at=frozen.moment - day)
    make_order(tenant=scoped, customer=person, sku_id="CAMP", ordered_at=frozen.moment)
    assert basic_skus(tenant_id=scoped.pk) is None
    assert bought_at(scoped, person) == frozen.moment - day
    sku(scoped, owner)
    sku(scoped, owner, code="YEAR", kind=SkuKind.UPSELL)
    assert basic_skus(tenant_id=scoped.pk) == ["CAMP"]
    assert bought_at(scoped, person) == frozen.moment


def test_a_code_stays_and_counts_once_and_only_who_operates_writes(scoped: Tenant, owner: Actor) -> None:
    known = sku(scoped, owner)
    with pytest.raises(SkuTaken):
        sku(scoped, owner)
    sku_save(
        tenant=scoped, code="OTHER", name="新名", price_fen=None, kind="upsell", actor=owner, sku_id=known.pk
    )
    known.refresh_from_db()
    assert (known.code, known.name, known.price_fen, known.kind) == ("CAMP", "新名", None, "upsell")
    changed = AuditEntry.objects.get(verb="contacts.sku.changed").changes
    assert changed["price_fen"] == [9900, None]
    seller = Actor.of_user(make_user(), PERMISSIONS[Role.SALES])
    with pytest.raises(NotPermitted):
        sku(scoped, seller, code="X")
    with pytest.raises(NotPermitted):
        sku_set_archived(tenant=scoped, sku_id=known.pk, is_archived=True, actor=seller)


def test_a_file_adds_and_changes_skus_and_names_what_is_wrong(scoped: Tenant, owner: Actor) -> None:
    sku(scoped, owner)
    lines = "SKU,名称,价格,类型\nCAMP,体验营,129,首单\nYEAR,年课,1980.00,升单\nBAD,坏,-1,\nX,,1,\n"
    sheet = sheet_upload(tenant=scoped, kind="skus", name="skus.csv", raw=lines.encode(), actor=owner)
    sheet_check(tenant=scoped, sheet_id=sheet.pk)
    sheet = Sheet.objects.get()
    assert sheet.counts == {"change": 1, "new": 1, "fault": 2}
    sheet_start(tenant=scoped, sheet_id=sheet.pk, actor=owner)
    sheet_write(tenant=scoped, sheet_id=sheet.pk)
    found = list(Sku.objects.order_by("code").values_list("code", "name", "price_fen", "kind"))
    assert found == [("CAMP", "体验营", 12900, "first"), ("YEAR", "年课", 198000, "upsell")]


def test_a_code_that_was_ordered_is_added_from_the_page_and_stands_on_the_customer(
    tenant: Tenant, home: str
) -> None:
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant)
        make_order(tenant=tenant, customer=person, sku_id="CAMP", title="七天营", order_no="N-1")
    client = sign_in(tenant)
    page = body(client.get(f"{home}skus/"))
    assert "Ordered, not in the catalogue" in page
    assert "No SKU yet" in page
    assert 'value="七天营"' in body(client.get(f"{home}skus/new/?code=CAMP&name=七天营", headers=HTMX))
    told = {"code": "CAMP", "name": "七天体验营", "price_yuan": "99.9", "kind": "first"}
    assert client.post(f"{home}skus/new/", told, headers=HTMX).status_code == 204
    assert "SKU-01" in body(client.post(f"{home}skus/new/", told, headers=HTMX), 409)
    page = body(client.get(f"{home}skus/"))
    assert "Ordered, not in the catalogue" not in page
    assert "?sku=CAMP&amp;state=paid" in page
    assert "¥99.90" in page
    shown = body(client.get(f"{home}{person.pk}/"))
    assert "七天体验营" in shown
    assert "First basic" in shown
    assert "N-1" in body(client.get(f"{home}orders/?sku=CAMP&kind=first"))
    assert "N-1" not in body(client.get(f"{home}orders/?kind=upsell"))


def test_a_sku_is_put_away_and_taken_back_and_who_sells_only_reads(
    tenant: Tenant, home: str, owner: Actor
) -> None:
    with tenant_scope(tenant):
        one = sku(tenant, owner)
    client = sign_in(tenant)
    for _tab in range(2):  # both showed "put it away"
        put = client.post(f"{home}skus/{one.pk}/archive/", headers=HTMX)
        assert f"{home}skus/{one.pk}/restore/" in put.headers["HX-Trigger"]
    assert "体验营" not in body(client.get(f"{home}skus/?q=CAMP"))
    assert "体验营" in body(client.get(f"{home}skus/?ended=1"))
    assert f"{home}skus/{one.pk}/restore/" in body(client.get(f"{home}skus/{one.pk}/", headers=HTMX))
    for _tab in range(2):
        client.post(f"{home}skus/{one.pk}/restore/", headers=HTMX)
        assert "体验营" in body(client.get(f"{home}skus/"))
    told = {"name": "改名", "price_yuan": "", "kind": "upsell"}
    assert client.post(f"{home}skus/{one.pk}/", told, headers=HTMX).status_code == 204
    seller = sign_in(tenant, Role.SALES)
    assert "改名" in body(seller.get(f"{home}skus/"))
    assert seller.get(f"{home}skus/{one.pk}/").status_code == 403
    assert seller.post(f"{home}skus/{one.pk}/archive/").status_code == 403


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("page", ["skus/", "orders/"])
def test_the_lists_ask_the_same_number_of_queries_for_any_number_of_rows(
    tenant: Tenant, home: str, owner: Actor, page: str, count: int, django_assert_max_num_queries: Any
) -> None:
    with tenant_scope(tenant):
        for number in range(count):
            one = sku(tenant, owner, code=f"S{number}")
            make_order(tenant=tenant, customer=make_customer(tenant=tenant), sku_id=one.code)
    client = sign_in(tenant)
    client.get(f"{home}{page}")
    with django_assert_max_num_queries(LIST_QUERIES):
        body(client.get(f"{home}{page}"))
