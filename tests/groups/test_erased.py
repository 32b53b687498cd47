"""Somebody who was erased and still sits in a group: WeCom names them on every read, and nothing of it is written."""

import pytest

from contacts.models import Customer
from contacts.services.personal import erasure_ask, erasure_run
from groups.models import Member
from groups.services.violations import violation_record
from team.models import WorkItem
from tests.groups.world import read_everything

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_read_of_the_group_brings_no_name_back(vendor, camp, owner, frozen):
    who = "wm000003"
    vendor.corp.groups[camp].members[who].nickname = "三班班长"
    read_everything(vendor)
    seat = Member.objects.get(userid=who)
    assert (seat.nickname, seat.customer.name) == ("三班班长", f"客户 {who}")
    row = erasure_ask(
        tenant=vendor.app.tenant, customer_id=seat.customer_id, typed=who, reason="本人要求", actor=owner
    )
    erasure_run(tenant=vendor.app.tenant, erasure_id=row.pk)
    frozen.move(hours=1)
    vendor.corp.groups[camp].members[who].nickname = "三班班长林雪"
    read_everything(vendor)
    assert not Member.objects.filter(userid=who).exists()
    seat = Member.objects.get(pk=seat.pk)
    assert (seat.nickname, seat.left_at) == ("", None)
    assert Customer.objects.get(pk=seat.customer_id).name == ""
    assert Customer.objects.count() == 10


def test_tasks_made_of_a_row_about_the_person_go_with_them(vendor, camp, owner):
    seat = Member.objects.get(userid="wm000003")
    violation_record(
        tenant=vendor.app.tenant, group_id=seat.group_id, userid=seat.userid, rule="禁止广告", evidence="截图",
        actor=owner,
    )  # fmt: skip
    assert WorkItem.objects.filter(title__contains="客户 wm000003").exists()
    row = erasure_ask(
        tenant=vendor.app.tenant,
        customer_id=seat.customer_id,
        typed="wm000003",
        reason="本人要求",
        actor=owner,
    )
    erasure_run(tenant=vendor.app.tenant, erasure_id=row.pk)
    assert not WorkItem.objects.filter(title__contains="客户 wm000003").exists()
