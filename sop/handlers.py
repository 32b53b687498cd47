"""What SOPs do when something happens elsewhere. Database only; each may be called again with the same events."""

from contacts.events import BehavioursRecorded
from groups.events import GroupsFrozen, GroupsTagged, MemberJoined, MemberLeft
from groups.services.week_alerts import week_alerts_bring_up
from sop.enums import INTERNAL_CHANNELS, REF, Anchor, TouchState
from sop.enums.reminders import MASS_REF
from sop.events import RunEnded, RunMoved, RunStarted, TouchesStopped
from sop.models import Run, RunGroup, Touch
from sop.services.drops import send_lessen
from sop.services.following import behaviours_follow, exits_follow
from sop.services.joins import joins_plan
from sop.services.planning import exposures_return, touches_take_back
from sop.services.proving import messages_prove
from sop.services.reminders import nudges_answered, reminder_answered
from sop.services.results import send_finished
from sop.services.reviews import review_act_check, review_open
from sop.services.staff import bundle_submit, bundle_take_back
from sop.services.triggers import triggers_plan
from team.selectors.notices import notice_keys
from team.services.notices import REF as NOTICES
from tenants.audit import Actor
from tenants.models import Tenant
from wecom.events import MessagesArchived, SendFinished

FREEZE_RULE = "FREEZE-01"


def on_member_joined(*, tenant_id: int, events: list[MemberJoined]) -> None:
    for event in events:
        joins_plan(
            tenant_id=tenant_id,
            group_id=event.group_id,
            customer_ids=event.customer_ids,
            joined_at=event.joined_at,
        )

        triggers_plan(
            tenant=Tenant.objects.get(pk=tenant_id), group_ids=[event.group_id], anchors=[Anchor.GROUP_SIZE]
        )


def on_member_left(*, tenant_id: int, events: list[MemberLeft]) -> None:
    """Who leaves the last group of a run leaves the run, where its version says so."""
    people = {one for event in events for one in event.customer_ids}
    exits_follow(
        tenant=Tenant.objects.get(pk=tenant_id),
        group_ids={event.group_id for event in events},
        customer_ids=people,
    )


def on_groups_tagged(*, tenant_id: int, events: list[GroupsTagged]) -> None:
    tenant = Tenant.objects.get(pk=tenant_id)
    group_ids = {one for event in events for one in event.group_ids}
    triggers_plan(tenant=tenant, group_ids=group_ids, anchors=[Anchor.GROUP_TAG])
    exits_follow(tenant=tenant, group_ids=group_ids, customer_ids=())


def on_behaviours_recorded(*, tenant_id: int, events: list[BehavioursRecorded]) -> None:
    """Boosts stop for who interacted; steps that wait for such an act are planned."""
    behaviours_follow(
        tenant=Tenant.objects.get(pk=tenant_id),
        kinds={kind for event in events for kind in event.kinds},
        customer_ids={one for event in events for one in event.customer_ids},
    )


def on_runs_changed(*, tenant_id: int, events: list[RunStarted | RunMoved | RunEnded]) -> None:
    """Weeks have content now, or have lost it: what asks the owners for a plan follows."""
    runs = {event.run_id for event in events}
    group_ids = set(
        RunGroup.objects.filter(tenant_id=tenant_id, run__in=runs).values_list("group_id", flat=True)
    )
    week_alerts_bring_up(tenant=Tenant.objects.get(pk=tenant_id), group_ids=group_ids)


def on_run_ended(*, tenant_id: int, events: list[RunEnded]) -> None:
    """A review falls due after every run (R57)."""
    tenant = Tenant.objects.get(pk=tenant_id)
    runs = Run.objects.filter(tenant=tenant, pk__in={event.run_id for event in events})
    for run in runs.select_related("version__template").order_by("pk"):
        review_open(tenant=tenant, run=run)


def on_messages_archived(*, tenant_id: int, events: list[MessagesArchived]) -> None:
    """What was said proves what was sent. Safe to repeat, in any order."""
    for event in events:
        messages_prove(tenant_id=tenant_id, app_id=event.app_id, message_ids=event.message_ids)


def on_send_finished(*, tenant_id: int, events: list[SendFinished]) -> None:
    """What became of a touch's send or of a reminder at WeCom. Safe to repeat."""
    for event in events:
        if event.ref_kind == REF:
            send_finished(tenant_id=tenant_id, event=event)
            if event.state == "done":
                send_lessen(tenant=Tenant.objects.get(pk=tenant_id), touch_id=event.ref_id)
        elif event.ref_kind == MASS_REF:
            failed = "" if event.state == "done" else event.error or event.state
            reminder_answered(tenant_id=tenant_id, send_id=event.send_id, error=failed)
        elif event.ref_kind == NOTICES and (keys := notice_keys(tenant_id=tenant_id, send_id=event.send_id)):
            failed = "" if event.state == "done" else event.error or event.state
            nudges_answered(tenant_id=tenant_id, keys=keys, send_id=event.send_id, error=failed)


def on_work_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """A person said of a task on Today or the phone that it is done, or took that back."""
    act = bundle_submit if verb == "done" else bundle_take_back
    act(tenant=tenant, bundle=source_id, actor=actor)


def on_review_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """A person ticks the task of a review: only its decision closes it."""
    review_act_check(tenant=tenant, source_id=source_id, verb=verb)


def on_group_frozen(*, tenant_id: int, events: list[GroupsFrozen]) -> None:
    """What was already handed over is taken back, work among colleagues aside; what is still planned meets the gate,
    which says FREEZE-01."""
    tenant = Tenant.objects.get(pk=tenant_id)
    for event in events:
        touches_take_back(
            tenant=tenant,
            touches=Touch.objects.filter(
                tenant_id=tenant_id,
                group_id__in=event.group_ids,
                group__frozen_at__isnull=False,
                state__in=[TouchState.CLAIMED, TouchState.HANDED],
            ).exclude(channel__in=INTERNAL_CHANNELS),
            to=TouchState.BLOCKED,
            rule=FREEZE_RULE,
            reason=event.reason,
            is_urgent=True,
        )


def on_touches_stopped(*, tenant_id: int, events: list[TouchesStopped]) -> None:
    for event in events:
        exposures_return(tenant_id=tenant_id, touch_ids=event.touch_ids)
