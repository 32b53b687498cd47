"""Who introduced themselves on joining."""

from django.db import models

from groups.enums import IntroState, OfferState, Seen
from groups.models.group import Group
from tenants import clock
from tenants.scoping import TenantModel


class IntroRule(TenantModel):
    """What a group asks of whoever joins (R20): an introduction after a template, a nickname after a pattern."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="intro_rules", db_index=False)
    is_on = models.BooleanField(default=True)
    template = models.TextField(max_length=500)
    pattern = models.CharField(max_length=60, blank=True)  # "city-name-job"; "" asks for no nickname
    asked = models.JSONField(default=list)  # userids of the reminder that waits for its sender
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "group"], name="intro_rule_once")]


class Introduction(TenantModel):
    """One member who was reminded or has introduced themselves. `offered`: profile fields read from the words."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="introductions", db_index=False)
    userid = models.CharField(max_length=64)
    customer = models.ForeignKey(
        "contacts.Customer", null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    state = models.CharField(max_length=8, choices=IntroState, default=IntroState.MISSING)
    reminded_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=128, blank=True)
    seen = models.CharField(max_length=8, choices=Seen, blank=True)
    said = models.TextField(blank=True)  # the introduction as it was written
    offered = models.JSONField(default=dict)  # {"city": "Suzhou", "birth_year": "1992"}
    offer_state = models.CharField(max_length=8, choices=OfferState, default=OfferState.NONE)
    offer_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "group", "userid"], name="introduction_once")
        ]
        indexes = [models.Index(fields=["tenant", "customer"], name="introduction_of_customer")]
