"""Needs noted in people's words, counted over all leads with the people behind, tied to scripts (R74)."""

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from content.models import Script
from content.services import script_archive, script_save
from leads.errors import NeedEmpty, ScriptGone
from leads.models import Lead, LeadEvent, Need
from leads.selectors.board import lead_list
from leads.selectors.needs import answers_to, need_counts
from leads.services import doubt_answer, doubt_raise, lead_close, need_drop, need_note, need_tie
from tenants.models import AuditEntry, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.leads import act, item, lead_of, make_camp

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


@pytest.fixture
def signed_in(client, tenant):
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


@pytest.fixture
def leads(tenant: Tenant, frozen: MovableClock) -> list[Lead]:
    """刘女士, 陈先生 and 何女士, who clicked pay an hour after their camp began."""
    with tenant_scope(tenant):
        people = make_customers(tenant=tenant, count=3)
        for person, name in zip(people, ("刘女士", "陈先生", "何女士"), strict=True):
            person.name = name
            person.save()
        make_camp(tenant=tenant, customers=people, starts_at=frozen.moment - timedelta(hours=1))
        act(tenant, *[item(one, "pay_click", frozen.moment) for one in people])
        return [lead_of(one) for one in people]


def script(tenant: Tenant, text: str, owner, title: str = "比线下贵吗") -> Script:
    return script_save(tenant=tenant, script_id=None, title=title, text=text, kind="product", actor=owner)


def note(tenant: Tenant, lead: Lead, owner, text: str, kind: str = "pain") -> Need:
    return need_note(tenant=tenant, lead_id=lead.pk, kind=kind, text=text, actor=owner)


def test_the_same_words_are_one_need_of_many_people(tenant: Tenant, owner, leads: list[Lead]) -> None:
    with tenant_scope(tenant):
        for lead in leads[:2]:
            note(tenant, lead, owner, "没时间  辅导 ")
            note(tenant, lead, owner, "没时间 辅导")
        note(tenant, leads[0], owner, "没时间 辅导", kind="scenario")
        found = need_counts(lead_list(tenant_id=tenant.pk), tenant_id=tenant.pk)
        assert [(one.kind, one.text, one.people) for one in found] == [
            ("pain", "没时间 辅导", 2), ("scenario", "没时间 辅导", 1),
        ]  # fmt: skip
        assert LeadEvent.objects.filter(kind="need").count() == 3


def test_counts_tell_open_bought_and_answered(tenant: Tenant, owner, frozen, leads: list[Lead]) -> None:
    with tenant_scope(tenant):
        for lead in leads:
            doubt_raise(tenant=tenant, lead_id=lead.pk, text="比线下贵", actor=owner)
        doubt = leads[0].doubts.get()
        doubt_answer(tenant=tenant, doubt_id=doubt.pk, answer="每节 20.6 元", actor=owner)
        frozen.move(minutes=1)
        lead_close(tenant=tenant, lead_id=leads[0].pk, state="won", actor=owner)
        (found,) = need_counts(lead_list(tenant_id=tenant.pk), tenant_id=tenant.pk, kind="objection")
        assert (found.people, found.open, found.won, found.answered) == (3, 2, 1, 1)


def test_page_counts_and_leads_to_the_very_people(
    signed_in, tenant: Tenant, owner, leads: list[Lead]
) -> None:
    with tenant_scope(tenant):
        note(tenant, leads[0], owner, "没时间辅导")
        note(tenant, leads[1], owner, "没时间辅导")
        note(tenant, leads[2], owner, "想出国玩", kind="scenario")
    base = f"/t/{tenant.slug}/leads/"
    page = signed_in.get(f"{base}needs/?kind=pain").content.decode()
    assert "想出国玩" not in page
    link = re.search(r'href="([^"]*list/all/[^"]*)">2</a>', page).group(1).replace("&amp;", "&")
    people = signed_in.get(link).content.decode()
    assert "刘女士" in people
    assert "陈先生" in people
    assert "何女士" not in people


def test_many_needs_come_page_by_page_each_once_and_every_tie_is_seen(
    signed_in, tenant: Tenant, owner, leads: list[Lead]
) -> None:
    with tenant_scope(tenant):
        agreed = script(tenant, "可以补课", owner)
        for number in range(70):
            note(tenant, leads[number % 3], owner, f"痛点{number:02d}完")
        note(tenant, leads[0], owner, "痛点01完")
        need_tie(tenant=tenant, kind="pain", text="痛点69完", script_id=agreed.pk, actor=owner)
    base = f"/t/{tenant.slug}/leads/needs/?kind=pain"
    pages = [signed_in.get(f"{base}&page={number}").content.decode() for number in (1, 2)]
    told = [re.findall(r'<th scope="row">(痛点\d\d完)</th>', page) for page in pages]
    assert [len(one) for one in told] == [50, 20]
    assert sorted(told[0] + told[1]) == [f"痛点{number:02d}完" for number in range(70)]
    assert told[0][0] == "痛点01完"  # of two people, the others of one
    assert [agreed.title in page for page in pages] == [False, True]
    link = re.search(r'href="([^"]*list/all/[^"]*)">1</a>', pages[1]).group(1).replace("&amp;", "&")
    assert "page=" not in link
    assert signed_in.get(f"{base}&page=9999").status_code == 200
    assert signed_in.get(f"{base}&page=-1").status_code == 200


