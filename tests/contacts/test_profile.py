"""Profiles: every field with its source and time, unknown said plainly, contradictions shown, nothing guessed."""

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.errors import ProfileInvalid
from contacts.models import Customer, ProfileFact
from contacts.policies.profile import Said, is_value, settled
from contacts.selectors.profile import completeness_of, profile_of
from contacts.services.profile import Told, profile_edit, profile_told
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import AuditEntry, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_views import body, sign_in
from tests.factories.contacts import make_customer, make_order

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HTMX = {"HX-Request": "true"}
SOURCES = ("staff", "form", "import", "api")
WORDS = st.lists(
    st.builds(
        lambda source, value, hours: Said(source, value, NOW + timedelta(hours=hours)),
        st.sampled_from(SOURCES),
        st.sampled_from(["", "杭州", "上海", "北京"]),
        st.integers(0, 50),
    ),
    max_size=8,
    unique_by=lambda one: (one.at, one.source),
)


@given(WORDS, st.randoms())
def test_the_order_in_which_words_arrive_changes_nothing(words, random):
    shuffled = list(words)
    random.shuffle(shuffled)
    assert settled(shuffled) == settled(words)


@given(WORDS)
def test_nothing_is_shown_that_nobody_said_and_contradictions_differ_from_it(words):
    found = settled(words)
    assert found.holds is None or found.holds in words
    assert all(one in words and one.value not in ("", found.value) for one in found.against)


@given(WORDS, st.sampled_from(["杭州", "上海", ""]))
def test_what_staff_settle_last_holds_and_ends_every_contradiction(words, value):
    found = settled([*words, Said("staff", value, NOW + timedelta(hours=99))])
    assert (found.value, found.against) == (value, ())


def test_a_later_word_of_somebody_else_contradicts_staff_and_does_not_replace_it():
    staff, form = Said("staff", "杭州", NOW), Said("form", "上海", NOW + timedelta(hours=1))
    assert settled([form, staff]) == settled([staff, form])
    assert settled([staff, form]).holds == staff
    assert settled([staff, form]).against == (form,)


def test_who_was_asked_and_did_not_say_is_unknown_until_somebody_tells_later():
    asked, told = Said("staff", "", NOW), Said("form", "上海", NOW + timedelta(hours=1))
    assert settled([asked]).asked == asked
    assert settled([Said("wecom", "female", None), asked]).holds is None
    assert settled([asked, told]).holds == told


@pytest.mark.parametrize(
    ("field", "value", "fits"),
    [
        ("gender", "female", True), ("gender", "女", False), ("birth_year", "1992", True),
        ("birth_year", "1899", False), ("birth_year", "2027", False), ("birth_year", "٢٠٠٠", False),
        ("education", "above", True), ("city", "杭" * 201, False), ("shoe_size", "38", False), ("city", "", True),
    ],
)  # fmt: skip
def test_a_field_holds_only_what_it_means(field, value, fits):
    assert is_value(field, value, this_year=2026) is fits


@pytest.fixture
def scoped(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield tenant


def shown(customer: Customer) -> dict[str, str]:
    return {row.field: row.settled.value for row in profile_of(customer=customer, this_year=2026)}


@pytest.mark.django_db
@pytest.mark.integration
def test_a_late_file_does_not_undo_a_younger_one_and_foreign_people_are_left_out(
    other_tenant: Tenant, tenant: Tenant, frozen: MovableClock
) -> None:
    with tenant_scope(other_tenant):
        foreign = make_customer(tenant=other_tenant)
    late = frozen.moment - timedelta(days=1)
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant)
        for at, city in ((frozen.moment, "杭州"), (late, "上海"), (frozen.moment, "杭州")):
            told = [Told(one.pk, "city", city, at, "报名表") for one in (person, foreign)]
            profile_told(tenant_id=tenant.pk, source="import", told=told)
        facts = list(ProfileFact.objects.values_list("customer_id", "value", "said_by"))
    assert facts == [(person.pk, "杭州", "报名表")]


@pytest.mark.django_db
@pytest.mark.integration
def test_a_file_with_a_value_that_the_field_does_not_know_is_refused(
    scoped: Tenant, frozen: MovableClock
) -> None:
    unknown = Told(make_customer(tenant=scoped).pk, "gender", "女", frozen.moment)
    with pytest.raises(ProfileInvalid):
        profile_told(tenant_id=scoped.pk, source="import", told=[unknown])


