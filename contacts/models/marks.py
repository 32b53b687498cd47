"""What of the tags on people is written to WeCom, and what became of it (R32)."""

from django.db import models

from contacts.enums import MarkState
from contacts.models.people import Customer
from contacts.models.tags import Tag, TagBatch
from tenants import clock
from tenants.scoping import TenantModel


class TagMark(TenantModel):
    """One of WeCom's tags on one relation of a staff member and a customer, as it is wanted here.

    `is_on` is what is wanted last and `batch` who wanted it for many at once. `is_sending`: a call is queued or under
    way, number `attempt`; what is wanted meanwhile follows it. `error` is what WeCom said to the last call.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="+", db_index=False)
    staff = models.ForeignKey("team.Staff", on_delete=models.CASCADE, related_name="+", db_index=False)
    is_on = models.BooleanField()
    status = models.CharField(max_length=8, choices=MarkState, default=MarkState.DONE)
    is_sending = models.BooleanField(default=False)
    attempt = models.PositiveIntegerField(default=0)
    batch = models.ForeignKey(
        TagBatch, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    asked_by = models.CharField(max_length=128, blank=True)
    asked_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)
    error_code = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "customer", "tag", "staff"], name="contacts_tag_mark_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["tenant", "batch", "status"],
                name="contacts_tag_mark_batch",
                condition=models.Q(batch__isnull=False),
            ),
            models.Index(
                fields=["tenant", "id"],
                name="contacts_tag_mark_line",
                condition=models.Q(is_sending=True),
            ),
        ]
