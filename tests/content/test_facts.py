"""Message match (R66): only true facts, to whom they matter, and never a guess about a person."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from contacts.models import Behaviour, Customer, ProfileFact
from content.errors import FactInvalid
from content.models import FactUse
from content.policies.facts import Claim, Kind, Rule, fits, stressed
from content.selectors.facts import fact_leading, fact_results, facts_for
from content.services.facts import fact_archive, fact_save, fact_told, persona_save
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import Tenant, User
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer, make_follow
from tests.factories.team import make_staff
from tests.factories.tenants import make_member, make_user
from tests.phone import hold_phone

OWNER = Actor(kind="user", id=7, name="林晓", permissions=PERMISSIONS[Role.OWNER])
TODAY = date(2026, 3, 2)
FIELDS = st.sampled_from(["city", "occupation", "birth_year"])
VALUES = st.sampled_from(["杭州", "老师", "2019", "2018-2020"])
KINDS = st.lists(
    st.builds(
        Kind, st.integers(1, 4), st.lists(st.builds(Rule, FIELDS, st.tuples(VALUES)), max_size=2).map(tuple),
        st.integers(1, 3),
    ),
    max_size=4, unique_by=lambda one: one.pk,
)  # fmt: skip
CLAIMS = st.lists(
    st.builds(
        Claim, st.integers(1, 9), st.sampled_from(["", "报告"]),
        st.none() | st.dates(date(2026, 3, 1), date(2026, 3, 3)),
        st.frozensets(st.integers(1, 4), max_size=2), st.integers(1, 3),
    ),
    max_size=6, unique_by=lambda one: one.pk,
)  # fmt: skip


@given(CLAIMS, KINDS, st.dictionaries(FIELDS, st.sampled_from(["", "杭州市", "老师", "2019"])))
def test_nobody_is_told_what_cannot_be_shown_or_is_meant_for_others(
    claims: list[Claim], kinds: list[Kind], profile: dict[str, str]
) -> None:
    known = {one.pk: one for one in claims}
    mine = {one.pk for one in kinds if fits(one.rules, profile)}
    told = stressed(claims, kinds, profile, today=TODAY)
    assert len({pk for pk, _who in told}) == len(told)
    for pk, who in told:
        claim = known[pk]
        assert claim.evidence
        assert claim.valid_until is None or claim.valid_until >= TODAY
        assert who in (claim.personas & mine) if claim.personas else who is None
    general = [who is None for _pk, who in told]
    assert general == sorted(general)


@pytest.mark.parametrize(
    ("profile", "is_one"),
    [
        ({"birth_year": "2019"}, True),
        ({"birth_year": "2021"}, False),
        ({"birth_year": ""}, False),
        ({}, False),
    ],
)
def test_years_hold_both_ends_and_the_unknown_is_nobody(profile: dict[str, str], is_one: bool) -> None:
    assert fits((Rule("birth_year", ("2018-2020",)),), profile) is is_one
    assert not fits((), {"birth_year": "2019"})


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield tenant


def _known(tenant: Tenant, **fields: str) -> Customer:
    customer = make_customer(tenant=tenant)
    for field, value in fields.items():
        ProfileFact.objects.create(
            tenant=tenant, customer=customer, field=field, source="staff", value=value, said_at=clock.now()
        )
    return customer


def _facts(tenant: Tenant) -> tuple[int, int]:
    persona = persona_save(
        tenant=tenant, name="三四岁家长", need="坐不住", rank=1, actor=OWNER,
        rules=[{"field": "birth_year", "values": ["2022-2023"]}],
    )  # fmt: skip
    general = fact_save(tenant=tenant, text="一年内可回看", evidence="服务协议 3.2", personas=[], actor=OWNER)
    special = fact_save(
        tenant=tenant, text="每节 15 分钟", evidence="课表 2026-02", personas=[persona.pk], actor=OWNER
    )
    return general.pk, special.pk


@pytest.mark.django_db
def test_who_is_known_gets_the_fact_that_matters_and_others_the_general_one(scope: Tenant) -> None:
    general, special = _facts(scope)
    parent, stranger = _known(scope, birth_year="2022"), _known(scope)
    assert [one.fact.pk for one in facts_for(tenant=scope, customer_id=parent.pk)] == [special, general]
    assert [one.fact.pk for one in facts_for(tenant=scope, customer_id=stranger.pk)] == [general]


@pytest.mark.django_db
def test_without_evidence_past_its_day_or_put_away_it_is_told_to_nobody(scope: Tenant) -> None:
    fact_save(tenant=scope, text="没有依据", evidence="", personas=[], actor=OWNER)
    fact_save(
        tenant=scope,
        text="过期",
        evidence="报告",
        personas=[],
        valid_until=TODAY - timedelta(days=1),
        actor=OWNER,
    )
    row = fact_save(tenant=scope, text="今天止", evidence="报告", personas=[], valid_until=TODAY, actor=OWNER)
    customer = _known(scope)
    assert [one.fact.text for one in facts_for(tenant=scope, customer_id=customer.pk)] == ["今天止"]
    fact_archive(tenant=scope, fact_id=row.pk, is_archived=True, actor=OWNER)
    assert facts_for(tenant=scope, customer_id=customer.pk) == []


@pytest.mark.django_db
def test_a_group_hears_the_fact_that_most_of_it_would_be_told_first(scope: Tenant) -> None:
    general, special = _facts(scope)
    many = [_known(scope, birth_year="2022").pk for _number in range(2)] + [_known(scope).pk]
    found = fact_leading(tenant=scope, customer_ids=many)
    assert found is not None
    assert found.pk == special
    alone = fact_leading(tenant=scope, customer_ids=[])
    assert alone is not None
    assert alone.pk == general


@pytest.mark.django_db
def test_a_fact_with_refused_words_is_not_written(scope: Tenant) -> None:
    with pytest.raises(FactInvalid, match="最佳"):
        fact_save(tenant=scope, text="最佳启蒙", evidence="报告", personas=[], actor=OWNER)


@pytest.mark.django_db
def test_results_count_each_person_once_and_only_what_came_after(scope: Tenant, frozen: MovableClock) -> None:
    general, special = _facts(scope)
    people = [_known(scope) for _number in range(3)]
    for number, one in enumerate(people):
        fact_told(tenant=scope, fact_id=general, customer_id=one.pk, ref="chat:1", actor=OWNER)
        fact_told(tenant=scope, fact_id=general, customer_id=one.pk, ref="chat:1", actor=OWNER)
        at = clock.now() + timedelta(hours=[1, 25, -1][number])
        Behaviour.objects.create(
            tenant=scope, source="t", event_id=str(number), kind="message", customer=one, occurred_at=at
        )
    results = fact_results(tenant_id=scope.pk, fact_ids=[general, special])
    assert results[general].told == {one.pk for one in people}
    assert results[general].replied == {people[0].pk}
    assert results[general].ordered == frozenset()
    assert results[special].replied is None


@pytest.mark.django_db
def test_staff_see_the_fact_beside_the_customer_and_telling_it_counts_once_a_day(
    tenant: Tenant, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        _general, special = _facts(tenant)
        staff = make_staff(tenant=tenant, name="林晓", membership=make_member(tenant=tenant, role=Role.SALES))
        customer = _known(tenant, birth_year="2023")
        make_follow(tenant=tenant, customer=customer, staff=staff)
    User.objects.update(language="en")
    phone = hold_phone(tenant, staff)
    base = f"/m/{tenant.slug}/customer/{customer.external_userid}/"
    shown = phone.get(f"{base}scripts/", headers={"hx-request": "true"}).content.decode()
    assert shown.index("每节 15 分钟") < shown.index("一年内可回看")
    assert "三四岁家长" in shown
    assert [phone.post(f"{base}facts/{special}/told/").status_code for _n in range(2)] == [204, 204]
    assert phone.post(f"{base}facts/{special + 99}/told/").status_code == 404
    with tenant_scope(tenant):
        assert fact_results(tenant_id=tenant.pk, fact_ids=[special])[special].told == {customer.pk}


@pytest.mark.django_db
def test_facts_and_personas_are_written_on_their_page(tenant: Tenant) -> None:
    person = make_user()
    with tenant_scope(tenant):
        make_member(tenant=tenant, role=Role.OPERATOR, user=person)
    client, base = Client(), f"/t/{tenant.slug}/"
    client.force_login(person)
    User.objects.update(language="en")
    assert "No fact yet" in client.get(f"{base}facts/").content.decode()
    persona = {"name": "老师", "need": "备课", "rank": 1, "field_1": "occupation", "values_1": "老师，教师"}
    assert client.post(f"{base}personas/new/", persona | {"field_2": "city"}).status_code == 422
    client.post(f"{base}personas/new/", persona)
    client.post(f"{base}facts/new/", {"text": "附教案", "evidence": "", "rank": 50})
    page = client.get(f"{base}facts/").content.decode()
    assert "Told to nobody" in page
    assert "老师, 教师" in page


@pytest.mark.django_db
def test_a_fact_for_a_persona_that_is_gone_and_a_second_persona_of_a_name_are_refused(scope: Tenant) -> None:
    persona = {
        "need": "备课",
        "rank": 1,
        "rules": [{"field": "occupation", "values": ["老师"]}],
        "actor": OWNER,
    }
    first = persona_save(tenant=scope, name="老师", **persona)
    with pytest.raises(FactInvalid):
        persona_save(tenant=scope, name=" 老师 ", **persona)
    assert persona_save(tenant=scope, name="老师", persona_id=first.pk, **persona) == first
    with pytest.raises(FactInvalid):
        fact_save(
            tenant=scope, text="可回看", evidence="协议", personas=[first.pk, first.pk + 99], actor=OWNER
        )


@pytest.mark.django_db
def test_the_same_telling_is_written_down_once_and_another_days_anew(scope: Tenant) -> None:
    general, _special = _facts(scope)
    person = _known(scope)
    for ref in ("chat:1", "chat:1", "chat:2"):
        fact_told(tenant=scope, fact_id=general, customer_id=person.pk, ref=ref, actor=OWNER)
    assert sorted(FactUse.objects.values_list("ref", flat=True)) == ["chat:1", "chat:2"]
