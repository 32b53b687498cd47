"""The FAQ of groups: searches are counted, an answer that is used answers them, the rest stay open (R23)."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from console.pages import tenant_url
from content.models import ScriptAsk
from content.policies.search import continues, question_key
from content.selectors.faq import ask_figures, group_hits, open_keys, open_questions
from content.services import script_save
from content.services.asks import ask_answered, ask_record, asks_settle
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import AuditEntry, User
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.factories.groups import make_group, make_member
from tests.factories.team import make_staff
from tests.phone import hold_phone

WHO = Actor(kind="staff", id=7, name="林晓", permissions=frozenset(PERMISSIONS[Role.OPERATOR]))
OTHER = Actor(kind="staff", id=8, name="何静", permissions=frozenset(PERMISSIONS[Role.OPERATOR]))


@given(st.text(alphabet="退款怎么Ab9ß", min_size=1, max_size=40))
def test_a_question_means_the_same_whatever_marks_and_case_it_has(text):
    assert question_key(text) == question_key(f"  {text}？ ") == question_key(text.lower())


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [("退", "退款", True), ("退款怎", "退款怎么办", True), ("退款", "退", True), ("退款", "发货", False)],
)
def test_typing_on_is_one_question(before, after, same):
    assert continues(before, after) is same


@pytest.mark.integration
@pytest.mark.django_db
class TestAsks:
    def ask(self, tenant, words, who=WHO, **more):
        return ask_record(tenant=tenant, words=words, found=0, actor=who, **more)

    def since(self):
        return clock.now() - timedelta(days=1)

    def test_typing_letter_by_letter_is_one_search(self, tenant, frozen):
        with tenant_scope(tenant):
            for words in ("退", "退款", "退款怎么", "退款怎么办"):
                self.ask(tenant, words)
            assert list(ScriptAsk.objects.values_list("words", flat=True)) == ["退款怎么办"]

    def test_a_used_answer_answers_the_last_search_of_that_person_only(self, tenant, frozen):
        with tenant_scope(tenant):
            script = script_save(
                tenant=tenant,
                script_id=None,
                title="怎么退款",
                text="七天内全额退",
                kind="after_sales",
                actor=WHO,
            )
            self.ask(tenant, "怎么退款")
            self.ask(tenant, "怎么退款？", OTHER)
            assert ask_answered(tenant=tenant, script_id=script.pk, actor=WHO)
            told = ask_figures(tenant_id=tenant.pk, since=self.since())
            assert (told.asked, told.answered, told.unanswered) == (2, 1, 1)

    def test_the_same_question_of_two_people_is_one_open_question(self, tenant, frozen):
        with tenant_scope(tenant):
            self.ask(tenant, "怎么开发票")
            self.ask(tenant, "怎么开发票？", OTHER)
            (one,) = open_questions(tenant_id=tenant.pk, since=self.since())
            assert (one.times, one.people) == (2, 2)
            assert asks_settle(tenant=tenant, key=one.key, actor=WHO) == 2
            assert open_questions(tenant_id=tenant.pk, since=self.since()) == []
            assert ask_figures(tenant_id=tenant.pk, since=self.since()).unanswered == 2

    def test_an_answer_taken_in_one_group_answers_the_search_made_there(self, tenant, frozen):
        with tenant_scope(tenant):
            here, there = make_group(tenant=tenant), make_group(tenant=tenant)
            script = script_save(
                tenant=tenant,
                script_id=None,
                title="怎么退款",
                text="七天内全额退",
                kind="product",
                actor=WHO,
            )
            self.ask(tenant, "怎么退款", group_id=here.pk)
            frozen.move(minutes=2)
            self.ask(tenant, "怎么开发票", group_id=there.pk)
            assert ask_answered(tenant=tenant, script_id=script.pk, actor=WHO, group_id=here.pk)
            told = dict(ScriptAsk.objects.values_list("words", "script_id"))
            assert told == {"怎么退款": script.pk, "怎么开发票": None}

    def test_more_open_questions_than_are_listed_are_counted_all(self, tenant, frozen):
        with tenant_scope(tenant):
            for number in range(23):
                frozen.move(minutes=2)
                self.ask(tenant, f"问题{number:02d}")
            assert len(open_questions(tenant_id=tenant.pk, since=self.since())) == 20
            assert open_keys(tenant_id=tenant.pk, since=self.since()).count() == 23

    def test_settling_a_question_stands_in_the_record(self, tenant, frozen):
        with tenant_scope(tenant):
            self.ask(tenant, "怎么开发票")
            key = question_key("怎么开发票")
            asks_settle(tenant=tenant, key=key, actor=WHO)
            asks_settle(tenant=tenant, key=key, actor=WHO)
            (entry,) = AuditEntry.objects.filter(verb="content.ask.settled")
            assert (entry.target_name, entry.actor_name) == ("怎么开发票", WHO.name)

    def test_an_answer_long_after_belongs_to_no_search(self, tenant, frozen):
        with tenant_scope(tenant):
            script = script_save(
                tenant=tenant,
                script_id=None,
                title="怎么退款",
                text="七天内全额退",
                kind="product",
                actor=WHO,
            )
            self.ask(tenant, "怎么退款")
            frozen.move(minutes=31)
            assert not ask_answered(tenant=tenant, script_id=script.pk, actor=WHO)

    def test_who_only_looks_is_not_counted(self, tenant, frozen):
        viewer = Actor(kind="user", id=1, name="看客", permissions=frozenset(PERMISSIONS[Role.VIEWER]))
        with tenant_scope(tenant):
            assert self.ask(tenant, "怎么退款", viewer) is None


@pytest.mark.integration
@pytest.mark.django_db
class TestPages:
    @pytest.fixture
    def scene(self, tenant, frozen):
        with tenant_scope(tenant):
            staff = make_staff(tenant=tenant)
            group = make_group(tenant=tenant, app=staff.app, owner=staff, name="小芽启蒙1群", state="active")
            make_member(group=group, staff=staff)
            script = script_save(
                tenant=tenant, script_id=None, title="怎么退款", text="{群名}：七天内全额退", kind="after_sales",
                actor=WHO,
            )  # fmt: skip
            return staff, group, script

    def test_on_the_phone_a_search_counts_for_the_group_until_an_answer_is_sent(self, tenant, scene):
        staff, group, script = scene
        phone = hold_phone(tenant, staff)
        url = f"/m/{tenant.slug}/group/{group.chat_id}/scripts/"
        assert phone.get(url, {"q": "怎么退款"}).status_code == 200
        with tenant_scope(tenant):
            (ask,) = ScriptAsk.objects.all()
            assert (ask.group_id, ask.script_id) == (group.pk, None)
        used = f"/m/{tenant.slug}/scripts/{script.pk}/used/"
        assert phone.post(used).status_code == 204
        with tenant_scope(tenant):
            since = clock.now() - timedelta(days=1)
            (hit,) = group_hits(tenant_id=tenant.pk, group_id=group.pk, since=since)
            assert (hit.script.pk, hit.times) == (script.pk, 1)

    def test_the_group_page_searches_counts_and_hands_over(self, tenant, scene):
        _staff, group, script = scene
        web = Client()
        web.force_login(User.objects.get(email="lin@example.com"))
        detail = tenant_url(tenant, "groups:detail", pk=group.pk)
        page = web.get(detail, {"tab": "faq", "q": "怎么退款"}).content.decode()
        assert "小芽启蒙1群：七天内全额退" in page
        taken = tenant_url(tenant, "groups:faq_taken", pk=group.pk, script_pk=script.pk)
        assert web.post(taken).status_code == 204
        web.get(detail, {"tab": "faq", "q": "怎么开发票"})
        page = web.get(detail, {"tab": "faq"}).content.decode()
        assert "怎么开发票" in page
        answer = web.get(tenant_url(tenant, "groups:faq_file", pk=group.pk))
        text = b"".join(answer.streaming_content).decode()
        assert "怎么退款" in text
        assert "怎么开发票" in text
        listed = web.get(tenant_url(tenant, "content:scripts"))
        assert "怎么开发票" in listed.content.decode()
        told = {"title": "怎么开发票", "kind": "after_sales", "text": "联系老师", "asked": "怎么开发票"}
        web.post(tenant_url(tenant, "content:script_new"), told)
        with tenant_scope(tenant):
            since = clock.now() - timedelta(days=1)
            assert open_questions(tenant_id=tenant.pk, since=since) == []

    def test_the_pack_of_a_hand_over_carries_the_faq_of_the_givers_groups(self, tenant, scene):
        staff, group, script = scene
        with tenant_scope(tenant):
            other = make_group(tenant=tenant, app=staff.app, owner=make_staff(tenant=tenant, app=staff.app))
            for words, where in (
                ("怎么退款", group),
                ("怎么开发票", group),
                ("怎么开发票？", group),
                ("几点开课", other),
            ):
                ask_record(tenant=tenant, words=words, found=0, actor=OTHER, group_id=where.pk)
                if words == "怎么退款":
                    ask_answered(tenant=tenant, script_id=script.pk, actor=OTHER, group_id=group.pk)
            ask_record(tenant=tenant, words="怎么开发票？", found=0, actor=WHO, group_id=group.pk)
        web = Client()
        web.force_login(User.objects.get(email="lin@example.com"))
        pack = web.get(reverse("team:handover_pack", kwargs={"tenant_slug": tenant.slug, "pk": staff.pk}))
        rows = [
            [cell.value for cell in row] for row in load_workbook(BytesIO(pack.content)).active.iter_rows()
        ]
        assert ["群内用过的答案", "怎么退款", script.text] in rows
        asked = [row[1:] for row in rows if row[0] == "群内没有答案的提问"]
        assert asked == [["怎么开发票？", "小芽启蒙1群"]]
