"""What the people of a camp did, link by link: each link of a bootcamp has its own figure (R42, R45).

A figure is a share of the people now in the run's groups, each counted once whatever records they have; what they did
with any of them counts from the run's first day to its last. A camp without links is asked for the same figures, by
name only.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from contacts.enums import BehaviourKind
from contacts.selectors import behaviours_for, buyers_in
from contacts.selectors.identity import as_persons, records_under
from groups.selectors import ACTIVE_KINDS, members_current
from sop.enums import Link
from sop.models import RunGroup, Step
from sop.policies import calendar
from tenants import clock
from wecom.archive.selectors import coverage

if TYPE_CHECKING:
    from sop.models import Run
    from tenants.models import Tenant

WROTE, ACTIVE, KEY, LOOKED, BOUGHT = "wrote", "active", "key", "looked", "bought"
_LABELS: dict[str, tuple[int, Any]] = {
    WROTE: (Link.PRE_CAMP, _("Wrote or answered a form")),
    ACTIVE: (Link.ACTIVATION, _("Active at least once")),
    KEY: (Link.NURTURE, _("Did the key interaction")),
    LOOKED: (Link.CONVERSION, _("Opened the course or payment page")),
    BOUGHT: (Link.CLOSE, _("Bought")),
}
_KINDS: dict[str, frozenset[str]] = {
    WROTE: frozenset({BehaviourKind.MESSAGE, BehaviourKind.FORM}),
    ACTIVE: frozenset(ACTIVE_KINDS),
    LOOKED: frozenset({BehaviourKind.PURCHASE_CLICK, BehaviourKind.PAY_CLICK}),
}


@dataclass(frozen=True)
class LinkFigure:
    """`count` of `people` did it; `link` names the link of a bootcamp, "" in other camps. `count` None: nobody can
    tell, for no key interaction is named or no source of messages is connected."""

    name: str
    label: Any
    link: str
    count: int | None
    people: int

    @property
    def percent(self) -> int | None:
        """Rounded; None without people, or where nobody can tell."""
        return round(100 * self.count / self.people) if self.people and self.count is not None else None


def link_figures(*, tenant: "Tenant", run: "Run") -> list[LinkFigure]:
    """The five figures of a run, in the order of the links."""
    people = _people(tenant, run)
    done = _done(tenant, run, people)
    has_links = Step.objects.filter(tenant=tenant, version_id=run.version_id, link__isnull=False).exists()
    untold = _untold(tenant, run, done)
    return [
        LinkFigure(
            name=name,
            label=label,
            link=str(Link(link).label) if has_links else "",
            count=None if name in untold else len(done[name]),
            people=len(people),
        )
        for name, (link, label) in _LABELS.items()
    ]


def _untold(tenant: "Tenant", run: "Run", done: dict[str, set[int]]) -> set[str]:
    """Figures that nobody can tell: no key interaction named, or no source of messages and nothing heard."""
    found = set() if run.key_interaction else {KEY}
    if not done[WROTE] and not coverage(tenant_id=tenant.pk).sees_messages:
        found.add(WROTE)
    return found


def link_people(*, tenant: "Tenant", run: "Run", figure: str) -> set[int]:
    """Customer ids that a figure counts. Raises KeyError for a name that is none."""
    return _done(tenant, run, _people(tenant, run))[figure]


def figure_label(name: str) -> Any:
    """Raises KeyError for a name that is none."""
    return _LABELS[name][1]


def _people(tenant: "Tenant", run: "Run") -> set[int]:
    """Whoever sits in the groups, by the record that stands for the person."""
    groups = RunGroup.objects.filter(tenant=tenant, run=run, removed_at=None).values_list(
        "group_id", flat=True
    )
    seated = members_current(tenant_id=tenant.pk, group_ids=list(groups))
    return as_persons(tenant_id=tenant.pk, customer_ids={one for some in seated.values() for one in some})


def _done(tenant: "Tenant", run: "Run", people: Collection[int]) -> dict[str, set[int]]:
    since = clock.day_bounds(run.starts_on, tenant.timezone)[0]
    last = calendar.day_date(run.starts_on, run.days + run.after_days)
    until = clock.day_bounds(last, tenant.timezone)[1]
    person = records_under(tenant_id=tenant.pk, person_ids=people)
    acts = behaviours_for(tenant_id=tenant.pk, customer_ids={*people, *person}, since=since, until=until)
    found: dict[str, set[int]] = {name: set() for name in _LABELS}
    rows = acts.order_by().values_list("customer_id", "kind", "object_id").distinct()
    for record_id, kind, object_id in rows:
        customer_id = person.get(record_id, record_id)
        for name, kinds in _KINDS.items():
            if kind in kinds:
                found[name].add(customer_id)
        wanted = run.key_interaction_object
        if kind == run.key_interaction and wanted in ("", object_id):
            found[KEY].add(customer_id)
    found[BOUGHT] = buyers_in(tenant_id=tenant.pk, customer_ids=people, since=since, until=until)
    return found
