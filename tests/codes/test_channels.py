"""Channels of every sort (R31): where exactly, by whom, with which partner, and for which group's goal."""

import pytest

from console.pages import tenant_url
from contacts.errors import ChannelTargetLoose
from contacts.models import Channel, Follow
from contacts.services.channels import channel_save
from contacts.services.customers import ReRead, follow_apply_event
from groups.models import NewUserGoal
from tenants import clock
from tenants.enums import Role
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers
from tests.factories.groups import make_group, make_member
from tests.factories.team import make_staff
from tests.groups.test_member_file import signed_in

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def test_a_channel_says_where_by_whom_and_for_which_groups_goal(tenant, owner):
    client = signed_in(tenant, Role.OPERATOR)
    new = tenant_url(tenant, "groups:channel_new")
    told = {"name": "小红书达人", "kind": "content", "place": "xhs", "means": "influencer", "target": "200"}
    refused = client.post(new, told)
    assert refused.status_code == 422
    assert "which group&#x27;s goal the target serves" in refused.text
    with tenant_scope(tenant):
        group = make_group(tenant=tenant, name="启蒙09群", purpose="conversion")
        NewUserGoal.objects.create(tenant=tenant, group=group, opening="flash_sale", goals={"deal": 10})
    client.post(new, {**told, "group_id": group.pk, "goal": "试听前招满"})
    with tenant_scope(tenant):
        row = Channel.objects.get(name="小红书达人")
        came, elsewhere = make_customers(tenant=tenant, count=2)
        make_member(group=group, customer=came, channel=row)
        make_member(group=group, customer=came, channel=row, left_at=clock.now())
        make_member(group=make_group(tenant=tenant), customer=elsewhere, channel=row)
        with pytest.raises(ChannelTargetLoose):
            channel_save(tenant=tenant, actor=owner, channel_id=row.pk, target=5, group_id=None)
    shown = client.get(tenant_url(tenant, "groups:channels")).text
    assert "Xiaohongshu · Influencer" in shown
    assert f'href="{tenant_url(tenant, "groups:detail", pk=group.pk)}">启蒙09群</a>' in shown
    assert "Conversion · Deal 10% · 试听前招满" in shown
    people = f"{tenant_url(tenant, 'groups:channel_people', pk=row.pk)}?group={group.pk}"
    assert f'<a class="q-link" href="{people}">1</a> / 200' in shown
    assert came.name in client.get(people).text
    assert elsewhere.name not in client.get(people).text
    drawer = client.get(tenant_url(tenant, "groups:channel_edit", pk=row.pk)).text
    assert '<option value="xhs" selected>' in drawer
    assert f'<option value="{group.pk}" selected>' in drawer


def test_a_target_serves_no_group_of_another_company(tenant, owner, other_tenant):
    with tenant_scope(other_tenant):
        foreign = make_group(tenant=other_tenant)
    with tenant_scope(tenant), pytest.raises(ChannelTargetLoose):
        channel_save(
            tenant=tenant, actor=owner, name="别家的群", kind="content", target=5, group_id=foreign.pk
        )
    told = {"name": "别家的群", "kind": "content", "target": "5", "group_id": foreign.pk}
    answer = signed_in(tenant, Role.OPERATOR).post(tenant_url(tenant, "groups:channel_new"), told)
    assert answer.status_code == 422
    backwards = {"name": "倒着的", "kind": "content", "starts_on": "2026-05-02", "ends_on": "2026-05-01"}
    refused = signed_in(tenant, Role.OPERATOR).post(tenant_url(tenant, "groups:channel_new"), backwards)
    assert "The last day lies before the first" in refused.text


def test_a_mutual_promotion_names_its_partner_and_why_it_fits(tenant):
    client = signed_in(tenant, Role.OPERATOR)
    new = tenant_url(tenant, "groups:channel_new")
    refused = client.post(new, {"name": "绘本馆互推", "kind": "partner"})
    assert refused.status_code == 422
    assert "complement you and do not compete" in refused.text
    kept = {
        "name": "绘本馆互推",
        "kind": "partner",
        "partner": "小树绘本馆",
        "partner_fit": "只租绘本，家长也是 3–6 岁",
    }
    client.post(new, kept)
    assert "小树绘本馆" in client.get(tenant_url(tenant, "groups:channels")).text


def test_whoever_comes_back_by_another_code_stays_with_the_channel_that_brought_them(tenant, owner):
    with tenant_scope(tenant):
        first, second = (
            channel_save(tenant=tenant, actor=owner, name=name, kind="content", code=code)
            for name, code in (("小红书", "xhs"), ("抖音", "douyin"))
        )
        (person,), staff, now = make_customers(tenant=tenant, count=1), make_staff(tenant=tenant), clock.now()
        contact = {"external_userid": person.external_userid, "name": person.name, "type": 1}
        for code in ("nobody-made-it", "xhs", "douyin"):
            follow_apply_event(
                tenant_id=tenant.pk,
                app_id=person.app_id,
                external_userid=person.external_userid,
                staff_id=staff.pk,
                change_type="add_external_contact",
                occurred_at=now,
                answer=ReRead(contact, {"userid": staff.userid, "state": code}, now),
            )
        assert Follow.objects.get(customer=person).channel == first
    client, listed = signed_in(tenant, Role.OPERATOR), tenant_url(tenant, "contacts:list")
    assert person.name in client.get(f"{listed}?channel={first.pk}").text
    assert person.name not in client.get(f"{listed}?channel={second.pk}").text
