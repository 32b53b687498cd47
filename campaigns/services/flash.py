"""Flash-group runs (R89): set up, their nodes' tasks, the wake-up's gift, and the end of their groups."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.enums import AwardSource, CampaignState
from campaigns.errors import CampaignFixed, CampaignInvalid, NodeNotYet, WakeOver
from campaigns.models import Award, Campaign, FlashNode, FlashRun, Prize
from campaigns.policies.flash import text_to_post
from campaigns.selectors.flash import (
    nodes_due,
    nodes_of,
    run_of,
    run_token,
    runs_over,
    spans_of_run,
    wake_key,
)
from campaigns.selectors.frame import group_ids_of, groups_of_campaign, prize_list
from campaigns.selectors.pages import page_url
from campaigns.services.awards import award_make
from campaigns.services.frame import campaign_locked, draft_locked
from groups.enums import LIVE_STATES, EndKind, EndState, Kind, State
from groups.errors import EndInvalid, StateRefused
from groups.selectors import groups_by_id, groups_open
from groups.selectors.endings import end_tasks
from groups.services.endings import end_task_edit
from groups.services.moving import group_move
from sop.enums import FLASH_NODES, Part
from team.enums import Bucket, WorkKind, WorkState
from team.selectors import staff_by_id
from team.services import work_item_close, work_item_put, work_items_close
from tenants import audit, clock
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission
from tenants.services import require
from tenants.words import say

if TYPE_CHECKING:
    from tenants.models import Tenant

NODE_WORK = "campaigns.flash_node"
NODE_LATE = timedelta(minutes=30)  # how long after its time a node's task counts as on time


@dataclass(frozen=True, kw_only=True)
class NodeWish:
    """A node as it is set up."""

    after: timedelta
    owner_id: int | None
    words: str


@dataclass(frozen=True, kw_only=True)
class FlashWish:
    """A run as it is set up. `nodes`: {part: NodeWish}, all four."""

    use: str
    rhythm: str
    target_id: int | None
    wake_prize_id: int | None
    nodes: Mapping[str, NodeWish]


def flash_set(*, tenant: "Tenant", campaign_id: int, wish: FlashWish, actor: Actor) -> FlashRun:
    """Give a draft its flash run, or change it; of a started one only who posts and what. Safe to repeat.

    Raises CampaignFixed, CampaignInvalid, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        campaign = campaign_locked(tenant, campaign_id)
        _check(tenant, campaign, wish)
        row = run_of(campaign=campaign)
        if campaign.state != CampaignState.DRAFT:
            _check_same(campaign, row, wish)
        row = row or FlashRun(tenant=tenant, campaign=campaign)
        before = (row.use, row.rhythm) if row.pk else (None, None)
        row.use, row.rhythm = wish.use, wish.rhythm
        row.target_id, row.wake_prize_id = wish.target_id, wish.wake_prize_id
        row.save()
        known = {one.part: one for one in nodes_of(run=row)}
        for part in FLASH_NODES:
            node = known.get(part.value) or FlashNode(tenant=tenant, run=row, part=part.value)
            given = wish.nodes[part.value]
            node.after, node.owner_id, node.words = given.after, given.owner_id, given.words.strip()[:1000]
            node.save()
            if node.told_at is not None and node.posted_at is None:
                _tell(tenant, campaign, row, node)
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.flash.set", target=campaign,
            changes={"use": [before[0], row.use], "rhythm": [before[1], row.rhythm]},
        )  # fmt: skip
    return row


def _check(tenant: "Tenant", campaign: Campaign, wish: FlashWish) -> None:
    if set(wish.nodes) != {one.value for one in FLASH_NODES}:
        raise CampaignInvalid
    if any(one.after < timedelta() for one in wish.nodes.values()):
        raise CampaignInvalid(_("A node is not before the start."))
    owners = {one.owner_id for one in wish.nodes.values() if one.owner_id}
    if set(staff_by_id(tenant_id=tenant.pk, staff_ids=owners)) != owners:
        raise CampaignInvalid(_("This colleague is not there any more."))
    target = groups_by_id(tenant_id=tenant.pk, group_ids=[wish.target_id] if wish.target_id else [])
    if wish.target_id and (wish.target_id not in target or target[wish.target_id].kind == Kind.FLASH):
        raise CampaignInvalid(_("Members go on to a long-term group of this company."))
    prizes = {one.pk for one in prize_list(tenant_id=tenant.pk, campaign_id=campaign.pk)}
    if wish.wake_prize_id and wish.wake_prize_id not in prizes:
        raise CampaignInvalid(_("One of these prizes does not exist any more."))


