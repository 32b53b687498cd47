"""Value events: talks, KOL topics and salons, who signed up and who came (R64)."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from sop.enums import EventKind, EventState, SignupOrigin
from sop.models.runs import Run
from tenants import clock
from tenants.scoping import TenantModel


class ValueEvent(TenantModel):
    """One event. `token` names it on the phone page, `check_in` on the page for those who came: both are public.

    `run` carries its invitations and reminders out, through the gate like every touch.
    """

    kind = models.CharField(max_length=8, choices=EventKind)
    title = models.CharField(max_length=64)
    host = models.CharField(max_length=64)
    about = models.TextField(max_length=1000, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    place = models.CharField(max_length=120, blank=True)
    link = models.URLField(max_length=500, blank=True)  # where an online event happens
    capacity = models.PositiveIntegerField(null=True, blank=True)  # null: no limit
    replay_url = models.URLField(max_length=500, blank=True)
    state = models.CharField(max_length=12, choices=EventState, default=EventState.OPEN)
    token = models.CharField(max_length=40)  # "<tenant id in base 36>-<random>"
    check_in = models.CharField(max_length=40)
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    reminders: Any = models.JSONField(
        default=list, blank=True
    )  # [{"minutes", "to"}] before (negative) the start
    staff = models.ForeignKey(
        "team.Staff", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.CharField(max_length=64, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "token"], name="sop_event_token_once"),
            models.UniqueConstraint(fields=["tenant", "check_in"], name="sop_event_check_in_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="sop_event_ends_later"),
        ]
        indexes = [
            models.Index(fields=["tenant", "-starts_at"], name="sop_event_by_start"),
            models.Index(fields=["tenant", "run"], condition=Q(run__isnull=False), name="sop_event_by_run"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def has_begun(self) -> bool:
        return self.starts_at <= clock.now()


class EventGroup(TenantModel):
    """A group that is invited."""

    event = models.ForeignKey(ValueEvent, on_delete=models.CASCADE, related_name="rooms", db_index=False)
    group = models.ForeignKey("groups.Group", on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "event", "group"], name="sop_event_group_once")
        ]


class EventSignup(TenantModel):
    """One customer and an event: signed up, came, or came without signing up (`signed_at` null)."""

    event = models.ForeignKey(ValueEvent, on_delete=models.CASCADE, related_name="signups", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.CharField(max_length=8, choices=SignupOrigin, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    came_at = models.DateTimeField(null=True, blank=True)
    came_by = models.CharField(max_length=8, choices=SignupOrigin, blank=True)
    replay_at = models.DateTimeField(null=True, blank=True)  # first opening of the replay

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "event", "customer"], name="sop_signup_once")
        ]
        indexes = [models.Index(fields=["tenant", "customer"], name="sop_signup_by_customer")]
