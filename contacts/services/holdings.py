"""Where the data of one person lives (R39): each app says of its own tables how one row is reached from a customer and
what of it names the person. The row stays, without the person, so that figures stay true; only what is nothing but
the person's own words goes whole.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db.models import Expression, F, JSONField, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Replace
from django.utils.translation import gettext_lazy as _

from contacts.models import Customer
from contacts.selectors.personal import erased_name

Rows = Callable[[int, Collection[Customer]], Q]
Beside = Callable[[int, QuerySet], int]


@dataclass(frozen=True)
class Holding:
    """One table that holds something about one person; `label` says it to people.

    `path` leads from a row to the customer ("lead__customer"), or `where(tenant_id, records)` gives the filter.
    Erasing sets `clear` ({column: value or expression}), or removes the rows with `is_removed`. Without either
    only the numbers stay, as they name nobody. `tasks`: the kinds of staff's tasks (WorkItem.source_kind) made of
    one row each, which say the name and are removed. `beside(tenant_id, rows)` removes files kept elsewhere that
    are these rows' own, and says how many; it is called before the rows change. `renames`: columns where WeCom's
    id of the person becomes the name the record keeps, so that who stood where is still told apart.
    """

    table: str
    label: Any
    path: str = "customer"
    clear: Mapping[str, Any] = field(default_factory=dict)
    is_removed: bool = False
    where: Rows | None = None
    tasks: tuple[str, ...] = ()
    renames: tuple[str, ...] = ()
    beside: Beside | None = None

    def renamed(self, column: str, customer: Customer) -> Expression:
        """The column with WeCom's id of the person replaced; one of JSON holds it as a whole string."""
        old, new = customer.external_userid, erased_name(customer.pk)
        if isinstance(apps.get_model(self.table)._meta.get_field(column), JSONField):
            text = Cast(F(column), TextField())
            return Cast(Replace(text, Value(f'"{old}"'), Value(f'"{new}"')), JSONField())
        return Replace(F(column), Value(old), Value(new))

    def rows(self, *, tenant_id: int, records: Collection[Customer]) -> QuerySet:
        """The rows about these records of one person."""
        model: Any = apps.get_model(self.table)
        found = self.where(tenant_id, records) if self.where else Q(**{f"{self.path}__in": list(records)})
        return model.objects.filter(found, tenant_id=tenant_id)


_holdings: dict[str, Holding] = {}


def register_holding(*holdings: Holding) -> None:
    """Say where data of one person lives. A table counts once; the last word holds."""
    for one in holdings:
        _holdings[one.table] = one


def holdings() -> list[Holding]:
    """Every table that holds something about one person, by name."""
    return [_holdings[name] for name in sorted(_holdings)]


def _tasks(tenant_id: int, records: Collection[Customer]) -> Q:
    """Tasks that lead to the person, say WeCom's id, or are made of a row about the person."""
    found = Q(detail__in=[one.external_userid for one in records])
    for record in records:
        found |= Q(url__contains=f"/customers/{record.pk}/")
    for one in holdings():
        if one.tasks:
            ids = one.rows(tenant_id=tenant_id, records=records).values("pk")
            found |= Q(source_kind__in=one.tasks, source_id__in=ids)
    return found


def _answers(tenant_id: int, records: Collection[Customer]) -> Q:
    """Whoever WeCom names answers by any link; only where nobody is named it is whom the form was sent to."""
    return Q(customer__in=list(records)) | Q(customer=None, link__customer__in=list(records))


def _moves(tenant_id: int, records: Collection[Customer]) -> Q:
    return Q(customer__in=list(records)) | Q(into__in=list(records))


def _lines(tenant_id: int, records: Collection[Customer]) -> Q:
    """Lines of a file about the person, also those that could not be written."""
    found = Q(customer__in=list(records))
    for record in records:
        for word in filter(None, (record.external_userid, record.unionid, record.phone)):
            found |= Q(customer=None, cells__contains=[word])
        if record.phone:  # as it was read: files write numbers with blanks and dashes
            found |= Q(customer=None, told__phone=record.phone)
    return found


register_holding(
    Holding("contacts.Follow", _("Ties to staff"), clear={"remark": "", "description": ""}),
    Holding(
        "contacts.Behaviour",
        _("What the person did"),
        clear={"external_userid": "", "text": "", "data": {}},
        renames=("event_id",),
    ),
    Holding("contacts.Order", _("Orders")),
    Holding("contacts.ProfileFact", _("Answers in the profile"), is_removed=True),
    Holding("contacts.SheetRow", _("Lines of imported files"), where=_lines, is_removed=True),
    Holding("contacts.StageMove", _("Moves between trust stages"), clear={"reason": "", "evidence": {}}),
    Holding("contacts.CustomerTag", _("Tags"), clear={"evidence": {}}),
    Holding("contacts.TagMark", _("Tags written to WeCom"), clear={"error": ""}),
    Holding("contacts.CustomerTransfer", _("Hand-overs to other staff"), clear={"reason": "", "error": ""}),
    Holding("contacts.TagPast", _("Earlier tags"), clear={"evidence": {}}),
    Holding("contacts.SurveyLink", _("Forms sent")),
    Holding("contacts.SurveyAnswer", _("Forms answered"), where=_answers, clear={"answers": []}),
    Holding("contacts.Obstacle", _("Obstacles"), clear={"text": "", "solution": ""}),
    Holding("contacts.WayInSet", _("Ways in set by hand"), clear={"reason": ""}),
    Holding(
        "contacts.IdentityMove",
        _("Records joined as one person"),
        where=_moves,
        clear={"evidence": {}, "reason": ""},
    ),
    Holding("contacts.Exposure", _("Messages received")),
    Holding("contacts.ExposureDay", _("Messages received, by day")),
    Holding("contacts.ExposureWeek", _("Messages received, by week")),
    Holding("contacts.Question", _("Questions asked"), tasks=("contacts.question", "contacts.question_lead")),
    Holding("contacts.PersonalExport", _("Files of personal data"), is_removed=True),
    Holding("contacts.Erasure", _("Erasures")),
    Holding("team.WorkItem", _("Tasks of staff"), where=_tasks, is_removed=True),
)
