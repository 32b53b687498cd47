"""Profile fields that a company declares: what they hold, who said it, forms that ask for them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.enums import OwnFieldKind, ProfileSource
from contacts.errors import OwnFieldInvalid, ProfileInvalid
from contacts.models import Customer, OwnField, ProfileFact
from contacts.policies.own_fields import OwnSpec, own_holds
from contacts.policies.surveys import Question, questions_from, told_of
from contacts.selectors.own_fields import own_specs
from contacts.selectors.profile import completeness_of, profile_of
from contacts.services.own_fields import own_field_save, own_field_set_archived
from contacts.services.profile import Told, profile_edit, profile_told
from contacts.services.surveys import survey_save
from tenants.audit import Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, Tenant
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_views import body, sign_in
from tests.factories.contacts import make_customer
from tests.factories.tenants import make_user

HTMX = {"HX-Request": "true"}
LEVELS = ("零基础", "四级", "六级")
database = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", ["少儿", "x" * 200], [" 前后 ", "x" * 201]),
        ("number", ["0", "-3", "36.5"], ["much", "1e9", "1.", "１"]),
        ("date", ["2020-02-29"], ["2021-02-29", "20200229", "2020-2-9"]),
        ("choice", ["四级"], ["四", "四级 "]),
    ],
)
def test_each_kind_holds_its_values_and_no_others(kind: str, good: list[str], bad: list[str]) -> None:
    spec = OwnSpec("own_1", "字段", kind, LEVELS if kind == "choice" else ())
    assert all(own_holds(spec, one) for one in [*good, ""])
    assert not any(own_holds(spec, one) for one in bad)


@given(st.sampled_from(OwnFieldKind.values), st.text(max_size=30))
def test_whatever_is_said_it_is_held_or_refused(kind: str, value: str) -> None:
    assert own_holds(OwnSpec("own_1", "字段", kind, LEVELS), value) in (True, False)


@pytest.fixture
def scoped(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def home(tenant: Tenant, frozen: MovableClock) -> str:
    return f"/t/{tenant.slug}/customers/"


def declared(tenant: Tenant, owner: Actor, **changed: Any) -> OwnField:
    told = {"name": "英语水平", "kind": "choice", "options": LEVELS, **changed}
    return own_field_save(tenant=tenant, actor=owner, **told)


def said(person: Customer) -> dict[str, tuple[str, str]]:
    rows = profile_of(customer=person, this_year=2026)
    return {str(row.label): (row.words, row.source_label) for row in rows if row.settled.holds}


@database
def test_staff_settle_a_field_over_a_form_and_it_counts_in_no_completeness(
    scoped: Tenant, owner: Actor
) -> None:
    row, person = declared(scoped, owner), make_customer(tenant=scoped)
    key = row.spec.key
    before = completeness_of(tenant_id=scoped.pk, customer_ids=[person.pk])
    told = [Told(person.pk, key, "四级", OwnField.objects.get().made_at, "入营表")]
    profile_told(tenant_id=scoped.pk, source=ProfileSource.FORM, told=told)
    words, source = said(person)["英语水平"]
    assert (words, source.endswith("· 入营表")) == ("四级", True)
    profile_edit(tenant=scoped, customer_id=person.pk, values={key: "六级"}, actor=owner)
    assert said(person)["英语水平"][0] == "六级"
    assert AuditEntry.objects.get(verb="contacts.customer.profiled").changes == {"英语水平": ["四级", "六级"]}
    assert completeness_of(tenant_id=scoped.pk, customer_ids=[person.pk]) == before
    for wrong in ({key: "八级"}, {"own_999999": "x"}):
        with pytest.raises(ProfileInvalid):
            profile_edit(tenant=scoped, customer_id=person.pk, values=wrong, actor=owner)
    with pytest.raises(ProfileInvalid):
        profile_told(
            tenant_id=scoped.pk, source=ProfileSource.FORM, told=[Told(person.pk, key, "八级", told[0].at)]
        )


@database
@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "}, {"options": ["一个"]}, {"options": ["甲", "甲"]}, {"options": [str(n) for n in range(21)]},
        {"kind": "text"}, {"name": "已有"},
    ],
)  # fmt: skip
def test_a_field_that_makes_no_sense_is_refused(scoped: Tenant, owner: Actor, wrong: dict[str, Any]) -> None:
    declared(scoped, owner, name="已有")
    with pytest.raises(OwnFieldInvalid):
        declared(scoped, owner, **wrong)
    assert OwnField.objects.count() == 1


@database
def test_a_field_put_away_is_asked_no_more_and_comes_back_with_what_was_known(
    scoped: Tenant, owner: Actor
) -> None:
    row, person = declared(scoped, owner), make_customer(tenant=scoped)
    profile_edit(tenant=scoped, customer_id=person.pk, values={row.spec.key: "四级"}, actor=owner)
    own_field_set_archived(tenant=scoped, field_id=row.pk, is_archived=True, actor=owner)
    assert said(person) == {}
    own_field_set_archived(tenant=scoped, field_id=row.pk, is_archived=False, actor=owner)
    own_field_save(
        tenant=scoped, name="英语", kind="choice", options=["零基础", "六级"], actor=owner, field_id=row.pk
    )
    assert said(person)["英语"][0] == "四级"
    seller = Actor.of_user(make_user(), PERMISSIONS[Role.SALES])
    with pytest.raises(NotPermitted):
        declared(scoped, seller, name="别的")


@database
def test_a_form_asks_for_it_with_its_own_words_and_the_answer_goes_to_it(
    scoped: Tenant, owner: Actor
) -> None:
    key = declared(scoped, owner).spec.key
    survey = survey_save(
        tenant=scoped, survey_id=None, title="入营表", intro="", thanks="", last_day=None, actor=owner,
        questions=[Question("q1", "你的英语水平？", field=key)],
    )  # fmt: skip
    question = questions_from(survey.questions)[0]
    assert (question.kind, question.options) == ("single", LEVELS)
    own = own_specs(tenant_id=scoped.pk)
    assert told_of(question, "六级", this_year=2026, own=own)["field"] == key
    assert told_of(question, "八级", this_year=2026, own=own)["field"] == ""


@database
def test_a_declared_field_stands_on_the_profile_and_keeps_who_said_it(tenant: Tenant, home: str) -> None:
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant)
    client = sign_in(tenant)
    assert "No field of your own yet" in body(client.get(f"{home}fields/"))
    told = {"name": "孩子年龄", "kind": "number", "options": ""}
    assert client.post(f"{home}fields/new/", told, headers=HTMX).status_code == 204
    assert "PROFILE-03" in body(client.post(f"{home}fields/new/", told, headers=HTMX), 409)
    with tenant_scope(tenant):
        key = OwnField.objects.get().spec.key
    drawer = body(client.get(f"{home}{person.pk}/profile/", headers=HTMX))
    assert f'name="{key}"' in drawer
    assert client.post(f"{home}{person.pk}/profile/", {key: "0"}, headers=HTMX).status_code == 204
    with tenant_scope(tenant):
        assert ProfileFact.objects.get().value == "0"
    shown = body(client.get(f"{home}{person.pk}/"))
    assert "孩子年龄" in shown
    assert "Staff ·" in shown
    assert client.post(f"{home}{person.pk}/profile/", {key: "many"}, headers=HTMX).status_code == 422
    assert "孩子年龄" in body(client.get(f"{home}forms/new/"))


@database
def test_only_who_operates_declares_fields_and_the_page_shows_how_many_are_known(
    tenant: Tenant, home: str, owner: Actor
) -> None:
    with tenant_scope(tenant):
        row, person = declared(tenant, owner), make_customer(tenant=tenant)
        profile_edit(tenant=tenant, customer_id=person.pk, values={row.spec.key: "四级"}, actor=owner)
    client = sign_in(tenant)
    page = body(client.get(f"{home}fields/"))
    assert "零基础 · 四级 · 六级" in page
    assert "零基础\n四级" in body(client.get(f"{home}fields/{row.pk}/", headers=HTMX))
    told = {"name": "英语", "options": "零基础\n会一点"}
    assert client.post(f"{home}fields/{row.pk}/", told, headers=HTMX).status_code == 204
    for _tab in range(2):  # both showed "put it away"
        put = client.post(f"{home}fields/{row.pk}/archive/", headers=HTMX)
        assert f"{home}fields/{row.pk}/restore/" in put.headers["HX-Trigger"]
    assert "known of 1 person" in body(client.get(f"{home}fields/"))
    assert f"{home}fields/{row.pk}/restore/" in body(client.get(f"{home}fields/{row.pk}/", headers=HTMX))
    assert client.post(f"{home}fields/{row.pk}/restore/", headers=HTMX).status_code == 204
    assert f"{home}fields/{row.pk}/archive/" in body(client.get(f"{home}fields/{row.pk}/", headers=HTMX))
    seller = sign_in(tenant, Role.SALES)
    assert "New field" not in body(seller.get(f"{home}fields/"))
    assert seller.get(f"{home}fields/{row.pk}/").status_code == 403
    assert seller.post(f"{home}fields/new/", told).status_code == 403
