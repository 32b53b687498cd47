"""Circles (R21): the rule, nights that equal a rebuild, who moved, the page."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from console.pages import tenant_url
from contacts.enums import StageSource, TrustStage
from contacts.models import CustomerTag, StageMove
from groups.models import CircleSpell, Member
from groups.policies.circles import Did, Rule, Standing, beside, spells, standing
from groups.selectors.circles import circle_figures, circle_members, core_beside_periphery
from groups.services.circles import circles_write
from groups.services.members_night import members_go_through
from tenants.models import User
from tests.factories.contacts import make_behaviour, make_customer, make_customers, make_tag
from tests.factories.groups import make_group, make_member

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday 09:00 in Shanghai
TODAY = date(2026, 3, 2)
RULE = Rule()


def days_ago(*numbers):
    return frozenset(TODAY - timedelta(days=one) for one in numbers)


# --- The rule itself


@pytest.mark.parametrize(
    ("active", "gave", "circle"),
    [
        (8, {"answer": days_ago(3)}, "core"),
        (8, {}, "influence"),
        (7, {"answer": days_ago(3)}, "influence"),
        (4, {}, "influence"),
        (3, {}, "periphery"),
        (0, {"share": days_ago(14)}, "influence"),
        (0, {"share": days_ago(15)}, "periphery"),
        (0, {"share": days_ago(0)}, "periphery"),
    ],
)
def test_active_days_and_giving_make_the_circle(active, gave, circle):
    assert standing(Did(days_ago(*range(1, active + 1)), gave), TODAY, RULE).circle == circle


def test_only_the_fourteen_days_before_count():
    assert standing(Did(days_ago(*range(30))), TODAY, RULE).active_days == 14


some_days = st.frozensets(st.integers(0, 40).map(lambda n: TODAY - timedelta(days=n)), max_size=20)
dids = st.builds(
    Did, active=some_days, gave=st.dictionaries(st.sampled_from(["answer", "referral", "share"]), some_days)
)


@given(
    did=dids,
    sat=st.lists(st.integers(0, 20).map(lambda n: TODAY - timedelta(days=n)), max_size=25),
    data=st.data(),
)
def test_spells_cover_each_day_once_whatever_the_order_and_repetition(did, sat, data):
    found = spells(did, sat, RULE, last_day=TODAY)
    assert spells(did, data.draw(st.permutations(sat)) + sat, RULE, last_day=TODAY) == found
    covered = {}
    for spell in found:
        day = spell.from_day
        while day < (spell.until_day or TODAY + timedelta(days=1)):
            assert day not in covered
            covered[day] = spell.last.circle
            day += timedelta(days=1)
    assert covered == {day: standing(did, day, RULE).circle for day in sat}


@given(did=dids, more=some_days)
def test_being_active_on_more_days_never_moves_anybody_outward(did, more):
    order = ["core", "influence", "periphery"]
    before = standing(did, TODAY, RULE).circle
    after = standing(Did(did.active | more, did.gave), TODAY, RULE).circle
    assert order.index(after) <= order.index(before)


def test_the_core_beside_the_periphery_needs_three_days_of_either():
    shares = {TODAY - timedelta(days=n): 0.5 if n in (1, 2, 3) else 0.1 for n in range(1, 8)}
    found = beside(days=list(shares), core_active=days_ago(2, 3, 4), periphery_share=shares)
    assert (found.days_after, found.days_other) == (3, 4)
    assert (found.after, found.other) == (pytest.approx(0.5), pytest.approx(0.1))
    few = beside(days=list(shares), core_active=days_ago(2, 3), periphery_share=shares)
    assert few.after is None


# --- Kept


@pytest.fixture
def group(scoped, frozen):
    return make_group(tenant=scoped, state="active", kind="new_user", name="小芽英语启蒙01群")


def at(days, minute=0):
    return NOW - timedelta(days=days) + timedelta(minutes=minute)


def person(group, name="小王", since=60, **fields):
    made = make_customer(tenant=group.tenant, name=name, app=group.app)
    make_member(group=group, customer=made, joined_at=NOW - timedelta(days=since), **fields)
    return made


def said(group, customer, when, *, asks=False):
    make_behaviour(
        tenant=group.tenant, customer=customer, kind="message", group=group, occurred_at=when,
        data={"is_question": asks},
    )  # fmt: skip


def rows_of(group):
    fields = ("customer_id", "circle", "from_day", "until_day", "active_days", "gave")
    return sorted(CircleSpell.objects.filter(group=group).values_list(*fields), key=str)


def now_in(group):
    return dict(
        CircleSpell.objects.filter(group=group, until_day=None).values_list("customer__name", "circle")
    )


def test_an_answer_to_a_member_makes_the_core_and_a_question_alone_does_not(scoped, group):
    asker, helper, quiet = person(group, "提问"), person(group, "热心"), person(group, "安静")
    for day in range(1, 9):
        said(group, asker, at(day), asks=True)
        make_behaviour(tenant=scoped, customer=helper, kind="checkin", occurred_at=at(day))
    said(group, helper, at(2, 10))
    said(group, quiet, at(3, 45))  # too late to be an answer
    members_go_through(tenant_id=scoped.pk)
    assert now_in(group) == {"提问": "influence", "热心": "core", "安静": "periphery"}
    assert CircleSpell.objects.get(customer=helper, until_day=None).gave == {"answer": 1}


def test_a_share_counts_and_an_answer_to_oneself_does_not(scoped, group):
    sharer, talker, judged = person(group, "分享"), person(group, "自问"), person(group, "规则")
    for who, source in ((sharer, StageSource.HAND), (judged, StageSource.RULE)):
        StageMove.objects.create(
            tenant=scoped, customer=who, from_stage=6, to_stage=TrustStage.SHARES, source=source, at=at(3)
        )
    said(group, talker, at(2), asks=True)
    said(group, talker, at(2, 5))
    members_go_through(tenant_id=scoped.pk)
    assert now_in(group) == {"分享": "influence", "自问": "periphery", "规则": "periphery"}


def test_a_referral_counts_for_who_brought_the_person(scoped, group):
    host = person(group, "老王")
    person(group, "新人", since=2, invited_by=host.external_userid)
    members_go_through(tenant_id=scoped.pk)
    assert now_in(group) == {"老王": "influence", "新人": "periphery"}


def test_what_is_done_in_another_group_counts_there(scoped, group):
    other = make_group(tenant=scoped, state="active", kind="new_user")
    one = person(group)
    make_member(group=other, customer=one, joined_at=at(60))
    for day in range(1, 6):
        said(other, one, at(day))
    members_go_through(tenant_id=scoped.pk)
    assert (now_in(group), now_in(other)) == ({"小王": "periphery"}, {"小王": "influence"})


def test_nights_one_by_one_equal_a_rebuild_with_late_events_and_departures(scoped, group, frozen):
    people = [person(group, f"人{number}", since=40 - 7 * number) for number in range(4)]
    for number, one in enumerate(people):
        for day in range(number + 1, 26, number + 2):
            said(group, one, at(day, number), asks=number % 2 == 0)
    Member.objects.filter(customer=people[1]).update(left_at=at(4))
    frozen.set(NOW - timedelta(days=20))
    for night in range(21):
        members_go_through(tenant_id=scoped.pk)
        if night == 15:  # these come a week late
            for day in range(6, 12):
                said(group, people[3], at(day, 30))
        frozen.move(days=1)
    kept = rows_of(group)
    assert len(kept) > 6
    CircleSpell.objects.all().delete()
    first = TODAY - timedelta(days=20 + 14)
    circles_write(tenant=scoped, group_ids=[group.pk], first_day=first, last_day=TODAY)
    assert rows_of(group) == kept
    assert circles_write(tenant=scoped, group_ids=[group.pk], first_day=first, last_day=TODAY) == 0


def test_who_left_is_in_no_circle_and_who_came_back_is_again(scoped, group, frozen):
    one = person(group)
    members_go_through(tenant_id=scoped.pk)
    assert now_in(group) == {"小王": "periphery"}
    Member.objects.update(left_at=at(0, 1))
    frozen.move(days=1)
    members_go_through(tenant_id=scoped.pk)
    assert now_in(group) == {}
    make_member(group=group, customer=one, joined_at=NOW + timedelta(days=1, minutes=1))
    frozen.move(days=1)
    members_go_through(tenant_id=scoped.pk)
    assert now_in(group) == {"小王": "periphery"}


def test_a_slice_costs_the_same_for_two_people_and_for_sixty(scoped, group):
    def cost():
        CircleSpell.objects.all().delete()
        with CaptureQueriesContext(connection) as asked:
            circles_write(
                tenant=scoped, group_ids=[group.pk], first_day=TODAY - timedelta(days=14), last_day=TODAY
            )
        return len(asked)

    person(group, "一")
    few = cost()
    for one in make_customers(tenant=scoped, count=60, app=group.app):
        make_member(group=group, customer=one, joined_at=at(60))
        said(group, one, at(2))
    assert cost() == few <= 12


# --- Shown


@pytest.fixture
def moved(scoped, group):
    """One who rose from the periphery within the week, one who never moved, one who is new."""
    riser, lurker = person(group, "上升"), person(group, "潜水")
    person(group, "新人", since=3)
    for day in range(1, 6):
        said(group, riser, at(day))
    members_go_through(tenant_id=scoped.pk)
    return {"riser": riser, "lurker": lurker}


def test_movement_of_a_week_names_where_from_and_where_to(scoped, group, moved):
    figures = circle_figures(group=group, day=TODAY)
    assert dict(figures.moves) == {
        ("periphery", "influence"): 1, ("periphery", "periphery"): 1, ("", "periphery"): 1,
    }  # fmt: skip
    assert figures.counts == {"core": 0, "influence": 1, "periphery": 2}


def test_the_tab_opens_the_people_of_each_figure_within_its_budget(scoped, group, moved):
    User.objects.update(language="en")
    web = Client()
    web.force_login(User.objects.get(email="lin@example.com"))
    url = tenant_url(scoped, "groups:detail", pk=group.pk)
    web.get(url)  # what a process reads once is read
    with CaptureQueriesContext(connection) as plain:
        web.get(f"{url}?tab=record")
    with CaptureQueriesContext(connection) as asked:
        page = web.get(f"{url}?tab=circles").content.decode()
    assert len(asked) <= len(plain) + 4
    assert "?tab=circles&amp;from=periphery&amp;to=influence" in page
    people = web.get(f"{url}?tab=circles&from=periphery&to=influence").content.decode()
    assert "上升" in people
    assert "潜水" not in people
    new = web.get(f"{url}?tab=circles&from=away&to=periphery").content.decode()
    assert "新人" in new
    assert "潜水" not in new


def test_the_stages_beside_the_group_are_named_on_this_tab_too(scoped, group, moved):
    User.objects.update(language="en")
    web = Client()
    web.force_login(User.objects.get(email="lin@example.com"))
    url = tenant_url(scoped, "groups:detail", pk=group.pk)
    stages = [
        re.findall(r'name="state" value="(\w+)">([^<]+)<', web.get(f"{url}?tab={tab}").content.decode())
        for tab in ("record", "circles")
    ]
    assert stages[0]
    assert stages[0] == stages[1]


def test_core_and_influence_are_tagged_with_one_press(scoped, group, moved):
    web = Client()
    web.force_login(User.objects.get(email="lin@example.com"))
    tag = make_tag(tenant=scoped, app=group.app, name="活跃")
    for _twice in range(2):
        web.post(tenant_url(scoped, "groups:circle_tag", pk=group.pk), {"circles": "", "tag": tag.pk})
    assert list(CustomerTag.objects.values_list("customer__name", flat=True)) == ["上升"]
    assert circle_members(tenant_id=scoped.pk, group_ids=[group.pk])[group.pk] == {moved["riser"].pk}


def test_the_association_counts_days_and_says_nothing_with_too_few(scoped, group, moved):
    found = core_beside_periphery(group=group, zone=scoped.timezone, day=TODAY)
    assert found.after is None
    assert found.days_after == 0


def test_standing_keeps_the_evidence():
    did = Did(days_ago(1, 2), {"answer": days_ago(1, 20)})
    assert standing(did, TODAY, RULE) == Standing("influence", 2, {"answer": 1})
