"""A colleague leaves or moves: everything they hold gets somebody else, once, and nothing is left without an owner."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO

import pytest
from django.apps import apps
from django.db import models, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries

from contacts.models import CustomerTransfer
from content.models import Script, ScriptAsk
from groups.models import Group
from leads.models import Lead
from team.errors import HandoverTaker
from team.models import Staff, WorkItem
from team.services import staff_deactivate
from team.services.handover import LEAVER, handover_run, holdings, parts
from tenants.audit import Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, Tenant, User
from tenants.roles import PERMISSIONS
from tenants.scoping import TenantModel, tenant_scope
from tests.factories.contacts import make_customer, make_follow
from tests.factories.groups import make_group
from tests.factories.team import make_staff, make_work_item
from tests.factories.tenants import make_member
from tests.isolation.planting import plant
from wecom.models import OutboundSend

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

LATER = datetime(2026, 3, 2, tzinfo=UTC)
# Keys to a colleague that say who did or saw something, or what WeCom itself moves: they stay as they were.
HISTORY = {
    "campaigns.Joiner.staff": "which colleague joined",
    "contacts.SurveyLink.staff": "who sent the link",
    "contacts.Behaviour.staff": "whose touch it answered",
    "contacts.CustomerTag.staff": "who marked it in WeCom",
    "contacts.TagPast.staff": "who marked it then",
    "contacts.Follow.staff": "the tie in WeCom; WeCom moves it",
    "contacts.TagMark.staff": "who marked it in WeCom",
    "contacts.Question.staff": "who had to answer; what waits stands on their Today, which moves",
    "contacts.Question.replied_by": "who answered",
    "content.KnowledgeAttempt.staff": "whose test it was",
    "content.KnowledgeStanding.staff": "the colleague's own knowledge",
    "contacts.CustomerTransfer.giver": "whose customer it was",
    "contacts.CustomerTransfer.taker": "whom WeCom was asked for",
    "groups.Member.staff": "who sits in the group",
    "leads.FollowUp.staff": "who spoke",
    "sop.TouchProof.offered_by_staff": "who showed it",
    "sop.Reassignment.staff": "who got it then",
    "sop.TouchReminder.staff": "who was reminded",
    "team.WorkItem.cover": "set anew with the backup",
    "team.StaffProfile.staff": "the colleague's own profile",
    "team.Shift.staff": "the colleague's own hours",
    "team.DayOff.staff": "the colleague's own days",
    "team.Approval.asked_staff": "who asked",
    "team.Notice.staff": "who was told",
}  # fmt: skip


# A row is a customer's or a colleague's, never both: those planted are customers'.
EITHER = {"campaigns.Joiner.staff"}
OWN = {"team.StaffProfile.staff", "team.Shift.staff", "team.DayOff.staff"}


def staff_keys() -> Iterator[tuple[str, type[models.Model], str]]:
    """("app.Model.field", model, field) of every key to a colleague in the product."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.is_relation and field.related_model is Staff and issubclass(model, TenantModel):
                yield f"{model._meta.label}.{field.name}", model, field.name


def staff_lists() -> Iterator[tuple[type[models.Model], str]]:
    """(model, field) of every list of colleagues' ids in the product."""
    for model in apps.get_models():
        if issubclass(model, TenantModel):
            yield from ((model, one.name) for one in model._meta.concrete_fields if one.name == "staff_ids")


@pytest.fixture
def lead_actor(tenant: Tenant) -> Actor:
    with tenant_scope(tenant):
        member = make_member(tenant=tenant, role=Role.LEADER)
    return Actor.of_user(member.user, PERMISSIONS[Role.LEADER])


def hand_all(tenant: Tenant, giver: Staff, taker: Staff, actor: Actor) -> dict[str, int]:
    takers = {one.code: taker.pk for one in parts() if one.move is not None}
    return handover_run(tenant=tenant, staff_id=giver.pk, takers=takers, reason="离职交接", actor=actor)


