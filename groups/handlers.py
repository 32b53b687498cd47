"""Reactions of groups to WeCom: one group changed; read them all."""

from itertools import groupby

from contacts.events import CustomerOptedOut
from contacts.services.stages import stages_judge
from contacts.services.ways import ways_check
from content.events import WordsChanged
from groups.events import MemberJoined, MemberLeft
from groups.policies.wire import change_of
from groups.selectors.bringing import inviters_of
from groups.selectors.codes import ways_expecting, ways_of_groups
from groups.services.code_alerts import way_alerts_bring_up
from groups.services.codes import READ_TASK, join_way_settle, join_ways_bring_up, join_ways_check
from groups.services.codes import REF_KIND as JOIN_WAY
from groups.services.comparing import groups_compare
from groups.services.endings import end_task_settle
from groups.services.incident_signals import complaints_look, leaves_look
from groups.services.incident_tasks import task_set_done
from groups.services.intros import intro_reminder_sent, intros_hear
from groups.services.invitations import (
    ceremony_work_act,
    invitation_work_act,
    invitations_admit,
    invitations_withdraw_for,
)
from groups.services.koc import helper_task_act, koc_left
from groups.services.newcomers import newcomers_put
from groups.services.norms import norms_hear
from groups.services.own_sends import own_sends_count
from groups.services.owners import REF_KIND as OWNER
from groups.services.owners import owner_settle
from groups.services.promises import promise_work_act
from groups.services.reading import group_changes_apply
from groups.services.replies import replies_hear
from groups.services.setup_steps import setup_item_act
from groups.services.silence import cases_left
from groups.services.thanks import thanks_settle
from groups.services.violations import removals_seen, violation_settle
from groups.services.welcome_words import welcomes_flag
from groups.services.welcomes import REF_KIND as TEMPLATE
from groups.services.welcomes import template_settle
from outbox.dispatch import enqueue
from tenants.audit import Actor
from tenants.models import Tenant
from wecom.events import MessagesArchived, OwnSendsReached, SendFinished
from wecom.inbox.ingest import Inbound
from wecom.reading.sync import Progress
from wecom.selectors import app_needed


def on_external_chat(*events: Inbound) -> None:
    """change_external_chat, events of one group in their order. Each may come twice, late, or in any order; may ask
    WeCom for the whole group."""
    told = [one for one in events if one.app_id is not None and one.fields.get("ChatId")]
    for (app_id, chat_id), some in groupby(told, key=lambda one: (one.app_id, one.fields["ChatId"])):
        changes = [
            change_of(
                change_type=one.change_type,
                fields=one.fields,
                occurred_at=one.occurred_at,
                received_at=one.received_at,
            )
            for one in some
        ]
        group_changes_apply(
            tenant_id=events[0].tenant_id, app_id=app_id or 0, chat_id=chat_id, changes=changes
        )


def sync_groups(tenant_id: int, progress: Progress) -> int:
    """Read every group; returns how many changes no callback had told. Safe to repeat at any time."""
    app = app_needed(tenant_id=tenant_id)
    if progress.position.get("app", app.pk) != app.pk:
        progress.position = {}  # another app is connected now: what the old one had read says nothing
    return groups_compare(tenant_id=tenant_id, app_id=app.pk, progress=progress)


def on_chat_created(event: Inbound) -> None:
    """A new group may be one that WeCom opened for a code: ask the codes that wait for a group of its name."""
    if event.app_id is None or event.change_type != "create":
        return
    chat_id = str(event.fields.get("ChatId") or "")
    for way_id in ways_expecting(tenant_id=event.tenant_id, app_id=event.app_id, chat_id=chat_id):
        enqueue(READ_TASK, tenant_id=event.tenant_id, way_id=way_id)


def on_members_moved(*, tenant_id: int, events: list[MemberJoined | MemberLeft]) -> None:
    """Seats were taken or freed: codes go on to the next group, owners are told in time. Safe to repeat."""
    way_ids = ways_of_groups(tenant_id=tenant_id, group_ids={one.group_id for one in events})
    if way_ids:
        join_ways_bring_up(tenant_id=tenant_id, way_ids=way_ids)
        way_alerts_bring_up(tenant=Tenant.objects.get(pk=tenant_id), way_ids=way_ids)
    gone = [one for one in events if isinstance(one, MemberLeft) and one.customer_ids]
    if gone:
        where, who = {one.group_id for one in gone}, {one for each in gone for one in each.customer_ids}
        cases_left(tenant_id=tenant_id, group_ids=where, customer_ids=who)
        koc_left(tenant_id=tenant_id, group_ids=where, customer_ids=who)
    left = {one.group_id for one in events if isinstance(one, MemberLeft)}
    if left:
        removals_seen(tenant_id=tenant_id, group_ids=left)


def on_messages_archived(*, tenant_id: int, events: list[MessagesArchived]) -> None:
    """What was said in groups that ask for an introduction or about a norm, or answer words. Safe to repeat."""
    for event in events:
        intros_hear(tenant_id=tenant_id, app_id=event.app_id, message_ids=event.message_ids)
        replies_hear(tenant_id=tenant_id, app_id=event.app_id, message_ids=event.message_ids)
        norms_hear(tenant_id=tenant_id, app_id=event.app_id, message_ids=event.message_ids)


