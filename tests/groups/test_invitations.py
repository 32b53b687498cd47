"""Super-user groups: a published rule, who meets it, an invitation by hand, admission by joining, a welcome (R16)."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from console.pages import tenant_url
from contacts.events import CustomerOptedOut
from contacts.models import Customer
from contacts.policies.tag_rules import Condition
from groups.enums import InviteState, State
from groups.errors import InviteClosed, InviteRefused, MixBroken, NoScreening, ScreeningInvalid
from groups.events import MemberJoined
from groups.handlers import on_customer_opted_out, on_invited_joined
from groups.models import Group, Invitation, ReadinessAnswer, ScreeningRule
from groups.selectors.screening import candidates_of, standing_of
from groups.services.invitations import invitation_answer, invite
from groups.services.screening import public_url, screening_publish, screening_save
from team.models import WorkItem
from team.services import work_item_act
from tenants import clock
from tenants.audit import SYSTEM
from tenants.enums import Role
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customer_tag, make_customers, make_follow, make_order, make_tag
from tests.factories.groups import fill_group, make_group, make_ready_group
from tests.factories.team import make_staff
from tests.factories.tenants import make_member as make_membership
from tests.factories.tenants import make_user as make_person
from tests.phone import hold_phone

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
TWICE = (Condition("bought", 2),)


@pytest.fixture
def group(scoped):
    """A running super-user group with seven potential customers and three super-users, and an owner."""
    made = make_ready_group(
        tenant=scoped, kind="super_user", payment_basis="paid", purpose="maintenance", ends_on=None,
        state=State.ACTIVE, owner=make_staff(tenant=scoped, userid="zhoulan", name="周岚"),
    )  # fmt: skip
    people = make_customers(tenant=scoped, count=10)
    tag = make_tag(tenant=scoped, name="超级用户")
    for one in people[:3]:
        make_customer_tag(tenant=scoped, customer=one, tag=tag)
    return fill_group(group=made, customers=people)


def publish(group, conditions=TWICE, needs_all=True):
    screening_save(
        tenant=group.tenant, group_id=group.pk, conditions=conditions, needs_all=needs_all,
        words="一年内买过两次", benefits="新课先听\n每月一次答疑", actor=SYSTEM,
    )  # fmt: skip
    return screening_publish(tenant=group.tenant, group_id=group.pk, is_public=True, actor=SYSTEM)


def buyer(tenant, orders=2, is_super=False, **fields):
    one = make_customers(tenant=tenant, count=1)[0]
    for _number in range(orders):
        make_order(tenant=tenant, customer=one)
    if is_super:
        make_customer_tag(tenant=tenant, customer=one, tag=make_tag(tenant=tenant, name="超级用户"))
    Customer.objects.filter(pk=one.pk).update(**fields) if fields else None
    return one


def ask(group, *people, **kwargs):
    ids = [one.pk for one in people]
    return invite(tenant=group.tenant, group_id=group.pk, customer_ids=ids, actor=SYSTEM, **kwargs)


def candidates(group):
    rule = ScreeningRule.objects.get(group=group)
    found = candidates_of(tenant=group.tenant, group=group, rule=rule, now=clock.now())
    return {one.customer_id: one for one in found}


def task(source_kind, row):
    return WorkItem.objects.filter(source_kind=source_kind, source_id=row.pk).first()


def join(group, *people):
    event = MemberJoined(
        tenant_id=group.tenant_id, occurred_at=clock.now(), group_id=group.pk,
        customer_ids=[one.pk for one in people], staff_ids=[], joined_at=clock.now(),
    )  # fmt: skip
    on_invited_joined(tenant_id=group.tenant_id, events=[event])


def test_candidates_meet_the_rule_with_evidence_and_sit_in_no_such_group(scoped, group):
    publish(group)
    twice, once, refused = buyer(scoped), buyer(scoped, 1), buyer(scoped, opt_out_at=clock.now())
    inside = buyer(scoped)
    other = make_group(tenant=scoped, kind="super_user", state=State.ACTIVE)
    fill_group(group=other, customers=[inside])
    found = candidates(group)
    assert set(found) == {twice.pk}
    assert "2" in found[twice.pk].evidence[0]
    assert {once.pk, refused.pk, inside.pk}.isdisjoint(found)


def test_a_tag_and_spend_qualify_too_all_or_any(scoped, group):
    rich = buyer(scoped, 1)
    tagged = buyer(scoped, 0, is_super=True)
    conditions = (Condition("tag:超级用户"), Condition("spent", 1980))
    publish(group, conditions, needs_all=False)
    assert set(candidates(group)) == {rich.pk, tagged.pk}
    assert candidates(group)[tagged.pk].is_super
    publish(group, conditions, needs_all=True)
    assert set(candidates(group)) == set()


def test_an_invitation_becomes_a_task_of_a_friend_with_the_words(scoped, group):
    publish(group)
    one, friend = buyer(scoped), make_staff(tenant=scoped, userid="linxiao", name="林晓")
    make_follow(tenant=scoped, customer=one, staff=friend)
    assert ask(group, one).made == 1
    row = Invitation.objects.get()
    assert (row.state, row.staff_id) == (InviteState.INVITED, friend.pk)
    item = task("groups.invitation", row)
    assert item.staff_id == friend.pk
    for words in (
        "一年内买过两次",
        "每月一次答疑",
        "\n30 天养成听读习惯\n",
        public_url(ScreeningRule.objects.get()),
        one.name,
    ):
        assert words in item.script


def test_pressing_twice_makes_one_invitation(scoped, group):
    publish(group)
    one = buyer(scoped)
    assert (ask(group, one).made, ask(group, one).made) == (1, 0)
    assert Invitation.objects.count() == WorkItem.objects.filter(source_kind="groups.invitation").count() == 1


def test_an_invitation_that_would_break_the_band_warns_first(scoped, group):
    publish(group)
    first, second = buyer(scoped, is_super=True), buyer(scoped, is_super=True)
    with pytest.raises(MixBroken):
        ask(group, first)  # 4 of 11 are 36.4%
    assert not Invitation.objects.exists()
    assert ask(group, first, reason="她带来了三位朋友").made == 1
    row = Invitation.objects.get()
    assert row.reason == "她带来了三位朋友"
    assert row.mix == {"supers": 3, "customers": 10, "supers_after": 4, "customers_after": 11}
    with pytest.raises(MixBroken):
        ask(group, second)  # those invited count already
    potential = buyer(scoped)
    assert ask(group, potential).made == 1
    assert standing_of(tenant_id=scoped.pk, group=group).invited.customers == 12


def test_who_wants_no_marketing_is_refused_alone_and_left_out_among_others(scoped, group):
    publish(group)
    refused, one = buyer(scoped, opt_out_at=clock.now()), buyer(scoped)
    with pytest.raises(InviteRefused):
        ask(group, refused)
    found = ask(group, refused, one)
    assert (found.made, found.opted_out) == (1, 1)
    assert Invitation.objects.get().customer_id == one.pk


def test_opting_out_takes_an_open_invitation_back(scoped, group):
    publish(group)
    one = buyer(scoped)
    ask(group, one)
    event = CustomerOptedOut(tenant_id=scoped.pk, occurred_at=clock.now(), customer_id=one.pk, opted_out=True)
    on_customer_opted_out(tenant_id=scoped.pk, events=[event, event])
    row = Invitation.objects.get()
    assert (row.state, task("groups.invitation", row).state) == (InviteState.WITHDRAWN, "cancelled")


def test_nobody_is_invited_against_the_rule_or_before_it_is_published(scoped, group):
    one, never = buyer(scoped), buyer(scoped, 0)
    with pytest.raises(NoScreening):
        ask(group, one)
    publish(group)
    with pytest.raises(InviteRefused):
        ask(group, never)
    screening_publish(tenant=scoped, group_id=group.pk, is_public=False, actor=SYSTEM)
    with pytest.raises(NoScreening):
        ask(group, one)


def test_joining_admits_and_the_owner_gets_the_welcome(scoped, group):
    publish(group)
    one, uninvited = buyer(scoped), buyer(scoped)
    ask(group, one)
    row = Invitation.objects.get()
    invitation_answer(tenant=scoped, invitation_id=row.pk, state="accepted", note="很乐意", actor=SYSTEM)
    assert task("groups.invitation", row).state == "done"
    join(group, one, uninvited)
    join(group, one)
    row.refresh_from_db()
    assert (row.state, row.admitted_at, row.answer_note) == (InviteState.ADMITTED, clock.now(), "很乐意")
    welcome = task("groups.ceremony", row)
    assert (welcome.staff_id, welcome.state) == (group.owner_id, "open")
    assert one.name in welcome.script
    assert WorkItem.objects.filter(source_kind="groups.ceremony").count() == 1
    work_item_act(tenant=scoped, item_id=welcome.pk, verb="done", actor=SYSTEM)
    row.refresh_from_db()
    assert row.welcomed_at == clock.now()


def test_a_join_into_another_group_admits_nobody(scoped, group):
    publish(group)
    one = buyer(scoped)
    ask(group, one)
    join(make_group(tenant=scoped, kind="super_user"), one)
    assert Invitation.objects.get().state == InviteState.INVITED


def test_done_on_the_task_says_asked_and_undo_takes_it_back(scoped, group):
    publish(group)
    ask(group, buyer(scoped))
    row = Invitation.objects.get()
    for verb, asked in (("done", True), ("undo", False)):
        work_item_act(tenant=scoped, item_id=task("groups.invitation", row).pk, verb=verb, actor=SYSTEM)
        row.refresh_from_db()
        assert (row.told_at is not None) == asked


def test_a_no_is_kept_and_asked_again_only_by_hand(scoped, group):
    publish(group)
    one = buyer(scoped)
    ask(group, one)
    row = Invitation.objects.get()
    invitation_answer(tenant=scoped, invitation_id=row.pk, state="declined", note="没时间", actor=SYSTEM)
    assert one.pk not in candidates(group)
    with pytest.raises(InviteClosed):
        invitation_answer(tenant=scoped, invitation_id=row.pk, state="accepted", actor=SYSTEM)
    assert ask(group, one).made == 1


def test_the_rule_says_the_same_in_the_readiness_answers(scoped, group):
    publish(group)
    answer = ReadinessAnswer.objects.get(group=group, question="positioning").answer
    assert (answer["screening"], answer["benefits"]) == ("一年内买过两次", "新课先听\n每月一次答疑")
    assert answer["audience"]
    for conditions in ((), (Condition("tag:超级用户", 2),), TWICE * 2):
        with pytest.raises(ScreeningInvalid):
            publish(group, conditions)


# --- The pages


def url(tenant, name, **kwargs):
    return tenant_url(tenant, f"groups:{name}", **kwargs)


@pytest.fixture
def web(tenant):
    User.objects.update(language="en")
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


def test_rule_candidates_and_invitation_by_the_pages(web, scoped, group):
    one = buyer(scoped, is_super=True)
    told = {
        "needs_all": "1", "fact_1": "bought", "at_least_1": "2", "days_1": "365", "words": "一年内买过两次",
        "benefits": "新课先听",
    }  # fmt: skip
    assert web.post(url(scoped, "screening", pk=group.pk), told).status_code == 302
    assert 'value="365"' in web.get(url(scoped, "screening", pk=group.pk)).content.decode()
    web.post(url(scoped, "screening_publish", pk=group.pk, verb="publish"))
    assert one.name in web.get(url(scoped, "candidates", pk=group.pk)).content.decode()
    assert (
        one.name not in web.get(url(scoped, "candidates", pk=group.pk) + "?which=potential").content.decode()
    )
    drawer = url(scoped, "invite", pk=group.pk)
    opened = web.get(f"{drawer}?who={one.pk}").content.decode()
    assert "36.4%" in opened
    assert 'name="reason"' not in opened
    warned = web.post(drawer, {"who": one.pk})
    assert warned.status_code >= 400
    assert 'name="reason"' in warned.content.decode()
    assert web.post(drawer, {"who": one.pk, "reason": "带来三位朋友"}).status_code == 204
    row = Invitation.objects.get()
    page = web.get(url(scoped, "detail", pk=group.pk) + "?tab=super").content.decode()
    assert one.name in page
    assert "30.0%" in page
    web.post(url(scoped, "invitation_act", pk=row.pk, verb="accepted"))
    row.refresh_from_db()
    assert row.state == InviteState.ACCEPTED


def test_pages_cost_the_same_for_many_people(web, scoped, group):
    publish(group)
    pages = (url(scoped, "candidates", pk=group.pk), url(scoped, "detail", pk=group.pk) + "?tab=super")

    def cost():
        found = []
        for page in pages:
            with CaptureQueriesContext(connection) as queries:
                web.get(page)
            found.append(len(queries))
        return found

    def more():
        ask(group, buyer(scoped), reason="先小范围试")
        buyer(scoped)

    more()
    cost()
    before = cost()
    for _number in range(4):
        more()
    assert cost() == before


def test_every_customer_reads_the_rule_and_nobody_is_named(scoped, group):
    rule = publish(group)
    path = f"/s/{rule.token}"
    for language, words in (("en", "Who qualifies"), ("zh-hans", "一年内买过两次")):
        answer = Client(headers={"accept-language": language}).get(path)
        body = answer.content.decode()
        assert answer.status_code == 200
        assert words in body
        assert "小芽英语" in body
        assert group.owner.name not in body
        assert "超级用户" not in body or language == "zh-hans"
    screening_publish(tenant=scoped, group_id=group.pk, is_public=False, actor=SYSTEM)
    assert Client().get(path).status_code == 404
    assert Client().get("/s/1-doesnotexist").status_code == 404


def test_the_page_closes_with_its_company_and_its_group(scoped, group):
    path = f"/s/{publish(group).token}"
    for rows, field, value in (
        (Group.objects.filter(pk=group.pk), "kind", "new_user"),
        (Group.objects.filter(pk=group.pk), "dismissed_at", clock.now()),
        (Tenant.objects.filter(pk=scoped.pk), "suspended_at", clock.now()),
    ):
        before = rows.values_list(field, flat=True).get()
        assert Client().get(path).status_code == 200
        rows.update(**{field: value})
        assert Client().get(path).status_code == 404
        rows.update(**{field: before})


def test_the_friend_writes_the_answer_on_the_phone_and_a_stranger_sees_nothing(scoped, group):
    publish(group)
    one, friend = buyer(scoped), make_staff(tenant=scoped, userid="linxiao", name="林晓")
    make_follow(tenant=scoped, customer=one, staff=friend)
    ask(group, one)
    row = Invitation.objects.get()
    page = task("groups.invitation", row).phone_url
    assert "一年内买过两次" in hold_phone(scoped, friend).get(page).content.decode()
    stranger = hold_phone(scoped, make_staff(tenant=scoped, userid="x", name="路人"))
    assert one.name not in stranger.get(page).content.decode()
    assert hold_phone(scoped, friend).post(page, {"state": "admitted"}).status_code == 404
    hold_phone(scoped, friend).post(page, {"state": "declined", "note": "没时间"})
    row.refresh_from_db()
    assert (row.state, row.answer_note) == (InviteState.DECLINED, "没时间")


def test_sales_write_answers_down_but_invite_nobody(scoped, group):
    publish(group)
    one = buyer(scoped)
    ask(group, one)
    person = make_person()
    make_membership(tenant=scoped, role=Role.SALES, user=person)
    client = Client()
    client.force_login(person)
    assert client.post(url(scoped, "invite", pk=group.pk), {"who": one.pk}).status_code == 403
    row = Invitation.objects.get()
    assert client.post(url(scoped, "invitation_act", pk=row.pk, verb="accepted")).status_code == 302


def test_another_companys_group_rule_and_people_are_not_found(web, tenant, other_tenant):
    with tenant_scope(other_tenant):
        foreign = make_group(tenant=other_tenant, kind="super_user")
        rule = publish(foreign)
    for name in ("screening", "candidates", "invite"):
        assert web.get(url(tenant, name, pk=foreign.pk)).status_code == 404
    assert Client().get(f"/s/{rule.token}").status_code == 200


def test_somebody_invited_who_sits_there_already_counts_once_in_the_mix(scoped, group):
    publish(group)
    potential = buyer(scoped)
    assert ask(group, potential).made == 1
    fill_group(group=group, customers=[potential])  # in by another way, before anybody told of it
    standing = standing_of(tenant_id=scoped.pk, group=group)
    assert (standing.now.customers, standing.invited.customers) == (11, 11)
