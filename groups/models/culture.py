"""What members of a group agree on and what they are thanked for (R130)."""

from django.db import models
from django.db.models import Q

from groups.enums import NormState, ThanksFor, ThanksState
from groups.models.group import Group
from tenants import clock
from tenants.scoping import TenantModel


class Norm(TenantModel):
    """What a member proposes the group should keep to: asked before the group, agreed by its members.

    `needed` and `spoke` are fixed when the group is asked; `spoke` None: nobody knows who spoke. Answers count from
    `asked_at` until `until`.
    """

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="norms", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    text = models.CharField(max_length=120)  # as the group says it
    said = models.CharField(max_length=300, blank=True)  # as the member said it
    state = models.CharField(max_length=8, choices=NormState, default=NormState.PROPOSED)
    added_at = models.DateTimeField(default=clock.now)
    added_by = models.CharField(max_length=128)
    asked_at = models.DateTimeField(null=True)
    asked_by = models.CharField(max_length=128, blank=True)
    until = models.DateTimeField(null=True)
    needed = models.PositiveIntegerField(null=True)
    spoke = models.PositiveIntegerField(null=True)
    agreed_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True)
    dropped_by = models.CharField(max_length=128, blank=True)
    drop_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "group", "text"],
                name="norm_text_once",
                condition=~Q(state=NormState.DROPPED),
            ),
            # A bare "yes" in the chat says to which only while one is asked.
            models.UniqueConstraint(
                fields=["tenant", "group"], name="norm_asked_alone", condition=Q(state=NormState.ASKED)
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "group"], name="norm_of_group"),
            models.Index(fields=["tenant", "customer"], name="norm_of_customer"),
        ]

    def __str__(self) -> str:
        return self.text


class NormVoice(TenantModel):
    """What one member last said to a norm; heard in the chat, or told by a colleague who read it."""

    norm = models.ForeignKey(Norm, on_delete=models.CASCADE, related_name="voices", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    is_yes = models.BooleanField()
    said_at = models.DateTimeField()
    told_by = models.CharField(max_length=128, blank=True)  # "": seen in the chat

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "norm", "customer"], name="norm_voice_once")]
        indexes = [models.Index(fields=["tenant", "customer"], name="norm_voice_of_customer")]


class Thanks(TenantModel):
    """One thank-you to one member before the group. It counts once it was said."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="thanks", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    reason = models.CharField(max_length=8, choices=ThanksFor)
    words = models.CharField(max_length=300)
    day = models.DateField()  # local: the same thanks is not written twice a day
    state = models.CharField(max_length=8, choices=ThanksState, default=ThanksState.OPEN)
    made_at = models.DateTimeField(default=clock.now)
    made_by = models.CharField(max_length=128)
    said_at = models.DateTimeField(null=True)
    said_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "group", "customer", "reason", "day"], name="thanks_once_a_day"
            )
        ]
        indexes = [models.Index(fields=["tenant", "customer"], name="thanks_of_customer")]

    def __str__(self) -> str:
        return self.words
