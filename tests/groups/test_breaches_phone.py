"""Breaches recorded from the group's page on the phone (R9)."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from groups.errors import ViolationInvalid
from groups.models import Violation
from groups.policies.pictures import LARGEST_BYTES, picture_type
from groups.services.violations import violation_record
from team.models import WorkItem
from tenants.audit import SYSTEM
from tenants.enums import Role
from tenants.models import User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customer
from tests.factories.groups import fill_group, make_answers, make_group
from tests.factories.team import make_staff
from tests.factories.tenants import make_member as make_membership
from tests.phone import hold_phone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 32


@pytest.fixture
def staff(tenant):
    with tenant_scope(tenant):
        return make_staff(tenant=tenant, name="林晓", userid="LinXiao")


@pytest.fixture
def group(tenant, staff):
    with tenant_scope(tenant):
        made = make_group(tenant=tenant, app=staff.app, name="启蒙03群", state="active", owner=staff)
        make_answers(group=made)
        people = [make_customer(tenant=tenant, app=staff.app, name=name) for name in ("刘女士", "陈先生")]
        return fill_group(group=made, customers=people, staff=[staff])


def url(group, rest=""):
    return f"/m/{group.tenant.slug}/group/{group.chat_id}/breach/{rest}"


def liu(group):
    return group.members.get(customer__name="刘女士").userid


def told(group, **fields):
    return {
        "userid": liu(group),
        "rule": "不发无关广告和链接",
        "evidence": "加我领红包",
        "step": "",
        **fields,
    }


def test_a_breach_is_recorded_with_a_picture_and_its_words_are_ready(tenant, staff, group):
    phone = hold_phone(tenant, staff)
    assert "/breach/" in phone.get(f"/m/{tenant.slug}/group/{group.chat_id}/").content.decode()
    picture = SimpleUploadedFile("shot.png", PNG, "image/png")
    with tenant_scope(tenant):
        data = told(group, evidence="", picture=picture)
    answer = phone.post(url(group), data)
    with tenant_scope(tenant):
        row = Violation.objects.get()
        item = WorkItem.objects.get(source_kind="groups.violation")
    assert (answer.status_code, answer["Location"]) == (302, url(group, f"{row.pk}/"))
    assert (bytes(row.picture), row.picture_type, row.step) == (PNG, "image/png", "warn")
    page = phone.get(answer["Location"]).content.decode()
    assert item.script.split("“")[0] in page
    assert f'data-external="{row.userid}"' in page
    shown = phone.get(url(group, f"{row.pk}/picture/"))
    assert (shown.content, shown["Content-Type"]) == (PNG, "image/png")


def test_the_next_words_follow_the_ladder_while_the_form_is_filled(tenant, staff, group):
    phone = hold_phone(tenant, staff)
    with tenant_scope(tenant):
        asked = {"userid": liu(group), "rule": "不私加成员"}
        violation_record(tenant=tenant, group_id=group.pk, actor=SYSTEM, evidence="加人", **asked)
    page = phone.get(url(group, "next/"), asked).content.decode()
    assert ("Proposed: Mute" in page, "24 hours" in page, "刘女士" in page) == (True, True, True)
    assert "Choose the member" in phone.get(url(group, "next/")).content.decode()


def test_members_are_found_by_a_part_of_the_name(tenant, staff, group):
    page = hold_phone(tenant, staff).get(url(group), {"find": "刘"}).content.decode()
    assert ("刘女士" in page, "陈先生" in page) == (True, False)


def test_faults_are_said_at_their_field_and_nothing_is_recorded(tenant, staff, group):
    phone = hold_phone(tenant, staff)
    fake = SimpleUploadedFile("shot.png", b"GIF89a" + b"0" * 32, "image/png")
    with tenant_scope(tenant):
        wrong = [
            told(group, userid=""), told(group, rule="", other_rule=""), told(group, evidence=""),
            told(group, picture=fake),
        ]  # fmt: skip
    for data in wrong:
        answer = phone.post(url(group), data)
        assert (answer.status_code, "invalid-feedback" in answer.content.decode()) == (422, True)
    with tenant_scope(tenant):
        assert not Violation.objects.exists()


def test_the_step_is_done_and_taken_up_again_from_the_phone(tenant, staff, group):
    phone = hold_phone(tenant, staff)
    with tenant_scope(tenant):
        phone.post(url(group), told(group))
        row = Violation.objects.get()
    for verb, state in (("done", "done"), ("open", "open")):
        phone.post(url(group, f"{row.pk}/{verb}/"))
        with tenant_scope(tenant):
            row.refresh_from_db()
        assert row.state == state


def test_who_does_not_look_after_the_group_reads_and_records_nothing(tenant, staff, group):
    with tenant_scope(tenant):
        stranger = make_staff(tenant=tenant, app=staff.app)
        viewer = make_staff(
            tenant=tenant, app=staff.app, membership=make_membership(tenant=tenant, role=Role.VIEWER)
        )
        fill_group(group=group, staff=[viewer])
        row = violation_record(
            tenant=tenant,
            group_id=group.pk,
            userid=liu(group),
            rule="规则",
            evidence="证据",
            picture=PNG,
            actor=SYSTEM,
        )
        data = told(group)
    away, reader = hold_phone(tenant, stranger), hold_phone(tenant, viewer)
    for rest in ("", "next/", f"{row.pk}/", f"{row.pk}/picture/"):
        assert away.get(url(group, rest)).status_code == 404
    assert away.post(url(group), data).status_code == 404
    assert reader.post(url(group), data).status_code == 403
    assert reader.get(url(group, f"{row.pk}/picture/")).status_code == 403
    assert "证据" not in reader.get(url(group, f"{row.pk}/")).content.decode()
    with tenant_scope(tenant):
        assert Violation.objects.count() == 1


def test_the_console_shows_the_picture_to_who_may_see_personal_data(tenant, staff, group, client):
    with tenant_scope(tenant):
        row = violation_record(
            tenant=tenant,
            group_id=group.pk,
            userid=liu(group),
            rule="规则",
            evidence="",
            picture=PNG,
            actor=SYSTEM,
        )
    client.force_login(User.objects.get(email="lin@example.com"))
    page = f"/t/{tenant.slug}/groups/{group.pk}/violations/{row.pk}/picture/"
    assert client.get(page).content == PNG
    assert page in client.get(f"/t/{tenant.slug}/groups/{group.pk}/?tab=violations").content.decode()


@pytest.mark.parametrize(
    ("content", "kind"), [(PNG, "image/png"), (b"\xff\xd8\xff0", "image/jpeg"), (b"<svg>", "")]
)
def test_a_picture_is_told_by_its_bytes(content, kind):
    assert picture_type(content) == kind


def test_a_picture_beyond_the_limit_is_refused(tenant, group):
    with tenant_scope(tenant), pytest.raises(ViolationInvalid):
        violation_record(
            tenant=tenant, group_id=group.pk, userid=liu(group), rule="规则", picture=PNG + b"0" * LARGEST_BYTES,
            actor=SYSTEM,
        )  # fmt: skip
