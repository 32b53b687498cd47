"""A person with two records (R37) is one person wherever a rule judges people, whichever record they acted with."""

from datetime import timedelta

import pytest

from contacts.models import Customer
from contacts.policies.tag_rules import Condition
from contacts.selectors import buyers_in
from contacts.selectors.facts import facts_for, people_perhaps
from contacts.selectors.identity import same_people
from contacts.services.identity import customers_merge
from groups.enums import ACTIVE_HOURS
from groups.models import CircleSpell, Koc
from groups.selectors.figures import book_of, range_of_days
from groups.selectors.koc import suggestions
from groups.selectors.silence import looks
from tests.factories.contacts import make_behaviour, make_customer, make_order
from tests.factories.groups import make_group, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(scoped, frozen):
    return make_group(
        tenant=scoped, state="active", kind="new_user", created_at=frozen.moment - timedelta(days=90)
    )


@pytest.fixture
def two(scoped, owner, frozen, group):
    """(the record that sits in the group, the other one of the same person); a stranger sits there too."""
    long_ago = frozen.moment - timedelta(days=60)
    here = make_customer(tenant=scoped, app=group.app, name="王芳", first_seen_at=frozen.moment, stage=1)
    other = make_customer(tenant=scoped, app=group.app, name="王芳小号", first_seen_at=long_ago, stage=5)
    stranger = make_customer(tenant=scoped, app=group.app, name="旁人", first_seen_at=frozen.moment, stage=1)
    for one in (here, stranger):
        make_member(group=group, customer=one, joined_at=long_ago)
        day = frozen.moment.date()
        CircleSpell.objects.create(
            tenant=scoped, group=group, customer=one, circle="core", from_day=day, active_days=9
        )
    return here, other


def merged(scoped, owner, two):
    here, other = two
    customers_merge(tenant=scoped, goes_on_id=other.pk, other_id=here.pk, reason="同一个人", actor=owner)


def test_who_bought_with_another_record_is_a_buyer(scoped, owner, two, group):
    here, other = two
    third = make_customer(tenant=scoped, app=group.app)
    make_order(tenant=scoped, customer=other)
    ask = {"tenant_id": scoped.pk, "customer_ids": [here.pk, other.pk, third.pk]}
    assert buyers_in(**ask) == {other.pk}
    merged(scoped, owner, two)
    assert buyers_in(**ask) == {here.pk, other.pk}
    customers_merge(tenant=scoped, goes_on_id=other.pk, other_id=third.pk, reason="也是", actor=owner)
    assert buyers_in(tenant_id=scoped.pk, customer_ids=[third.pk]) == {third.pk}
    assert same_people(tenant_id=scoped.pk, customer_ids=[here.pk]) == {
        here.pk: {here.pk, other.pk, third.pk}
    }


def test_rules_count_what_all_records_did_together(scoped, owner, two, frozen):
    here, other = two
    for who, count in ((here, 1), (other, 2)):
        for _each in range(count):
            make_behaviour(tenant=scoped, customer=who, kind="lesson")
        make_order(tenant=scoped, customer=who, amount_fen=10000)
    keys = [
        one.key
        for one in (Condition("did:lesson"), Condition("bought"), Condition("spent"), Condition("stage"))
    ]
    ask = {"tenant_id": scoped.pk, "customer_ids": [here.pk], "keys": keys, "now": frozen.moment}
    assert [facts_for(**ask)[here.pk][key].count for key in keys] == [1, 1, 100, 1]
    merged(scoped, owner, two)
    assert [facts_for(**ask)[here.pk][key].count for key in keys] == [3, 2, 200, 6]


def test_a_candidate_is_looked_for_by_all_records_and_once(scoped, owner, two):
    here, other = two
    make_order(tenant=scoped, customer=here)
    ask = {
        "tenant_id": scoped.pk, "keys": [Condition("bought").key], "tags": [], "needs_all": True, "most": 10,
    }  # fmt: skip
    merged(scoped, owner, two)
    assert people_perhaps(**ask, without=[]) == [other.pk]
    assert people_perhaps(**ask, without=[here.pk]) == []


def test_who_is_active_with_another_record_is_not_silent(scoped, owner, two, group, frozen):
    here, other = two
    make_behaviour(tenant=scoped, customer=other, kind="message", group=group)

    def seen():
        look = looks(tenant_id=scoped.pk, groups=[group], now=frozen.moment)[group.pk]
        by_customer = {look.customer_ids[one.member_id]: one for one in look.members}
        return by_customer[here.pk].last_at, by_customer[here.pk].has_spoken

    assert seen() == (None, False)
    merged(scoped, owner, two)
    assert seen() == (frozen.moment, True)


def test_a_helper_is_suggested_once_by_what_the_person_is(scoped, owner, two, group):
    here, other = two
    assert suggestions(group=group) == []
    merged(scoped, owner, two)
    (one,) = suggestions(group=group)
    assert (one.customer, one.stage, one.days) == (here, 5, 60)
    Koc.objects.create(tenant=scoped, group=group, customer=other, origin="grown", added_by="林晓")
    assert suggestions(group=group) == []


def test_the_panel_counts_as_paying_who_paid_with_another_record(scoped, owner, two, group, frozen):
    here, other = two
    make_order(tenant=scoped, customer=other)
    chosen = range_of_days(days=7, zone=scoped.timezone, now=frozen.moment)
    ask = {"group": group, "zone": scoped.timezone, "chosen": chosen, "active_hours": ACTIVE_HOURS.default}
    assert book_of(**ask).buyers["ever"] == set()
    merged(scoped, owner, two)
    assert book_of(**ask).buyers["ever"] == {here.pk}
    assert Customer.objects.get(pk=here.pk).person_id == other.pk
