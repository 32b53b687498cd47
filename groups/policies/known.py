"""Why nothing is known of who sits in a group and what they do (R24). Pure."""

NO_WECOM, NO_CHAT, NOT_READ = "no_wecom", "no_chat", "not_read"


def why_nobody_known(*, has_app: bool, is_linked: bool, knows_members: bool) -> str:
    """ "" when the members are known; else why not: the company has no WeCom, the group no chat there, or nobody has
    read or told its members yet."""
    if not is_linked:
        return NO_CHAT if has_app else NO_WECOM
    return "" if knows_members else NOT_READ
