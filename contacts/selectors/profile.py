"""One person's profile and the completeness of many, each field with its source and time."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from contacts.enums import Education, Gender, ProfileField, ProfileSource
from contacts.models import Customer, Order, ProfileFact
from contacts.policies.profile import Said, Settled, age_of, completeness, settled
from contacts.selectors.own_fields import own_specs

_WECOM_GENDER = {1: Gender.MALE, 2: Gender.FEMALE}
_CHOICES: dict[str, dict[str, Any]] = {
    ProfileField.GENDER: dict(Gender.choices),
    ProfileField.EDUCATION: dict(Education.choices),
}
# Beside the asked fields: WeCom's name, a phone number, and whether any order is known.
PROFILE_SIZE = len(ProfileField) + 3


@dataclass(frozen=True)
class ProfileRow:
    """A field as a page shows it; `words` "" is unknown. `against`: (words, who, Said) of whoever contradicts."""

    field: str
    label: Any
    words: str
    settled: Settled
    against: list[tuple[str, str, Said]]

    @property
    def source_label(self) -> str:
        return source_words(self.settled.holds)


def source_words(said: Said | None) -> str:
    """Staff 何静, Form 入群表: who said it."""
    if said is None:
        return ""
    label = str(ProfileSource(said.source).label)
    return f"{label} · {said.by}" if said.by else label


def value_words(field: str, value: str, *, this_year: int) -> str:
    """A stored value as people read it: a year as an age, a key as its name."""
    if field == ProfileField.BIRTH_YEAR and value:
        told = {"age": age_of(value, this_year=this_year), "year": value}
        return _("%(age)s, born %(year)s") % told
    return str(_CHOICES.get(field, {}).get(value, value))


def _words_of(tenant_id: int, customers: Iterable[Customer]) -> dict[int, dict[str, list[Said]]]:
    """{customer id: {field: [Said]}}: what is stored, and WeCom's own gender. One query.

    WeCom does not tell when a gender was given, so that reading it again never outweighs what staff settled.
    """
    people = {one.pk: one for one in customers}
    told: dict[int, dict[str, list[Said]]] = {
        pk: {field: [] for field in ProfileField.values} for pk in people
    }
    for row in ProfileFact.objects.filter(tenant_id=tenant_id, customer_id__in=list(people)):
        told[row.customer_id].setdefault(row.field, []).append(
            Said(row.source, row.value, row.said_at, row.said_by)
        )
    for pk, one in people.items():
        if gender := _WECOM_GENDER.get(one.gender):
            told[pk][ProfileField.GENDER].append(Said(ProfileSource.WECOM, gender, None))
    return told


def profile_of(*, customer: Customer, this_year: int) -> list[ProfileRow]:
    """Every asked field of one person, known or not: those of ProfileField, then the company's own. Two queries."""
    told = _words_of(customer.tenant_id, [customer])[customer.pk]
    own = own_specs(tenant_id=customer.tenant_id, archived=False).values()
    asked = [
        *((str(key), label) for key, label in ProfileField.choices),
        *((one.key, one.label) for one in own),
    ]
    rows = []
    for field, label in asked:
        found = settled(told.get(field, []))
        rows.append(
            ProfileRow(
                field=field,
                label=label,
                words=value_words(field, found.value, this_year=this_year),
                settled=found,
                against=[
                    (value_words(field, one.value, this_year=this_year), source_words(one), one)
                    for one in found.against
                ],
            )
        )
    return rows


def known_of(*, customer: Customer, rows: Iterable[ProfileRow], has_order: bool) -> int:
    """How many of the PROFILE_SIZE fields are known of one person whose profile was read. No query."""
    asked = [row.settled.holds is not None for row in rows if row.field in ProfileField.values]
    return sum([*asked, bool(customer.name), bool(customer.phone), has_order])


def completeness_of(*, tenant_id: int, customer_ids: Iterable[int] | QuerySet) -> dict[int, float]:
    """{customer id: share of the nine fields known, 0 to 1}: name, phone, spending and the six asked ones.

    Two queries for any number of people; ids may be a query too. The mean over a camp's people is that camp's
    completeness (R28).
    """
    wanted = customer_ids if isinstance(customer_ids, QuerySet) else set(customer_ids)
    orders = Order.objects.filter(tenant_id=tenant_id, customer_id=OuterRef("pk"))
    rows = Customer.objects.filter(tenant_id=tenant_id, pk__in=wanted)
    people = list(rows.annotate(has_bought=Exists(orders)))
    told = _words_of(tenant_id, people)
    made = {}
    for one in people:
        asked = [settled(told[one.pk][field]).holds is not None for field in ProfileField.values]
        share = completeness([*asked, bool(one.name), bool(one.phone), one.has_bought])
        made[one.pk] = share or 0.0
    return made


def words_known(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[int, dict[str, list[Said]]]:
    """{customer id: {field: all that was said}} of many people. Two queries."""
    return _words_of(tenant_id, Customer.objects.filter(tenant_id=tenant_id, pk__in=set(customer_ids)))
