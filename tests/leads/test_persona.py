"""Who buyers are beside those who did not buy (R73)."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.models import Customer, ProfileFact
from contacts.policies.persona import BANDS, Row, age_band, band_years, field_rows
from contacts.policies.profile import settled
from contacts.selectors.persona import persona_of, persona_people
from contacts.selectors.profile import words_known
from contacts.services.identity import customers_merge
from leads.selectors.persona import EVERYBODY, camp_people
from tenants import clock
from tenants.enums import Role
from tenants.models import Membership, User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customer, make_customers, make_order
from tests.factories.leads import make_camp

integration = [pytest.mark.django_db, pytest.mark.integration]
YEAR = 2026


@pytest.mark.unit
@pytest.mark.parametrize(
    ("age", "band"),
    [(-1, "0"), (0, "0"), (24, "0"), (25, "25"), (29, "25"), (30, "30"), (39, "30"), (40, "40"), (99, "40")],
)
def test_bands_begin_at_their_lower_bound(age, band):
    assert age_band(age) == band


@pytest.mark.unit
@given(year=st.integers(1900, 2026))
def test_the_years_of_a_band_are_those_of_its_ages(year):
    first, last = band_years(age_band(YEAR - year), this_year=YEAR)
    assert first <= year <= last


@pytest.mark.unit
def test_each_year_of_birth_is_in_one_band_only():
    years = [band_years(band, this_year=YEAR) for band in BANDS]
    assert [first for first, _last in years] == [2002, 1997, 1987, 0]
    assert [last for _first, last in years] == [2026, 2001, 1996, 1986]


@pytest.mark.unit
@given(
    counts=st.dictionaries(
        st.text(min_size=1, max_size=4),
        st.integers(1, 500).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
        max_size=30,
    ),
    field=st.sampled_from(["occupation"]),
)
def test_known_other_and_unknown_are_everybody(counts, field):
    people, bought = 20_000, 16_000
    found = field_rows(field, counts, people=people, bought=bought, this_year=YEAR)
    every = [*found.rows, found.unknown]
    assert (sum(one.people for one in every), sum(one.bought for one in every)) == (people, bought)
    for one in found.rows:
        said, interval = found.stands_out(one), one.interval
        rest = Row("", found.known.people - one.people, found.known.bought - one.bought).interval
        overlaps = rest is None or not (interval[0] > rest[1] or interval[1] < rest[0])
        assert (said == "") is overlaps


@pytest.fixture
def signed_in(client, tenant):
    User.objects.update(language="en")
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


def tell(tenant, person, field, value, source="form", minutes=0):
    ProfileFact.objects.create(
        tenant=tenant, customer=person, field=field, value=value, source=source,
        said_at=clock.now() + timedelta(minutes=minutes),
    )  # fmt: skip


def row_of(found, field, key):
    rows = next(one for one in found.fields if one.field == field)
    return next(one for one in (*rows.rows, rows.unknown) if one.key == key)


class TestOnRecord:
    pytestmark = integration

    def test_a_person_counts_once_by_the_word_that_holds(self, tenant, owner, frozen):
        with tenant_scope(tenant):
            one, two, three = make_customers(tenant=tenant, count=3)
            Customer.objects.filter(pk=three.pk).update(gender=2)
            tell(tenant, one, "education", "bachelor", minutes=5)
            tell(tenant, one, "education", "high_school", source="staff")  # staff settled it
            tell(tenant, two, "education", "above", source="api", minutes=1)
            customers_merge(tenant=tenant, goes_on_id=one.pk, other_id=two.pk, actor=owner, reason="同一个人")
            camp = make_camp(tenant=tenant, customers=[one, two, three])
            make_order(tenant=tenant, customer=two, ordered_at=frozen.moment + timedelta(hours=1))
            make_order(
                tenant=tenant, customer=three, ordered_at=frozen.moment - timedelta(days=1)
            )  # before it
            found = persona_of(tenant_id=tenant.pk, among=camp_people(camp), this_year=YEAR)
            assert (found.people, found.bought) == (2, 1)
            high = row_of(found, "education", "high_school")
            assert (high.people, high.bought) == (1, 1)
            assert row_of(found, "education", "").people == 1
            assert row_of(found, "gender", "female") == Row("female", 1, 0)
            everybody = persona_of(tenant_id=tenant.pk, among=EVERYBODY, this_year=YEAR)
            assert (everybody.people, everybody.bought) == (2, 2)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        said=st.lists(
            st.tuples(
                st.integers(0, 3), st.sampled_from(["gender", "education"]), st.sampled_from(["staff", "form", "api"]),
                st.booleans(), st.integers(0, 4),
            ),
            max_size=20, unique_by=lambda one: one[:3],
        ),
        wecom=st.lists(st.integers(0, 2), min_size=4, max_size=4),
    )  # fmt: skip
    def test_counts_and_people_equal_the_profiles_one_by_one(self, tenant, frozen, said, wecom):
        with tenant_scope(tenant):
            Customer.objects.all().delete()
            people = [make_customer(tenant=tenant, gender=gender) for gender in wecom]
            for who, field, source, is_told, minutes in said:
                value = {"gender": "male", "education": "above"}[field] if is_told else ""
                value = {"api": {"male": "female", "above": "bachelor"}}.get(source, {}).get(value, value)
                tell(tenant, people[who], field, value, source, minutes)
            ids = [one.pk for one in people]
            told = words_known(tenant_id=tenant.pk, customer_ids=ids)
            found = persona_of(tenant_id=tenant.pk, among=EVERYBODY, this_year=YEAR)
            for field in ("gender", "education"):
                rows = next(one for one in found.fields if one.field == field)
                for row in (*rows.rows, rows.unknown):
                    wanted = [pk for pk in ids if settled(told[pk][field]).value == row.key]
                    assert row.people == len(wanted)
                    assert wanted == persona_people(
                        tenant_id=tenant.pk, among=EVERYBODY, field=field, key=row.key, this_year=YEAR
                    )

    def test_every_figure_of_the_page_opens_as_many_people(self, signed_in, tenant, frozen):
        with tenant_scope(tenant):
            people = make_customers(tenant=tenant, count=14)
            camp = make_camp(tenant=tenant, customers=people)
            for number, one in enumerate(people[:12]):
                tell(tenant, one, "gender", "female" if number % 3 else "male")
                tell(tenant, one, "birth_year", str(YEAR - 20 - number * 3))
                tell(tenant, one, "occupation", f"职业{number}<b>😀")
            for one in people[:5]:
                make_order(tenant=tenant, customer=one, ordered_at=frozen.moment + timedelta(hours=1))
        url = f"/t/{tenant.slug}/leads/persona/"
        with CaptureQueriesContext(connection) as queries:
            page = signed_in.get(url, {"camp": camp.pk, "part": "figures"}).content.decode()
        assert len(queries) <= 25
        links = re.findall(r'href="([^"]*persona/people/[^"]*)">([\d.]+)', page)
        assert len(links) > 40
        for link, count in links:
            opened = signed_in.get(link.replace("&amp;", "&")).content.decode()
            assert f"<span>{count} " in opened, link
        rows = re.findall(r"<tr>.*?</tr>", page, re.S)
        unknown = next(one for one in rows if "Unknown" in one)
        assert re.findall(r">(\d+)</a>", unknown) == ["2", "0", "2"]

    @pytest.mark.parametrize("camp", ["", "?camp=all"])
    def test_the_page_counts_nobody_and_its_figures_come_after_it(self, signed_in, tenant, frozen, camp):
        with tenant_scope(tenant):
            people = make_customers(tenant=tenant, count=2)
            make_camp(tenant=tenant, customers=people)
            make_order(tenant=tenant, customer=people[0], ordered_at=frozen.moment)
        url = f"/t/{tenant.slug}/leads/persona/{camp}"
        with CaptureQueriesContext(connection) as queries:
            page = signed_in.get(url).content.decode()
        assert not [one for one in queries if "contacts_customer" in one["sql"]]
        after = re.search(r'hx-get="([^"]*part=figures[^"]*)" hx-trigger="load"', page).group(1)
        part = signed_in.get(f"/t/{tenant.slug}/leads/persona/{after.replace('&amp;', '&')}").content.decode()
        assert ("1 bought" in part, "<html" in part) == (True, False)
        whole = re.search(r'href="([^"]*figures=1[^"]*)"', page).group(1)  # for who runs no scripts
        assert (
            "1 bought" in signed_in.get(f"/t/{tenant.slug}/leads/persona/{whole.replace('&amp;', '&')}").text
        )

    def test_everybodys_figures_go_out_as_a_file(self, signed_in, tenant, frozen):
        with tenant_scope(tenant):
            one = make_customer(tenant=tenant)
            make_order(tenant=tenant, customer=one)
        url = f"/t/{tenant.slug}/leads/persona/?camp=all"
        part = signed_in.get(f"{url}&part=figures").content.decode()
        assert "1 bought" in part
        answer = signed_in.get(f"{url}&export=csv")
        assert (
            len(b"".join(answer.streaming_content).decode("utf-8-sig").strip().splitlines())
            == 1 + 2 + 4 + 4 + 4
        )
        with tenant_scope(tenant):
            Membership.objects.filter(user__email="lin@example.com").update(role=Role.VIEWER)
        assert signed_in.get(f"{url}&export=csv").status_code == 403

    @pytest.mark.parametrize(
        "asked",
        [
            "camp=999999",
            "field=name",
            "field=birth_year&key=x",
            "bought=2",
            "camp=%F0%9F%98%80",
            "key=%00&field=gender",
        ],
    )
    def test_what_nobody_offers_is_not_there(self, signed_in, tenant, frozen, asked):
        with tenant_scope(tenant):
            make_camp(tenant=tenant, customers=[make_customer(tenant=tenant)])
        assert signed_in.get(f"/t/{tenant.slug}/leads/persona/people/?{asked}").status_code == 404

    def test_another_companys_camp_is_not_there(self, signed_in, tenant, other_tenant, frozen):
        with tenant_scope(other_tenant):
            camp = make_camp(tenant=other_tenant, customers=[make_customer(tenant=other_tenant)])
        assert signed_in.get(f"/t/{tenant.slug}/leads/persona/?camp={camp.pk}").status_code == 404