def test_tied_script_stands_first_on_every_lead_with_that_need(
    signed_in, tenant: Tenant, owner, leads: list[Lead]
) -> None:
    base = f"/t/{tenant.slug}/leads/"
    with tenant_scope(tenant):
        agreed = script(tenant, "{客户称呼}，一节合 20.6 元，{老师称呼}陪您算一遍。{链接:课表}", owner)
        doubt_raise(tenant=tenant, lead_id=leads[0].pk, text="比线下贵", actor=owner)
    form = {"kind": "objection", "text": "比线下贵", "script": agreed.pk}
    assert signed_in.post(f"{base}needs/script/", form, headers={"HX-Request": "true"}).status_code == 204
    found = signed_in.get(f"{base}{leads[0].pk}/scripts/", headers={"HX-Request": "true"}).content.decode()
    first = found[: found.index("</li>")]
    assert "刘女士，一节合 20.6 元，林晓陪您算一遍。" in first
    assert (
        "链接:课表" in first.partition("<small>")[2]
    )  # nothing fills the link: it is said before anybody sends it
    other = signed_in.get(f"{base}{leads[1].pk}/scripts/", headers={"HX-Request": "true"}).content.decode()
    assert "20.6" not in other
    usual = "您提到「比线下贵」"  # what is said where nothing was agreed on
    assert (usual in found, usual in other) == (False, False)
    with tenant_scope(tenant):
        script_archive(tenant=tenant, script_id=agreed.pk, is_archived=True, actor=owner)
    found = signed_in.get(f"{base}{leads[0].pk}/scripts/", headers={"HX-Request": "true"}).content.decode()
    assert ("20.6" in found, usual in found) == (False, True)


def test_of_two_answers_the_one_that_people_bought_after_goes_before_the_one_given_oftener(
    tenant: Tenant, owner, frozen, leads: list[Lead]
) -> None:
    with tenant_scope(tenant):
        for lead, words in zip(leads, ("A 线上有回放", "每节 20.6 元", "A 线上有回放"), strict=True):
            doubt = doubt_raise(tenant=tenant, lead_id=lead.pk, text="比线下贵", actor=owner)
            doubt_answer(tenant=tenant, doubt_id=doubt.pk, answer=words, actor=owner)
        frozen.move(minutes=1)
        lead_close(tenant=tenant, lead_id=leads[1].pk, state="won", actor=owner)
        (answers,) = answers_to(tenant_id=tenant.pk, texts=["比线下贵"]).values()
        assert [(one.text, one.times, one.won) for one in answers] == [
            ("每节 20.6 元", 1, 1), ("A 线上有回放", 2, 0),
        ]  # fmt: skip


def test_the_answer_that_people_bought_after_is_at_hand_for_the_next_who_doubts(
    signed_in, tenant: Tenant, owner, frozen, leads: list[Lead]
) -> None:
    with tenant_scope(tenant):
        for lead, words in zip(leads, ("线上有回放", "每节 20.6 元", ""), strict=True):
            doubt = doubt_raise(tenant=tenant, lead_id=lead.pk, text="比线下贵", actor=owner)
            if words:
                doubt_answer(tenant=tenant, doubt_id=doubt.pk, answer=words, actor=owner)
        frozen.move(minutes=1)
        lead_close(tenant=tenant, lead_id=leads[1].pk, state="won", actor=owner)
    url = f"/t/{tenant.slug}/leads/{leads[2].pk}/scripts/"
    found = signed_in.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "每节 20.6 元" in found[: found.index("</li>")]


def test_search_finds_the_librarys_answer(signed_in, tenant: Tenant, owner, leads: list[Lead]) -> None:
    with tenant_scope(tenant):
        script(tenant, "有的，一年内都能看。", owner, title="课有回放吗")
    url = f"/t/{tenant.slug}/leads/{leads[0].pk}/scripts/?q=回放"
    assert "一年内都能看" in signed_in.get(url, headers={"HX-Request": "true"}).content.decode()


def test_a_need_noted_by_mistake_is_taken_back(signed_in, tenant: Tenant, owner, leads: list[Lead]) -> None:
    with tenant_scope(tenant):
        need = note(tenant, leads[0], owner, "没时间辅导")
    url = f"/t/{tenant.slug}/leads/needs/{need.pk}/drop/"
    assert [signed_in.post(url).status_code for _ in range(2)] == [302, 404]
    with tenant_scope(tenant):
        assert Need.objects.count() == 0


