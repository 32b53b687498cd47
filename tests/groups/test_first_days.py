"""The watch over the first days of groups (R13): found on the list, by kind and source, and shown with its people."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from console.pages import tenant_url
from contacts.models import Channel
from groups.enums import Opening
from groups.models import NewUserGoal
from tenants import clock
from tenants.models import Preference, User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers
from tests.factories.groups import make_group, make_member

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def web(tenant):
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


@pytest.fixture
def groups(tenant):
    """One went live 2 days ago, one 7 days ago to the second, one a second earlier; one is over, one dissolved."""
    with tenant_scope(tenant):
        now = clock.now()
        two, week = now - timedelta(days=2), now - timedelta(days=7)
        made = [
            make_group(tenant=tenant, name="新群", state="active", kind="new_user", goes_live_at=two),
            make_group(tenant=tenant, name="满七天", state="active", goes_live_at=week),
            make_group(
                tenant=tenant, name="过七天", state="active", goes_live_at=week - timedelta(seconds=1)
            ),
            make_group(tenant=tenant, name="归档的群", state="archived", goes_live_at=two),
            make_group(tenant=tenant, name="解散的群", state="active", goes_live_at=two, dismissed_at=now),
        ]
        NewUserGoal.objects.create(tenant=tenant, group=made[0], opening=Opening.EDUCATION)
        NewUserGoal.objects.create(tenant=tenant, group=made[2], opening=Opening.FLASH_SALE)
        return made


def listed(web, tenant, query):
    page = web.get(tenant_url(tenant, "groups:list") + query)
    assert page.status_code == 200
    return {
        name
        for name in ("新群", "满七天", "过七天", "归档的群", "解散的群")
        if f">{name}</a>" in page.content.decode()
    }


def test_groups_in_their_first_days_are_one_press_away(tenant, web, groups):
    assert listed(web, tenant, "?tab=first") == {"新群", "满七天"}
    with tenant_scope(tenant):
        Preference.objects.create(tenant=tenant, key="groups.first_days", value=1)
    assert listed(web, tenant, "?tab=first") == set()


def test_they_are_narrowed_by_kind_of_business_and_by_what_brings_people(tenant, web, groups):
    assert listed(web, tenant, "?opening=education") == {"新群"}
    assert listed(web, tenant, "?tab=first&opening=flash_sale") == set()
    with tenant_scope(tenant):
        sph, other = (
            Channel.objects.create(tenant=tenant, name=name, kind="content") for name in ("视频号", "知乎")
        )
        fresh, old, staff = make_customers(tenant=tenant, count=3)
        make_member(group=groups[0], customer=fresh, channel=sph)
        make_member(group=groups[1], customer=old, channel=sph, joined_at=clock.now() - timedelta(days=8))
        make_member(group=groups[2], customer=staff, channel=other, is_staff=True)
    assert listed(web, tenant, f"?came={sph.pk}") == {"新群"}
    assert listed(web, tenant, f"?came={other.pk}") == set()
    assert listed(web, tenant, f"?came={sph.pk}&came={other.pk}&tab=first") == {"新群"}


def test_the_watch_says_where_people_came_from_and_each_figure_opens_them(tenant, web, groups):
    group, now = groups[0], clock.now()
    with tenant_scope(tenant):
        sph = Channel.objects.create(tenant=tenant, name="视频号直播间", kind="content")
        people = make_customers(tenant=tenant, count=7)
        for person in people[:2]:
            make_member(group=group, customer=person, channel=sph, join_scene="qr")
        # Who left and came back by an invitation came by the channel first.
        make_member(
            group=group,
            customer=people[2],
            channel=sph,
            joined_at=now - timedelta(hours=9),
            left_at=now - timedelta(hours=2),
        )
        make_member(group=group, customer=people[2], join_scene="invited", joined_at=now - timedelta(hours=1))
        make_member(group=group, customer=people[3], join_scene="invited")
        make_member(group=group, customer=people[4])
        make_member(group=group, customer=people[5], join_scene="qr", is_creation_invitee=True)
        make_member(
            group=group, customer=people[6], join_scene="qr", joined_at=now - timedelta(days=2, seconds=1)
        )
    page = web.get(tenant_url(tenant, "groups:detail", pk=group.pk)).content.decode()
    where = tenant_url(tenant, "groups:sources", pk=group.pk)
    assert f'hx-get="{where}"' in page
    part = web.get(where).content.decode()
    told = re.findall(r'nowrap">([^<]+) <a class="q-link q-num" href="([^"]+)">(\d+)</a>', part)
    assert [(label, int(count)) for label, _url, count in told] == [
        ("视频号直播间", 3),
        ("入群方式未知", 1),
        ("被邀请", 1),
    ]
    for label, url, count in told:
        behind = web.get(url.replace("&amp;", "&"))
        assert len(behind.context["page"].object_list) == int(count)
        assert label in behind.content.decode()


def test_a_group_past_its_first_days_is_not_watched(tenant, web, groups):
    page = web.get(tenant_url(tenant, "groups:detail", pk=groups[2].pk)).content.decode()
    assert "first-week" not in page
