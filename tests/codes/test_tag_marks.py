"""WeCom's tags given here at the real simulator: written for each friendship, taken back, refused by name."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.utils.translation import override

from contacts.models import Customer, CustomerTag, Follow, Tag, TagBatch, TagMark
from contacts.selectors.tag_marks import mark_words, marks_written
from contacts.services.tag_batches import tag_batch_again, tag_batch_start, tag_batch_undo
from contacts.services.tags import customer_tag_add, customer_tag_remove, tags_store, wecom_tags_set
from tenants import clock
from tenants.audit import Actor
from tenants.scoping import tenant_scope
from tests.codes.conftest import World
from wecom.gateway.client import client_for
from wecom.models import OutboundSend

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]
WHY = "周末加推"


@pytest.fixture
def tag(world: World) -> Tag:
    """A tag of the corp, made by this app and read."""
    with tenant_scope(world.tenant):
        client = client_for(world.tenant.pk, world.app.pk)
        client.tags.add(group_name="意向", tag=[{"name": "想续报"}])
        tags_store(tenant_id=world.tenant.pk, app_id=world.app.pk, groups=client.tags.every())
        return Tag.objects.get(name="想续报")


@pytest.fixture
def friends(world: World, tag: Tag) -> list[Customer]:
    """Two customers who are friends of staff; the first of two staff members, if the corp has such a one."""
    with tenant_scope(world.tenant):
        known = Follow.objects.filter(state="full").order_by("customer_id")
        ids = list(dict.fromkeys(known.values_list("customer_id", flat=True)))[:2]
        return list(Customer.objects.filter(pk__in=ids).order_by("pk"))


def at_wecom(world: World, person: Customer, tag: Tag) -> int:
    """How many staff members' friendships with this person carry the tag at WeCom."""
    with tenant_scope(world.tenant):
        found = client_for(world.tenant.pk, world.app.pk).customers.get(
            external_userid=person.external_userid
        )
    return sum(tag.tag_id in {one["tag_id"] for one in tie.get("tags") or []} for tie in found["follow_user"])


def ties(person: Customer) -> int:
    return Follow.objects.filter(customer=person, state="full").count()


def start(world: World, owner: Actor, tag: Tag, people: Sequence[Customer], **changed: Any) -> TagBatch:
    told = {"is_on": True, "reason": WHY, **changed}
    ids = [one.pk for one in people]
    return tag_batch_start(tenant=world.tenant, tag_id=tag.pk, customer_ids=ids, actor=owner, **told)


def test_many_get_the_tag_in_wecom_for_each_friendship_and_lose_it_when_taken_back(
    world: World, owner: Actor, tag: Tag, friends: list[Customer]
) -> None:
    with tenant_scope(world.tenant):
        batch = start(world, owner, tag, friends)
        wanted = sum(ties(one) for one in friends)
        assert marks_written(tenant_id=world.tenant.pk, batch_ids=[batch.pk])[batch.pk].waiting == wanted
        assert not CustomerTag.objects.filter(source="wecom", tag=tag).exists()
    world.hurry()
    with tenant_scope(world.tenant):
        assert [at_wecom(world, one, tag) for one in friends] == [ties(one) for one in friends]
        assert marks_written(tenant_id=world.tenant.pk, batch_ids=[batch.pk])[batch.pk].done == wanted
        assert CustomerTag.objects.filter(source="wecom", tag=tag).count() == wanted
        assert start(world, owner, tag, friends).changed == 0
    calls = world.calls("externalcontact/mark_tag")
    world.hurry()
    assert world.calls("externalcontact/mark_tag") == calls
    with tenant_scope(world.tenant):
        tag_batch_undo(tenant=world.tenant, batch_id=batch.pk, actor=owner)
    world.hurry()
    with tenant_scope(world.tenant):
        assert [at_wecom(world, one, tag) for one in friends] == [0, 0]
        assert not CustomerTag.objects.filter(tag=tag).exists()


def test_taken_back_before_it_was_written_nothing_is_asked_of_wecom(
    world: World, owner: Actor, tag: Tag, friends: list[Customer]
) -> None:
    calls = world.calls("externalcontact/mark_tag")
    with tenant_scope(world.tenant):
        batch = start(world, owner, tag, friends)
        tag_batch_undo(tenant=world.tenant, batch_id=batch.pk, actor=owner)
    world.hurry()
    with tenant_scope(world.tenant):
        assert not TagMark.objects.filter(is_sending=True).exists()
        assert not TagMark.objects.exclude(status="done").exists()
    assert world.calls("externalcontact/mark_tag") == calls
    assert [at_wecom(world, one, tag) for one in friends] == [0, 0]