def test_a_leavers_hand_over_leaves_nothing_without_an_owner(tenant: Tenant, lead_actor: Actor) -> None:
    """One row of every table of the product, each key to a colleague pointing at the leaver."""
    with tenant_scope(tenant):
        plant(tenant, "甲")
        giver = make_staff(tenant=tenant, name="走的人")
        taker = make_staff(tenant=tenant, app=giver.app, name="接的人", can_contact=True)
        keys = list(staff_keys())
        for label, model, field in keys:
            if label in OWN | EITHER:
                continue
            row = model._base_manager.filter(tenant=tenant).order_by("pk").first()
            if row is not None:
                type(row)._base_manager.filter(pk=row.pk).update(**{field: giver})
        _make_open(tenant)
        WorkItem.objects.filter(tenant=tenant).update(state="open")
        Group.objects.filter(tenant=tenant).update(chat_id="", dismissed_at=None)
        Script.objects.filter(tenant=tenant).update(archived_at=None)
        asked = {"words": "怎么退款", "key": "怎么退款", "asker": "user:1", "group": Group.objects.first()}
        for script in (Script.objects.first(), None):
            ScriptAsk.objects.create(tenant=tenant, script=script, **asked)
        lead = Lead.objects.filter(tenant=tenant).first()
        lead.pk, lead.customer, lead.state = None, make_customer(tenant=tenant, app=giver.app), "unranked"
        lead.next_action, lead.next_action_at = "", None
        lead.save(force_insert=True)
        for model, field in staff_lists():
            model._base_manager.filter(tenant=tenant).update(**{field: [giver.pk]})
        staff_deactivate(tenant_id=tenant.pk, app_id=giver.app_id, userid=giver.userid)
        before = holdings(tenant=tenant, staff=giver)
        assert {one.part.code for one in before if one.count} == {one.code for one in parts()}, (
            "nothing is left out"
        )
        moved = hand_all(tenant, giver, taker, lead_actor)
        assert {code for code, count in moved.items() if count} == {one.code for one in parts() if one.move}
        for model, field in staff_lists():
            assert not model._base_manager.filter(
                tenant=tenant, **{f"{field}__contains": [giver.pk]}
            ).exists()
        left = {
            label
            for label, model, field in keys
            if model._base_manager.filter(tenant=tenant, **{field: giver}).exists()
        }
        assert left - set(HISTORY) == set()
        assert {label for label, _model, _field in keys} >= set(HISTORY)
        held = holdings(tenant=tenant, staff=giver)
        assert [one.part.code for one in held if one.part.move is not None and one.count] == []
        again = hand_all(tenant, giver, taker, lead_actor)
        assert sum(again.values()) == 0
        assert AuditEntry.objects.filter(verb="team.staff.handed_over").count() == 1


def test_whatever_a_leaver_holds_goes_and_what_others_hold_stays(tenant: Tenant, lead_actor: Actor) -> None:
    """Any of the product's keys to a colleague may point at the leaver, the others at somebody who stays; each part may
    go to another receiver."""
    with tenant_scope(tenant):
        plant(tenant, "甲")
        giver = make_staff(tenant=tenant, name="走的人")
        stays, *takers = (make_staff(tenant=tenant, app=giver.app, can_contact=True) for _ in range(3))
        keys = {
            label: (model, field)
            for label, model, field in staff_keys()
            if label not in OWN | EITHER and model._base_manager.filter(tenant=tenant).exists()
        }
        ours = sorted(set(keys) - set(HISTORY))
        codes = [one.code for one in parts() if one.move is not None]
        staff_deactivate(tenant_id=tenant.pk, app_id=giver.app_id, userid=giver.userid)

        @hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
        @given(
            held=st.sets(st.sampled_from(ours)),
            lists=st.booleans(),
            to=st.fixed_dictionaries({code: st.sampled_from(takers) for code in codes}),
        )
        def hands_over(held: set[str], lists: bool, to: dict[str, Staff]) -> None:
            with transaction.atomic():
                for label, (model, field) in keys.items():
                    first = model._base_manager.filter(tenant=tenant).order_by("pk").values("pk")[:1]
                    whose = giver if label in held else stays
                    model._base_manager.filter(pk__in=first).update(**{field: whose})
                for model, field in staff_lists():
                    model._base_manager.filter(tenant=tenant).update(
                        **{field: [giver.pk if lists else stays.pk]}
                    )
                _make_open(tenant)
                WorkItem.objects.filter(tenant=tenant).exclude(source_kind=LEAVER).update(state="open")
                Group.objects.filter(tenant=tenant).update(chat_id="", dismissed_at=None)
                Script.objects.filter(tenant=tenant).update(archived_at=None)
                common = {"tenant": tenant, "staff_id": giver.pk, "actor": lead_actor, "reason": "离职"}
                handover_run(**common, takers={code: one.pk for code, one in to.items()})
                left = {
                    label
                    for label in ours
                    if keys[label][0]._base_manager.filter(tenant=tenant, **{keys[label][1]: giver}).exists()
                }
                assert left == set()
                for model, field in staff_lists():
                    assert not model._base_manager.filter(
                        tenant=tenant, **{f"{field}__contains": [giver.pk]}
                    ).exists()
                kept = {
                    label
                    for label in set(ours) - held
                    if keys[label][0]._base_manager.filter(tenant=tenant, **{keys[label][1]: stays}).exists()
                }
                assert kept == set(ours) - held
                again = handover_run(**common, takers={code: one.pk for code, one in to.items()})
                assert sum(again.values()) == 0
                transaction.set_rollback(True)

        hands_over()


