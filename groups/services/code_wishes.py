"""What a person wants of a group code, checked against what WeCom takes, and written into its rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext as _

from groups.enums import CODE_SEATS, Side
from groups.errors import CodeInvalid, MixNeedsReason
from groups.models import Group, JoinWay, JoinWayRoom
from groups.policies.sides import brings_newcomers
from groups.selectors.sides import group_side
from tenants import clock, preferences
from tenants.models import Tenant
from wecom.keeping.kept_rules import GROUPS_PER_CODE, REMARK_CHARS, ROOM_NAME_CHARS


class Sender(Protocol):
    """What a channel tells of itself."""

    kind: str


@dataclass(frozen=True)
class Wish:
    """What a person wants of a code. `rooms`: (group id, seats; 0 the tenant's default) in the order they fill."""

    name: str
    rooms: Sequence[tuple[int, int]]
    auto_create_room: bool = True
    room_base_name: str = ""
    room_base_id: int = 1
    mix_reason: str = ""  # why newcomers may enter a group of old customers


def wish_take(row: JoinWay, wish: Wish) -> None:
    row.name = wish.name.strip()[:REMARK_CHARS]
    row.auto_create_room = wish.auto_create_room
    row.room_base_name = wish.room_base_name.strip()[:ROOM_NAME_CHARS]
    row.room_base_id = max(1, wish.room_base_id)
    row.mix_reason = " ".join(wish.mix_reason.split())[:200]


def wish_checked(tenant: Tenant, app_id: int, wish: Wish) -> list[Group]:
    """The wished groups in order. Raises CodeInvalid with what WeCom would refuse, in words."""
    ids = list(dict.fromkeys(group_id for group_id, _seats in wish.rooms))
    found = {
        one.pk: one
        for one in Group.objects.filter(tenant=tenant, app_id=app_id, pk__in=ids, dismissed_at=None).exclude(
            chat_id=""
        )
    }
    groups = [found[one] for one in ids if one in found]
    if not groups:
        raise CodeInvalid(_("Choose at least one group that exists in WeCom."))
    if len(groups) > GROUPS_PER_CODE:
        raise CodeInvalid(_("WeCom takes at most %(n)s groups behind one code.") % {"n": GROUPS_PER_CODE})
    if wish.auto_create_room and not wish.room_base_name.strip():
        raise CodeInvalid(_("Say what the next groups are called."))
    return groups


def wish_keeps_apart(channel: Sender, groups: list[Group], wish: Wish) -> None:
    """Newcomers enter a group of old customers only with a reason (R15). Raises MixNeedsReason, which names them."""
    if not brings_newcomers(channel.kind) or wish.mix_reason.strip():
        return
    old = [str(group) for group in groups if group_side(group) == Side.OLD]
    if old:
        raise MixNeedsReason(
            _("“%(channel)s” brings newcomers; %(groups)s is for old customers. Choose another or say why.")
            % {"channel": channel, "groups": _(", ").join(old)}
        )


def wish_seat(row: JoinWay, groups: list[Group], wish: Wish) -> None:
    """Write the groups of a code in their order; those left out are kept as the past."""
    default = preferences.value(row.tenant_id, CODE_SEATS)
    seats = {group_id: wanted or default for group_id, wanted in wish.rooms}
    known = {one.chat_id: one for one in JoinWayRoom.objects.filter(tenant_id=row.tenant_id, join_way=row)}
    for position, group in enumerate(groups):
        one = known.pop(group.chat_id, None) or JoinWayRoom(
            tenant_id=row.tenant_id, join_way=row, chat_id=group.chat_id
        )
        one.group, one.position, one.seats, one.removed_at = group, position, seats[group.pk], None
        one.save()
    for one in known.values():
        if one.removed_at is None:
            one.removed_at = clock.now()
            one.save(update_fields=["removed_at"])