def test_who_had_it_in_wecom_before_keeps_it_when_the_batch_is_taken_back(
    world: World, owner: Actor, tag: Tag, friends: list[Customer]
) -> None:
    with tenant_scope(world.tenant):
        customer_tag_add(tenant=world.tenant, customer_id=friends[0].pk, tag_id=tag.pk, actor=owner)
    world.hurry()
    with tenant_scope(world.tenant):
        batch = start(world, owner, tag, friends)
        assert batch.changed == 1
    world.hurry()
    with tenant_scope(world.tenant):
        tag_batch_undo(tenant=world.tenant, batch_id=batch.pk, actor=owner)
    world.hurry()
    with tenant_scope(world.tenant):
        assert at_wecom(world, friends[0], tag) == ties(friends[0])
    assert at_wecom(world, friends[1], tag) == 0


def test_taking_a_tag_off_many_takes_it_off_in_wecom_whoever_gave_it_and_back(
    world: World, owner: Actor, tag: Tag, friends: list[Customer]
) -> None:
    with tenant_scope(world.tenant):
        follow = Follow.objects.select_related("staff").filter(customer=friends[0], state="full")[0]
        client_for(world.tenant.pk, world.app.pk).tags.mark(
            userid=follow.staff.userid, external_userid=friends[0].external_userid, add_tag=[tag.tag_id]
        )
        wecom_tags_set(
            tenant_id=world.tenant.pk,
            wanted={(follow.staff_id, friends[0].pk): {tag.pk}},
            read_at=clock.now(),
        )
        batch = start(world, owner, tag, friends, is_on=False)
        assert batch.changed == 1
    world.hurry()
    assert at_wecom(world, friends[0], tag) == 0
    with tenant_scope(world.tenant):
        assert not CustomerTag.objects.filter(tag=tag).exists()
        tag_batch_undo(tenant=world.tenant, batch_id=batch.pk, actor=owner)
    world.hurry()
    assert at_wecom(world, friends[0], tag) == 1


def test_what_wecom_refuses_is_named_for_the_person_and_asked_again(
    world: World, owner: Actor, tag: Tag, friends: list[Customer]
) -> None:
    with tenant_scope(world.tenant):
        Follow.objects.filter(customer=friends[1]).exclude(
            pk=Follow.objects.filter(customer=friends[1], state="full").order_by("pk")[0].pk
        ).update(state="staff_deleted")
        follow = Follow.objects.select_related("staff").get(customer=friends[1], state="full")
        gone = Customer.objects.filter(pk=friends[1].pk)
        gone.update(external_userid="wmunknowntothem")
        batch = start(world, owner, tag, friends)
    world.hurry()
    with tenant_scope(world.tenant):
        row = TagMark.objects.get(customer=friends[1])
        assert (row.status, row.is_sending) == ("failed", False)
        with override("en"):
            assert mark_words(row) == "They are no friends in WeCom any more; the tag stands here only."
        assert not CustomerTag.objects.filter(customer=friends[1], source="wecom").exists()
        gone.update(external_userid=friends[1].external_userid)
        assert tag_batch_again(tenant=world.tenant, batch_id=batch.pk, actor=owner) == 1
        assert tag_batch_again(tenant=world.tenant, batch_id=batch.pk, actor=owner) == 0
    world.hurry()
    with tenant_scope(world.tenant):
        assert TagMark.objects.get(customer=friends[1], staff=follow.staff).status == "done"
    assert at_wecom(world, friends[1], tag) == 1


def test_a_tag_by_hand_is_written_and_taken_off_again_also_while_the_first_call_is_under_way(
    world: World, owner: Actor, tag: Tag, friends: list[Customer]
) -> None:
    told = {"tenant": world.tenant, "customer_id": friends[0].pk, "tag_id": tag.pk, "actor": owner}
    with tenant_scope(world.tenant):
        customer_tag_add(**told)
        OutboundSend.objects.filter(kind="mark_tag").update(state="claimed")
        customer_tag_remove(**told)
        OutboundSend.objects.filter(kind="mark_tag").update(state="queued")
    world.hurry()
    world.hurry()
    assert at_wecom(world, friends[0], tag) == 0
    with tenant_scope(world.tenant):
        assert not CustomerTag.objects.filter(tag=tag).exists()
        assert OutboundSend.objects.filter(kind="mark_tag", state="done").count() == 2 * ties(friends[0])


def test_a_reading_that_began_before_the_call_takes_nothing_off_and_one_after_it_does(
    world: World, owner: Actor, tag: Tag, friends: list[Customer]
) -> None:
    with tenant_scope(world.tenant):
        staff_id = Follow.objects.filter(customer=friends[0], state="full").values_list(
            "staff_id", flat=True
        )[0]
        before = clock.now()
        customer_tag_add(tenant=world.tenant, customer_id=friends[0].pk, tag_id=tag.pk, actor=owner)
    world.hurry()
    with tenant_scope(world.tenant):
        told = {"tenant_id": world.tenant.pk, "wanted": {(staff_id, friends[0].pk): set[int]()}}
        written = CustomerTag.objects.filter(source="wecom", tag=tag, staff_id=staff_id)
        wecom_tags_set(**told, read_at=before)
        assert written.count() == 1
        wecom_tags_set(**told, read_at=clock.now())
        assert written.count() == 0
