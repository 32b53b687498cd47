"""Reads of the console: saved views."""

from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from console.models import SavedView

if TYPE_CHECKING:
    from tenants.models import Tenant, User


def view_list(*, tenant: "Tenant", user: "User", page: str) -> QuerySet[SavedView]:
    """The user's own views of a list and the shared ones, oldest first."""
    return (
        SavedView.objects.filter(tenant=tenant, page=page)
        .filter(Q(user=user) | Q(is_shared=True))
        .order_by("created_at", "pk")
    )


def view_list_own(*, tenant: "Tenant", user: "User") -> QuerySet[SavedView]:
    """All views that the user saved here, by list and name."""
    return SavedView.objects.filter(tenant=tenant, user=user).order_by("page", "name")
