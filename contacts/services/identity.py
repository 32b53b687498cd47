"""Two records become one person, and two again (R37). Nothing moves: acts, tags and orders stay at their record."""

from django.db import transaction

from contacts.enums import IdentityGround, IdentityVerb
from contacts.errors import CustomerUnknown, IdentityInvalid, PersonErased, ReasonMissing
from contacts.events import PersonsChanged
from contacts.models import Customer, Erasure, IdentityMove
from contacts.policies.identity import may_merge, roots_after
from contacts.services.exposures import exposures_recount
from contacts.services.orders import orders_number
from contacts.services.stages import stage_go_back, stages_judge
from contacts.services.tag_rules import rules_judge
from outbox.services import publish
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require


def customers_merge(
    *, tenant: Tenant, goes_on_id: int, other_id: int, actor: Actor, reason: str = ""
) -> Customer:
    """The person of `other_id` is the person of `goes_on_id`, which goes on. Returns the record that goes on.

    Without a union id or phone that both carry, `reason` says why. Raises CustomerUnknown, IdentityInvalid (the same
    person already), PersonErased, ReasonMissing, NotPermitted. A repeat is IdentityInvalid and changes nothing.
    """
    require(actor, Permission.WORK)
    with transaction.atomic():
        one_at_a_time(tenant)
        goes_on, other = _person(tenant, goes_on_id), _person(tenant, other_id)
        if not may_merge(other.pk, goes_on.pk, _parents(tenant, {goes_on.pk, other.pk})):
            raise IdentityInvalid
        if Erasure.objects.filter(tenant=tenant, customer__in=[goes_on, other]).exists():
            raise PersonErased
        evidence = _shared(tenant, goes_on, other)
        if not evidence and not reason.strip():
            raise ReasonMissing
        ground = IdentityGround(next(iter(evidence), IdentityGround.HAND))
        _keep(tenant, other, goes_on, IdentityVerb.MERGED, ground, evidence, reason, actor)
        other.merged_into = goes_on
        other.save(update_fields=["merged_into"])
        _set_persons(tenant, {goes_on.pk, other.pk})
        _audit(tenant, "contacts.customer.merged", goes_on, other, [None, str(other)], reason, actor)
        _judge(tenant, [goes_on.pk])
    return goes_on


def customer_split(*, tenant: Tenant, customer_id: int, reason: str, actor: Actor) -> Customer:
    """A merged record is a person of its own again, with what was merged into it before. Returns it.

    How far its acts had moved the other person in trust goes back too.
    Raises CustomerUnknown, IdentityInvalid (it is not merged), ReasonMissing, NotPermitted.
    """
    require(actor, Permission.WORK)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        one_at_a_time(tenant)
        record = _record(tenant, customer_id)
        if record.merged_into is None:
            raise IdentityInvalid
        before, into = record.person_id or record.pk, record.merged_into
        joined = IdentityMove.objects.filter(tenant=tenant, customer=record, verb=IdentityVerb.MERGED)
        since = joined.latest("at", "pk").at
        _keep(tenant, record, into, IdentityVerb.SPLIT, IdentityGround.HAND, {}, reason, actor)
        record.merged_into = None
        record.save(update_fields=["merged_into"])
        _set_persons(tenant, {before})
        stage_go_back(tenant=tenant, customer_id=before, since=since, reason=reason, actor=actor)
        _audit(tenant, "contacts.customer.split", into, record, [str(record), None], reason, actor)
        _judge(tenant, [before, record.pk])
    return record


def customers_apart(*, tenant: Tenant, one_id: int, other_id: int, actor: Actor, reason: str = "") -> None:
    """Two records were looked at and are different people: they are not proposed again. Safe to repeat.

    Raises CustomerUnknown, IdentityInvalid (they are one person now), NotPermitted.
    """
    require(actor, Permission.WORK)
    with transaction.atomic():
        one_at_a_time(tenant)
        one, other = _person(tenant, one_id), _person(tenant, other_id)
        if one.pk == other.pk:
            raise IdentityInvalid
        known = IdentityMove.objects.filter(tenant=tenant, customer=other, into=one, verb=IdentityVerb.APART)
        if not known.exists():
            evidence = _shared(tenant, one, other)
            _keep(tenant, other, one, IdentityVerb.APART, IdentityGround.HAND, evidence, reason, actor)
            _audit(tenant, "contacts.customer.kept_apart", one, other, [None, str(other)], reason, actor)


