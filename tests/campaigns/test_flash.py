"""Flash-group runs (R89): nodes as tasks, what happened at each, the wake-up's gift, the end of the groups."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.enums import CampaignState, PrizeKind
from campaigns.errors import CampaignFixed, CampaignIncomplete, CampaignInvalid, StockOut, WakeOver
from campaigns.models import Award, Campaign, FlashNode, FlashRun
from campaigns.selectors.flash import nodes_of, report_of, run_of, token_of
from campaigns.selectors.ledger import unbalanced
from campaigns.selectors.pages import page_path
from campaigns.services.flash import FlashWish, NodeWish, flash_set, flash_wake, nodes_tell, runs_close
from campaigns.services.frame import campaign_clone
from campaigns.services.life import campaign_end, campaign_start, campaigns_end_due
from campaigns.tasks import flash_tenant
from groups.models import EndTask, Group
from team.models import WorkItem
from team.services.work import work_item_act
from tenants import clock
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.phones import phone_of
from tests.conftest import MovableClock
from tests.factories.contacts import make_behaviour, make_customers, make_order
from tests.factories.flash import flash_wish, make_flash
from tests.factories.groups import fill_group, make_group, make_member
from tests.parallel import in_parallel

FOREIGN = 987_654_321  # no group of this company
pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def client(client: Client, owner: Actor) -> Client:
    client.force_login(User.objects.get(pk=owner.id))
    return client


def _page(tenant: Tenant, campaign: Campaign) -> str:
    return reverse("campaigns:flash", kwargs={"tenant_slug": tenant.slug, "pk": campaign.pk})


def _items(**fields: Any) -> list[WorkItem]:
    rows = WorkItem.objects.filter(source_kind="campaigns.flash_node", **fields)
    return list(rows.order_by("due_at", "pk"))


def test_each_node_is_a_task_of_its_colleague_two_hours_before_its_time_and_once(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, run, _target = make_flash(tenant=scope, owner=owner)
    flash_tenant(tenant_id=scope.pk)
    (item,) = _items()
    wake = nodes_of(run=run)[0]
    start = Campaign.objects.get(pk=played.campaign.pk).starts_at
    assert start is not None
    assert (item.source_id, item.staff_id, item.rule_code) == (wake.pk, played.staff.pk, "R89")
    assert "文案 wake" in item.script
    assert f"/r/c/{token_of(run.campaign)}/" in item.script
    assert item.due_at == start + timedelta(minutes=30)
    assert nodes_tell(tenant=scope) == 0
    work_item_act(tenant=scope, item_id=item.pk, verb="done", actor=owner)
    node = FlashNode.objects.get(pk=wake.pk)
    assert (node.posted_at, node.posted_by) == (clock.now(), owner.name)
    assert AuditEntry.objects.filter(verb="campaigns.flash.posted").count() == 1
    work_item_act(tenant=scope, item_id=item.pk, verb="undo", actor=owner)
    assert FlashNode.objects.get(pk=wake.pk).posted_at is None
    frozen.move(hours=24)
    assert nodes_tell(tenant=scope) == 3
    assert [one.source_id for one in _items()] == [one.pk for one in nodes_of(run=run)]


def test_a_draft_and_an_ended_campaign_tell_nobody(scope: Tenant, owner: Actor, frozen: MovableClock) -> None:
    _played, _run, _target = make_flash(tenant=scope, owner=owner, is_started=False)
    other, _other_run, _group = make_flash(tenant=scope, owner=owner)
    campaign_end(tenant=scope, campaign_id=other.campaign.pk, reason="停", actor=owner)
    frozen.move(hours=2)
    assert nodes_tell(tenant=scope) == 0
    assert _items() == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "new_user"}, "CAMP-31"),
        ({"state": "closing"}, "CAMP-31"),
        ({"state": "planning"}, "CAMP-31"),
    ],
)
def test_only_flash_groups_that_run_start(
    scope: Tenant, owner: Actor, fields: dict[str, Any], code: str
) -> None:
    with pytest.raises(CampaignIncomplete) as refused:
        make_flash(tenant=scope, owner=owner, **fields)
    assert refused.value.code == code


def test_what_cannot_be_is_refused_and_after_the_start_only_who_and_what_changes(
    scope: Tenant, owner: Actor
) -> None:
    played, run, target = make_flash(tenant=scope, owner=owner, is_started=False)
    flash = make_group(tenant=scope, kind="flash", state="active")
    who: dict[str, Any] = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    good = flash_wish(played, target_id=target.pk)
    bad: list[FlashWish] = [
        flash_wish(played, target_id=flash.pk),
        flash_wish(played, target_id=FOREIGN),
        flash_wish(played, wake_prize_id=played.prizes[0].pk + 99),
        flash_wish(played, nodes=dict(list(good.nodes.items())[:3])),
        flash_wish(
            played, nodes={**good.nodes, "wake": NodeWish(after=timedelta(hours=-1), owner_id=None, words="")}
        ),
        flash_wish(
            played, nodes={**good.nodes, "wake": NodeWish(after=timedelta(), owner_id=999_999, words="")}
        ),
    ]
    for wish in bad:
        with pytest.raises(CampaignInvalid):
            flash_set(**who, wish=wish)
    campaign_start(**who)
    words = {
        part: NodeWish(after=one.after, owner_id=one.owner_id, words="改过的")
        for part, one in good.nodes.items()
    }
    flash_set(**who, wish=flash_wish(played, target_id=None, nodes=words))
    assert {one.words for one in nodes_of(run=run)} == {"改过的"}
    later = {**words, "timer": NodeWish(after=timedelta(hours=23), owner_id=None, words="")}
    with pytest.raises(CampaignFixed):
        flash_set(**who, wish=flash_wish(played, nodes=later))
    with pytest.raises(CampaignFixed):
        flash_set(**who, wish=flash_wish(played, nodes=words, wake_prize_id=None))


def test_a_node_counts_who_sat_there_what_they_did_and_what_they_ordered_until_the_next(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, run, target = make_flash(tenant=scope, owner=owner, people=3)
    campaign = Campaign.objects.get(pk=played.campaign.pk)
    assert campaign.starts_at is not None
    first, second, third = played.people
    outsider, long_term = make_customers(tenant=scope, count=2)
    fill_group(group=target, customers=[long_term])
    late = make_customers(tenant=scope, count=1)[0]
    start = campaign.starts_at
    make_member(group=played.group, customer=late, joined_at=start + timedelta(hours=2))
    for person, hours in ((first, 1), (first, 2), (outsider, 1), (second, 5)):
        make_behaviour(
            tenant=scope, customer=person, kind="link_click", occurred_at=start + timedelta(hours=hours)
        )
    make_behaviour(tenant=scope, customer=third, kind="message", occurred_at=start - timedelta(minutes=1))
    bought = {"amount_fen": 19_900, "sku_id": "box"}
    make_order(tenant=scope, customer=first, ordered_at=start + timedelta(hours=1), **bought)
    make_order(tenant=scope, customer=outsider, ordered_at=start + timedelta(hours=1), **bought)
    make_order(tenant=scope, customer=long_term, ordered_at=start + timedelta(hours=1), **bought)
    make_order(
        tenant=scope, customer=second, ordered_at=start + timedelta(hours=1), state="refunded", **bought
    )
    make_order(tenant=scope, customer=late, ordered_at=start + timedelta(hours=13), refund_fen=900, **bought)
    frozen.move(hours=20)
    report = report_of(campaign=campaign, nodes=nodes_of(run=run), group_ids=[played.group.pk])
    assert report is not None
    wake, relay, stream, timer = (
        (one.people, one.answered, one.orders, one.net_fen) for one in report.nodes.values()
    )
    assert wake == (4, 1, 1, 19_900)
    assert relay == (4, 1, 0, 0)
    assert stream == (4, 0, 1, 19_000)
    assert timer == (4, 0, 0, 0)
    assert (report.ours.people, report.ours.active.part, report.ours.bought.part) == (4, 2, 2)
    assert (report.ours.reached.part, report.ours.joined) == (2, 1)
    assert (report.theirs.people, report.theirs.bought.part, report.theirs.groups) == (1, 1, 1)
    assert report.half_after == timedelta(hours=2)


def test_the_first_who_answer_the_wake_up_get_the_gift_on_their_phone_and_others_are_told(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, run, _target = make_flash(tenant=scope, owner=owner, people=3)
    home = page_path(token_of(run.campaign))
    phones = [phone_of(played.group.app, external=one.external_userid) for one in played.people]
    assert phones[0].post(home).status_code == 409
    frozen.move(hours=1)
    page = phones[0].get(home).content.decode()
    assert "叫醒红包" in page
    assert "data-until" in page
    assert [one.post(home).status_code for one in phones] == [302, 302, 409]
    assert phones[0].post(home).status_code == 302
    assert Award.objects.filter(source="flash").count() == 2
    assert "is-won" in phones[0].get(home).content.decode()
    assert "is-won" not in phones[2].get(home).content.decode()
    assert "发完" in phones[2].post(home).content.decode()
    assert phone_of(played.group.app, external="").post(home).status_code == 409
    assert list(unbalanced(tenant_id=scope.pk, campaign_id=played.campaign.pk)) == []
    frozen.move(hours=4)
    run.campaign.refresh_from_db()
    with pytest.raises(WakeOver):
        flash_wake(tenant=scope, run=run, person_id=played.people[2].pk)


@pytest.mark.django_db(transaction=True)
def test_fifty_who_answer_at_once_get_what_there_is_and_no_more(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        played, run, _target = make_flash(
            tenant=tenant, owner=owner, people=50, prizes=[("叫醒红包", PrizeKind.GOODS, 188, 7)]
        )
    frozen.move(hours=1)
    got: list[int] = []

    def answer(number: int) -> None:
        with tenant_scope(tenant):
            try:
                got.append(flash_wake(tenant=tenant, run=run, person_id=played.people[number].pk).pk)
            except StockOut:
                return

    in_parallel(50, answer)
    with tenant_scope(tenant):
        assert len(set(got)) == Award.objects.count() == 7
        assert list(unbalanced(tenant_id=tenant.pk, campaign_id=played.campaign.pk)) == []


def test_at_the_end_the_groups_close_with_their_tasks_and_lead_to_the_long_term_group(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _run, target = make_flash(tenant=scope, owner=owner)
    flash_tenant(tenant_id=scope.pk)
    frozen.move(hours=24, minutes=59)
    assert (campaigns_end_due(tenant=scope), runs_close(tenant=scope)) == (0, 0)
    frozen.move(minutes=1)
    campaigns_end_due(tenant=scope)
    flash_tenant(tenant_id=scope.pk)
    group = Group.objects.get(pk=played.group.pk)
    assert group.state == "closing"
    tasks = {one.kind: one for one in EndTask.objects.filter(group=group)}
    assert set(tasks) == {"notice", "handover", "dissolve"}
    assert tasks["handover"].target_id == target.pk
    assert {one.state for one in _items()} == {"cancelled"}
    assert WorkItem.objects.filter(source_kind="groups.end_task", state="open").count() == 3
    assert runs_close(tenant=scope) == 0


def test_a_group_that_the_next_run_uses_stays_open(scope: Tenant, owner: Actor) -> None:
    played, _run, _target = make_flash(tenant=scope, owner=owner)
    copy = campaign_clone(tenant=scope, campaign_id=played.campaign.pk, actor=owner)
    first = Campaign.objects.get(pk=played.campaign.pk)
    Campaign.objects.filter(pk=copy.pk).update(starts_at=first.starts_at, ends_at=first.ends_at)
    campaign_start(tenant=scope, campaign_id=copy.pk, actor=owner)
    campaign_end(tenant=scope, campaign_id=played.campaign.pk, reason="早停", actor=owner)
    assert runs_close(tenant=scope) == 0
    assert Group.objects.get(pk=played.group.pk).state == "active"
    campaign_end(tenant=scope, campaign_id=copy.pk, reason="停", actor=owner)
    assert runs_close(tenant=scope) == 1


def test_one_click_copies_a_run_with_its_nodes_and_its_gift(
    scope: Tenant, owner: Actor, client: Client
) -> None:
    played, run, target = make_flash(tenant=scope, owner=owner)
    act = reverse(
        "campaigns:act", kwargs={"tenant_slug": scope.slug, "pk": played.campaign.pk, "verb": "clone"}
    )
    client.post(act)
    copy = Campaign.objects.get(cloned_from=played.campaign)
    made = run_of(campaign=copy)
    assert made is not None
    assert copy.state == CampaignState.DRAFT
    assert made.wake_prize is not None
    assert (made.wake_prize.campaign_id, made.target_id, made.closed_at) == (copy.pk, target.pk, None)
    kept = [(one.part, one.after, one.owner_id, one.words, one.told_at) for one in nodes_of(run=made)]
    assert kept == [(one.part, one.after, one.owner_id, one.words, None) for one in nodes_of(run=run)]


def test_the_page_sets_a_run_up_and_shows_it_running(
    scope: Tenant, owner: Actor, client: Client, frozen: MovableClock
) -> None:
    played, _run, target = make_flash(tenant=scope, owner=owner, is_started=False)
    FlashRun.objects.all().delete()
    page = _page(scope, played.campaign)
    assert "叫醒红包" in client.get(page).text
    form: dict[str, Any] = {"use": "relaunch", "rhythm": "watch", "target": target.pk, "wake_prize": ""}
    for part in ("wake", "relay", "stream", "timer"):
        form |= {f"after_{part}": "", f"owner_{part}": played.staff.pk, f"words_{part}": "去看看"}
    assert client.post(page, form).status_code == 302
    run = FlashRun.objects.get()
    hours = [one.after / timedelta(hours=1) for one in nodes_of(run=run)]
    assert (run.use, run.rhythm, hours) == ("relaunch", "watch", [0, 6, 12, 18])
    campaign_start(tenant=scope, campaign_id=played.campaign.pk, actor=owner)
    frozen.move(hours=2)
    shown = client.get(page).text
    assert "四个节点" in shown
    assert "和长期群比" in shown
    assert "长期群" in shown
    node = nodes_of(run=run)[0]
    kwargs = {"tenant_slug": scope.slug, "pk": played.campaign.pk, "node_pk": node.pk, "verb": "posted"}
    assert client.post(reverse("campaigns:flash_node", kwargs=kwargs)).status_code == 302
    assert FlashNode.objects.get(pk=node.pk).posted_at == clock.now()
    assert client.post(reverse("campaigns:flash_node", kwargs={**kwargs, "verb": "nope"})).status_code == 404
    assert client.post(page, {**form, "rhythm": "wave", "after_wake": "-1"}).status_code in (302, 422)
    assert FlashRun.objects.get().rhythm == "watch"


def test_the_page_needs_no_more_queries_for_more_nodes_people_and_groups(
    scope: Tenant, owner: Actor, client: Client, frozen: MovableClock, django_assert_max_num_queries: Any
) -> None:
    played, _run, target = make_flash(tenant=scope, owner=owner, people=30)
    fill_group(group=target, customers=make_customers(tenant=scope, count=2))
    frozen.move(hours=3)
    page = _page(scope, played.campaign)
    client.get(page)
    with django_assert_max_num_queries(25) as few:
        client.get(page)
    crowd = make_customers(tenant=scope, count=40)
    for _number in range(4):
        fill_group(group=make_group(tenant=scope, kind="new_user", state="active"), customers=crowd)
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(page)
