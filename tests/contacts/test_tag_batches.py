"""One tag for many people at once: with a reason, in slices, taken back; who may, and whom it leaves alone."""

from datetime import timedelta
from typing import Any

import pytest

from contacts.errors import BatchEmpty, BatchStays, ReasonMissing, TagUnknown
from contacts.models import Customer, CustomerTag, Tag, TagBatch, TagPast
from contacts.selectors.tags import tag_batches_stuck
from contacts.services import tag_batches
from contacts.services.tag_batches import tag_batch_run, tag_batch_start, tag_batch_undo
from tenants.audit import Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, Tenant
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope, unscoped
from tests.conftest import MovableClock
from tests.contacts.test_views import body, sign_in
from tests.factories.contacts import make_customer, make_customer_tag, make_customers, make_tag
from tests.factories.tenants import make_user

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
WHY = "小红书投放来的"


@pytest.fixture
def scoped(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def home(tenant: Tenant, frozen: MovableClock) -> str:
    return f"/t/{tenant.slug}/customers/"


def start(tenant: Tenant, owner: Actor, tag: Tag, people: list[Customer], **changed: Any) -> TagBatch:
    told = {"is_on": True, "reason": WHY, **changed}
    ids = [one.pk for one in people]
    return tag_batch_start(tenant=tenant, tag_id=tag.pk, customer_ids=ids, actor=owner, **told)


def holders(tag: Tag) -> list[int]:
    return sorted(CustomerTag.objects.filter(tag=tag).values_list("customer_id", flat=True))


def test_many_get_a_tag_once_and_whoever_had_it_keeps_it_when_it_is_taken_back(
    scoped: Tenant, owner: Actor
) -> None:
    tag, people = make_tag(tenant=scoped), make_customers(tenant=scoped, count=3)
    make_customer_tag(tenant=scoped, customer=people[0], tag=tag, added_by="早先")
    batch = start(scoped, owner, tag, people)
    assert (batch.total, batch.changed, batch.done_at is not None) == (3, 2, True)
    assert holders(tag) == [one.pk for one in people]
    assert start(scoped, owner, tag, people).changed == 0
    tag_batch_undo(tenant=scoped, batch_id=batch.pk, actor=owner)
    assert holders(tag) == [people[0].pk]
    assert TagPast.objects.filter(tag=tag).count() == 2
    told = AuditEntry.objects.filter(verb__startswith="contacts.tag.batch").order_by("pk")
    assert [(one.verb, one.reason) for one in told] == [
        ("contacts.tag.batch_on", WHY), ("contacts.tag.batch_on", WHY), ("contacts.tag.batch_undone", ""),
    ]  # fmt: skip


def test_only_tags_by_hand_come_off_and_come_back_with_their_end(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    tag, people = make_tag(tenant=scoped), make_customers(tenant=scoped, count=4)
    later = frozen.moment + timedelta(days=3)
    make_customer_tag(tenant=scoped, customer=people[0], tag=tag, expires_at=later, evidence={"reason": "先"})
    make_customer_tag(tenant=scoped, customer=people[1], tag=tag, source="rule")
    soon = frozen.moment + timedelta(minutes=1)
    make_customer_tag(tenant=scoped, customer=people[2], tag=tag, expires_at=soon)
    batch = start(scoped, owner, tag, people, is_on=False)
    assert (batch.changed, holders(tag)) == (2, [people[1].pk])
    frozen.move(minutes=2)
    tag_batch_undo(tenant=scoped, batch_id=batch.pk, actor=owner)
    assert holders(tag) == [people[0].pk, people[1].pk]
    back = CustomerTag.objects.get(customer=people[0])
    assert (back.expires_at, back.evidence) == (later, {"reason": "先"})


def test_a_batch_larger_than_a_slice_goes_on_and_a_stopped_one_is_found(
    scoped: Tenant, owner: Actor, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tag_batches, "SLICE", 2)
    tag, people = make_tag(tenant=scoped), make_customers(tenant=scoped, count=5)
    batch = start(scoped, owner, tag, people)
    assert (batch.done, batch.done_at, len(holders(tag))) == (2, None, 2)
    with pytest.raises(BatchStays):
        tag_batch_undo(tenant=scoped, batch_id=batch.pk, actor=owner)
    with unscoped("the tick"):
        assert tag_batches_stuck() == []
    frozen.move(minutes=3)
    with unscoped("the tick"):
        assert tag_batches_stuck() == [(scoped.pk, batch.pk)]
    for _again in range(2):
        tag_batch_run(tenant_id=scoped.pk, batch_id=batch.pk)
    batch.refresh_from_db()
    assert (batch.done, batch.changed, len(holders(tag))) == (5, 5, 5)
    tag_batch_undo(tenant=scoped, batch_id=batch.pk, actor=owner)
    tag_batch_run(tenant_id=scoped.pk, batch_id=batch.pk)
    assert holders(tag) == []
    with unscoped("the tick"):
        assert tag_batches_stuck() == []


def test_nobody_no_reason_no_tag_no_permission_are_refused(
    other_tenant: Tenant, tenant: Tenant, owner: Actor
) -> None:
    with tenant_scope(other_tenant):
        stranger = make_customer(tenant=other_tenant)
    with tenant_scope(tenant):
        tag, person = make_tag(tenant=tenant), make_customer(tenant=tenant)
        with pytest.raises(BatchEmpty):
            start(tenant, owner, tag, [stranger])
        with pytest.raises(ReasonMissing):
            start(tenant, owner, tag, [person], reason=" ")
        with pytest.raises(TagUnknown):
            start(tenant, owner, Tag(pk=0), [person])
        with pytest.raises(NotPermitted):
            start(tenant, Actor.of_user(make_user(), PERMISSIONS[Role.SALES]), tag, [person])
        assert not TagBatch.objects.exists()


def test_everyone_of_the_filtered_list_gets_the_tag_with_its_reason_and_it_is_taken_back(
    tenant: Tenant, home: str
) -> None:
    with tenant_scope(tenant):
        tag = make_tag(tenant=tenant)
        person = make_customer(tenant=tenant, name="甲一")
        make_customer(tenant=tenant, name="甲二")
        make_customer(tenant=tenant, name="乙")
    client = sign_in(tenant)
    assert f"{home}bulk/tag/" in body(client.get(home))
    asked = {"every": "1", "query": "q=甲"}
    page = body(client.post(f"{home}bulk/tag/", asked))
    assert "Tag 2 people" in page
    assert "甲一" in page
    assert "乙" not in page
    told = {**asked, "decided": "1", "tag": tag.pk, "reason": ""}
    body(client.post(f"{home}bulk/tag/", told), 422)
    answer = client.post(f"{home}bulk/tag/", {**told, "reason": WHY}, follow=True)
    assert "2 people tagged" in body(answer)
    assert WHY in body(client.get(f"{home}{person.pk}/"))
    assert "put on 2 people" in body(client.get(f"{home}tags/"))
    with tenant_scope(tenant):
        batch = TagBatch.objects.get()
    client.post(f"{home}tags/batches/{batch.pk}/undo/")
    with tenant_scope(tenant):
        assert holders(tag) == []
    assert "Taken back" in body(client.get(f"{home}tags/"))


def test_the_picked_lose_a_tag_and_who_only_sells_is_offered_nothing(tenant: Tenant, home: str) -> None:
    with tenant_scope(tenant):
        tag, people = make_tag(tenant=tenant), make_customers(tenant=tenant, count=2)
        for one in people:
            make_customer_tag(tenant=tenant, customer=one, tag=tag)
    client = sign_in(tenant)
    page = body(client.post(f"{home}bulk/untag/", {"pick": [people[0].pk]}))
    assert f'name="picked" value="{people[0].pk}"' in page
    told = {"picked": str(people[0].pk), "decided": "1", "tag": tag.pk, "reason": "打错了"}
    client.post(f"{home}bulk/untag/", told)
    with tenant_scope(tenant):
        assert holders(tag) == [people[1].pk]
    assert "Nobody was picked" in body(client.post(f"{home}bulk/tag/", {}, follow=True))
    seller = sign_in(tenant, Role.SALES)
    assert f"{home}bulk/tag/" not in body(seller.get(home))
    assert seller.post(f"{home}bulk/tag/", {"pick": [people[0].pk]}).status_code == 403