def _make_open(tenant: Tenant) -> None:
    """States in which what was planted waits for somebody."""
    for label, values in {
        "sop.Touch": {"state": "planned", "send_id": None},
        "leads.Lead": {"state": "open", "next_action": "call", "next_action_at": LATER, "closed_at": None},
        "groups.SetupStep": {"ticked_at": None},
        "groups.EndTask": {"state": "open"},
        "groups.Invitation": {"state": "invited"},
        "groups.Incident": {"state": "open"},
        "groups.Promise": {"state": "open"},
        "leads.Doubt": {"state": "open"},
        "contacts.Follow": {"state": "full"},
        "contacts.CustomerTransfer": {"state": "done"},
        "contacts.ContactWay": {"ended_at": None, "is_ending": False},
        "groups.IncidentTask": {"done_at": None},
        "sop.ValueEvent": {"state": "open"},
        "campaigns.FlashNode": {"posted_at": None},
    }.items():  # fmt: skip
        apps.get_model(label)._base_manager.filter(tenant=tenant).update(**values)


def test_groups_of_wecom_are_asked_for_once_and_a_leavers_by_the_call_for_leavers(
    tenant: Tenant, lead_actor: Actor
) -> None:
    with tenant_scope(tenant):
        giver = make_staff(tenant=tenant)
        taker = make_staff(tenant=tenant, app=giver.app)
        groups = [
            make_group(tenant=tenant, app=giver.app, owner=giver, owner_userid=giver.userid) for _ in range(3)
        ]
        staff_deactivate(tenant_id=tenant.pk, app_id=giver.app_id, userid=giver.userid)
        hand_all(tenant, giver, taker, lead_actor)
        hand_all(tenant, giver, taker, lead_actor)
        (send,) = OutboundSend.objects.filter(kind="transfer_groups")
        assert send.payload["is_resigned"] is True
        assert send.payload["new_owner"] == taker.userid
        assert sorted(send.payload["chat_ids"]) == sorted(one.chat_id for one in groups)
        assert AuditEntry.objects.filter(verb="groups.group.owner_asked").count() == 3


def test_who_leaves_is_a_must_on_the_leads_today_until_everything_has_somebody(
    tenant: Tenant, lead_actor: Actor
) -> None:
    with tenant_scope(tenant):
        giver = make_staff(tenant=tenant, name="走的人")
        taker = make_staff(tenant=tenant, app=giver.app)
        make_work_item(tenant=tenant, staff=giver)
        nothing = make_staff(tenant=tenant, app=giver.app)
        for one in (giver, nothing, giver):
            staff_deactivate(tenant_id=tenant.pk, app_id=one.app_id, userid=one.userid)
        (item,) = WorkItem.objects.filter(source_kind=LEAVER)
        assert (item.bucket, item.state, "走的人" in item.title) == ("must", "open", True)
        hand_all(tenant, giver, taker, lead_actor)
        item.refresh_from_db()
        assert item.state == "done"


def test_only_who_leads_hands_over_and_only_to_somebody_who_is_here(
    tenant: Tenant, lead_actor: Actor
) -> None:
    with tenant_scope(tenant):
        giver = make_staff(tenant=tenant)
        gone = make_staff(tenant=tenant, app=giver.app, is_active=False)
        item = make_work_item(tenant=tenant, staff=giver)
        sales = Actor(kind="user", id=9, name="销售", permissions=PERMISSIONS[Role.SALES])
        with pytest.raises(NotPermitted):
            hand_all(tenant, giver, gone, sales)
        for bad in (gone, giver):
            with pytest.raises(HandoverTaker):
                hand_all(tenant, giver, bad, lead_actor)
        item.refresh_from_db()
        assert item.staff_id == giver.pk


