"""Reads of identity: the records of one person, the person of a record, and who may be the same (R37)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, islice

from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from contacts.enums import IdentityVerb
from contacts.models import Customer, IdentityMove
from tenants.arrays import ids_of

PROPOSED = 200
# What is shared is found in the index alone; only the records that share it are read.
_SAME = """
with shared as (
  select {field} from contacts_customer where tenant_id = %(tenant)s and {field} <> '' group by {field}
  having count(*) > 1
)
select {field}, array_agg(distinct coalesce(person_id, id)) from contacts_customer
where tenant_id = %(tenant)s and {field} <> '' and {field} in (select {field} from shared)
group by {field} having count(distinct coalesce(person_id, id)) > 1 order by {field} limit %(most)s
"""


def persons_of(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[int, int]:
    """{record: the record that stands for the person}, for merged records only. One query."""
    rows = Customer.objects.filter(
        tenant_id=tenant_id, pk__in=ids_of(set(customer_ids)), person__isnull=False
    )
    return dict(rows.values_list("pk", "person_id"))


def merged_among(*, tenant_id: int) -> dict[int, int]:
    """{record: the record that stands for the person} of every merged record of the company. One query."""
    rows = Customer.objects.filter(tenant_id=tenant_id, person__isnull=False)
    return dict(rows.values_list("pk", "person_id"))


def as_persons(*, tenant_id: int, customer_ids: Iterable[int]) -> set[int]:
    """These records as people, each once."""
    ids = set(customer_ids)
    merged = persons_of(tenant_id=tenant_id, customer_ids=ids)
    return {merged.get(one, one) for one in ids}


def same_people(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[int, set[int]]:
    """{record: every record of its person} of those among these whose person has several. One query."""
    ids = set(customer_ids)
    theirs = Customer.objects.filter(tenant_id=tenant_id, pk__in=ids, person__isnull=False).values(
        "person_id"
    )
    rows = Customer.objects.filter(tenant_id=tenant_id, person__isnull=False)
    merged = rows.filter(Q(person_id__in=ids) | Q(person_id__in=theirs)).values_list("person_id", "pk")
    people: dict[int, set[int]] = {}
    for person_id, record_id in merged:
        people.setdefault(person_id, {person_id}).add(record_id)
    return {one: records for records in people.values() for one in records & ids}


def opted_out_persons(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[int, datetime]:
    """{person: since when it wants no marketing, said with whatever record}, of those among these who want none.

    Two queries.
    """
    people = as_persons(tenant_id=tenant_id, customer_ids=customer_ids)
    rows = Customer.objects.filter(
        Q(pk__in=people) | Q(person_id__in=people), tenant_id=tenant_id, opt_out_at__isnull=False
    )
    found: dict[int, datetime] = {}
    for pk, person_id, at in rows.values_list("pk", "person_id", "opt_out_at"):
        person = person_id or pk
        found[person] = min(at, found.get(person, at)) if at else at
    return found


def records_under(*, tenant_id: int, person_ids: Iterable[int]) -> dict[int, int]:
    """{merged record: person} of these people. One query."""
    rows = Customer.objects.filter(tenant_id=tenant_id, person_id__in=ids_of(set(person_ids)))
    return dict(rows.values_list("pk", "person_id"))


def records_of(*, customer: Customer) -> list[Customer]:
    """The merged records of the person that this one stands for, without itself, the oldest first."""
    rows = Customer.objects.filter(tenant_id=customer.tenant_id, person_id=customer.pk)
    return list(rows.select_related("merged_into").order_by("first_seen_at", "pk"))


def customer_with_records(*, tenant_id: int, customer_id: int) -> tuple[Customer, list[Customer]]:
    """A customer and the `records_of` them, in one query. Raises Customer.DoesNotExist, also for another tenant's."""
    rows = Customer.objects.filter(Q(pk=customer_id) | Q(person_id=customer_id), tenant_id=tenant_id)
    found = list(rows.select_related("merged_into").order_by("first_seen_at", "pk"))
    customer = next((one for one in found if one.pk == customer_id), None)
    if customer is None:
        raise Customer.DoesNotExist
    return customer, [one for one in found if one.pk != customer_id]


