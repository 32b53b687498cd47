"""How one person is spoken with, apart from what is only sent to them (R35)."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Q, Sum

from contacts.enums import BehaviourKind
from contacts.models import Behaviour, Customer, Exposure
from contacts.policies.conversations import Talk, talk_of
from contacts.selectors import follows_of, groups_of_all
from contacts.selectors.identity import records_of
from team.selectors import staff_list
from wecom.archive.selectors import coverage, told_by_name, told_in_private
from wecom.selectors import OWN


@dataclass(frozen=True)
class Spoken:
    """One person's figures since a moment. `talk` and `named` (replies to them by name in groups) are None where no
    message source tells; `broadcasts` counts what the gate let through and was not given back."""

    talk: Talk | None
    named: int | None
    broadcasts: int
    as_of: datetime | None


def spoken_with(*, customer: Customer, since: datetime) -> Spoken:
    """With every record of the person. At most nine queries."""
    tenant_id = customer.tenant_id
    records = [customer, *records_of(customer=customer)]
    ids = [one.pk for one in records]
    gated = Exposure.objects.filter(tenant_id=tenant_id, customer_id__in=ids)
    touches = gated.exclude(touch_key__startswith=OWN).values("customer_id", "touch_key")
    passed = touches.annotate(left=Sum("weight"), passed_at=Max("at", filter=Q(weight__gt=0)))
    sent = passed.filter(left__gt=0, passed_at__gte=since).count()
    source = coverage(tenant_id=tenant_id)
    if not source.sees_messages:
        return Spoken(None, None, sent, None)
    theirs = Behaviour.objects.filter(
        tenant_id=tenant_id,
        customer_id__in=ids,
        kind=BehaviourKind.MESSAGE,
        group=None,
        occurred_at__gte=since,
    )
    friends = {tie.staff.userid for tie in follows_of(tenant_id=tenant_id, customer_ids=ids)}
    people = [one.external_userid for one in records]
    ours = told_in_private(tenant_id=tenant_id, sender_ids=friends, person_ids=people, since=since)
    rooms = [one.chat_id for one in groups_of_all(tenant_id=tenant_id, customer_ids=ids) if one.chat_id]
    named = told_by_name(
        tenant_id=tenant_id,
        sender_ids={one.userid for one in staff_list(tenant_id=tenant_id)},
        room_ids=rooms,
        names={one.name for one in records if one.name},
        since=since,
    )
    return Spoken(talk_of(theirs.values_list("occurred_at", flat=True), ours), named, sent, source.as_of)
