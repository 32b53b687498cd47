"""Writes of the console: saved views."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from console.enums import VIEW_NAME_MAX
from console.models import SavedView
from tenants import audit
from tenants.audit import Actor
from tenants.errors import DomainError

if TYPE_CHECKING:
    from tenants.models import Tenant, User

_NOT_KEPT = ("page", "view", "export", "csrfmiddlewaretoken")


class ViewNameInvalid(DomainError):
    code = "VIEW-01"
    message = _("Give the view a name of at most 24 characters.")


def clean_query(raw: str) -> str:
    """The part of a query string that a view keeps: filters, order, page size."""
    query = QueryDict(raw.lstrip("?"), mutable=True)
    for key in _NOT_KEPT:
        query.pop(key, None)
    for key in [key for key in query if not any(query.getlist(key))]:
        query.pop(key)
    return query.urlencode()[:500]


def view_save(
    *, tenant: "Tenant", user: "User", page: str, name: str, query: str, is_shared: bool, actor: Actor
) -> SavedView:
    """Keep the present filters under a name. The same name again replaces it. Raises ViewNameInvalid."""
    name = name.strip()
    if not name or len(name) > VIEW_NAME_MAX:
        raise ViewNameInvalid
    with transaction.atomic():
        view, _made = SavedView.objects.update_or_create(
            tenant=tenant,
            user=user,
            page=page,
            name=name,
            defaults={"query": clean_query(query), "is_shared": is_shared},
        )
        audit.record(tenant=tenant, actor=actor, verb="console.view.saved", target=view)
    return view


def view_delete(*, tenant: "Tenant", user: "User", view_id: int, actor: Actor) -> SavedView | None:
    """Forget one's own view. Safe to repeat: None when it is not there or not one's own."""
    with transaction.atomic():
        view = SavedView.objects.select_for_update().filter(tenant=tenant, user=user, pk=view_id).first()
        if view is not None:
            audit.record(tenant=tenant, actor=actor, verb="console.view.deleted", target=view)
            view.delete()
    return view
