"""What follows a breach of a group's rules (R9): warn, mute, remove; and the friendly word before them (R130). Pure."""

from django.utils.translation import gettext as _

from groups.enums import LadderStep


def proposed(*, earlier: int, mute_from: int, remove_from: int, is_kind_first: bool = False) -> LadderStep:
    """The step for somebody with `earlier` breaches in this group that still count.

    The n-th breach is muted from `mute_from` on and removed from `remove_from` on; the stricter wins.
    `is_kind_first`: what members agreed on, and nobody has said a friendly word to this person before.
    """
    if is_kind_first and earlier == 0:
        return LadderStep.KIND
    number = earlier + 1
    if number >= remove_from:
        return LadderStep.REMOVE
    return LadderStep.MUTE if number >= mute_from else LadderStep.WARN


def words(step: str, *, name: str, rule: str) -> str:
    """What to say to the member, ready to send."""
    about = {"name": name, "rule": rule}
    if step == LadderStep.KIND:
        return (
            _(
                "%(name)s, good to have you with us. One small thing that we keep to here: “%(rule)s”. No harm done, "
                "just think of it next time. If anything is unclear, write to me."
            )
            % about
        )
    if step == LadderStep.REMOVE:
        return (
            _(
                "%(name)s, you have been reminded of our rule “%(rule)s” before, so we now take you out of the group. "
                "If you see it otherwise, write to me."
            )
            % about
        )
    if step == LadderStep.MUTE:
        return (
            _(
                "%(name)s, this is not the first time about our rule “%(rule)s”. Please do not write in the group for "
                "the next 24 hours. You can reach me in private."
            )
            % about
        )
    return (
        _("%(name)s, a reminder: our group has the rule “%(rule)s”. Please keep to it, then all is well.")
        % about
    )


def how_to(step: str) -> str:
    """What the owner or an admin does in WeCom: it gives other systems no way to do it."""
    if step == LadderStep.KIND:
        return _("Say it in private and in your own words. It is no breach: the ladder does not count it.")
    if step == LadderStep.REMOVE:
        return _(
            "In WeCom on the phone: open the group, ··· at the top right, the minus sign under the members, choose the "
            "person. Only the owner or an admin can. The task closes by itself when WeCom reports that they left."
        )
    if step == LadderStep.MUTE:
        return _(
            "WeCom lets no system mute a member of a customer group. Send the words in private; where your WeCom "
            "offers muting in the group's management, use it too. Then mark this done."
        )
    return _("Send the words in private, not before the whole group. Then mark this done.")
