"""The promise ledger: what staff write, what time does, what the owner gets to do (R17)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from console.pages import tenant_url
from groups.enums import PROMISE_GAP, PromiseState, Risk, State
from groups.errors import EvidenceNeeded, PromiseClosed, PromiseInvalid, ReasonNeeded
from groups.models import Group, GroupFinding, Promise
from groups.selectors.promises import delivery_groups, ledgers_of
from groups.services import promise_tasks
from groups.services.glance import glance_refresh
from groups.services.night import groups_judge_night
from groups.services.promise_tasks import promises_fall_due, tenants_with_promises_due
from groups.services.promises import (
    PromiseDraft,
    promise_add,
    promise_break,
    promise_edit,
    promise_keep,
    promise_reopen,
    promise_withdraw,
)
from groups.services.promises_gate import TakenOver, promises_from_gate
from team.models import WorkItem
from team.services import work_item_act
from tenants import clock
from tenants.audit import SYSTEM
from tenants.enums import Role
from tenants.models import AuditEntry, User
from tenants.scoping import tenant_scope, unscoped
from tenants.services import preference_set
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group, make_ready_group
from tests.factories.team import make_staff
from tests.factories.tenants import make_member as make_membership
from tests.factories.tenants import make_user as make_person
from tests.phone import hold_phone

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def group(scoped):
    """A running learning group with an owner and three customers."""
    made = make_ready_group(
        tenant=scoped, kind="delivery", sub_kind="learning", payment_basis="paid", purpose="after_sales",
        state=State.ACTIVE, owner=make_staff(tenant=scoped, userid="zhoulan", name="周岚"),
    )  # fmt: skip
    return fill_group(group=made, customers=make_customers(tenant=scoped, count=3))


def promise(group, hours, text="作业 24 小时内点评", **kwargs):
    due_at = clock.now() + timedelta(hours=hours)
    draft = PromiseDraft(text=text, due_at=due_at, **kwargs)
    return promise_add(tenant=group.tenant, group_id=group.pk, draft=draft, actor=SYSTEM)


def keep(group, one, **kwargs):
    told = {"evidence": "点评截图在群文件", **kwargs}
    return promise_keep(tenant=group.tenant, promise_id=one.pk, actor=SYSTEM, **told)


def broken_checks(group):
    codes = GroupFinding.objects.filter(group=group, code__in=["DELIV-02", "DELIV-03"])
    return set(codes.values_list("code", flat=True))


def task(one):
    return WorkItem.objects.filter(source_kind="groups.promise", source_id=one.pk).first()


def test_an_overdue_promise_is_amber_at_once_and_green_when_kept(scoped, group, frozen):
    for number in range(10):
        keep(group, promise(group, -1, text=f"第 {number} 讲"))
    late = promise(group, -1, text="结业证书")
    group.refresh_from_db()
    assert broken_checks(group) == {"DELIV-02"}
    assert group.risk == Risk.WARN
    keep(group, late)
    assert broken_checks(group) == set()


def test_more_than_a_tenth_open_is_red_and_the_share_is_a_setting(scoped, group):
    for number in range(4):
        keep(group, promise(group, -1, text=f"第 {number} 讲"))
    late = promise(group, -1, text="结业证书")
    group.refresh_from_db()
    assert broken_checks(group) == {"DELIV-03"}
    assert group.risk == Risk.BAD
    preference_set(tenant=scoped, setting=PROMISE_GAP, raw=20, actor=SYSTEM)
    promise_edit(
        tenant=scoped, promise_id=late.pk, actor=SYSTEM,
        draft=PromiseDraft(text="结业证书和成绩", due_at=late.due_at),
    )  # fmt: skip
    assert broken_checks(group) == {"DELIV-02"}


def test_time_alone_makes_a_promise_overdue_and_the_tick_says_so(scoped, group, frozen):
    promise(group, 2)
    assert broken_checks(group) == set()
    frozen.move(hours=2)
    with unscoped("test"):
        assert tenants_with_promises_due() == [scoped.pk]
    promises_fall_due(tenant_id=scoped.pk)
    assert broken_checks(group) == {"DELIV-03"}
    assert promises_fall_due(tenant_id=scoped.pk) == 0


def test_a_promise_moved_away_while_it_is_judged_is_judged_when_it_falls_due_again(
    scoped, group, frozen, monkeypatch
):
    one = promise(group, 2)
    frozen.move(hours=2)
    later = PromiseDraft(text=one.text, due_at=clock.now() + timedelta(hours=1))

    def moved_meanwhile(**asked):
        promise_edit(tenant=scoped, promise_id=one.pk, draft=later, actor=SYSTEM)

    with monkeypatch.context() as patch:
        patch.setattr(promise_tasks, "glances_bring_up", moved_meanwhile)
        promises_fall_due(tenant_id=scoped.pk)
    assert broken_checks(group) == set()
    frozen.move(hours=1)
    promises_fall_due(tenant_id=scoped.pk)
    assert broken_checks(group) == {"DELIV-03"}


def test_the_night_finds_what_time_made_overdue_too(scoped, group, frozen):
    promise(group, 2)
    frozen.move(days=1, hours=3)
    groups_judge_night(tenant_id=scoped.pk)
    assert broken_checks(group) == {"DELIV-03"}


def test_it_is_promised_to_the_customers_in_the_group_unless_said_otherwise(scoped, group):
    assert promise(group, 1).beneficiary_count == 3
    assert promise(group, 1, beneficiary_count=2).beneficiary_count == 2


def test_the_owner_gets_a_promise_as_a_task_a_day_before_and_not_sooner(scoped, group, frozen):
    one = promise(group, 25)
    assert task(one) is None
    frozen.move(hours=1)
    promises_fall_due(tenant_id=scoped.pk)
    row = task(one)
    assert (row.staff_id, row.due_at, row.state) == (group.owner_id, one.due_at, "open")
    assert "作业 24 小时内点评" in row.title
    keep(group, one)
    assert task(one).state == "done"


def test_a_promise_moved_away_takes_its_task_along(scoped, group, frozen):
    one = promise(group, 1)
    assert task(one).state == "open"
    later = PromiseDraft(text=one.text, due_at=clock.now() + timedelta(days=5))
    promise_edit(tenant=scoped, promise_id=one.pk, draft=later, actor=SYSTEM)
    assert task(one).state == "cancelled"
    frozen.move(days=4, hours=1)
    promises_fall_due(tenant_id=scoped.pk)
    assert (task(one).state, task(one).due_at) == ("open", later.due_at)


def test_done_alone_proves_nothing_and_undo_opens_the_promise_again(scoped, group):
    one = promise(group, 1)
    with pytest.raises(EvidenceNeeded):
        work_item_act(tenant=scoped, item_id=task(one).pk, verb="done", actor=SYSTEM)
    assert task(one).state == "open"
    keep(group, one)
    work_item_act(tenant=scoped, item_id=task(one).pk, verb="undo", actor=SYSTEM)
    one.refresh_from_db()
    assert (one.state, task(one).state) == (PromiseState.OPEN, "open")


def test_keeping_needs_evidence_and_the_first_evidence_stays(scoped, group):
    one = promise(group, 1)
    with pytest.raises(EvidenceNeeded):
        keep(group, one, evidence="  ")
    keep(group, one, evidence="第一份证据")
    keep(group, one, evidence="第二份证据")
    one.refresh_from_db()
    assert (one.evidence, one.closed_by) == ("第一份证据", SYSTEM.name)
    with pytest.raises(PromiseClosed):
        promise_withdraw(tenant=scoped, promise_id=one.pk, reason="不需要了", actor=SYSTEM)


def test_breaking_counts_at_once_and_withdrawing_never_both_with_a_reason(scoped, group):
    for number in range(10):
        keep(group, promise(group, -1, text=f"第 {number} 讲"))
    one = promise(group, 100)
    for act in (promise_break, promise_withdraw):
        with pytest.raises(ReasonNeeded):
            act(tenant=scoped, promise_id=one.pk, reason=" ", actor=SYSTEM)
    promise_break(tenant=scoped, promise_id=one.pk, reason="老师生病", actor=SYSTEM)
    assert broken_checks(group) == {"DELIV-02"}
    promise_reopen(tenant=scoped, promise_id=one.pk, actor=SYSTEM)
    promise_withdraw(tenant=scoped, promise_id=one.pk, reason="换成录播，已说明", actor=SYSTEM)
    assert broken_checks(group) == set()


def test_lines_of_the_gate_become_promises_once(scoped, group):
    assert promises_from_gate(tenant=scoped, group_id=group.pk, actor=SYSTEM) == TakenOver(2, 0)
    assert promises_from_gate(tenant=scoped, group_id=group.pk, actor=SYSTEM) == TakenOver(0, 0)
    rows = {one.text: clock.local(one.due_at, scoped.timezone) for one in Promise.objects.all()}
    assert set(rows) == {"每晚 20:00 老师带读", "作业 24 小时内点评"}
    assert {due.date() for due in rows.values()} == {group.ends_on}
    assert rows["每晚 20:00 老师带读"].hour == 20


def test_only_a_delivery_group_promises_and_nothing_empty_or_far_away(scoped, group):
    other = make_group(tenant=scoped, kind="flash")
    with pytest.raises(PromiseInvalid):
        promise(other, 1)
    for kwargs in ({"text": " "}, {"text": "长" * 201}):
        with pytest.raises(PromiseInvalid):
            promise(group, 1, **kwargs)
    with pytest.raises(PromiseInvalid):
        promise(group, 24 * 4000)
    assert not Promise.objects.exists()


def test_the_ledger_costs_the_same_for_many_groups(scoped, group):
    others = [make_ready_group(tenant=scoped, kind="delivery", state=State.ACTIVE) for _ in range(3)]
    for one in (group, *others):
        promise(one, -1)

    def cost(groups):
        with CaptureQueriesContext(connection) as queries:
            glance_refresh(tenant=scoped, group_ids=[one.pk for one in groups])
        return len(queries)

    assert cost([group]) == cost([group, *others])


# --- The pages


@pytest.fixture
def web(tenant):
    User.objects.update(language="en")
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


def url(tenant, name, **kwargs):
    return tenant_url(tenant, f"groups:{name}", **kwargs)


def test_a_promise_is_written_changed_and_kept_by_the_pages(web, scoped, group):
    told = {"text": "结营前一对一复盘", "day": "2026-04-01", "at": "20:30", "beneficiary_count": ""}
    assert web.post(url(scoped, "promise_new", pk=group.pk), told).status_code == 204
    one = Promise.objects.get()
    assert clock.local(one.due_at, scoped.timezone).strftime("%m-%d %H:%M") == "04-01 20:30"
    page = web.get(url(scoped, "detail", pk=group.pk) + "?tab=promises")
    assert "结营前一对一复盘" in page.content.decode()
    edit = url(scoped, "promise_edit", pk=one.pk)
    assert 'value="20:30"' in web.get(edit).content.decode()
    web.post(edit, {**told, "at": "", "beneficiary_count": "2"})
    one.refresh_from_db()
    assert (clock.local(one.due_at, scoped.timezone).strftime("%H:%M"), one.beneficiary_count) == ("23:59", 2)
    keep_url = url(scoped, "promise_keep", pk=one.pk)
    assert web.post(keep_url, {"evidence": "", "evidence_url": ""}).status_code == 422
    assert web.post(keep_url, {"evidence": "", "evidence_url": "javascript:alert(1)"}).status_code == 422
    assert web.post(keep_url, {"evidence_url": "https://example.com/a"}).status_code == 204
    one.refresh_from_db()
    assert one.state == PromiseState.KEPT
    verbs = list(AuditEntry.objects.filter(verb__startswith="groups.promise").values_list("verb", flat=True))
    assert sorted(verbs) == ["groups.promise.added", "groups.promise.changed", "groups.promise.kept"]


def test_the_tab_stands_only_on_delivery_groups(web, scoped, group):
    other = make_group(tenant=scoped, kind="flash")
    assert "tab=promises" in web.get(url(scoped, "detail", pk=group.pk)).content.decode()
    assert "tab=promises" not in web.get(url(scoped, "detail", pk=other.pk)).content.decode()
    assert web.get(url(scoped, "detail", pk=other.pk) + "?tab=promises").status_code == 404


def test_the_overview_puts_the_widest_gap_first_and_narrows(web, scoped, group):
    calm = make_ready_group(tenant=scoped, kind="delivery", sub_kind="service", name="小芽英语售后02群")
    keep(calm, promise(calm, -1))
    promise(group, -1)
    promise(group, 3)
    body = web.get(url(scoped, "promises")).content.decode()
    assert body.index(str(group)) < body.index(str(calm))
    assert "100%" in body
    narrowed = web.get(url(scoped, "promises") + "?standing=overdue").content.decode()
    assert str(group) in narrowed
    assert str(calm) not in narrowed
    with CaptureQueriesContext(connection) as queries:
        web.get(url(scoped, "promises"))
    assert len(queries) <= 25


def test_taking_over_breaking_and_reopening_by_the_pages(web, scoped, group):
    web.post(url(scoped, "promises_take_over", pk=group.pk))
    one = Promise.objects.order_by("pk").first()
    assert one.from_gate
    end = url(scoped, "promise_end", pk=one.pk, verb="break")
    assert web.post(end, {"reason": ""}).status_code == 422
    web.post(end, {"reason": "老师生病"})
    one.refresh_from_db()
    assert (one.state, one.reason) == (PromiseState.BROKEN, "老师生病")
    web.post(url(scoped, "promise_reopen", pk=one.pk))
    one.refresh_from_db()
    assert one.state == PromiseState.OPEN


def test_sales_keep_promises_but_write_none(scoped, group):
    person = make_person()
    make_membership(tenant=scoped, role=Role.SALES, user=person)
    client = Client()
    client.force_login(person)
    one = promise(group, 1)
    assert client.post(url(scoped, "promise_new", pk=group.pk), {}).status_code == 403
    assert client.post(url(scoped, "promise_end", pk=one.pk, verb="break"), {}).status_code == 403
    assert client.post(url(scoped, "promise_keep", pk=one.pk), {"evidence": "已发"}).status_code == 204


def test_another_companys_promise_is_a_404(web, tenant, other_tenant):
    with tenant_scope(other_tenant):
        foreign = make_ready_group(tenant=other_tenant, kind="delivery", sub_kind="service")
        one = promise(foreign, 1)
    for name in ("promise_edit", "promise_keep"):
        assert web.get(url(tenant, name, pk=one.pk)).status_code == 404
    assert web.post(url(tenant, "promise_reopen", pk=one.pk)).status_code == 404


def test_the_owner_keeps_it_on_the_phone_and_a_stranger_does_not(scoped, group):
    one = promise(group, 1)
    phone = hold_phone(scoped, group.owner)
    page = phone.get(task(one).phone_url)
    assert one.text in page.content.decode()
    assert phone.post(task(one).phone_url, {"evidence": ""}).status_code == 422
    assert phone.post(task(one).phone_url, {"evidence": "已在群里发出"}).status_code == 302
    one.refresh_from_db()
    assert one.evidence == "已在群里发出"
    stranger = hold_phone(scoped, make_staff(tenant=scoped, userid="someone", name="路人"))
    assert one.text not in stranger.get(task(one).phone_url).content.decode()


def test_a_promise_of_a_group_in_planning_waits_until_it_runs(scoped, frozen):
    planned = make_ready_group(tenant=scoped, kind="delivery", sub_kind="learning", state=State.PLANNING)
    one = promise(planned, 1)
    assert task(one) is None
    promises_fall_due(tenant_id=scoped.pk)
    assert task(one) is None  # nor does the clock give it to anybody
    Group.objects.filter(pk=planned.pk).update(state=State.ACTIVE)
    promises_fall_due(tenant_id=scoped.pk)
    assert task(one) is not None


def test_the_overview_counts_as_the_ledger_of_each_group_does(scoped, group, frozen):
    """What is withdrawn counts nowhere, what is broken is due at once; a dissolved group owes nothing any more."""
    kept, broken, withdrawn = promise(group, 1, beneficiary_count=2), promise(group, 50), promise(group, 1)
    promise(group, 1)  # will be overdue
    ahead = promise(group, 60)
    keep(group, kept)
    promise_break(tenant=scoped, promise_id=broken.pk, reason="讲师生病", actor=SYSTEM)
    promise_withdraw(tenant=scoped, promise_id=withdrawn.pk, reason="写错了", actor=SYSTEM)
    frozen.move(hours=1)
    (row,) = delivery_groups(tenant_id=scoped.pk, now=clock.now())
    ledger = ledgers_of(tenant_id=scoped.pk, group_ids=[group.pk], now=clock.now())[group.pk]
    assert (ledger.due, ledger.kept, ledger.open, ledger.overdue) == (3, 1, 2, 1)
    counted = (row.due_count, row.kept_count, row.gap_count, row.overdue_count)
    assert counted == (ledger.due, ledger.kept, ledger.open, ledger.overdue)
    assert row.next_due_at == ledger.next_due_at == ahead.due_at
    assert (row.promise_count, row.promised_people, row.gap_percent) == (4, 2 + 3 * 3, 66)
    Group.objects.filter(pk=group.pk).update(dismissed_at=clock.now())
    assert not delivery_groups(tenant_id=scoped.pk, now=clock.now())


def test_a_promise_moved_away_after_it_was_judged_is_judged_when_it_falls_due_again(scoped, group, frozen):
    one = promise(group, 2)
    frozen.move(hours=2)
    promises_fall_due(tenant_id=scoped.pk)
    assert broken_checks(group) == {"DELIV-03"}
    later = PromiseDraft(text=one.text, due_at=clock.now() + timedelta(hours=30))
    promise_edit(tenant=scoped, promise_id=one.pk, draft=later, actor=SYSTEM)
    assert broken_checks(group) == set()
    frozen.move(hours=30)
    promises_fall_due(tenant_id=scoped.pk)
    assert broken_checks(group) == {"DELIV-03"}
