"""What was changed in a draft, edit by edit: the ground of undo and of telling two tabs apart."""

from django.db import models

from sop.enums import EditVerb
from sop.models.templates import Version
from tenants import clock
from tenants.scoping import TenantModel


class DraftEdit(TenantModel):
    """One edit of a draft: the steps it touched, as they stood before and after. Kept until the draft is published.

    `before` and `after` are {step key: its fields, or null where there was no such step}; of an edit of days, phases
    and offer {"#frame": those fields}.
    """

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="edits", db_index=False)
    number = models.PositiveIntegerField()  # the revision it made
    verb = models.CharField(max_length=8, choices=EditVerb)
    title = models.CharField(max_length=64, blank=True)  # of the step
    actor = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(default=clock.now)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "version", "number"], name="sop_edit_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_verb_display()}: {self.title}"
