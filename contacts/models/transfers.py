"""Customers handed from one colleague to another by WeCom, and what became of it (R125; PROTOCOL 3.2)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from contacts.enums import TransferState
from contacts.models.people import Customer
from tenants import clock
from tenants.scoping import TenantModel


class CustomerTransfer(TenantModel):
    """What is wanted of one customer of one colleague, and where it stands. Asking again turns the same row.

    `attempt` numbers what was asked of WeCom; an answer to an earlier one changes nothing. `starts`: when WeCom took
    it, oldest first, for its limit. `ask_at`: before it WeCom would refuse. `look_at`: when to look at WeCom next.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    giver = models.ForeignKey("team.Staff", on_delete=models.CASCADE, related_name="+", db_index=False)
    taker = models.ForeignKey("team.Staff", on_delete=models.CASCADE, related_name="+", db_index=False)
    is_resigned = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=TransferState, default=TransferState.QUEUED)
    attempt = models.PositiveIntegerField(default=1)
    reason = models.CharField(max_length=200, blank=True)
    asked_by = models.CharField(max_length=128, blank=True)
    asked_at = models.DateTimeField(default=clock.now)
    ask_at = models.DateTimeField(null=True, blank=True)
    starts = ArrayField(models.DateTimeField(), default=list, blank=True)
    look_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    error_code = models.IntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "customer", "giver"], name="contacts_transfer_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "giver", "state", "id"], name="contacts_transfer_giver"),
            models.Index(
                fields=["tenant", "look_at"],
                name="contacts_transfer_look",
                condition=models.Q(look_at__isnull=False),
            ),
            models.Index(
                fields=["tenant", "ask_at"],
                name="contacts_transfer_ask",
                condition=models.Q(state="later"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.customer)
