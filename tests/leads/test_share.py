"""Sharing picked leads out by the pages: seen first, done at once, taken back by one tap."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.errors import OwnerUnknown
from leads.models import Lead
from leads.services import leads_give, leads_take_back
from team.models import DayOff, StaffProfile, WorkItem
from tenants import clock
from tenants.models import AuditEntry, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers, make_follow
from tests.factories.leads import act, item, lead_of, make_camp
from tests.factories.team import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


@pytest.fixture
def signed_in(client, tenant):
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


@pytest.fixture
def three(tenant: Tenant, frozen: MovableClock) -> list[Lead]:
    with tenant_scope(tenant):
        people = make_customers(tenant=tenant, count=3)
        make_camp(tenant=tenant, customers=people)
        act(tenant, *[item(one, "pay_click", frozen.moment) for one in people])
        return [lead_of(one) for one in people]


def owners(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant):
        return [str(one.owner) for one in Lead.objects.select_related("owner").order_by("pk")]


def test_preview_changes_nothing_then_each_gets_theirs_and_one_tap_takes_all_back(
    signed_in, tenant: Tenant, owner, frozen: MovableClock, three: list[Lead]
) -> None:
    with tenant_scope(tenant):
        busy, free = make_staff(tenant=tenant, name="周岚"), make_staff(tenant=tenant, name="林晓")
        make_follow(tenant=tenant, customer=three[0].customer, staff=busy)
        leads_give(tenant=tenant, wanted={three[0].pk: busy.pk}, actor=owner)
    base = f"/t/{tenant.slug}/leads/"
    picked = "&".join(f"pick={one.pk}" for one in three)
    page = signed_in.get(f"{base}share/?{picked}", headers={"HX-Request": "true"}).content.decode()
    assert owners(tenant) == ["周岚", "None", "None"]
    chosen = re.findall(r'name="to_(\d+)">.*?<option value="(\d+)" selected', page)
    assert {int(lead): int(staff) for lead, staff in chosen} == {
        three[0].pk: busy.pk, three[1].pk: free.pk, three[2].pk: busy.pk,
    }  # fmt: skip
    assert "是客户的好友" in page
    form = {"pick": [one.pk for one in three], **{f"to_{lead}": staff for lead, staff in chosen}}
    answer = signed_in.post(f"{base}share/", form, follow=True)
    assert owners(tenant) == ["周岚", "林晓", "周岚"]
    undo = re.search(r'data-undo="([^"]+)"', answer.content.decode()).group(1)
    for _ in range(2):
        signed_in.post(undo)
        assert owners(tenant) == ["周岚", "None", "None"]
    with tenant_scope(tenant):
        assert set(WorkItem.objects.filter(source_kind="leads.lead").values_list("staff__name", flat=True)) == {
            "周岚", None,
        }  # fmt: skip
        assert AuditEntry.objects.filter(verb="leads.lead.assigned").count() == 5


def test_what_somebody_gave_on_since_is_not_taken_back(
    tenant: Tenant, owner, frozen: MovableClock, three: list[Lead]
) -> None:
    with tenant_scope(tenant):
        one, other = make_staff(tenant=tenant), make_staff(tenant=tenant)
        _count, name = leads_give(tenant=tenant, wanted={lead.pk: one.pk for lead in three}, actor=owner)
        leads_give(tenant=tenant, wanted={three[0].pk: other.pk}, actor=owner)
        assert leads_take_back(tenant=tenant, act=name, actor=owner) == 2
        assert [lead.owner_id for lead in Lead.objects.order_by("pk")] == [other.pk, None, None]
        frozen.move(hours=25)
        _count, late = leads_give(tenant=tenant, wanted={three[1].pk: one.pk}, actor=owner)
        frozen.move(hours=25)
        assert leads_take_back(tenant=tenant, act=late, actor=owner) == 0


def test_a_strangers_colleague_and_a_foreign_lead_are_refused(
    tenant: Tenant, other_tenant: Tenant, owner, three: list[Lead]
) -> None:
    with tenant_scope(other_tenant):
        stranger = make_staff(tenant=other_tenant)
    with tenant_scope(tenant):
        mine = make_staff(tenant=tenant)
        with pytest.raises(OwnerUnknown):
            leads_give(tenant=tenant, wanted={three[0].pk: stranger.pk}, actor=owner)
        assert leads_give(tenant=tenant, wanted={2**50: mine.pk}, actor=owner) == (0, "")
        assert Lead.objects.filter(owner__isnull=False).count() == 0


def test_giving_away_takes_the_same_statements_for_one_and_twenty(
    tenant: Tenant, owner, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        people = make_customers(tenant=tenant, count=21)
        make_camp(tenant=tenant, customers=people, starts_at=frozen.moment - timedelta(days=1))
        act(tenant, *[item(one, "pay_click", frozen.moment) for one in people])
        ids, staff = [lead_of(one).pk for one in people], make_staff(tenant=tenant)
        costs = []
        for some in (ids[:1], ids[1:]):
            with CaptureQueriesContext(connection) as seen:
                leads_give(tenant=tenant, wanted=dict.fromkeys(some, staff.pk), actor=owner)
            costs.append(len(seen))
    assert costs[0] == costs[1]


def test_skill_goes_before_load_and_who_is_off_gets_nothing(
    signed_in, tenant: Tenant, frozen: MovableClock, three: list[Lead]
) -> None:
    with tenant_scope(tenant):
        runs, sells, off = (make_staff(tenant=tenant, name=name) for name in ("周岚", "林晓", "何静"))
        for one in (sells, off):
            StaffProfile.objects.create(tenant=tenant, staff=one, kind="sales")
        StaffProfile.objects.create(tenant=tenant, staff=runs, kind="operations")
        DayOff.objects.create(tenant=tenant, staff=off, day=clock.local_date(frozen.moment, tenant.timezone))
    picked = "&".join(f"pick={one.pk}" for one in three)
    url = f"/t/{tenant.slug}/leads/share/?{picked}"
    page = signed_in.get(url, headers={"HX-Request": "true"}).content.decode()
    chosen = re.findall(r'name="to_\d+">.*?<option value="(\d+)" selected', page)
    assert [int(one) for one in chosen] == [sells.pk] * 3
    assert "不当班" in page
