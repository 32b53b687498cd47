"""What the console itself keeps: saved views."""

from django.db import models

from tenants import clock
from tenants.scoping import TenantModel


class SavedView(TenantModel):
    """A list's filters and order under a name: the user's own, or shared with the company."""

    user = models.ForeignKey("tenants.User", on_delete=models.CASCADE, related_name="+")
    page = models.CharField(max_length=48)  # the list's key, for example "groups.list"
    name = models.CharField(max_length=24)
    query = models.CharField(max_length=500)  # a query string without "?", without page and view
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "user", "page", "name"], name="saved_view_once")
        ]
        indexes = [models.Index(fields=["tenant", "page"], name="saved_view_page")]

    def __str__(self) -> str:
        return self.name
