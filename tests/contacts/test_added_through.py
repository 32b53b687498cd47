"""How a friend was added, as WeCom says it: WeChat Channels and the other ways, shown, filtered, tagged (R31, R32)."""

from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from contacts.enums import AddWay
from contacts.events import BehavioursRecorded
from contacts.handlers import on_behaviours_recorded
from contacts.models import Channel, CustomerTag
from contacts.policies.tag_rules import Condition
from contacts.selectors.tags import evidence_words, fact_names
from contacts.services.tag_manager import tag_save
from contacts.services.tag_rules import rule_try, rules_judge, tag_rule_save
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_behaviour, make_customers, make_follow
from tests.factories.groups import make_group, make_member
from tests.factories.team import make_staff

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def friends(tenant: Tenant, frozen: MovableClock) -> Any:
    """(added through WeChat Channels, scanned a code, added who knows how)."""
    with tenant_scope(tenant):
        staff = make_staff(tenant=tenant, name="何静")
        people = make_customers(tenant=tenant, count=3)
        for person, way in zip(people, (10, 1, 9999), strict=True):
            make_follow(tenant=tenant, customer=person, staff=staff, add_way=way)
        yield people


@pytest.fixture
def web(tenant: Tenant) -> Client:
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


def test_the_list_is_narrowed_by_how_people_were_added(tenant: Tenant, friends: Any, web: Client) -> None:
    page = web.get(f"/t/{tenant.slug}/customers/?added=10").content.decode()
    assert [one.name in page for one in friends] == [True, False, False]
    assert "视频号" in page


def test_the_customers_page_and_timeline_say_how(tenant: Tenant, friends: Any, web: Client) -> None:
    said = []
    for one in friends:
        page = web.get(f"/t/{tenant.slug}/customers/{one.pk}/").content.decode()
        said.append((page.count("视频号"), page.count("扫描二维码")))
    assert said == [(2, 0), (0, 2), (0, 0)]


def test_a_rule_tags_who_came_by_channels_and_says_why(tenant: Tenant, friends: Any, owner: Any) -> None:
    tag = tag_save(tenant=tenant, name="视频号来的", group="来源", actor=owner)
    tag_rule_save(
        tenant=tenant, tag_id=tag.pk, conditions=(Condition(f"way:{AddWay.CHANNELS}"),), needs_all=True,
        keeps_days=None, actor=owner,
    )  # fmt: skip
    rules_judge(tenant_id=tenant.pk, customer_ids=[one.pk for one in friends])
    tie = CustomerTag.objects.get()
    assert tie.customer_id == friends[0].pk
    with translation.override("zh-hans"):
        assert evidence_words(tie.evidence, fact_names(tenant_id=tenant.pk)) == ["加好友方式：视频号"]


def test_traffic_is_tagged_by_its_channel_as_it_enters_a_group(
    tenant: Tenant, frozen: MovableClock, web: Client, owner: Any
) -> None:
    """Path A: who scans a channel's code into a group is nobody's friend yet, and known by the source all the same."""
    with tenant_scope(tenant):
        channel, other = (Channel.objects.create(tenant=tenant, name=name, kind="content") for name in "甲乙")
        tag = tag_save(tenant=tenant, name="甲渠道来的", group="来源", actor=owner)
        tag_rule_save(
            tenant=tenant, tag_id=tag.pk, conditions=(Condition(f"channel:{channel.pk}"),), needs_all=True,
            keeps_days=None, actor=owner,
        )  # fmt: skip
        group = make_group(tenant=tenant)
        came, elsewhere, befriended = make_customers(tenant=tenant, count=3)
        make_member(group=group, customer=came, channel=channel)
        make_member(group=group, customer=elsewhere, channel=other)
        make_follow(tenant=tenant, customer=befriended, staff=make_staff(tenant=tenant), channel=channel)
        for person in (came, elsewhere, befriended):
            make_behaviour(tenant=tenant, customer=person, group=group, kind="join")
        event = BehavioursRecorded(
            tenant_id=tenant.pk, occurred_at=frozen.moment, behaviour_ids=[], kinds=["join"],
            customer_ids=[came.pk, elsewhere.pk, befriended.pk], first_at=frozen.moment, last_at=frozen.moment,
        )  # fmt: skip
        on_behaviours_recorded(tenant_id=tenant.pk, events=[event])
        assert set(CustomerTag.objects.values_list("customer_id", flat=True)) == {came.pk, befriended.pk}
        assert (
            rule_try(
                tenant_id=tenant.pk, conditions=(Condition(f"channel:{channel.pk}", days=1),), needs_all=True
            )[0]
            == 1
        )  # the seat was taken two days ago
    page = web.get(f"/t/{tenant.slug}/customers/?channel={channel.pk}").content.decode()
    shown = [f"/customers/{one.pk}/" in page for one in (came, elsewhere, befriended)]
    assert shown == [True, False, True]
