"""What every page of the weekly push table asks first: which group, which week."""

from datetime import date
from typing import TYPE_CHECKING, Any

from django.http import Http404

from groups.selectors import groups_open
from sop.selectors.push import monday_of
from sop.views.days import day_named

if TYPE_CHECKING:
    from groups.models import Group


def group_open(request: Any, pk: int) -> "Group":
    """A group that messages may be planned for. Raises Http404, also for another company's."""
    found = groups_open(tenant_id=request.tenant.pk).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def week_of(raw: str | None, *, default: date | None = None) -> date:
    """The Monday of the week that an address names. Raises Http404 for no date where there is no default."""
    try:
        return monday_of(day_named(raw))
    except ValueError as error:
        if default is not None and not raw:
            return default
        raise Http404 from error