@pytest.mark.django_db
@pytest.mark.integration
def test_editing_settles_a_contradiction_is_audited_and_repeats_without_a_trace(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    person = make_customer(tenant=scoped, gender=1)
    profile_told(
        tenant_id=scoped.pk,
        source="form",
        told=[Told(person.pk, "gender", "female", frozen.moment, "入群表")],
    )
    rows = {row.field: row for row in profile_of(customer=person, this_year=2026)}
    assert rows["gender"].settled.value == "female"
    assert [said.source for _words, _who, said in rows["gender"].against] == ["wecom"]
    frozen.move(minutes=1)
    values = {**shown(person), "city": " 杭州 "}
    who = {"tenant": scoped, "customer_id": person.pk, "actor": owner}
    assert profile_edit(values=values, asked=["occupation"], **who) == ["city", "gender", "occupation"]
    assert profile_edit(values=shown(person), asked=["occupation"], **who) == []
    rows = {row.field: row for row in profile_of(customer=person, this_year=2026)}
    assert rows["gender"].against == []
    assert rows["occupation"].settled.asked is not None
    entry = AuditEntry.objects.get(verb="contacts.customer.profiled")
    assert entry.changes["city"] == [None, "杭州"]


@pytest.mark.django_db
@pytest.mark.integration
@pytest.mark.parametrize("count", [1, 3])
def test_completeness_counts_nine_fields_in_two_queries(
    scoped: Tenant, frozen: MovableClock, count: int, django_assert_num_queries: Any
) -> None:
    people = [make_customer(tenant=scoped, gender=2, phone="13800006027") for _ in range(count)]
    make_order(tenant=scoped, customer=people[0])
    profile_told(tenant_id=scoped.pk, source="form", told=[Told(people[0].pk, "city", "杭州", frozen.moment)])
    with django_assert_num_queries(2):
        found = completeness_of(tenant_id=scoped.pk, customer_ids=[one.pk for one in people])
    assert found[people[0].pk] == pytest.approx(5 / 9)  # name, phone, spending, gender, city
    assert all(found[one.pk] == pytest.approx(3 / 9) for one in people[1:])


def hidden(form: str) -> dict[str, str]:
    """What the drawer keeps of what it showed."""
    found = re.findall(r'<input type="hidden" name="((?:was|stamp)_[a-z_]+)"([^>]*)>', form)
    values = {name: re.search(r'value="([^"]*)"', rest) for name, rest in found}
    return {name: html.unescape(value[1]) if value else "" for name, value in values.items()}


@pytest.mark.django_db
@pytest.mark.integration
def test_a_stale_drawer_overwrites_no_younger_edit_unless_the_person_means_it(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant)
    client, url = sign_in(tenant), f"/t/{tenant.slug}/customers/{person.pk}/profile/"
    stale = hidden(body(client.get(url, headers=HTMX)))
    frozen.move(minutes=1)
    with tenant_scope(tenant):
        who = {"tenant": tenant, "customer_id": person.pk, "actor": owner}
        profile_edit(values={"city": "上海", "occupation": "会计"}, **who)
    frozen.move(minutes=1)
    assert client.post(url, {**stale, "interests": "书法"}, headers=HTMX).status_code == 204
    refused = body(client.post(url, {**stale, "city": "杭州"}, headers=HTMX), 409)
    assert "City was changed meanwhile" in refused
    assert "上海" in refused
    with tenant_scope(tenant):
        kept = shown(person)
    assert (kept["city"], kept["occupation"], kept["interests"]) == ("上海", "会计", "书法")
    assert client.post(url, {**hidden(refused), "city": "杭州"}, headers=HTMX).status_code == 204
    with tenant_scope(tenant):
        assert shown(person)["city"] == "杭州"


@pytest.mark.django_db
@pytest.mark.integration
def test_a_contradiction_that_came_after_the_drawer_was_opened_is_not_settled_by_it(
    tenant: Tenant, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant, gender=1)
    client, url = sign_in(tenant), f"/t/{tenant.slug}/customers/{person.pk}/profile/"
    stale = hidden(body(client.get(url, headers=HTMX)))
    with tenant_scope(tenant):
        told = [Told(person.pk, "gender", "female", frozen.moment, "入群表")]
        profile_told(tenant_id=tenant.pk, source="form", told=told)
    frozen.move(minutes=1)
    assert client.post(url, {**stale, "gender": "male", "city": "杭州"}, headers=HTMX).status_code == 204
    with tenant_scope(tenant):
        rows = {row.field: row for row in profile_of(customer=person, this_year=2026)}
    assert [words for words, _who, _said in rows["gender"].against] == ["Male"]
    assert rows["city"].settled.value == "杭州"


@pytest.mark.django_db
@pytest.mark.integration
def test_the_page_says_source_unknown_and_contradiction_and_takes_an_edit(
    tenant: Tenant, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant, gender=1)
        profile_told(
            tenant_id=tenant.pk, source="form", told=[Told(person.pk, "gender", "female", NOW, "入群表")]
        )
    client, url = sign_in(tenant), f"/t/{tenant.slug}/customers/{person.pk}/"
    page = body(client.get(url))
    for words in ("2 of 9 known", "Form · 入群表", "WeCom says otherwise:", "not asked yet"):
        assert words in page
    form = body(client.get(f"{url}profile/", headers=HTMX))
    assert "Asked, did not say" in form
    told = {**hidden(form), "gender": "female", "birth_year": "1992", "city": "", "asked": ["city"]}
    frozen.move(minutes=1)
    assert client.post(f"{url}profile/", told, headers=HTMX).status_code == 204
    page = body(client.get(url))
    assert "34, born 1992" in page
    assert "did not say" in page
    assert "says otherwise" not in page
    wrong = {**told, "birth_year": "2030"}
    assert 'value="2030"' in body(client.post(f"{url}profile/", wrong, headers=HTMX), 422)
    assert sign_in(tenant, Role.VIEWER).get(f"{url}profile/").status_code == 403


def test_what_a_form_says_at_the_moment_when_staff_settle_it_is_settled_by_that():
    found = settled([Said("form", "杭州", NOW), Said("staff", "上海", NOW)])
    assert (found.value, found.against) == ("上海", ())
