"""People who get nothing from plays: whoever carries the tag that the company names for it."""

from collections.abc import Iterable

from campaigns.enums.joining import BARRED_TAG
from contacts.selectors import tagged_ids
from contacts.selectors.identity import as_persons, records_under
from tenants import preferences


def barred_among(*, tenant_id: int, person_ids: Iterable[int]) -> set[int]:
    """Those of these people of whom any record carries the tag. Three queries at most, none without a tag."""
    name, people = preferences.value(tenant_id, BARRED_TAG).strip(), set(person_ids)
    if not name or not people:
        return set()
    records = records_under(tenant_id=tenant_id, person_ids=people)
    tagged = tagged_ids(tenant_id=tenant_id, name=name).filter(customer_id__in=people | set(records))
    return people & as_persons(tenant_id=tenant_id, customer_ids=tagged.values_list("customer_id", flat=True))
