"""What WeCom answered to a hand-over of customers (R125): any number of them at the cost of a few."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import CustomerTransfer
from contacts.services.transfers import transfers_ask, transfers_settle
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers, make_follow
from tests.factories.team import make_staff
from wecom.events import SendFinished
from wecom.models import OutboundSend

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def _statements_of(tenant: Tenant, customers: int) -> int:
    giver, taker = make_staff(tenant=tenant), make_staff(tenant=tenant)
    people = make_customers(tenant=tenant, count=customers, app=giver.app)
    for one in people:
        make_follow(tenant=tenant, customer=one, staff=giver)
    assert transfers_ask(tenant=tenant, giver=giver, taker=taker, reason="转岗", actor=SYSTEM) == customers
    send = OutboundSend.objects.get(ref_id=giver.pk)
    send.answer = {"customers": {one.external_userid: 0 for one in people}}
    send.save()
    event = SendFinished(
        tenant_id=tenant.pk, occurred_at=clock.now(), send_id=send.pk, kind=send.kind, ref_kind=send.ref_kind,
        ref_id=giver.pk, state="done",
    )  # fmt: skip
    with CaptureQueriesContext(connection) as seen:
        transfers_settle(tenant_id=tenant.pk, event=event)
    rows = CustomerTransfer.objects.filter(giver=giver)
    assert set(rows.values_list("state", flat=True)) == {"waiting"}
    assert rows.filter(look_at__gt=clock.now()).count() == customers
    return len(seen)


def test_many_customers_are_settled_by_as_many_statements_as_few(tenant: Tenant) -> None:
    with tenant_scope(tenant):
        few, many = _statements_of(tenant, 2), _statements_of(tenant, 40)
    assert many == few
