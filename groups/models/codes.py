"""Join codes and the groups they lead to."""

from django.db import models
from django.db.models import Q

from groups.models.group import Group
from tenants import clock
from tenants.scoping import TenantModel
from wecom.keeping.kept import Kept


class JoinWay(Kept):
    """A code that lets whoever scans it into one of up to five groups (PROTOCOL 3.5).

    `state` names channel and code in a member's row; it never changes. WeCom opens the next group by itself when
    `auto_create_room` is on: named `room_base_name` + a counter from `room_base_id`, which WeCom moves on.
    """

    channel = models.ForeignKey(
        "contacts.Channel", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    name = models.CharField(max_length=30)
    state = models.CharField(max_length=30, blank=True)
    auto_create_room = models.BooleanField(default=True)
    room_base_name = models.CharField(max_length=40, blank=True)
    room_base_id = models.PositiveIntegerField(default=1)
    qr_url = models.CharField(max_length=500, blank=True)
    qr_picture = models.TextField(blank=True)  # the picture behind it, as a data URI
    read_at = models.DateTimeField(null=True)  # when WeCom was last asked what the code leads to
    sent_rooms = models.JSONField(default=list)  # the chat ids that WeCom was last told
    alerted = models.CharField(max_length=8, blank=True)  # the rule its owner was told of
    mix_reason = models.CharField(
        max_length=200, blank=True
    )  # why newcomers may enter a group of old customers

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "state"], condition=~Q(state=""), name="join_way_state_once"
            )
        ]
        indexes = [models.Index(fields=["tenant", "channel"], name="join_way_of_channel")]

    def __str__(self) -> str:
        return self.name


class JoinWayRoom(TenantModel):
    """A group that a code leads to, or led to until `removed_at`. `group` is None until we have read the group.

    `seats` is where we stop filling it; WeCom itself stops those who come by a code at 200.
    """

    join_way = models.ForeignKey(JoinWay, on_delete=models.CASCADE, related_name="rooms", db_index=False)
    chat_id = models.CharField(max_length=64)
    group = models.ForeignKey(Group, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    position = models.PositiveSmallIntegerField(default=0)
    seats = models.PositiveSmallIntegerField(default=200)
    is_auto = models.BooleanField(default=False)  # WeCom opened it
    added_at = models.DateTimeField(default=clock.now)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "join_way", "chat_id"], name="join_way_room_once")
        ]
        indexes = [
            models.Index(
                fields=["tenant", "group"], name="join_way_room_of_group", condition=Q(removed_at=None)
            )
        ]
