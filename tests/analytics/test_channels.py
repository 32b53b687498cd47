"""How good channels are (R106): counted by hand, opened as people, and money is moved only on evidence."""

import random
import re
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from analytics.selectors.channels import cost_within
from contacts.models import Channel, Follow
from contacts.policies.spend import FEW, Spend, shift
from contacts.services.identity import customers_merge
from groups.models import Member
from tenants.models import Preference, User
from tenants.scoping import tenant_scope
from tests.factories.contacts import (
    make_customer,
    make_customer_tag,
    make_customers,
    make_follow,
    make_order,
    make_tag,
)
from tests.factories.groups import make_group
from tests.factories.team import make_staff

integration = [pytest.mark.django_db, pytest.mark.integration]
DAY = timedelta(days=1)


@pytest.mark.unit
@given(
    st.lists(
        st.tuples(st.integers(0, 10**7), st.integers(0, 3000)).flatmap(
            lambda one: st.tuples(st.just(one[0]), st.just(one[1]), st.integers(0, one[1]))
        ),
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
def test_a_move_is_named_only_where_even_the_dearest_case_is_cheaper_and_the_same_in_any_order(rows, dice):
    spends = [Spend(number, *row) for number, row in enumerate(rows)]
    found = shift(spends)
    mixed = spends[:]
    dice.shuffle(mixed)
    assert shift(mixed) == found
    if found is None:
        return
    for one in (found.to, found.away):
        assert one.people >= FEW
        assert one.cost_fen > 0
    cheap, dear = found.to.buyer_fen(1.96), found.away.buyer_fen(1.96)
    assert cheap[1] < dear[0]
    assert found.to.cost_fen * found.away.bought < found.away.cost_fen * found.to.bought


@pytest.mark.unit
def test_of_channels_that_are_alike_hardly_ever_one_is_named():
    dice, named = random.Random(7), 0
    for _one in range(400):
        spends = [
            Spend(number, 100_000, 200, sum(dice.random() < 0.1 for _person in range(200)))
            for number in range(5)
        ]
        named += shift(spends) is not None
    assert named <= 20  # one in twenty


@pytest.mark.unit
@pytest.mark.parametrize(
    ("starts", "ends", "first", "last", "cost"),
    [
        (date(2026, 3, 1), date(2026, 3, 10), date(2026, 3, 1), date(2026, 3, 10), 1000),
        (date(2026, 3, 1), date(2026, 3, 10), date(2026, 3, 8), date(2026, 3, 20), 300),
        (date(2026, 3, 1), date(2026, 3, 10), date(2026, 3, 11), date(2026, 3, 20), 0),
        (None, None, date(2026, 3, 16), date(2026, 3, 20), 500),  # made on the 11th, goes on
        (
            None,
            date(2026, 3, 1),
            date(2026, 2, 1),
            date(2026, 3, 20),
            1000,
        ),  # over before it was written down
    ],
)
def test_a_cost_is_spread_over_its_days(starts, ends, first, last, cost):
    channel = SimpleNamespace(cost_fen=1000, starts_on=starts, ends_on=ends)
    assert cost_within(channel, made=date(2026, 3, 11), first=first, last=last) == cost
    assert cost_within(SimpleNamespace(cost_fen=None), made=first, first=first, last=last) is None


class TestPage:
    pytestmark = integration

    @pytest.fixture
    def web(self, client, tenant):
        User.objects.update(language="en")
        client.force_login(User.objects.get(email="lin@example.com"))
        return client

    @pytest.fixture
    def scene(self, tenant, owner, frozen):
        """Xiaohongshu brought six (one of them twice), of whom four came a week ago; a poster brought one of them
        later, and one whom nobody knows yet."""
        now = frozen.moment
        with tenant_scope(tenant):
            red, poster = (
                Channel.objects.create(
                    tenant=tenant, name=name, kind="content", cost_fen=cost, created_at=now - 9 * DAY
                )
                for name, cost in (("小红书", 10_000), ("海报", None))
            )
            staff, group = make_staff(tenant=tenant), make_group(tenant=tenant, name="启蒙01群")
            people = make_customers(tenant=tenant, count=6)
            for number, one in enumerate(people):
                came = now - (8 if number < 4 else 1) * DAY
                make_follow(
                    tenant=tenant, customer=one, staff=staff, channel=red, followed_at=came, state="full"
                )
            left = people[0].pk
            self.ends(left, now - 6 * DAY)  # after two days: not precise, not kept
            self.ends(people[1].pk, now - 3 * DAY)  # after five days: precise, not kept
            at = {"tenant": tenant, "group": group, "channel": poster, "joined_at": now - 2 * DAY}
            Member.objects.create(customer=people[2], userid=people[2].external_userid, **at)
            Member.objects.create(userid="wmnobody", **at)
            Member.objects.create(userid="staff1", is_staff=True, **at)
            other = make_customer(tenant=tenant)
            make_follow(
                tenant=tenant,
                customer=other,
                staff=staff,
                channel=poster,
                followed_at=now - DAY,
                state="full",
            )
            customers_merge(
                tenant=tenant, goes_on_id=people[3].pk, other_id=other.pk, actor=owner, reason="同一个人"
            )
            make_order(tenant=tenant, customer=other, ordered_at=now - DAY, amount_fen=19_800, refund_fen=800)
            make_order(
                tenant=tenant, customer=people[0], ordered_at=now - 9 * DAY, amount_fen=99_900
            )  # before
        return people

    def ends(self, customer_id, moment):
        Follow.objects.filter(customer_id=customer_id).update(state="customer_deleted", ended_at=moment)

    def test_figures_are_those_counted_by_hand_and_each_opens_its_people(self, web, tenant, scene, frozen):
        url = f"/t/{tenant.slug}/insights/channels/"
        page = web.get(url).content.decode()
        assert "小红书" not in page.split("<main", 1)[1]  # figures come after the page
        after = re.search(r'hx-get="([^"]*part=figures[^"]*)"', page).group(1).replace("&amp;", "&")
        with CaptureQueriesContext(connection) as queries:
            part = web.get(url + after).content.decode()
        assert len(queries) <= 25
        rows = {
            re.search(r'">([^<]+)</a>', one).group(1): one
            for one in re.findall(r"<tr><th scope=\"row\">.*?</tr>", part, re.S)
        }
        red, poster = rows["小红书"], rows["海报"]
        counts = [re.findall(r'channels/people/[^"]*">(\d+)', one) for one in (red, poster)]
        # came; precise / came three days ago; kept / came seven days ago; bought
        assert counts == [["6", "3", "4", "2", "4", "1"], ["1"]]
        assert "75.0%" in red
        assert "50.0%" in red
        assert "¥190 sold" in red
        assert "not written down" in poster
        for row in (red, poster):
            for link, count in re.findall(r'href="([^"]*channels/people/[^"]*)">(\d+)', row):
                opened = web.get(link.replace("&amp;", "&")).content.decode()
                assert f"<span>{count} p" in opened
        assert (
            "1 of them is not known as a customer yet"
            in web.get(re.search(r'href="([^"]*channels/people/[^"]*)"', poster).group(1)).content.decode()
        )
        assert "No advice: it takes two channels" in part

    def test_a_tag_of_the_setting_makes_a_person_precise(self, web, tenant, scene, frozen):
        with tenant_scope(tenant):
            tag = make_tag(tenant=tenant, name="宝妈")
            make_customer_tag(tenant=tenant, customer=scene[1], tag=tag)
            Preference.objects.create(tenant=tenant, key="paths.precise_tags", value="宝妈，爸爸")
        part = web.get(f"/t/{tenant.slug}/insights/channels/?part=figures").content.decode()
        red = next(one for one in re.findall(r"<tr>.*?</tr>", part, re.S) if "小红书" in one)
        assert re.findall(r'channels/people/[^"]*">(\d+)', red) == ["6", "1", "4", "2", "4", "1"]
        assert "宝妈" in part

    def test_the_file_says_what_the_page_says_and_another_companys_list_is_not_there(
        self, web, tenant, other_tenant, scene, frozen
    ):
        answer = web.get(f"/t/{tenant.slug}/insights/channels/?export=csv")
        lines = b"".join(answer.streaming_content).decode("utf-8-sig").strip().splitlines()
        red = next(one for one in lines if "小红书" in one).split(",")
        assert red[2:11] == ["6", "3", "4", "0.75", "2", "4", "0.5", "1", "0.1667"]
        assert web.get(f"/t/{tenant.slug}/insights/channels/?export=xlsx").status_code == 200
        part = web.get(f"/t/{tenant.slug}/insights/channels/?part=figures").content.decode()
        link = (
            re.search(r'href="/t/[^/]+(/insights/channels/people/[^"]*)"', part)
            .group(1)
            .replace("&amp;", "&")
        )
        assert web.get(f"/t/{tenant.slug}{link}x").status_code == 404
        assert web.get(f"/t/{other_tenant.slug}{link}").status_code == 404