def test_the_page_shows_what_is_held_suggests_by_load_and_gives_it_away(tenant: Tenant) -> None:
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    with tenant_scope(tenant):
        giver = make_staff(tenant=tenant, name="何静")
        busy = make_staff(tenant=tenant, app=giver.app, name="忙人")
        free = make_staff(tenant=tenant, app=giver.app, name="闲人")
        make_work_item(tenant=tenant, staff=busy)
        make_work_item(tenant=tenant, staff=giver, title="回访刘女士 🧧")
        make_follow(tenant=tenant, customer=make_customer(tenant=tenant, app=giver.app), staff=giver)
    url = reverse("team:handover", kwargs={"tenant_slug": tenant.slug, "pk": giver.pk})
    page = client.get(url)
    assert f'<option value="{free.pk}" selected>' in page.text
    assert "24 小时" in page.text
    pack = client.get(reverse("team:handover_pack", kwargs={"tenant_slug": tenant.slug, "pk": giver.pk}))
    cells = [[cell.value for cell in row] for row in load_workbook(BytesIO(pack.content)).active.iter_rows()]
    assert "回访刘女士 🧧" in [row[1] for row in cells]
    answer = client.post(url, {"part": ["tasks"], "taker_tasks": str(free.pk), "reason": "转岗"})
    assert answer.status_code == 302
    with tenant_scope(tenant):
        assert WorkItem.objects.get(title="回访刘女士 🧧").staff_id == free.pk
    assert client.post(url, {"part": ["tasks"], "taker_tasks": "99999999", "reason": "x"}).status_code < 500


def test_what_is_held_is_counted_by_one_statement_however_many_parts(
    tenant: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with tenant_scope(tenant):
        giver = make_staff(tenant=tenant)
        make_work_item(tenant=tenant, staff=giver)
        make_follow(tenant=tenant, customer=make_customer(tenant=tenant, app=giver.app), staff=giver)
        with django_assert_num_queries(1):
            held = holdings(tenant=tenant, staff=giver)

    assert len(held) > 10
    assert {one.part.code: one.count for one in held if one.count} == {"tasks": 1, "customers": 1}


def test_where_each_customer_stands_is_on_the_page_and_what_came_back_is_decided_there(
    tenant: Tenant,
) -> None:
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    with tenant_scope(tenant):
        giver = make_staff(tenant=tenant, name="何静")
        taker = make_staff(tenant=tenant, app=giver.app, name="接的人")
        rows = {}
        for state in ("waiting", "refused", "limit", "done"):
            customer = make_customer(tenant=tenant, app=giver.app, name=f"客户{state}")
            make_follow(tenant=tenant, customer=customer, staff=giver if state != "done" else taker)
            rows[state] = CustomerTransfer.objects.create(
                tenant=tenant, customer=customer, giver=giver, taker=taker, state=state
            )
    url = reverse("team:handover", kwargs={"tenant_slug": tenant.slug, "pk": giver.pk})
    page = client.get(url).text
    assert "待处理 <i>2</i>" in page
    assert "客户refused" in page
    assert "客户waiting" not in page
    assert "客户waiting" in client.get(url + "?customers=waiting").text
    client.post(url, {"part": ["customers"], "taker_customers": str(taker.pk), "reason": "x"})
    with tenant_scope(tenant):
        assert CustomerTransfer.objects.get(pk=rows["refused"].pk).state == "refused", (
            "asked again only below"
        )
    slug = {"tenant_slug": tenant.slug, "pk": giver.pk}
    again = reverse("contacts:transfers_again", kwargs=slug)
    rest = reverse("contacts:transfers_rest", kwargs=slug)
    assert client.post(again, {"pick": [str(rows["refused"].pk)], "taker": "9" * 30}).status_code == 409
    assert client.post(rest, {"every": "1", "shown": "back", "reason": " "}).status_code < 500
    client.post(again, {"pick": [str(rows["refused"].pk), "9" * 40, "x"], "taker": str(taker.pk)})
    client.post(rest, {"every": "1", "shown": "back", "reason": "不再购买"})
    with tenant_scope(tenant):
        assert {one.state for one in CustomerTransfer.objects.all()} == {
            "waiting",
            "queued",
            "rested",
            "done",
        }
        (send,) = OutboundSend.objects.filter(kind="transfer_customers")
        assert send.payload["external_userids"] == [rows["refused"].customer.external_userid]


def test_an_id_no_row_can_have_is_a_refusal_and_not_a_fault(tenant: Tenant) -> None:
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    with tenant_scope(tenant):
        giver = make_staff(tenant=tenant)
        make_work_item(tenant=tenant, staff=giver)
    url = reverse("team:handover", kwargs={"tenant_slug": tenant.slug, "pk": giver.pk})
    for bad in ("9" * 19, "9" * 200, "-1", "٣", ""):
        answer = client.post(url, {"part": ["tasks"], "taker_tasks": bad, "reason": "x"})
        assert (answer.status_code, "HANDOVER-01" in answer.text) == (409, True)
