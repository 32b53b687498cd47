"""Social proof (R67): without a real customer, a paid order and a permission that holds, nothing is shown."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from contacts.models import Customer, Order
from contacts.services.holdings import holdings
from contacts.services.identity import customers_merge
from contacts.services.personal import erasure_ask, erasure_run
from content.enums import ProofProblem, ProofScope
from content.errors import ProofInvalid, ProofUnpublished
from content.models import Material, Proof
from content.policies.proofs import Evidence, name_shown, standing
from content.selectors.library import materials_to_pick
from content.selectors.proofs import standing_of
from content.services.library import (
    About,
    Said,
    material_ask,
    material_decide,
    material_duplicate,
    material_save,
)
from content.services.proofs import ProofWish, proof_material, proof_save, proof_withdraw
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import Tenant, User
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer, make_order
from tests.factories.tenants import make_member, make_user
from wecom.keeping.assets import asset_store, assets_by_id

OWNER = Actor(kind="user", id=7, name="林晓", permissions=PERMISSIONS[Role.OWNER])
TODAY = date(2026, 3, 2)
PNG = b"\x89PNG\r\n\x1a\n"
EVIDENCE = st.builds(
    Evidence,
    has_customer=st.booleans(),
    has_order=st.booleans(),
    is_paid=st.booleans(),
    is_permitted=st.booleans(),
    is_withdrawn=st.booleans(),
    until=st.none() | st.dates(date(2026, 2, 27), date(2026, 3, 5)),
    scope=st.sampled_from(ProofScope.values),
)


@given(EVIDENCE, st.sampled_from(ProofScope.values))
def test_only_what_has_everything_is_shown(evidence: Evidence, needed: str) -> None:
    reach = ["private", "groups", "public"]
    is_whole = (
        evidence.has_customer and evidence.has_order and evidence.is_paid and evidence.is_permitted
        and not evidence.is_withdrawn and (evidence.until is None or evidence.until >= TODAY)
        and reach.index(evidence.scope) >= reach.index(needed)
    )  # fmt: skip
    assert standing(evidence, today=TODAY, needed=needed).is_shown == is_whole


def test_a_permission_holds_on_its_last_day() -> None:
    whole = {
        "has_customer": True,
        "has_order": True,
        "is_paid": True,
        "is_permitted": True,
        "is_withdrawn": False,
    }
    for until, problems in ((date(2026, 3, 1), (ProofProblem.ENDED,)), (TODAY, ()), (None, ())):
        assert standing(Evidence(**whole, until=until, scope="public"), today=TODAY).problems == problems


@pytest.mark.parametrize(
    ("how", "shown"), [("none", ""), ("masked", "王**"), ("full", "王小雨"), ("strange", "")]
)
def test_names_are_shown_as_permitted(how: str, shown: str) -> None:
    assert name_shown("王小雨", how) == shown


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield tenant


def _wish(customer: Customer | None, order: Order | None, **more: Any) -> ProofWish:
    return ProofWish(
        **{
            "kind": "testimonial", "title": "晓雨的三个月", "text": "孩子愿意开口了", "scope": "groups",
            "customer_id": customer.pk if customer else None, "order_id": order.pk if order else None,
            "name_shown": "masked", "permitted": True, "permitted_until": None, "permission_note": "3 月 1 日私聊截图",
            **more,
        }
    )  # fmt: skip


def _proved(tenant: Tenant, **more: Any) -> Proof:
    customer = make_customer(tenant=tenant, name="王小雨")
    order = make_order(tenant=tenant, customer=customer)
    return proof_save(tenant=tenant, wish=_wish(customer, order, **more), actor=OWNER)


def _in_library(tenant: Tenant, proof: Proof) -> Material:
    row = proof_material(tenant=tenant, proof_id=proof.pk, actor=OWNER)
    material_ask(tenant=tenant, material_id=row.pk, actor=OWNER)
    return material_decide(tenant=tenant, material_id=row.pk, revision=1, is_approved=True, actor=OWNER)


@pytest.mark.django_db
def test_a_material_of_a_testimonial_is_picked_with_the_masked_name(scope: Tenant) -> None:
    _in_library(scope, _proved(scope))
    (picked,) = materials_to_pick(tenant=scope)
    assert picked.text == "孩子愿意开口了\n—— 王**"


@pytest.mark.django_db
def test_a_permission_taken_back_takes_it_out_at_once(scope: Tenant) -> None:
    proof = _proved(scope)
    _in_library(scope, proof)
    proof_withdraw(tenant=scope, proof_id=proof.pk, reason="不想再展示", actor=OWNER)
    assert materials_to_pick(tenant=scope) == []
    assert standing_of(tenant=scope, proof_ids=[proof.pk])[proof.pk].problems == (ProofProblem.WITHDRAWN,)
    with pytest.raises(ProofUnpublished):
        proof_material(tenant=scope, proof_id=proof.pk, actor=OWNER)


@pytest.mark.django_db
def test_a_refund_or_the_end_of_the_permission_takes_it_out(scope: Tenant, frozen: MovableClock) -> None:
    refunded = _proved(scope)
    _in_library(scope, refunded)
    Order.objects.update(state="refunded")
    assert materials_to_pick(tenant=scope) == []
    Order.objects.update(state="paid")
    assert len(materials_to_pick(tenant=scope)) == 1
    Proof.objects.update(permitted_until=date(2026, 3, 1))
    assert materials_to_pick(tenant=scope) == []


@pytest.mark.django_db
def test_erasing_the_customer_removes_it_and_its_material_is_never_picked_again(scope: Tenant) -> None:
    proof = _proved(scope)
    _in_library(scope, proof)
    (held,) = [one for one in holdings() if one.table == "content.Proof"]
    rows = held.rows(tenant_id=scope.pk, records=[proof.customer])
    assert held.is_removed
    assert rows.get() == proof
    rows.delete()
    assert Material.objects.get().proof_id is None
    assert materials_to_pick(tenant=scope) == []


@pytest.mark.django_db
def test_erasing_the_customer_erases_the_picture_unless_it_is_somebody_elses_too(scope: Tenant) -> None:
    own, shared, ours = (
        asset_store(tenant=scope, kind="image", name=f"{n}.png", content=PNG + n.encode(), actor=OWNER).pk
        for n in ("own", "shared", "ours")
    )
    person = make_customer(tenant=scope, name="王小雨")
    order = make_order(tenant=scope, customer=person)
    for asset in (own, shared, ours):
        proof_material(
            tenant=scope, actor=OWNER,
            proof_id=proof_save(tenant=scope, wish=_wish(person, order, asset_id=asset), actor=OWNER).pk,
        )  # fmt: skip
    other = make_customer(tenant=scope)
    order = make_order(tenant=scope, customer=other)
    proof_save(tenant=scope, wish=_wish(other, order, asset_id=shared), actor=OWNER)
    material_save(
        tenant=scope, actor=OWNER, about=About(),
        said=Said(kind="value", title="课程图", text="课程", attachments=[{"kind": "image", "asset_id": ours}]),
    )  # fmt: skip
    asked = erasure_ask(tenant=scope, customer_id=person.pk, typed="王小雨", reason="本人要求", actor=OWNER)
    for _ in range(2):
        erasure_run(tenant=scope, erasure_id=asked.pk)
    assert set(assets_by_id(tenant_id=scope.pk, asset_ids=[own, shared, ours])) == {shared, ours}


@pytest.mark.django_db
def test_somebody_elses_order_is_no_proof(scope: Tenant) -> None:
    customer, other = make_customer(tenant=scope), make_customer(tenant=scope)
    with pytest.raises(ProofInvalid):
        proof_save(tenant=scope, wish=_wish(customer, make_order(tenant=scope, customer=other)), actor=OWNER)


@pytest.mark.django_db
@pytest.mark.parametrize("lacks", ["order", "permission", "note"])
def test_without_order_or_permission_it_is_kept_and_not_published(scope: Tenant, lacks: str) -> None:
    customer = make_customer(tenant=scope)
    order = None if lacks == "order" else make_order(tenant=scope, customer=customer)
    wish = _wish(
        customer, order, permitted=lacks != "permission", permission_note="" if lacks == "note" else "截图"
    )
    if lacks == "note":
        with pytest.raises(ProofInvalid):
            proof_save(tenant=scope, wish=wish, actor=OWNER)
        return
    proof = proof_save(tenant=scope, wish=wish, actor=OWNER)
    assert not standing_of(tenant=scope, proof_ids=[proof.pk])[proof.pk].is_shown
    with pytest.raises(ProofUnpublished):
        proof_material(tenant=scope, proof_id=proof.pk, actor=OWNER)


@pytest.mark.django_db
def test_pages_of_testimonials_from_the_first_step_to_the_library(tenant: Tenant) -> None:
    person = make_user()
    with tenant_scope(tenant):
        make_member(tenant=tenant, role=Role.OWNER, user=person)
        customer = make_customer(tenant=tenant, name="王小雨")
        order = make_order(tenant=tenant, customer=customer)
    client, base = Client(), f"/t/{tenant.slug}/testimonials/"
    client.force_login(person)
    User.objects.update(language="en")
    assert "No testimonial yet" in client.get(base).content.decode()
    assert "王小雨" in client.get(f"{base}new/?q=小雨").content.decode()
    form = {
        "kind": "testimonial", "title": "三个月", "text": "愿意开口了", "order": order.pk, "permitted": "on",
        "permission_note": "", "scope": "groups", "name_shown": "masked",
    }  # fmt: skip
    page = f"{base}new/?customer={customer.pk}"
    assert client.post(page, form).status_code == 422
    assert client.post(page, form | {"permission_note": "私聊截图"}).status_code == 302
    listed = client.get(base).content.decode()
    assert "shown as 王**" in listed
    assert "Into the library" in listed
    with tenant_scope(tenant):
        pk = Proof.objects.get().pk
    made = client.post(f"{base}{pk}/material/")
    assert "/library/" in made["Location"]
    client.post(f"{base}{pk}/withdraw/", {"reason": "不想展示"})
    listed = client.get(base).content.decode()
    assert "PROOF-06" in listed
    assert "Into the library" not in listed
    assert client.get(f"{base}{pk}/").status_code == 200


@pytest.mark.django_db
def test_an_order_that_turns_out_to_be_somebody_elses_takes_it_out(scope: Tenant) -> None:
    proof = _proved(scope)
    _in_library(scope, proof)
    Order.objects.update(customer=make_customer(tenant=scope))
    assert materials_to_pick(tenant=scope) == []
    assert standing_of(tenant=scope, proof_ids=[proof.pk])[proof.pk].problems == (ProofProblem.NO_ORDER,)


@pytest.mark.django_db
def test_an_order_with_the_persons_other_record_is_their_own(scope: Tenant) -> None:
    customer, again = make_customer(tenant=scope, name="王小雨"), make_customer(tenant=scope, name="小雨")
    customers_merge(tenant=scope, goes_on_id=customer.pk, other_id=again.pk, reason="同一人", actor=OWNER)
    wish = _wish(customer, make_order(tenant=scope, customer=again))
    proof = proof_save(tenant=scope, wish=wish, actor=OWNER)
    assert standing_of(tenant=scope, proof_ids=[proof.pk])[proof.pk].is_shown


@pytest.mark.django_db
def test_a_new_permission_after_a_withdrawal_is_recorded_anew(scope: Tenant, frozen: MovableClock) -> None:
    proof = _proved(scope)
    assert proof.customer is not None
    proof_withdraw(tenant=scope, proof_id=proof.pk, reason="不想再展示", actor=OWNER)
    frozen.move(days=1)
    other = Actor(kind="user", id=8, name="周岚", permissions=OWNER.permissions)
    wish = _wish(proof.customer, proof.order, permission_note="3 月 3 日又同意了")
    row = proof_save(tenant=scope, proof_id=proof.pk, wish=wish, actor=other)
    assert (row.permitted_at, row.permission_by) == (frozen.moment, "周岚")
    assert (row.withdrawn_at, row.withdrawn_reason) == (None, "")
    assert standing_of(tenant=scope, proof_ids=[proof.pk])[proof.pk].is_shown


@pytest.mark.django_db
def test_a_copy_of_a_testimonials_material_is_bound_to_it_too(scope: Tenant) -> None:
    proof = _proved(scope)
    copy = material_duplicate(
        tenant=scope, material_id=_in_library(scope, proof).pk, title="另一份", actor=OWNER
    )
    material_ask(tenant=scope, material_id=copy.pk, actor=OWNER)
    proof_withdraw(tenant=scope, proof_id=proof.pk, reason="不想再展示", actor=OWNER)
    with pytest.raises(ProofUnpublished):
        material_decide(tenant=scope, material_id=copy.pk, revision=1, is_approved=True, actor=OWNER)