def person_records(*, customer: Customer) -> list[Customer]:
    """Every record of the person that this record is one of, the one that stands for the person first."""
    person_id = customer.person_id or customer.pk
    same = Q(pk=person_id) | Q(person_id=person_id)
    rows = Customer.objects.filter(same, tenant_id=customer.tenant_id)
    return list(rows.order_by(F("person_id").asc(nulls_first=True), "first_seen_at", "pk"))


def joined_since(*, tenant_id: int, since: datetime) -> set[int]:
    """People whom a record was joined to since then: the record that stands for each. One query."""
    rows = IdentityMove.objects.filter(
        tenant_id=tenant_id, verb=IdentityVerb.MERGED, at__gte=since
    ).order_by()
    return set(rows.values_list(Coalesce("into__person_id", "into_id"), flat=True))


def identity_moves(*, tenant_id: int, customer_ids: Iterable[int], limit: int) -> list[IdentityMove]:
    """What was decided about these records, the latest first."""
    ids = list(customer_ids)
    rows = IdentityMove.objects.filter(Q(customer_id__in=ids) | Q(into_id__in=ids), tenant_id=tenant_id)
    return list(rows.select_related("customer", "into").order_by("-at", "-pk")[:limit])


@dataclass(frozen=True)
class Proposal:
    """Two records that may be one person; `goes_on` was seen first. `evidence`: {"unionid": "...", "phone": "..."}."""

    goes_on: Customer
    other: Customer
    evidence: dict[str, str]


def proposals(*, tenant_id: int) -> list[Proposal]:
    """Who may be the same person by union id or phone and was not looked at yet; 200 at most. Four queries."""
    told = _decided(tenant_id)
    enough = PROPOSED + len(told)  # each that is told apart may hide one that is not
    shared: dict[frozenset[int], dict[str, str]] = {}
    with connection.cursor() as cursor:
        for field in ("unionid", "phone"):
            cursor.execute(_SAME.format(field=field), {"tenant": tenant_id, "most": enough})
            for value, ids in cursor.fetchall():
                for pair in map(frozenset, islice(combinations(ids, 2), enough)):
                    if pair not in told:
                        shared.setdefault(pair, {})[field] = value
    return _proposed(tenant_id, shared)


def proposals_for(*, customer: Customer, records: Iterable[Customer] = ()) -> list[Proposal]:
    """Who may be the same person as this one. At most three queries."""
    mine = [customer, *records]
    unions, phones = {one.unionid for one in mine if one.unionid}, {one.phone for one in mine if one.phone}
    if not unions and not phones:
        return []
    found = Customer.objects.filter(tenant_id=customer.tenant_id).filter(
        Q(unionid__in=unions) & ~Q(unionid="") | Q(phone__in=phones) & ~Q(phone="")
    )
    shared: dict[frozenset[int], dict[str, str]] = {}
    for one in found.exclude(pk__in=[each.pk for each in mine])[:PROPOSED]:
        evidence = shared.setdefault(frozenset((customer.pk, one.person_id or one.pk)), {})
        evidence |= {"unionid": one.unionid} if one.unionid in unions else {}
        evidence |= {"phone": one.phone} if one.phone in phones else {}
    told = _decided(tenant_id=customer.tenant_id, among={one for pair in shared for one in pair})
    return _proposed(customer.tenant_id, {pair: why for pair, why in shared.items() if pair not in told})


def _proposed(tenant_id: int, shared: dict[frozenset[int], dict[str, str]]) -> list[Proposal]:
    """The first pairs with their people."""
    pairs = list(shared)[:PROPOSED]
    ids = {one for pair in pairs for one in pair}
    people = {one.pk: one for one in Customer.objects.filter(tenant_id=tenant_id, pk__in=ids)}
    made = []
    for pair in pairs:
        first, second = sorted((people[one] for one in pair), key=lambda one: (one.first_seen_at, one.pk))
        made.append(Proposal(first, second, shared[pair]))
    return made


def _decided(tenant_id: int, among: set[int] | None = None) -> set[frozenset[int]]:
    """Pairs of people that were told apart, or split again: all of the company, or those among some."""
    rows = IdentityMove.objects.filter(tenant_id=tenant_id).exclude(verb=IdentityVerb.MERGED)
    rows = rows.annotate(
        one=Coalesce(F("customer__person_id"), F("customer_id")),
        two=Coalesce(F("into__person_id"), F("into_id")),
    )
    if among is not None:
        rows = rows.filter(one__in=among, two__in=among)
    return {frozenset(pair) for pair in rows.values_list("one", "two")}
