"""Erasing, beside everything else: several records, leads, files, forms, and what is on its way meanwhile."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from contacts.errors import PersonErased
from contacts.events import CustomerOptedOut
from contacts.models import Customer, Erasure, Follow, Order, Survey, SurveyAnswer, SurveyLink
from contacts.services.customers import ReRead, follow_apply_event
from contacts.services.identity import customer_split, customers_apart, customers_merge
from contacts.services.personal import erasure_ask, erasure_run, person_data
from contacts.services.sheets import sheet_check, sheet_start, sheet_upload, sheet_write
from leads.handlers import on_customer_opted_out
from leads.models import Lead, LeadEvent
from leads.services.follow import doubt_raise, lead_close, lead_follow_up, lead_set_s, lead_snooze
from outbox.models import EventRow
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.erasing import SECRETS, erase, everything
from tests.contacts.test_views import body, full_customer, sign_in
from tests.factories.contacts import make_customer
from tests.factories.leads import act, lead_of, make_camp, purchase_clicks

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

SAID = re.compile("暗语[甲乙丙丁戊己]")  # what sales wrote in the test below


def test_every_record_of_the_person_is_erased_and_stays_so_when_taken_apart(
    tenant: Tenant, owner: Actor, person: Customer, frozen: MovableClock
) -> None:
    who: dict[str, Any] = {"tenant": tenant, "actor": owner}
    with tenant_scope(tenant):
        other = full_customer(tenant, name="雪儿", external_userid="wmsecret002", phone="13900139000")
        stranger = make_customer(tenant=tenant, name="旁人", phone="13900139000")
        customers_apart(**who, one_id=other.pk, other_id=stranger.pk, reason="旁人不是雪儿")
        customers_merge(**who, goes_on_id=person.pk, other_id=other.pk, reason="刘女士就是雪儿")
        file = json.dumps(person_data(tenant_id=tenant.pk, customer=person), default=str, ensure_ascii=False)
        assert "刘女士" in file
        assert "雪儿" in file
    page = body(sign_in(tenant, Role.OWNER).get(f"/t/{tenant.slug}/customers/{person.pk}/erase/"))
    assert "All 2 records" in page
    with tenant_scope(tenant):
        asked = erasure_ask(**who, customer_id=person.pk, typed="刘女士", reason="本人要求")
        assert asked.customer_id == person.pk
        for row in Erasure.objects.all():
            erasure_run(tenant=tenant, erasure_id=row.pk)
        left = everything(tenant)
        gone = (*SECRETS, "雪儿", "wmsecret002", "旁人不是雪儿")
        assert [word for word in gone if word in left] == []
        assert left.count("13900139000") == 1  # the stranger's own
        customer_split(**who, customer_id=other.pk, reason="拆分")
        assert [word for word in gone if word in everything(tenant)] == []
        assert set(Erasure.objects.values_list("customer_id", flat=True)) == {person.pk, other.pk}
        with pytest.raises(PersonErased):
            customers_merge(**who, goes_on_id=stranger.pk, other_id=other.pk, reason="再合并")


def test_whoever_is_an_open_lead_can_be_erased_and_is_none_any_more(
    tenant: Tenant, owner: Actor, person: Customer, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        make_camp(tenant=tenant, customers=[person], starts_at=frozen.moment)
        Order.objects.filter(customer=person).delete()
        frozen.move(hours=1)
        act(tenant, *purchase_clicks(person, 4, frozen.moment - timedelta(hours=1)))
        Lead.objects.filter(customer=person, state="open").update(next_action="约刘女士周五通话")
        assert "约刘女士周五通话" in everything(tenant)
        erase(tenant, owner, person)
        assert [word for word in SECRETS if word in everything(tenant)] == []
        told = EventRow.objects.filter(name=CustomerOptedOut.name).latest("pk").payload
        assert (told["customer_id"], told["opted_out"]) == (person.pk, True)
        event = CustomerOptedOut(
            tenant_id=tenant.pk, occurred_at=frozen.moment, customer_id=person.pk, opted_out=True
        )
        on_customer_opted_out(tenant_id=tenant.pk, events=[event])
        assert lead_of(person).state == "opted_out"


def test_what_sales_wrote_about_a_lead_goes_and_its_tiers_and_results_stay(
    tenant: Tenant, owner: Actor, person: Customer, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        make_camp(tenant=tenant, customers=[person], starts_at=frozen.moment)
        Order.objects.filter(customer=person).delete()
        frozen.move(hours=1)
        act(tenant, *purchase_clicks(person, 4, frozen.moment - timedelta(hours=1)))
        who: dict[str, Any] = {"tenant": tenant, "lead_id": lead_of(person).pk, "actor": owner}
        later = frozen.moment + timedelta(hours=2)
        lead_set_s(**who, reason="暗语甲")
        doubt_raise(**who, text="暗语乙")
        lead_follow_up(
            **who, result="talked", key="k", note="暗语丙", next_action="暗语丁", next_action_at=later
        )
        lead_snooze(**who, until=later + timedelta(hours=1), reason="暗语戊")
        lead_close(**who, state="not_buying", reason="price", note="暗语己")
        assert len(SAID.findall(everything(tenant))) >= 6
        told = list(LeadEvent.objects.filter(kind="tier").order_by("pk").values_list("data", flat=True))
        assert told != []
        erase(tenant, owner, person)
        assert SAID.findall(everything(tenant)) == []
        history = LeadEvent.objects.order_by("pk")
        assert list(history.filter(kind="tier").values_list("data", flat=True))[: len(told)] == told
        assert history.get(kind="followed").data["result"] == "talked"
        assert history.get(kind="closed_not_buying").data["reason"] == "price"


def test_what_others_links_and_faulty_lines_hold_of_the_person_goes_too(
    tenant: Tenant, owner: Actor, person: Customer
) -> None:
    with tenant_scope(tenant):
        other = make_customer(tenant=tenant, name="转发的人")
        survey = Survey.objects.create(tenant=tenant, title="问卷")
        link = SurveyLink.objects.create(
            tenant=tenant, survey=survey, customer=other, expires_at=clock.now() + timedelta(days=1)
        )
        theirs = SurveyLink.objects.create(
            tenant=tenant, survey=survey, customer=person, expires_at=clock.now() + timedelta(days=1)
        )
        told = {"tenant": tenant, "survey": survey, "state": "taken"}
        SurveyAnswer.objects.create(**told, link=link, customer=person, answers=[{"value": "我家地址"}])
        SurveyAnswer.objects.create(**told, link=theirs, customer=other, answers=[{"value": "别人的话"}])
        raw = "external_userid,phone,gender\nwmsecret001,13800138000,神秘\nwmsomebody1,,神秘\n"
        sheet = sheet_upload(tenant=tenant, kind="customers", name="a.csv", raw=raw.encode(), actor=owner)
        sheet_check(tenant=tenant, sheet_id=sheet.pk)
        assert sheet.rows.filter(verdict="fault").count() == 2
        erase(tenant, owner, person)
        left = everything(tenant)
        assert [word for word in SECRETS if word in left] == []
        assert "别人的话" in left
        assert "wmsomebody1" in left


def test_a_file_brings_nobody_back(tenant: Tenant, owner: Actor, person: Customer) -> None:
    raw = "external_userid,name,phone\nwmsecret001,刘女士,13800138000\n".encode()
    with tenant_scope(tenant):
        before = sheet_upload(tenant=tenant, kind="customers", name="a.csv", raw=raw, actor=owner)
        sheet_check(tenant=tenant, sheet_id=before.pk)
        erase(tenant, owner, person)
        late = sheet_upload(tenant=tenant, kind="customers", name="b.csv", raw=raw, actor=owner)
        sheet_check(tenant=tenant, sheet_id=late.pk)
        for sheet in (before, late):
            sheet_start(tenant=tenant, sheet_id=sheet.pk, actor=owner)
            sheet_write(tenant=tenant, sheet_id=sheet.pk)
        person.refresh_from_db()
        assert (person.name, person.phone) == ("", "")
        assert list(late.rows.values_list("verdict", "column")) == [("fault", "external_userid")]


def test_an_answer_of_wecom_that_was_on_its_way_writes_nothing(
    tenant: Tenant, owner: Actor, person: Customer
) -> None:
    with tenant_scope(tenant):
        staff_id = Follow.objects.get(customer=person).staff_id
        read_at = clock.now()
        erase(tenant, owner, person)
        contact = {"external_userid": "wmsecret001", "name": "刘女士", "unionid": "union-secret", "type": 1}
        tie = {"userid": "hejing", "remark": "果果妈妈", "remark_mobiles": ["13800138000"]}
        follow_apply_event(
            tenant_id=tenant.pk,
            app_id=person.app_id,
            external_userid="wmsecret001",
            staff_id=staff_id,
            change_type="edit_external_contact",
            occurred_at=read_at,
            answer=ReRead(contact, tie, read_at),
        )
        assert [word for word in SECRETS if word in everything(tenant)] == []
