"""One person with several records: counted once, joined and taken apart without losing anything (R37)."""

import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.enums import AddWay, IdentityVerb
from contacts.errors import IdentityInvalid, ReasonMissing
from contacts.events import CustomerOptedOut
from contacts.models import Behaviour, Channel, Customer, IdentityMove
from contacts.policies.identity import Move, may_merge, parents_after, root_of, roots_after
from contacts.policies.touch import TouchRequest
from contacts.selectors import customer_count, customer_list, identity, opted_out_in
from contacts.selectors.identity import proposals, proposals_for
from contacts.selectors.stages import stage_distribution
from contacts.services.customers import customer_set_opt_out
from contacts.services.identity import customer_split, customers_apart, customers_merge
from contacts.services.obstacles import UPGRADE
from contacts.services.sheet_people import People
from contacts.services.stages import stage_set, stages_judge
from contacts.services.touch import gate_decide
from outbox.models import EventRow
from team.selectors import work_items_of
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import AuditEntry, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_views import body, sign_in
from tests.factories.contacts import (
    make_behaviour,
    make_customer,
    make_customer_tag,
    make_customers,
    make_follow,
    make_order,
    make_tag,
)  # fmt: skip
from tests.factories.team import make_staff

RECORDS = range(6)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["merged", "split", "apart"]), st.sampled_from(RECORDS), st.sampled_from(RECORDS)
    ),
    max_size=30,
)
HTMX = {"HX-Request": "true"}


def played(steps: Any) -> list[Move]:
    """The steps that are allowed, one after the other, as the log keeps them."""
    log: list[Move] = []
    for verb, record, into in steps:
        parents = parents_after(log)
        if verb == "split" and record in parents:
            log.append(Move(record, parents[record], verb))
        elif verb == "apart" or (verb == "merged" and may_merge(record, into, parents)):
            log.append(Move(record, into, verb))
    return log


@given(STEPS)
def test_every_record_is_in_exactly_one_person_and_pointers_never_go_round(steps):
    parents = parents_after(played(steps))
    roots = roots_after(RECORDS, parents)
    assert set(roots) == set(RECORDS)
    assert all(root not in parents for root in roots.values())


@given(STEPS, st.sampled_from(RECORDS), st.sampled_from(RECORDS))
def test_a_merge_taken_back_leaves_the_people_as_they_were(steps, record, into):
    log = played(steps)
    before = parents_after(log)
    if may_merge(record, into, before):
        there = [*log, Move(record, into, "merged")]
        assert root_of(record, parents_after(there)) == root_of(into, before)
        assert parents_after([*there, Move(record, into, "split")]) == before