def test_nothing_empty_unknown_or_foreign_is_noted(
    tenant: Tenant, other_tenant: Tenant, owner, leads: list[Lead]
) -> None:
    with tenant_scope(other_tenant):
        theirs = script_save(
            tenant=other_tenant, script_id=None, title="别家", text="别家的话", kind="product",
            actor=owner,
        ).pk  # fmt: skip
    with tenant_scope(tenant):
        with pytest.raises(NeedEmpty):
            note(tenant, leads[0], owner, " 　")
        with pytest.raises(ValueError, match="objection"):
            note(tenant, leads[0], owner, "贵", kind="objection")
        with pytest.raises(ScriptGone):
            need_tie(tenant=tenant, kind="pain", text="没时间", script_id=theirs, actor=owner)
        assert note(tenant, leads[0], owner, "😀" * 200).text == "😀" * 120
        with pytest.raises(IntegrityError), transaction.atomic():
            Need.objects.filter(lead=leads[0]).update(kind="objection")


def test_page_costs_the_same_for_few_and_many_needs(
    signed_in, tenant: Tenant, owner, frozen, leads: list[Lead]
) -> None:
    url = f"/t/{tenant.slug}/leads/needs/"
    costs = []
    for start, end in ((0, 1), (1, 30)):
        with tenant_scope(tenant):
            agreed = script(tenant, f"说法 {start}", owner)
            for number in range(start, end):
                note(tenant, leads[number % 3], owner, f"需求 {number}", kind="need")
                need_tie(tenant=tenant, kind="need", text=f"需求 {number}", script_id=agreed.pk, actor=owner)
        signed_in.get(url)
        with CaptureQueriesContext(connection) as seen:
            assert signed_in.get(url).status_code == 200
        costs.append(len([one for one in seen if "set_config" not in one["sql"]]))
    assert costs[0] == costs[1] <= 25


def test_a_script_put_away_is_tied_to_nothing_and_the_trail_tells_each_change_once(
    tenant: Tenant, owner, leads: list[Lead]
) -> None:
    with tenant_scope(tenant):
        kept, gone = script(tenant, "可以补课", owner, "补课"), script(tenant, "旧话术", owner, "旧")
        script_archive(tenant=tenant, script_id=gone.pk, is_archived=True, actor=owner)
        with pytest.raises(ScriptGone):
            need_tie(tenant=tenant, kind="pain", text="没时间", script_id=gone.pk, actor=owner)
        for _ in range(2):
            need_tie(tenant=tenant, kind="pain", text=" 没时间 ", script_id=kept.pk, actor=owner)
        told = AuditEntry.objects.filter(verb="leads.need.tied")
        assert [one.changes["script"] for one in told] == [[None, kept.pk]]
        need = note(tenant, leads[0], owner, "没时间")
        need_drop(tenant=tenant, need_id=need.pk, actor=owner)
        dropped = AuditEntry.objects.get(verb="leads.need.dropped")
        assert (dropped.changes["kind"], dropped.actor_name) == (["pain", None], owner.name)
        assert not Need.objects.exists()


def test_a_person_in_two_camps_has_a_need_once(tenant: Tenant, owner, frozen, leads: list[Lead]) -> None:
    with tenant_scope(tenant):
        person = leads[0].customer
        make_camp(tenant=tenant, customers=[person], source_id=2)
        frozen.move(minutes=5)
        act(tenant, item(person, "pay_click", frozen.moment))
        for lead in Lead.objects.filter(customer=person):
            note(tenant, lead, owner, "没时间")
        (found,) = need_counts(lead_list(tenant_id=tenant.pk), tenant_id=tenant.pk, kind="pain")
        assert (found.people, found.open) == (1, 2)


def test_words_for_a_doubt_leave_the_lead_once_it_is_answered(
    signed_in, tenant: Tenant, owner, leads: list[Lead]
) -> None:
    with tenant_scope(tenant):
        agreed = script(tenant, "一节合 20.6 元", owner)
        need_tie(tenant=tenant, kind="objection", text="比线下贵", script_id=agreed.pk, actor=owner)
        doubt = doubt_raise(tenant=tenant, lead_id=leads[0].pk, text="比线下贵", actor=owner)
    url = f"/t/{tenant.slug}/leads/{leads[0].pk}/scripts/"
    assert "20.6" in signed_in.get(url, headers={"HX-Request": "true"}).content.decode()
    with tenant_scope(tenant):
        doubt_answer(tenant=tenant, doubt_id=doubt.pk, answer="说过了", actor=owner)
    assert "20.6" not in signed_in.get(url, headers={"HX-Request": "true"}).content.decode()