def one_at_a_time(tenant: Tenant) -> None:
    """Two who merge at once could make a circle: what one company decides about who is one person waits for what was
    decided before. In a transaction."""
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)


def _record(tenant: Tenant, customer_id: int) -> Customer:
    found = Customer.objects.filter(tenant=tenant, pk=customer_id).select_related("merged_into").first()
    if found is None:
        raise CustomerUnknown
    return found


def _person(tenant: Tenant, customer_id: int) -> Customer:
    found = _record(tenant, customer_id)
    return _record(tenant, found.person_id) if found.person_id else found


def _parents(tenant: Tenant, person_ids: set[int]) -> dict[int, int]:
    rows = Customer.objects.filter(tenant=tenant, person_id__in=person_ids, merged_into__isnull=False)
    return {pk: into for pk, into in rows.values_list("pk", "merged_into_id") if into is not None}


def _set_persons(tenant: Tenant, person_ids: set[int]) -> None:
    """Write for each record of these people which record stands for it, from where each points; what has reached them
    is counted anew for who they are now."""
    records = [*person_ids, *_members(tenant, person_ids)]
    rows = list(
        Customer.objects.select_for_update(no_key=True).filter(tenant=tenant, pk__in=records).order_by("pk")
    )
    parents = {row.pk: row.merged_into_id for row in rows if row.merged_into_id is not None}
    roots = roots_after([row.pk for row in rows], parents)
    for row in rows:
        row.person_id = roots[row.pk] if roots[row.pk] != row.pk else None
    Customer.objects.bulk_update(rows, ["person"])
    publish(
        PersonsChanged(tenant_id=tenant.pk, occurred_at=clock.now(), customer_ids=[row.pk for row in rows])
    )
    exposures_recount(tenant_id=tenant.pk, customer_ids=[row.pk for row in rows])


def _members(tenant: Tenant, person_ids: set[int]) -> list[int]:
    rows = Customer.objects.filter(tenant=tenant, person_id__in=person_ids)
    return list(rows.values_list("pk", flat=True))


def _shared(tenant: Tenant, one: Customer, other: Customer) -> dict[str, str]:
    """{"unionid" | "phone": what records of both people carry}, the stronger first."""
    sides = []
    for person in (one, other):
        ids = [person.pk, *_members(tenant, {person.pk})]
        rows = list(Customer.objects.filter(tenant=tenant, pk__in=ids))
        sides.append({field: {getattr(row, field) for row in rows} - {""} for field in ("unionid", "phone")})
    found = {}
    for field in ("unionid", "phone"):
        if both := sides[0][field] & sides[1][field]:
            found[field] = min(both)
    return found


def _keep(
    tenant: Tenant, record: Customer, into: Customer, verb: IdentityVerb, ground: IdentityGround,
    evidence: dict[str, str], reason: str, actor: Actor,
) -> None:  # fmt: skip
    IdentityMove.objects.create(
        tenant=tenant, customer=record, into=into, verb=verb, ground=ground, evidence=evidence,
        reason=reason.strip()[:200], moved_by=actor.name[:128], at=clock.now(),
    )  # fmt: skip


def _audit(
    tenant: Tenant,
    verb: str,
    target: Customer,
    other: Customer,
    change: list[str | None],
    reason: str,
    actor: Actor,
) -> None:
    changes = {"same_person": change, "record": [None, other.external_userid]}
    audit.record(tenant=tenant, actor=actor, verb=verb, target=target, changes=changes, reason=reason.strip())


def _judge(tenant: Tenant, person_ids: list[int]) -> None:
    orders_number(tenant_id=tenant.pk, customer_ids=person_ids)
    stages_judge(tenant_id=tenant.pk, customer_ids=person_ids)
    rules_judge(tenant_id=tenant.pk, customer_ids=person_ids)
