"""Reactions to others' events. Each may come again and in any order."""

from analytics.services.fills import acts_mark, late_moments, persons_mark, seats_mark
from analytics.services.funnels import funnels_mark
from analytics.services.order_classes import RENEW_TASK, order_classes_renew
from analytics.services.weeks import late_people, weeks_mark, weeks_mark_all
from contacts.events import BehavioursRecorded, ExposuresMoved, PersonsChanged
from contacts.selectors.orders import open_buyers
from groups.events import SeatsCorrected
from leads.events import RulePublished
from outbox.dispatch import enqueue
from tenants.models import Tenant

_CLASSIFYING = {"order", "message"}


def on_behaviours_recorded(*, tenant_id: int, events: list[BehavioursRecorded]) -> None:
    """Judge the orders of those who bought or asked; days that are over tell more where something came late."""
    tenant = Tenant.objects.get(pk=tenant_id)
    acts_mark(tenant=tenant, moments=late_moments(tenant=tenant, events=events))
    if late := late_people(tenant=tenant, events=events):
        weeks_mark(tenant=tenant, customer_ids=late)
    if late or any("refund" in event.kinds for event in events):
        funnels_mark(tenant_id=tenant_id)
    people = {one for event in events if _CLASSIFYING & set(event.kinds) for one in event.customer_ids}
    if people:
        order_classes_renew(tenant_id=tenant_id, customer_ids=people)


def on_exposures_moved(*, tenant_id: int, events: list[ExposuresMoved]) -> None:
    """A sales message that did not reach its people after all, or did: who bought since is judged anew."""
    moved = {one for event in events for one in event.customer_ids}
    if people := open_buyers(tenant_id=tenant_id, customer_ids=moved):
        order_classes_renew(tenant_id=tenant_id, customer_ids=people)


def on_persons_changed(*, tenant_id: int, events: list[PersonsChanged]) -> None:
    """Who was two is one person now, or the other way round: what moved them, and every day since they first came, is
    told anew."""
    people = {one for event in events for one in event.customer_ids}
    order_classes_renew(tenant_id=tenant_id, customer_ids=people)
    tenant = Tenant.objects.get(pk=tenant_id)
    persons_mark(tenant=tenant, customer_ids=people)
    weeks_mark(tenant=tenant, customer_ids=people)
    funnels_mark(tenant_id=tenant_id)


def on_seats_corrected(*, tenant_id: int, events: list[SeatsCorrected]) -> None:
    """Who sat in groups on days that are over is told otherwise: those days are summed anew."""
    tenant = Tenant.objects.get(pk=tenant_id)
    seats_mark(tenant=tenant, since=min(event.since for event in events))
    weeks_mark_all(tenant=tenant)
    funnels_mark(tenant_id=tenant_id)


def on_rule_published(*, tenant_id: int, events: list[RulePublished]) -> None:
    """A rule that listens for other words hears other questions: why people bought is suggested anew, in a task."""
    words = sorted({word for event in events for word in event.words})
    if words:
        enqueue(RENEW_TASK, tenant_id=tenant_id, words=words)
