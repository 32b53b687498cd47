"""A group's culture on its page and in the sidebar of its chat (R130)."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from console.pages import tenant_url
from groups.models import Group, Koc, Norm, Thanks, Violation
from groups.services.norms import norm_add, norm_ask, norm_voices_tell
from groups.services.thanks import thanks_write
from groups.services.violations import violation_record
from tenants.audit import SYSTEM
from tenants.enums import Role
from tenants.models import User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_answers, make_group
from tests.factories.team import make_staff
from tests.factories.tenants import make_member as make_membership
from tests.factories.tenants import make_user
from tests.phone import hold_phone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
TEXT = "晚上十点后不发语音"


@pytest.fixture
def staff(tenant):
    with tenant_scope(tenant):
        return make_staff(tenant=tenant, name="林晓", userid="LinXiao")


@pytest.fixture
def group(tenant, staff):
    with tenant_scope(tenant):
        made = make_group(
            tenant=tenant, app=staff.app, name="启蒙03群", state="active", kind="new_user", owner=staff,
            owner_userid=staff.userid, welcome="欢迎进群。",
        )  # fmt: skip
        make_answers(group=made)
        return fill_group(group=made, customers=make_customers(tenant=tenant, count=6), staff=[staff])


@pytest.fixture
def client(tenant):
    User.objects.update(language="en")
    web = Client()
    web.force_login(User.objects.get(email="lin@example.com"))
    return web


def people(group):
    return list(group.members.filter(is_staff=False).order_by("pk").values_list("customer_id", flat=True))


def agreed(group):
    tenant, ids = group.tenant, people(group)
    row = norm_add(tenant=tenant, group_id=group.pk, customer_id=ids[0], text=TEXT, actor=SYSTEM)
    norm_ask(tenant=tenant, norm_id=row.pk, actor=SYSTEM)
    return norm_voices_tell(tenant=tenant, norm_id=row.pk, customer_ids=ids[:5], actor=SYSTEM)


def url(group, name, **more):
    return tenant_url(group.tenant, f"groups:{name}", pk=group.pk, **more)


def page_of(client, group, tab="culture"):
    after = client.get(url(group, "thanks")).text if tab == "culture" else ""
    return client.get(url(group, "detail"), {"tab": tab}).text + after


def test_from_a_members_words_to_the_welcome_on_one_page(client, tenant, group):
    with tenant_scope(tenant):
        ids = people(group)
    told = {"customer": ids[0], "text": TEXT, "said": "夜里听语音太吵"}
    assert client.post(url(group, "norm_new"), told).status_code == 204
    with tenant_scope(tenant):
        norm = Norm.objects.get()
    assert "Ask the group" in page_of(client, group)
    client.post(url(group, "norm_ask", number=norm.pk))
    page = page_of(client, group)
    assert ("0 agree" in page, "of 5 needed" in page, "Tell who answered" in page) == (True, True, True)
    answered = client.post(url(group, "norm_voices", number=norm.pk), {"people": ids[:5], "is_yes": "yes"})
    assert answered.status_code == 204
    assert "Write into the welcome" in page_of(client, group)
    client.post(url(group, "norms_tell", place="welcome"))
    page = page_of(client, group)
    assert ("Write into the welcome" in page, "Write into the announcement" in page) == (False, True)
    with tenant_scope(tenant):
        assert TEXT in Group.objects.get(pk=group.pk).welcome
        listed = client.get(url(group, "detail"), {"tab": "members", "people": f"culture-yes-{norm.pk}"}).text
    assert "Agree to the norm" in listed
    assert client.post(url(group, "norm_drop", number=norm.pk), {"reason": "改了"}).status_code == 204
    assert "1 not kept" in page_of(client, group)


def test_a_thanks_comes_with_its_words_and_is_counted_when_it_was_said(client, tenant, group):
    with tenant_scope(tenant):
        who = people(group)[0]
        name = str(group.members.get(customer_id=who).customer)
    drawer = client.get(url(group, "thanks_new"), {"who": who, "for": "answer"}).text
    assert f"Thank you, {name}, for answering" in drawer
    told = {"customer": who, "reason": "answer", "words": ""}
    assert client.post(url(group, "thanks_new"), told).status_code == 204
    with tenant_scope(tenant):
        row = Thanks.objects.get()
    assert (f"Thank you, {name}" in row.words, "It was said" in page_of(client, group)) == (True, True)
    client.post(url(group, "thanks_act", number=row.pk, verb="said"))
    page = page_of(client, group)
    assert "people=culture-thanked" in page
    client.post(url(group, "thanks_act", number=row.pk, verb="open"))
    client.post(url(group, "thanks_act", number=row.pk, verb="drop"))
    with tenant_scope(tenant):
        assert Thanks.objects.get().state == "dropped"


def test_the_friendly_words_stand_before_a_first_warning_and_one_press_leaves_it_at_them(
    client, tenant, group
):
    with tenant_scope(tenant):
        agreed(group)
        userid = group.members.filter(is_staff=False).order_by("pk").first().userid
    drawer = client.get(url(group, "violation_new"), {"who": userid}).text
    assert f"Members agreed: {TEXT}" in drawer
    asked = {"userid": userid, "rule": "不私加成员", "other_rule": "", "step": ""}
    beside = client.get(url(group, "violation_next"), asked).text
    assert beside.index("A friendly word first") < beside.index("a reminder: our group has the rule")
    told = {**asked, "evidence": "", "friendly": "1"}
    assert client.post(url(group, "violation_new"), told).status_code == 204
    with tenant_scope(tenant):
        assert Violation.objects.get().step == "kind"
    assert "A friendly word first" in client.get(url(group, "violation_next"), asked).text
    with tenant_scope(tenant):
        violation_record(
            tenant=tenant, group_id=group.pk, userid=userid, rule="不私加成员", evidence="加人", actor=SYSTEM
        )
    assert "A friendly word first" not in client.get(url(group, "violation_next"), asked).text
    beside = page_of(client, group, "violations")
    assert "friendly words 1 · sanctions 1" in beside
    assert client.post(url(group, "violation_new"), {**asked, "evidence": ""}).status_code == 422


def test_roles_without_anybody_are_seen_and_given_on_the_helpers_tab(client, tenant, group):
    with tenant_scope(tenant):
        row = Koc.objects.create(
            tenant=tenant, group=group, customer_id=people(group)[0], state="helper", origin="grown"
        )
        name = str(row.customer)
    assert page_of(client, group).count("nobody yet") == 5
    edit = tenant_url(tenant, "groups:koc_edit", pk=row.pk)
    client.post(edit, {"role": "greeter", "privileges": "", "origin": "grown"})
    page = page_of(client, group)
    assert (page.count("nobody yet"), name in page.split("Greets newcomers")[1][:300]) == (4, True)
    assert "Greets newcomers" in page_of(client, group, "koc")
    assert client.post(edit, {"role": "boss", "privileges": "", "origin": "grown"}).status_code == 409


def test_every_part_of_a_busy_groups_page_stays_within_its_statements(client, tenant, group):
    with tenant_scope(tenant):
        agreed(group)
        ids = people(group)
        for one in ids:
            thanks_write(
                tenant=tenant, group_id=group.pk, customer_id=one, reason="help", words="谢谢", actor=SYSTEM,
                is_said=one != ids[0],
            )  # fmt: skip
        Koc.objects.create(tenant=tenant, group=group, customer_id=ids[0], state="helper", origin="grown")
        userid = group.members.filter(is_staff=False).order_by("pk").first().userid
        for step in ("kind", "warn"):
            violation_record(
                tenant=tenant,
                group_id=group.pk,
                userid=userid,
                rule="x",
                evidence="y",
                step=step,
                actor=SYSTEM,
            )
    page_of(client, group)
    for tab in ("culture", "violations", "koc", "overview"):
        with CaptureQueriesContext(connection) as asked:
            client.get(url(group, "detail"), {"tab": tab})
        assert len(asked) <= 25, (tab, len(asked), "\n".join(one["sql"][:150] for one in asked))


def test_a_viewer_reads_and_presses_nothing(tenant, group):
    with tenant_scope(tenant):
        norm = agreed(group)
        row = thanks_write(
            tenant=tenant,
            group_id=group.pk,
            customer_id=people(group)[0],
            reason="help",
            words="谢谢",
            actor=SYSTEM,
        )
        user = make_user(email="viewer@example.com")
        User.objects.update(language="en")
        make_membership(tenant=tenant, user=user, role=Role.VIEWER)
    web = Client(headers={"accept-language": "en"})
    web.force_login(user)
    page = page_of(web, group)
    assert (TEXT in page, "It was said" in page, "Ask the group" in page) == (True, False, False)
    for name, more in (
        ("norm_ask", {"number": norm.pk}), ("thanks_act", {"number": row.pk, "verb": "said"}),
        ("norms_tell", {"place": "welcome"}),
    ):  # fmt: skip
        assert web.post(url(group, name, **more)).status_code == 403


def test_another_groups_norm_or_thanks_is_not_found_here(client, tenant, group, staff):
    with tenant_scope(tenant):
        other = make_group(tenant=tenant, app=staff.app, state="active", owner=staff)
        norm = agreed(group)
    for name, more in (
        ("norm_ask", {}),
        ("norm_drop", {}),
        ("norm_voices", {}),
        ("thanks_act", {"verb": "said"}),
    ):
        assert client.post(url(other, name, number=norm.pk, **more), {}).status_code == 404


class TestPhone:
    def culture(self, group):
        return f"/m/{group.tenant.slug}/group/{group.chat_id}/culture/"

    def test_thanked_noted_asked_and_said_from_the_sidebar(self, tenant, staff, group):
        phone = hold_phone(tenant, staff)
        with tenant_scope(tenant):
            ids = people(group)
        assert self.culture(group) in phone.get(f"/m/{tenant.slug}/group/{group.chat_id}/").text
        here = self.culture(group)
        assert phone.post(here, {"act": "thank", "customer": ids[1], "reason": "share"}).status_code == 302
        assert phone.post(here, {"act": "note", "customer": ids[0], "text": TEXT}).status_code == 302
        with tenant_scope(tenant):
            norm, thanks = Norm.objects.get(), Thanks.objects.get()
        page = phone.get(here).text
        assert ('data-then="#c-s-' in page, thanks.words in page) == (True, True)
        phone.post(here, {"act": "ask", "pk": norm.pk})
        assert "Ask in the group" in phone.get(here).text
        phone.post(here, {"act": "said", "pk": thanks.pk})
        assert "thanks 1 ·" in phone.get(here).text
        with tenant_scope(tenant):
            assert (Norm.objects.get().state, Thanks.objects.get().said_by) == ("asked", "林晓")

    def test_faults_stay_in_the_form_and_what_is_unknown_is_not_found(self, tenant, staff, group):
        phone, here = hold_phone(tenant, staff), self.culture(group)
        with tenant_scope(tenant):
            ids = people(group)
        for wrong in (
            {"act": "thank", "customer": "", "reason": "share"}, {"act": "note", "customer": ids[0], "text": ""},
            {"act": "thank", "customer": ids[0], "reason": "praise"},
        ):  # fmt: skip
            answer = phone.post(here, wrong)
            assert (answer.status_code, "invalid-feedback" in answer.text) == (422, True)
        for gone in (
            {"act": "ask", "pk": "9" * 12},
            {"act": "said", "pk": "-1"},
            {"act": "dance"},
            {"act": "ask"},
        ):
            assert phone.post(here, gone).status_code == 404
        with tenant_scope(tenant):
            assert not Thanks.objects.exists()

    def test_the_groups_page_stays_within_its_statements(
        self, tenant, staff, group, django_assert_max_num_queries
    ):
        phone = hold_phone(tenant, staff)
        with tenant_scope(tenant):
            agreed(group)
            for one in people(group):
                thanks_write(
                    tenant=tenant,
                    group_id=group.pk,
                    customer_id=one,
                    reason="help",
                    words="谢谢",
                    actor=SYSTEM,
                )
        phone.get(self.culture(group))
        with django_assert_max_num_queries(25):
            phone.get(self.culture(group))
        with django_assert_max_num_queries(25):
            assert TEXT in phone.get(f"/m/{tenant.slug}/group/{group.chat_id}/").text