def _check_same(campaign: Campaign, row: FlashRun | None, wish: FlashWish) -> None:
    """What members were told stays: the times of the nodes and the gift."""
    if row is None or campaign.state != CampaignState.RUNNING:
        raise CampaignFixed
    times = {one.part: one.after for one in nodes_of(run=row)}
    is_same = (row.use, row.rhythm, row.wake_prize_id) == (wish.use, wish.rhythm, wish.wake_prize_id)
    if not is_same or times != {part: one.after for part, one in wish.nodes.items()}:
        raise CampaignFixed


def flash_remove(*, tenant: "Tenant", campaign_id: int, actor: Actor) -> None:
    """Take the run out of a draft. Safe to repeat. Raises CampaignFixed, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        gone, _each = FlashRun.objects.filter(tenant=tenant, campaign=campaign).delete()
        if gone:
            audit.record(tenant=tenant, actor=actor, verb="campaigns.flash.removed", target=campaign)


def flash_copied(old: Campaign, copy: Campaign, prizes: Mapping[int, Prize]) -> None:
    """The copy of a campaign gets the same run: nodes as far after its start, the same words and owners."""
    row = run_of(campaign=old)
    if row is None:
        return
    prize = prizes.get(row.wake_prize_id) if row.wake_prize_id else None
    made = FlashRun.objects.create(
        tenant_id=old.tenant_id, campaign=copy, use=row.use, rhythm=row.rhythm, target_id=row.target_id,
        wake_prize=prize,
    )  # fmt: skip
    FlashNode.objects.bulk_create(
        FlashNode(tenant_id=old.tenant_id, run=made, part=one.part, after=one.after, owner_id=one.owner_id,
                  words=one.words)
        for one in nodes_of(run=row)
    )  # fmt: skip


# --- The tasks of its nodes


def nodes_tell(*, tenant: "Tenant") -> int:
    """Put the nodes that are due before those who post them; how many. Safe to repeat."""
    told = 0
    for node_id in list(nodes_due().filter(tenant=tenant).values_list("pk", flat=True)):
        with transaction.atomic():
            rows = FlashNode.objects.select_for_update(of=("self",)).select_related("run__campaign")
            node = rows.get(tenant=tenant, pk=node_id)
            if node.told_at is not None or node.posted_at is not None:
                continue
            node.told_at = clock.now()
            node.save(update_fields=["told_at"])
            _tell(tenant, node.run.campaign, node.run, node)
            told += 1
    return told


def _tell(tenant: "Tenant", campaign: Campaign, run: FlashRun, node: FlashNode) -> None:
    """In a transaction. The first group of the run gives the item its place."""
    assert campaign.starts_at is not None  # it runs
    at = campaign.starts_at + node.after
    groups = groups_of_campaign(tenant_id=tenant.pk, campaign_id=campaign.pk)
    url = page_url(run_token(campaign=campaign, run=run))
    work_item_put(
        tenant_id=tenant.pk, source_kind=NODE_WORK, source_id=node.pk, staff_id=node.owner_id or campaign.owner_id,
        group_id=groups[0].pk if groups else None, kind=WorkKind.SOP_TASK, bucket=Bucket.MUST,
        title=say("%(campaign)s: %(node)s") % {"campaign": campaign.name, "node": node.part_label},
        detail=say("Post it in these groups, then mark this done: %(groups)s.")
        % {"groups": ", ".join(str(one) for one in groups)},
        script=text_to_post(node.words, url), reason=say("A node of the flash run."), rule_code="R89", starts_at=at,
        due_at=at + NODE_LATE, url=reverse("campaigns:flash", args=[tenant.slug, campaign.pk]),
    )  # fmt: skip


def node_settle(
    *, tenant: "Tenant", node_id: int, is_posted: bool, actor: Actor, from_item: bool = False
) -> FlashNode:
    """A person says that a node is out, or was not after all. Safe to repeat. `from_item`: said on its task.

    Raises NodeNotYet before the campaign runs, FlashNode.DoesNotExist, NotPermitted.
    """
    require(actor, Permission.WORK)
    with transaction.atomic():
        rows = FlashNode.objects.select_for_update(of=("self",)).select_related("run__campaign")
        node = rows.get(tenant=tenant, pk=node_id)
        campaign = node.run.campaign
        if campaign.state == CampaignState.DRAFT or campaign.starts_at is None:
            raise NodeNotYet
        if (node.posted_at is not None) == is_posted:
            return node
        node.posted_at, node.posted_by = (clock.now(), actor.name[:128]) if is_posted else (None, "")
        node.save(update_fields=["posted_at", "posted_by"])
        verb = "campaigns.flash.posted" if is_posted else "campaigns.flash.reopened"
        audit.record(
            tenant=tenant,
            actor=actor,
            verb=verb,
            target=campaign,
            changes={"node": [None, str(node.part_label)]},
        )
        if from_item:
            return node
        if is_posted:
            work_item_close(
                tenant_id=tenant.pk,
                source_kind=NODE_WORK,
                source_id=node.pk,
                state=WorkState.DONE,
                by=actor.name,
            )
        elif node.told_at is not None:
            _tell(tenant, campaign, node.run, node)
    return node


# --- Members


def flash_wake(*, tenant: "Tenant", run: FlashRun, person_id: int) -> Award:
    """Somebody answers the wake-up while it is on: the gift, once a person. Safe to repeat.

    Raises WakeOver before and after its time and without a gift, StockOut, BudgetSpent, CampaignNotRunning,
    CampaignPaused. Asks not whether the person may take part: the page does.
    """
    known = Award.objects.filter(
        tenant=tenant, campaign_id=run.campaign_id, key=wake_key(run.pk, person_id)
    ).first()
    if known is not None:
        return known
    spans = {one.part: one for one in spans_of_run(campaign=run.campaign, nodes=nodes_of(run=run))}
    wake = spans.get(Part.WAKE.value)
    if run.wake_prize_id is None or wake is None or not wake.since <= clock.now() < wake.until:
        raise WakeOver
    return award_make(
        tenant=tenant, campaign_id=run.campaign_id, prize_id=run.wake_prize_id, customer_id=person_id,
        source=AwardSource.FLASH, key=wake_key(run.pk, person_id), note="", actor=SYSTEM,
    )  # fmt: skip


# --- The end


def runs_close(*, tenant: "Tenant") -> int:
    """Groups of ended runs come to their close: notice, hand-over and dissolving are tasks of their owners, the
    hand-over to the run's long-term group. How many groups. Safe to repeat.

    A group that is in another running campaign's run stays open.
    """
    closed = 0
    for run_id in list(runs_over().filter(tenant=tenant).values_list("pk", flat=True)):
        with transaction.atomic():
            run = FlashRun.objects.select_for_update(of=("self",), no_key=True).get(tenant=tenant, pk=run_id)
            if run.closed_at is not None:
                continue
            run.closed_at = clock.now()
            run.save(update_fields=["closed_at"])
            waiting = [
                one.pk for one in nodes_of(run=run) if one.told_at is not None and one.posted_at is None
            ]
            work_items_close(
                tenant_id=tenant.pk, source_kind=NODE_WORK, source_ids=waiting, state=WorkState.CANCELLED
            )
            closed += _close_groups(tenant, run)
    return closed


def _close_groups(tenant: "Tenant", run: FlashRun) -> int:
    mine = group_ids_of(tenant_id=tenant.pk, campaign_id=run.campaign_id)
    going_on = set(
        FlashRun.objects.filter(tenant=tenant, campaign__state=CampaignState.RUNNING).values_list(
            "campaign__places__group_id", flat=True
        )
    )
    wanted = groups_open(tenant_id=tenant.pk).filter(
        pk__in=mine, kind=Kind.FLASH, state__in=[*LIVE_STATES, State.CLOSING]
    )
    closed = 0
    for group in wanted.exclude(pk__in=[one for one in going_on if one]):
        if group.state != State.CLOSING:
            try:
                group_move(tenant=tenant, group_id=group.pk, state=State.CLOSING, actor=SYSTEM)
            except StateRefused:
                continue
        _aim(tenant, run, group.pk)
        closed += 1
    return closed


def _aim(tenant: "Tenant", run: FlashRun, group_id: int) -> None:
    """The hand-over of a group leads to the run's long-term group, where its end plan names none."""
    for task in end_tasks(tenant_id=tenant.pk, group_id=group_id):
        if (
            task.kind != EndKind.HANDOVER
            or task.state != EndState.OPEN
            or task.target_id
            or not run.target_id
        ):
            continue
        try:
            end_task_edit(
                tenant=tenant, task_id=task.pk, due_on=task.due_on, script=task.script, owner_id=task.owner_id,
                target_id=run.target_id, actor=SYSTEM,
            )  # fmt: skip
        except EndInvalid:
            continue


def tenants_with_flash() -> tuple[list[int], list[int]]:
    """Tenants with nodes to tell of, and those with runs to close. Runs across tenants: the caller is a tick."""
    telling = nodes_due().order_by().values_list("tenant_id", flat=True).distinct()
    closing = runs_over().order_by().values_list("tenant_id", flat=True).distinct()
    return list(telling), list(closing)
