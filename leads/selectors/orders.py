"""What customers asked before they bought (R72)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from contacts.selectors.identity import same_people
from leads.models import WindowMember
from leads.policies.rules import MESSAGE_KIND, Rule
from leads.policies.tiers import Act
from leads.selectors.acts import acts_for


@dataclass(frozen=True)
class Inquiries:
    """Of each record: when the first camp of its person began, and what the person asked since, the oldest first.

    Records of people who were in no camp are absent.
    """

    since: dict[int, datetime] = field(default_factory=dict)
    asked: dict[int, list[Act]] = field(default_factory=dict)


def inquiries_of(*, tenant_id: int, customer_ids: Iterable[int], rule: Rule) -> Inquiries:
    """Messages with one of the rule's words. Five queries."""
    wanted = set(customer_ids)
    same = same_people(tenant_id=tenant_id, customer_ids=wanted)
    rows = WindowMember.objects.filter(tenant_id=tenant_id, customer_id__in=wanted.union(*same.values()))
    starts: dict[int, datetime] = {}
    for customer_id, at in rows.values_list("customer_id", "window__starts_at"):
        starts[customer_id] = min(at, starts.get(customer_id, at))
    since = {
        one: min(found)
        for one in wanted
        if (found := [starts[record] for record in same.get(one, {one}) if record in starts])
    }
    if not since:
        return Inquiries()
    acts = acts_for(tenant_id=tenant_id, customer_ids=since, since=min(since.values()), rules=[rule])
    asked = {
        one: sorted(
            (act for act in rows if act.kind == MESSAGE_KIND and act.at >= since[one]),
            key=lambda act: (act.at, act.key),
        )
        for one, rows in acts.items()
    }
    return Inquiries(since, asked)
