"""What a group's welcome, announcement and keyword replies said, version by version."""

from django.db import models

from groups.enums import WordsKind
from groups.models.group import Group
from tenants import clock
from tenants.scoping import TenantModel


class Wording(TenantModel):
    """One version of the words of a group. Append-only by trigger: going back writes a new version."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="wordings", db_index=False)
    kind = models.CharField(max_length=16, choices=WordsKind)
    number = models.PositiveIntegerField()  # 1, 2, 3 for each kind of a group
    text = models.TextField(blank=True)
    restored_from = models.PositiveIntegerField(
        null=True, blank=True
    )  # the version whose words these are again
    at = models.DateTimeField(default=clock.now)
    by = models.CharField(max_length=128, blank=True)  # "": written before versions were kept

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "group", "kind", "number"], name="group_wording_once"),
        ]
