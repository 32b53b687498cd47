"""An incident on its pages and on the phone, from the group list to the review (R25)."""

import pytest
from django.test import Client
from django.utils import translation

from console.pages import tenant_url
from groups.enums import State
from groups.models import Incident, IncidentTask
from groups.services.incidents import (
    incident_dismiss,
)
from team.models import Staff
from tenants.audit import SYSTEM
from tenants.enums import Role
from tenants.models import User
from tenants.scoping import tenant_scope
from tests.factories.groups import make_group
from tests.factories.team import make_staff
from tests.factories.tenants import make_member as make_membership
from tests.groups.incidents import frozen_ids, opened
from tests.phone import hold_phone


@pytest.mark.integration
@pytest.mark.django_db
@pytest.mark.usefixtures("frozen")
class TestPages:
    @pytest.fixture
    def web(self, tenant):
        client = Client()
        client.force_login(User.objects.get(email="lin@example.com"))
        return client

    def test_from_the_group_list_to_the_review(self, tenant, groups, web):
        new = tenant_url(tenant, "groups:incident_new")
        picks = {"pick": [one.pk for one in groups]}
        assert web.post(new, picks).status_code == 200
        told = {**picks, "decided": "1", "kind": "sabotage", "level": "3", "title": "同行进群拉人"}
        answer = web.post(new, told)
        with tenant_scope(tenant):
            incident = Incident.objects.get(tenant=tenant)
        room = tenant_url(tenant, "groups:incident", pk=incident.pk)
        assert answer["Location"] == room
        page = web.get(room).content.decode()
        assert "同行进群拉人" in page
        web.post(tenant_url(tenant, "groups:incident_freeze", pk=incident.pk))
        note = tenant_url(tenant, "groups:incident_note", pk=incident.pk)
        web.post(note, {"kind": "evidence", "text": "截图已留", "link": "https://pic.example.com/1.png"})
        page = web.get(room).content.decode()
        assert "截图已留" in page
        assert "https://pic.example.com/1.png" in page
        close = tenant_url(tenant, "groups:incident_close", pk=incident.pk)
        assert web.post(close, {"outcome": "已澄清", "is_lifted": "on", "lift_reason": ""}).status_code == 422
        web.post(close, {"outcome": "已澄清", "is_lifted": "on", "lift_reason": "人已移出"})
        with tenant_scope(tenant):
            assert frozen_ids(tenant) == set()
        review = tenant_url(tenant, "groups:incident_review", pk=incident.pk)
        web.post(review, {"cause": "入群码外泄", "went_well": "", "change": "改为确认入群"})
        assert "改为确认入群" in web.get(room).content.decode()
        assert "同行进群拉人" in web.get(tenant_url(tenant, "groups:incidents")).content.decode()

    def test_further_groups_join_an_incident_that_runs(self, tenant, groups, web):
        new = tenant_url(tenant, "groups:incident_new")
        with tenant_scope(tenant):
            incident = opened(tenant, groups[:1])
            later = make_group(tenant=tenant, state=State.ACTIVE, name="后来也炸了的群")
        page = web.post(new, {"pick": later.pk}).content.decode()
        assert f'value="{incident.pk}"' in page
        answer = web.post(new, {"pick": [later.pk, groups[0].pk], "into": incident.pk})
        room = tenant_url(tenant, "groups:incident", pk=incident.pk)
        assert answer["Location"] == room
        web.post(tenant_url(tenant, "groups:incident_freeze", pk=incident.pk))
        with tenant_scope(tenant):
            assert Incident.objects.count() == 1
            assert frozen_ids(tenant) == {groups[0].pk, later.pk}
        assert "后来也炸了的群" in web.get(room).content.decode()

    def test_nothing_joins_an_incident_that_is_over_or_another_company_s(
        self, tenant, other_tenant, groups, web
    ):
        new = tenant_url(tenant, "groups:incident_new")
        with tenant_scope(tenant):
            over = opened(tenant, groups[:1])
            incident_dismiss(tenant=tenant, incident_id=over.pk, reason="误报", actor=SYSTEM)
        with tenant_scope(other_tenant):
            theirs = opened(other_tenant, [make_group(tenant=other_tenant)])
        for pk in (over.pk, theirs.pk, "x"):
            assert web.post(new, {"pick": groups[1].pk, "into": pk}).status_code == 422
        with tenant_scope(tenant):
            assert over.rooms.count() == 1
        with tenant_scope(other_tenant):
            assert theirs.rooms.count() == 1

    def test_the_room_costs_few_queries(self, tenant, groups, web, django_assert_max_num_queries):
        with tenant_scope(tenant):
            incident = opened(tenant, groups)
        room = tenant_url(tenant, "groups:incident", pk=incident.pk)
        web.get(room)
        with django_assert_max_num_queries(25):
            assert web.get(room).status_code == 200

    def test_the_list_says_that_words_are_not_heard(self, tenant, web):
        page = web.get(tenant_url(tenant, "groups:incidents"))
        assert page.context["hears"] is False

    def test_a_script_as_a_link_is_refused(self, tenant, groups, web):
        with tenant_scope(tenant):
            incident = opened(tenant, groups[:1])
        note = tenant_url(tenant, "groups:incident_note", pk=incident.pk)
        web.post(note, {"kind": "evidence", "text": "看", "link": "javascript:alert(1)"})
        with tenant_scope(tenant):
            assert not incident.entries.filter(kind="evidence").exists()
            assert IncidentTask.objects.filter(tenant=tenant, done_at__isnull=False).count() == 0

    def test_the_phone_freezes_and_opens_an_incident_in_the_hands_of_who_pressed(self, tenant, frozen):
        with tenant_scope(tenant):
            staff = make_staff(tenant=tenant)
            membership = make_membership(tenant=tenant, role=Role.OPERATOR)
            Staff.objects.filter(pk=staff.pk).update(membership=membership)
            group = make_group(tenant=tenant, app=staff.app, owner=staff, state=State.ACTIVE)
        url = f"/m/{tenant.slug}/group/{group.chat_id}/freeze/"
        phone = hold_phone(tenant, staff)
        for _again in range(2):
            phone.post(url, {"reason": "有人带节奏", "incident": "sabotage"})
        with tenant_scope(tenant):
            (incident,) = Incident.objects.filter(tenant=tenant)
            assert (incident.kind, incident.owner_id) == ("sabotage", staff.pk)
            assert frozen_ids(tenant) == {group.pk}

    def test_an_incident_opened_on_the_phone_without_a_word_begins_in_each_readers_language(
        self, tenant, frozen
    ):
        with tenant_scope(tenant):
            staff = make_staff(tenant=tenant)
            membership = make_membership(tenant=tenant, role=Role.OPERATOR)
            Staff.objects.filter(pk=staff.pk).update(membership=membership)
            group = make_group(tenant=tenant, app=staff.app, owner=staff, state=State.ACTIVE, name="读书会")
        phone = hold_phone(tenant, staff, "en")
        phone.post(f"/m/{tenant.slug}/group/{group.chat_id}/freeze/", {"incident": "complaint"})
        told = {}
        with tenant_scope(tenant):
            for language in ("en", "zh-hans"):
                with translation.override(language):
                    incident = Incident.objects.get(tenant=tenant)
                    first = incident.entries.order_by("pk").first()
                    told[language] = (incident.title, first.text)
        assert told["en"] == ("Blow-up in 读书会", "From the sidebar of the group's chat")
        assert told["zh-hans"] == ("读书会 暴雷", "在群聊侧边栏操作")

    def test_the_phone_freezes_the_group_in_hand_and_no_other_of_its_incident(self, tenant, frozen):
        with tenant_scope(tenant):
            staff = make_staff(tenant=tenant)
            membership = make_membership(tenant=tenant, role=Role.OPERATOR)
            Staff.objects.filter(pk=staff.pk).update(membership=membership)
            here, other = (
                make_group(tenant=tenant, app=staff.app, owner=staff, state=State.ACTIVE) for _two in range(2)
            )
            opened(tenant, [here, other])
        hold_phone(tenant, staff).post(
            f"/m/{tenant.slug}/group/{here.chat_id}/freeze/",
            {"reason": "有人带节奏", "incident": "complaint"},
        )
        with tenant_scope(tenant):
            assert frozen_ids(tenant) == {here.pk}
