"""What campaigns do when something happens elsewhere. Database only; each may be called again with the same events."""

from campaigns.enums.joining import JoinTask
from campaigns.selectors.joining import waiting_tasks
from campaigns.services.deals import reservations_follow
from campaigns.services.flash import node_settle
from campaigns.services.invites import invites_follow
from campaigns.services.joiners import people_joined, people_left, tasks_look
from campaigns.services.milestones import milestones_look
from campaigns.services.sales import sales_follow
from campaigns.services.scenes import orders_follow
from contacts.enums import BehaviourKind
from contacts.events import BehavioursRecorded
from groups.events import MemberJoined, MemberLeft
from tenants.audit import Actor
from tenants.models import Tenant

_BOUGHT = {BehaviourKind.ORDER, BehaviourKind.REFUND}
_TASKS = set(JoinTask.values)


def on_behaviours_recorded(*, tenant_id: int, events: list[BehavioursRecorded]) -> None:
    """Each order gets its scene, campaign and step (R93). Safe to repeat, in any order."""
    buyers = {one for event in events if _BOUGHT & set(event.kinds) for one in event.customer_ids}
    if buyers:
        orders_follow(tenant_id=tenant_id, customer_ids=buyers)


def on_flash_node_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """Done or undone on the task of a flash run's node."""
    node_settle(tenant=tenant, node_id=source_id, is_posted=verb == "done", actor=actor, from_item=True)


def on_join_left(*, tenant_id: int, events: list[MemberLeft]) -> None:
    """Who leaves before the stay is over loses what joining gave (R80). Safe to repeat, in any order."""
    tenant = Tenant.objects.get(pk=tenant_id)
    for event in events:
        if event.customer_ids:
            people_left(tenant=tenant, group_id=event.group_id, customer_ids=event.customer_ids)


def on_join_members(*, tenant_id: int, events: list[MemberJoined]) -> None:
    """Who joins takes part in the join play of that group (R80). Safe to repeat, in any order."""
    tenant = Tenant.objects.get(pk=tenant_id)
    for event in events:
        people_joined(
            tenant=tenant, group_id=event.group_id, customer_ids=event.customer_ids, staff_ids=event.staff_ids,
            at=event.joined_at,
        )  # fmt: skip


def on_join_tasks(*, tenant_id: int, events: list[BehavioursRecorded]) -> None:
    """Who did what a join play asks for gets its prize (R80). Safe to repeat, in any order."""
    doers = {one for event in events if _TASKS & set(event.kinds) for one in event.customer_ids}
    waiting = waiting_tasks(tenant_id=tenant_id, customer_ids=doers) if doers else []
    if waiting:
        tasks_look(tenant=Tenant.objects.get(pk=tenant_id), waiting=waiting)


def on_invitees_moved(*, tenant_id: int, events: list[MemberJoined | MemberLeft]) -> None:
    """Who joined by somebody's invitation is judged, who left before the days were over does not count (R81). Safe to
    repeat, in any order."""
    ids = {one for event in events for one in event.customer_ids}
    if ids:
        invites_follow(tenant=Tenant.objects.get(pk=tenant_id), customer_ids=ids)


def on_milestones(*, tenant_id: int, events: list[MemberJoined]) -> None:
    """Groups that filled up reach their milestones (R83). Safe to repeat, in any order."""
    ids = {one.group_id for one in events if one.customer_ids}
    if ids:
        milestones_look(tenant=Tenant.objects.get(pk=tenant_id), group_ids=ids)


def on_sales(*, tenant_id: int, events: list[BehavioursRecorded]) -> None:
    """Orders bring a commission, refunds take it back (R84). Safe to repeat, in any order."""
    buyers = {one for event in events if _BOUGHT & set(event.kinds) for one in event.customer_ids}
    if buyers:
        sales_follow(tenant=Tenant.objects.get(pk=tenant_id), customer_ids=buyers)


def on_orders_of_deals(*, tenant_id: int, events: list[BehavioursRecorded]) -> None:
    """Orders close what was reserved, refunds open it again. Safe to repeat, in any order."""
    buyers = {one for event in events if _BOUGHT & set(event.kinds) for one in event.customer_ids}
    if buyers:
        reservations_follow(tenant_id=tenant_id, customer_ids=buyers)
