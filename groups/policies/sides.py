"""New and old customers are kept apart (R15). Pure.

Whom a group is for follows from its kind and scenario unless a person says otherwise; which channels bring people
who are new follows from their kind.
"""

from groups.enums import Kind, Scenario, Side

# Kinds of contacts.Channel that bring people who are no customers yet. A shop's parcel card meets buyers; "other"
# may be anything: neither is judged.
NEWCOMER_CHANNELS = frozenset({"content", "partner", "third_party", "activity", "offline", "ads", "swap"})
REFERRAL_CHANNELS = frozenset({"activity"})
_SIDES = frozenset(Side.values)
_BY_KIND: dict[str, str] = {
    Kind.NEW_USER.value: Side.NEW.value, Kind.SUPER_USER.value: Side.OLD.value, Kind.DELIVERY.value: Side.OLD.value,
}  # fmt: skip
_OLD_SCENARIOS = frozenset({Scenario.MEMBER, Scenario.COACHING, Scenario.BOARD})


def side_of(*, kind: str, scenario: str, own: str) -> str:
    """ "new", "old", or "" where nothing says it: `own` is what a person decided and goes before the rest.

    A new-user group is for newcomers whatever its scenario; super-user, delivery, member, coaching and board groups
    are for customers we have. A flash group takes both: it is neither.
    """
    if own in _SIDES:
        return own
    if kind in _BY_KIND:
        return _BY_KIND[kind]
    return Side.OLD.value if scenario in _OLD_SCENARIOS else ""


def brings_newcomers(channel_kind: str) -> bool:
    """Whether a channel of this kind sends people who are no customers yet."""
    return channel_kind in NEWCOMER_CHANNELS