def on_setup_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """A person says that a late set-up step is done."""
    setup_item_act(tenant=tenant, step_id=source_id, is_done=verb == "done", actor=actor)


def on_violation_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """A person says that the step after a breach was carried out."""
    violation_settle(
        tenant=tenant, violation_id=source_id, is_done=verb == "done", actor=actor, from_item=True
    )


def on_thanks_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """A person says that a thank-you was said before the group, or was not after all."""
    thanks_settle(tenant=tenant, thanks_id=source_id, is_said=verb == "done", actor=actor, from_item=True)


def on_ending_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """A person says that a closing task is done."""
    end_task_settle(tenant=tenant, task_id=source_id, is_done=verb == "done", actor=actor, from_item=True)


def on_intro_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """A person says that a reminder was posted."""
    intro_reminder_sent(tenant=tenant, rule_id=source_id, is_sent=verb == "done")


def on_helper_task_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """The owner said on Today or the phone that a helper's task is done, or took that back."""
    helper_task_act(tenant=tenant, task_id=source_id, verb=verb, actor=actor)


def on_members_left(*, tenant_id: int, events: list[MemberLeft]) -> None:
    """Many who leave a group at once are a signal. Safe to repeat."""
    leaves_look(tenant=Tenant.objects.get(pk=tenant_id), events=events)


def on_complaints_heard(*, tenant_id: int, events: list[MessagesArchived]) -> None:
    """Complaints of several customers of one group are a signal. Safe to repeat, in any order."""
    tenant = Tenant.objects.get(pk=tenant_id)
    for event in events:
        complaints_look(tenant=tenant, app_id=event.app_id, message_ids=event.message_ids)


def on_incident_task_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """A person said on Today that a task of an incident is done, or took that back."""
    task_set_done(tenant=tenant, task_id=source_id, is_done=verb == "done", actor=actor, from_item=True)


def on_words_changed(*, tenant_id: int, events: list[WordsChanged]) -> None:
    """Other words are forbidden: welcomes of before are looked at again. Safe to repeat."""
    welcomes_flag(tenant=Tenant.objects.get(pk=tenant_id))


def on_send_finished(*, tenant_id: int, events: list[SendFinished]) -> None:
    """What became of our group codes, welcome templates and changes of owner at WeCom. Safe to repeat."""
    for event in events:
        if event.ref_kind == JOIN_WAY:
            join_way_settle(tenant_id=tenant_id, event=event)
        elif event.ref_kind == TEMPLATE:
            template_settle(tenant_id=tenant_id, event=event)
            welcomes_flag(tenant=Tenant.objects.get(pk=tenant_id))  # WeCom may say other words now
        elif event.ref_kind == OWNER:
            owner_settle(tenant_id=tenant_id, event=event)


def sync_codes(tenant_id: int, progress: Progress) -> int:
    """The nightly look at all live codes: groups WeCom opened, pictures, codes removed in the console."""
    gone = ways_check(tenant_id=tenant_id)
    progress(1, 2)
    gone += join_ways_check(tenant_id=tenant_id)
    progress(2, 2)
    return gone


def on_promise_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """Done on the task of a promise needs its evidence; undo opens the promise again."""
    promise_work_act(tenant=tenant, source_id=source_id, verb=verb, actor=actor)


def on_newcomers(*, tenant_id: int, events: list[MemberJoined]) -> None:
    """Who came stands on the list of the group's owner until somebody says hello. Safe to repeat."""
    newcomers_put(
        tenant_id=tenant_id, joined=[(one.group_id, one.joined_at) for one in events if one.customer_ids]
    )


def on_invited_joined(*, tenant_id: int, events: list[MemberJoined]) -> None:
    """Whoever was invited to a super-user group and came is admitted; the owner gets the welcome. Safe to repeat."""
    for event in events:
        invitations_admit(
            tenant_id=tenant_id, group_id=event.group_id, customer_ids=event.customer_ids, at=event.joined_at
        )


def on_brought(*, tenant_id: int, events: list[MemberJoined]) -> None:
    """Whoever brought somebody may have reached a further trust stage (R33). Safe to repeat, in any order."""
    inviters: set[int] = set()
    for event in events:
        inviters |= inviters_of(tenant_id=tenant_id, group_id=event.group_id, customer_ids=event.customer_ids)
    stages_judge(tenant_id=tenant_id, customer_ids=inviters)


def on_customer_opted_out(*, tenant_id: int, events: list[CustomerOptedOut]) -> None:
    """Nobody invites people who want no marketing. Safe to repeat."""
    for event in events:
        if event.opted_out:
            invitations_withdraw_for(tenant_id=tenant_id, customer_id=event.customer_id)


def on_invitation_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """The person was asked, or was not after all."""
    invitation_work_act(tenant=tenant, source_id=source_id, verb=verb, actor=actor)


def on_ceremony_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """The welcome ceremony was held, or was not after all."""
    ceremony_work_act(tenant=tenant, source_id=source_id, verb=verb, actor=actor)


def on_own_sends_reached(*, tenant_id: int, events: list[OwnSendsReached]) -> None:
    """What colleagues sent by themselves counts with the people it reached."""
    for event in events:
        own_sends_count(tenant_id=tenant_id, reach_ids=event.reach_ids)
