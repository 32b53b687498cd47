"""Invitations of a campaign (R81, R82): what it asks of invitees, who invites, and every invitee."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from campaigns.enums.referral import NEEDED, InviteReason, InviteSource, InviteState
from campaigns.models.frame import Campaign, Prize
from tenants import clock
from tenants.scoping import TenantModel


class Referral(TenantModel):
    """What a campaign gives for inviting. `prize` goes to whoever brought `needed` precise invitees; none: draws only.

    `tag_ids`: an invitee carries at least one of them, empty asks for none; `barred_ids`: never carries any of them.
    `way` is the group code that the friend's page shows.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+", db_index=False)
    prize = models.ForeignKey(
        Prize, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    needed = models.PositiveSmallIntegerField(default=NEEDED)
    stay_days = models.PositiveSmallIntegerField()
    tag_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    barred_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    way = models.ForeignKey(
        "groups.JoinWay", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "campaign"], name="campaigns_referral_once"),
            models.CheckConstraint(
                condition=Q(needed__gte=1, stay_days__gte=1), name="campaigns_referral_asks"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Inviter(TenantModel):
    """A person who invites. `way` is a group code of their own: whoever comes by it came by them.

    `award_id` is the prize for enough invitees, `turn` how often one was taken back; `stuck` is the code of what kept
    it from being given.
    """

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    way = models.ForeignKey(
        "groups.JoinWay", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    made_at = models.DateTimeField(default=clock.now)
    award_id = models.BigIntegerField(null=True, blank=True)
    turn = models.PositiveSmallIntegerField(default=0)
    stuck = models.CharField(max_length=16, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "referral", "customer"], name="campaigns_inviter_once"),
            models.UniqueConstraint(
                fields=["tenant", "referral", "way"],
                name="campaigns_inviter_way",
                condition=Q(way__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "customer"], name="campaigns_inviter_person"),
            models.Index(fields=["tenant"], name="campaigns_inviter_stuck", condition=~Q(stuck="")),
        ]


class Invite(TenantModel):
    """One invitee: whoever named an inviter first stays with that one for this campaign.

    `due_at` is when the days to stay are over. `has_draw`: the inviter has a draw for this person now, `turn` how
    often one was taken back. `decided_by`: a colleague's word, which no rule overrules.
    """

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="+", db_index=False)
    inviter = models.ForeignKey(Inviter, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    source = models.CharField(max_length=8, choices=InviteSource)
    state = models.CharField(max_length=8, choices=InviteState, default=InviteState.OPENED)
    reason = models.CharField(max_length=12, choices=InviteReason, blank=True)
    touched_at = models.DateTimeField(default=clock.now)
    joined_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    has_draw = models.BooleanField(default=False)
    turn = models.PositiveSmallIntegerField(default=0)
    decided_by = models.CharField(max_length=128, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "referral", "customer"], name="campaigns_invite_once"),
            models.CheckConstraint(
                condition=Q(
                    state__in=[InviteState.OPENED, InviteState.STAYING, InviteState.COUNTED], reason=""
                )
                | Q(state__in=[InviteState.HELD, InviteState.REJECTED]) & ~Q(reason=""),
                name="campaigns_invite_says_why",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "inviter", "state", "joined_at"], name="campaigns_invite_of"),
            models.Index(fields=["tenant", "customer"], name="campaigns_invite_person"),
            models.Index(
                fields=["tenant", "due_at"],
                name="campaigns_invite_due",
                condition=Q(state=InviteState.STAYING),
            ),
        ]