@pytest.fixture
def scoped(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield tenant


@pytest.mark.django_db
@pytest.mark.integration
@pytest.mark.parametrize("seed", range(3))
def test_rows_stand_where_the_log_says_and_nothing_is_lost(
    scoped: Tenant, owner: Actor, frozen: MovableClock, seed: int
) -> None:
    people, chance = make_customers(tenant=scoped, count=6), random.Random(seed)
    made = {make_behaviour(tenant=scoped, customer=one).pk: one.pk for one in people}
    who: dict[str, Any] = {"tenant": scoped, "actor": owner, "reason": "电话里核实"}
    for _number in range(25):
        one, other = chance.sample(people, 2)
        try:
            if chance.random() < 0.6:
                customers_merge(goes_on_id=one.pk, other_id=other.pk, **who)
            else:
                customer_split(customer_id=one.pk, **who)
        except IdentityInvalid:
            continue
        frozen.move(minutes=1)
        log = [
            Move(row.customer_id, row.into_id, row.verb) for row in IdentityMove.objects.order_by("at", "pk")
        ]
        parents = parents_after(log)
        rows = {row.pk: row for row in Customer.objects.all()}
        assert {pk: row.merged_into_id for pk, row in rows.items() if row.merged_into_id} == parents
        roots = roots_after(rows, parents)
        assert {pk: row.person_id or pk for pk, row in rows.items()} == roots
        assert customer_count(tenant_id=scoped.pk) == len(set(roots.values()))
    assert dict(Behaviour.objects.values_list("pk", "customer_id")) == made


@pytest.mark.django_db
@pytest.mark.integration
@pytest.mark.parametrize("few", [200, 0], ids=["found by their ids", "more than are kept by their ids"])
def test_a_person_is_listed_once_and_found_by_every_record(
    scoped: Tenant, owner: Actor, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr("contacts.selectors.FEW", few)
    one, other, third = (make_customer(tenant=scoped, name=name) for name in ("林雪", "雪儿", "旁人"))
    staff, tag = make_staff(tenant=scoped), make_tag(tenant=scoped)
    channel = Channel.objects.create(tenant=scoped, name="视频号", kind="content")
    make_follow(
        tenant=scoped,
        customer=other,
        staff=staff,
        remark="班长妈妈",
        channel=channel,
        add_way=AddWay.CHANNELS,
    )
    make_follow(tenant=scoped, customer=third, staff=staff, remark="路过", state="staff_deleted", add_way=1)
    make_customer_tag(tenant=scoped, customer=other, tag=tag)
    make_order(tenant=scoped, customer=other)
    customers_merge(tenant=scoped, goes_on_id=one.pk, other_id=other.pk, reason="同一个人", actor=owner)
    here = {"tenant_id": scoped.pk}
    assert set(customer_list(**here)) == {one, third}
    for asked in (
        {"text": "雪儿"}, {"text": other.external_userid}, {"text": "班长"}, {"staff_id": staff.pk},
        {"tag_id": tag.pk}, {"buyer": True}, {"channel_id": channel.pk}, {"added": AddWay.CHANNELS},
        {"text": "雪儿", "staff_id": staff.pk},
    ):  # fmt: skip
        assert list(customer_list(**here, **asked)) == [one], asked
    assert list(customer_list(**here, buyer=False)) == [third]
    assert list(customer_list(**here, text="林雪")) == [one]
    assert list(customer_list(**here, text="路过")) == [third]
    assert customer_count(**here) == 2
    assert sum(row.people for row in stage_distribution(**here, now=frozen.moment)) == 2


@pytest.mark.django_db
@pytest.mark.integration
def test_acts_of_every_record_move_the_person_and_a_split_gives_each_their_own(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    one, other = make_customers(tenant=scoped, count=2)
    who = {"tenant": scoped, "actor": owner, "reason": "电话里核实"}
    for person, number in ((one, 1), (other, 2)):
        for _turn in range(number):
            make_behaviour(tenant=scoped, customer=person, kind="lesson")
    stages_judge(tenant_id=scoped.pk, customer_ids=[one.pk, other.pk])
    one.refresh_from_db()
    before = (one.stage, one.stage_at)
    frozen.move(hours=1)
    customers_merge(goes_on_id=one.pk, other_id=other.pk, **who)
    one.refresh_from_db()
    assert one.stage == 4  # three lessons between them
    make_order(tenant=scoped, customer=other)
    stages_judge(tenant_id=scoped.pk, customer_ids=[other.pk])
    one.refresh_from_db()
    assert one.stage == 6
    customer_split(customer_id=other.pk, **who)
    other.refresh_from_db()
    one.refresh_from_db()
    assert (other.person_id, other.stage) == (None, 6)
    assert (one.stage, one.stage_at) == before
    assert stages_judge(tenant_id=scoped.pk, customer_ids=[one.pk, other.pk]) == 0
    invited = work_items_of(tenant_id=scoped.pk, source_kind=UPGRADE, source_ids=[one.pk, other.pk])
    assert {pk: row.state for pk, row in invited.items()} == {one.pk: "cancelled", other.pk: "open"}
    with pytest.raises(IdentityInvalid):
        customer_split(customer_id=other.pk, **who)


@pytest.mark.django_db
@pytest.mark.integration
def test_what_staff_said_of_the_person_meanwhile_holds_after_a_split(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    one, other = make_customers(tenant=scoped, count=2)
    who = {"tenant": scoped, "actor": owner, "reason": "电话里核实"}
    make_order(tenant=scoped, customer=other)
    customers_merge(goes_on_id=one.pk, other_id=other.pk, **who)
    frozen.move(hours=1)
    stage_set(customer_id=one.pk, stage=7, **who)
    customer_split(customer_id=other.pk, **who)
    one.refresh_from_db()
    assert one.stage == 7


@pytest.mark.django_db
@pytest.mark.integration
def test_whoever_wants_marketing_again_wants_it_with_every_record(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    one, other, third = make_customers(tenant=scoped, count=3)
    ids = [one.pk, other.pk, third.pk]
    who = {"tenant": scoped, "actor": owner, "reason": "微信里说"}
    customer_set_opt_out(customer_id=other.pk, opted_out=True, **who)
    for merged in (other, third):
        customers_merge(goes_on_id=one.pk, other_id=merged.pk, **who)
    customer_set_opt_out(customer_id=one.pk, opted_out=False, **who)
    assert opted_out_in(tenant_id=scoped.pk, customer_ids=ids) == set()
    customer_set_opt_out(customer_id=third.pk, opted_out=True, **who)
    told = EventRow.objects.filter(name=CustomerOptedOut.name).order_by("-pk")[:3]
    assert {row.payload["customer_id"] for row in told} == set(ids)
    customer_set_opt_out(customer_id=third.pk, opted_out=False, **who)
    refusals = Customer.objects.values_list("opt_out_at", "opt_out_reason")
    assert set(refusals) == {(None, "")}  # nothing of it stands in their personal copy either


@pytest.mark.django_db
@pytest.mark.integration
def test_a_file_means_the_person_whom_two_records_share_a_phone(scoped: Tenant, owner: Actor) -> None:
    one, other = (make_customer(tenant=scoped, phone="13800006027") for _number in range(2))
    line = {"phone": "13800006027"}
    assert People(scoped.pk, [line]).find(line).fault
    customers_merge(tenant=scoped, goes_on_id=other.pk, other_id=one.pk, actor=owner)
    assert People(scoped.pk, [line]).find(line).customer == other


@pytest.mark.django_db
@pytest.mark.integration
def test_who_wants_no_marketing_is_left_alone_with_every_record(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    frozen.move(hours=3)
    one, other, third = make_customers(tenant=scoped, count=3)
    ids = [one.pk, other.pk, third.pk]
    customer_set_opt_out(tenant=scoped, customer_id=other.pk, opted_out=True, reason="微信里说", actor=owner)
    customers_merge(tenant=scoped, goes_on_id=one.pk, other_id=other.pk, reason="同一个人", actor=owner)
    assert opted_out_in(tenant_id=scoped.pk, customer_ids=ids) == {one.pk, other.pk}
    asks = [TouchRequest(key=f"t{pk}", channel="x", customer_ids=(pk,)) for pk in ids]
    made = gate_decide(tenant_id=scoped.pk, requests=asks, now=frozen.moment)
    assert [pk for decision in made for pk in decision.customer_ids] == [third.pk]
    customer_set_opt_out(tenant=scoped, customer_id=one.pk, opted_out=True, reason="再说一次", actor=owner)
    customer_set_opt_out(tenant=scoped, customer_id=one.pk, opted_out=False, reason="又想要了", actor=owner)
    assert opted_out_in(tenant_id=scoped.pk, customer_ids=ids) == set()


@pytest.mark.django_db
@pytest.mark.integration
def test_the_same_union_id_or_phone_is_proposed_until_somebody_decides(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    first = make_customer(tenant=scoped, unionid="un1", phone="13800006027", first_seen_at=frozen.moment)
    frozen.move(hours=1)
    second = make_customer(tenant=scoped, unionid="un1", phone="13800006027", first_seen_at=frozen.moment)
    third = make_customer(
        tenant=scoped, phone="13800006027", first_seen_at=frozen.moment + timedelta(hours=1)
    )
    make_customer(tenant=scoped)
    found = {(one.goes_on.pk, one.other.pk): set(one.evidence) for one in proposals(tenant_id=scoped.pk)}
    assert found[first.pk, second.pk] == {"unionid", "phone"}
    assert found[first.pk, third.pk] == {"phone"}
    mine = {one.other.pk for one in proposals_for(customer=first)}
    assert mine == {second.pk, third.pk}
    customers_merge(tenant=scoped, goes_on_id=first.pk, other_id=second.pk, actor=owner)
    assert IdentityMove.objects.get().ground == "unionid"
    customers_apart(tenant=scoped, one_id=first.pk, other_id=third.pk, actor=owner)
    first.refresh_from_db()
    assert proposals(tenant_id=scoped.pk) == []
    assert proposals_for(customer=first, records=[second]) == []
    assert set(IdentityMove.objects.values_list("verb", flat=True)) == {
        IdentityVerb.MERGED,
        IdentityVerb.APART,
    }


@pytest.mark.django_db
@pytest.mark.integration
def test_decisions_hide_no_pair_that_nobody_looked_at(
    scoped: Tenant, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "PROPOSED", 1)
    first, second, third = (make_customer(tenant=scoped, phone="13800006027") for _number in range(3))
    pairs = {
        frozenset((first.pk, second.pk)),
        frozenset((first.pk, third.pk)),
        frozenset((second.pk, third.pk)),
    }
    seen = set()
    for _turn in pairs:
        (found,) = proposals(tenant_id=scoped.pk)
        seen.add(frozenset((found.goes_on.pk, found.other.pk)))
        customers_apart(tenant=scoped, one_id=found.goes_on.pk, other_id=found.other.pk, actor=owner)
    assert seen == pairs
    assert proposals(tenant_id=scoped.pk) == []


@pytest.mark.django_db
@pytest.mark.integration
def test_by_hand_a_merge_needs_a_reason(scoped: Tenant, owner: Actor) -> None:
    one, other = make_customers(tenant=scoped, count=2)
    with pytest.raises(ReasonMissing):
        customers_merge(tenant=scoped, goes_on_id=one.pk, other_id=other.pk, actor=owner)
    with pytest.raises(IdentityInvalid):
        customers_merge(tenant=scoped, goes_on_id=one.pk, other_id=one.pk, reason="同一个人", actor=owner)


@pytest.mark.django_db
@pytest.mark.integration
def test_the_page_of_a_merged_record_leads_to_the_person_with_both_pasts(
    tenant: Tenant, frozen: MovableClock
) -> None:
    home = f"/t/{tenant.slug}/customers/"
    client = sign_in(tenant)
    assert "Nobody is known twice" in body(client.get(f"{home}same/"))
    with tenant_scope(tenant):
        one = make_customer(tenant=tenant, unionid="un7", first_seen_at=frozen.moment)
        frozen.move(hours=1)
        other = make_customer(tenant=tenant, unionid="un7", first_seen_at=frozen.moment)
        for person, title in ((one, "夏令营海报"), (other, "试听课")):
            make_behaviour(tenant=tenant, customer=person, object_title=title)
    assert other.external_userid in body(client.get(f"{home}same/"))
    assert "may be the same person" in body(client.get(f"{home}{one.pk}/"))
    merge = f"{home}{one.pk}/merge/"
    assert str(other.pk) in body(client.get(f"{merge}?with={other.pk}", headers=HTMX))
    assert client.post(merge, {"other": "wmNobody", "reason": ""}, headers=HTMX).status_code == 404
    assert client.post(merge, {"other": str(other.pk), "reason": ""}, headers=HTMX).status_code == 204
    led = client.get(f"{home}{other.pk}/")
    assert (led.status_code, led.headers["Location"]) == (302, f"{home}{one.pk}/")
    page = body(client.get(f"{home}{one.pk}/"))
    for words in ("夏令营海报", "试听课", other.external_userid, "is the same person as"):
        assert words in page
    assert sign_in(tenant, Role.VIEWER).get(merge).status_code == 403
    split = f"{home}{other.pk}/split/"
    assert client.post(split, {"reason": ""}, headers=HTMX).status_code == 422
    assert client.post(split, {"reason": "声音不一样"}, headers=HTMX).status_code == 204
    assert "试听课" not in body(client.get(f"{home}{one.pk}/"))
    assert "试听课" in body(client.get(f"{home}{other.pk}/"))
    with tenant_scope(tenant):
        entry = AuditEntry.objects.get(verb="contacts.customer.split")
    assert entry.reason == "声音不一样"
