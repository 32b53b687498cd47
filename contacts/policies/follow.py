"""How a staff member and a customer stand to each other after an event, pure and safe in any order."""

from datetime import datetime

from contacts.enums import FollowState

# WeCom's change types that say how the two stand now (PROTOCOL 2.2, developer.work.weixin.qq.com/document/path/92277).
STATE_OF_CHANGE = {
    "add_half_external_contact": FollowState.HALF,
    "add_external_contact": FollowState.FULL,
    "del_external_contact": FollowState.STAFF_DELETED,
    "del_follow_user": FollowState.CUSTOMER_DELETED,
}
LIVE = frozenset({FollowState.HALF, FollowState.FULL})
# WeCom's times have whole seconds: within one second an end outranks a beginning.
_RANK = {
    "": 0,
    FollowState.HALF: 1,
    FollowState.FULL: 2,
    FollowState.CUSTOMER_DELETED: 3,
    FollowState.STAFF_DELETED: 4,
}


def after_event(*, state: str, event_at: datetime | None, told: str, told_at: datetime) -> str:
    """The state after an event that tells `told` at `told_at`; `state` "" is no tie yet.

    An event older than the last one applied changes nothing, so any order of delivery ends in the same state.
    """
    if event_at is not None and (told_at, _RANK[told]) < (event_at, _RANK[state]):
        return state
    return told


def after_listing(*, state: str, event_at: datetime | None, is_listed: bool, read_at: datetime) -> str:
    """The state after a full list was read at `read_at`; events newer than the list win.

    WeCom lists friends, and customers who removed the staff member; it lists neither half friends nor those the
    staff member removed.
    """
    if event_at is not None and event_at > read_at:
        return state
    if is_listed:
        return state if state == FollowState.CUSTOMER_DELETED else FollowState.FULL
    return state if state in ("", FollowState.HALF) else FollowState.STAFF_DELETED
