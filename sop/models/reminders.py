"""What staff were reminded of, when and how: every reminder is a row."""

from django.db import models

from sop.enums.reminders import ReminderWay
from sop.models.touches import Touch
from tenants import clock
from tenants.scoping import TenantModel


class TouchReminder(TenantModel):
    """One reminder of one touch. A message about forty touches is forty rows with one `send_id`.

    `number` counts the touch's reminders. `by` "": the ladder; else who pressed. `error`: what WeCom said against it.
    """

    touch = models.ForeignKey(Touch, on_delete=models.CASCADE, related_name="reminders", db_index=False)
    staff = models.ForeignKey(
        "team.Staff", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    number = models.PositiveSmallIntegerField()
    way = models.CharField(max_length=8, choices=ReminderWay)
    by = models.CharField(max_length=64, blank=True)
    to_leader = models.BooleanField(default=False)
    at = models.DateTimeField(default=clock.now)
    send_id = models.BigIntegerField(null=True)  # wecom.OutboundSend
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "touch", "number"], name="sop_reminder_number_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "staff", "-at"], name="sop_reminder_by_staff"),
            models.Index(fields=["tenant", "send_id"], name="sop_reminder_by_send"),
        ]

    def __str__(self) -> str:
        return f"{self.touch} · {self.number}"
