"""Staff profiles: kinds of people, and the result that each answers for."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from team.enums import KIND_LINKS
from team.models import Staff, StaffProfile
from tenants.enums import Role

PEOPLE = _("See the people")


@dataclass(frozen=True)
class Share:
    """A person's figure: `hits` of `out_of`, both counts of people. `url` leads to the `hits`, "" for nowhere, or to
    what `opens` says.
    """

    hits: int
    out_of: int
    url: str = ""
    opens: Any = PEOPLE

    @property
    def rate(self) -> float | None:
        return self.hits / self.out_of if self.out_of else None


ShareProvider = Callable[..., dict[int, Share]]


@dataclass(frozen=True)
class OwnMetric:
    """A metric of a person, declared by an app above.

    `provider(tenant=, staff_ids=, since=, until=)` -> {staff id: Share}, in constant queries; absent means nothing to
    count. `converts`: it ends in a sale, so a person may own it (R121); the others stand beside it.
    """

    key: str
    label: Any
    definition: Any
    provider: ShareProvider
    converts: bool


_metrics: dict[str, OwnMetric] = {}


def register_own_metric(
    *, key: str, label: Any, definition: Any, provider: ShareProvider, converts: bool
) -> None:
    """Declare a metric of a person. Called at start-up; the same key again replaces it."""
    _metrics[key] = OwnMetric(key, label, definition, provider, converts)


def own_metrics(*, converts: bool | None = None) -> list[OwnMetric]:
    """What is declared, in the order of declaration; conversion metrics alone, process metrics alone, or all."""
    return [one for one in _metrics.values() if converts is None or one.converts == converts]


def shares_of(
    *, tenant: Any, metric: str, staff_ids: Iterable[int], since: datetime, until: datetime
) -> dict[int, Share]:
    """One metric of several people; {} for a key that is not declared."""
    found = _metrics.get(metric)
    wanted = sorted(set(staff_ids))
    if found is None or not wanted:
        return {}
    return found.provider(tenant=tenant, staff_ids=wanted, since=since, until=until)


def staff_kinds(*, tenant_id: int, staff_ids: Iterable[int] | None = None) -> dict[int, str]:
    """{staff id: StaffKind} of those with a kind; ids None: of everybody. One query."""
    rows = StaffProfile.objects.filter(tenant_id=tenant_id).exclude(kind="")
    if staff_ids is not None:
        rows = rows.filter(staff_id__in=list(staff_ids))
    return dict(rows.values_list("staff_id", "kind"))


def suited(*, kind: str, links: Iterable[int]) -> bool:
    """Whether a kind of person is suggested for all of these links of the camp (R120); no link suits everybody."""
    return set(links) <= KIND_LINKS.get(kind, frozenset())


def profiles_of(*, tenant_id: int, staff_ids: Iterable[int]) -> dict[int, StaffProfile]:
    """{staff id: profile, with its backup}; absent when nobody has said anything."""
    rows = StaffProfile.objects.filter(tenant_id=tenant_id, staff_id__in=list(staff_ids))
    return {row.staff_id: row for row in rows.select_related("backup")}


def _working(tenant_id: int) -> QuerySet[Staff]:
    """Those whom profiles are asked of: active, and in touch with customers or in the console."""
    return Staff.objects.filter(tenant_id=tenant_id, is_active=True).filter(
        Q(can_contact=True) | Q(membership__isnull=False, membership__ended_at=None)
    )


def staff_without_kind(*, tenant_id: int) -> QuerySet[Staff]:
    """Working staff without a kind, by name."""
    known = StaffProfile.objects.filter(tenant_id=tenant_id).exclude(kind="").values("staff_id")
    return _working(tenant_id).exclude(pk__in=known).order_by("name", "pk")


def staff_without_metric(*, tenant_id: int) -> QuerySet[Staff]:
    """Working staff who answer for no conversion metric (R121), by name. Viewers are not asked for one."""
    keys = [one.key for one in own_metrics(converts=True)]
    owned = StaffProfile.objects.filter(tenant_id=tenant_id, own_metric__in=keys).values("staff_id")
    rows = _working(tenant_id).exclude(pk__in=owned).exclude(membership__role=Role.VIEWER)
    return rows.order_by("name", "pk")


def staff_to_train(*, tenant_id: int) -> list[int]:
    """Whoever works with customers or in the console, viewers left out: those who are asked to know things."""
    rows = _working(tenant_id).exclude(membership__role=Role.VIEWER)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def suggestions(*, tenant_id: int, links: Sequence[int]) -> dict[int, bool]:
    """{staff id: whether the person's kind is suggested for these links}; people without a kind are absent."""
    return {one: suited(kind=kind, links=links) for one, kind in staff_kinds(tenant_id=tenant_id).items()}
