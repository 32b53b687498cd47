"""Channels of every sort (R31): where exactly, by whom, with which partner, and for which group's goal."""

import pytest

from console.pages import tenant_url
from contacts.models import Channel
from tenants.enums import Role
from tenants.scoping import tenant_scope
from tests.groups.test_member_file import signed_in

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def test_a_channel_says_where_by_whom_and_for_which_goal(tenant):
    client = signed_in(tenant, Role.OPERATOR)
    new = tenant_url(tenant, "groups:channel_new")
    told = {"name": "小红书达人", "kind": "content", "place": "xhs", "means": "influencer", "target": "200"}
    refused = client.post(new, told)
    assert refused.status_code == 422
    assert "which group&#x27;s goal the target serves" in refused.text
    client.post(new, {**told, "goal": "启蒙09群招满 200 人"})
    with tenant_scope(tenant):
        row = Channel.objects.get(name="小红书达人")
    shown = client.get(tenant_url(tenant, "groups:channels")).text
    assert "Xiaohongshu · Influencer" in shown
    assert "启蒙09群招满 200 人" in shown
    drawer = client.get(tenant_url(tenant, "groups:channel_edit", pk=row.pk)).text
    assert '<option value="xhs" selected>' in drawer


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
