"""Who may take part now, and what everybody else is told. Pure."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from campaigns.enums import CampaignState, Phase, Visitor


def phase_of(
    *,
    state: str,
    starts_at: datetime | None,
    ends_at: datetime | None,
    paused_at: datetime | None,
    now: datetime,
) -> Phase:
    """Where a campaign stands at `now`. Its span is half-open: at `ends_at` it has ended."""
    if state == CampaignState.DRAFT or starts_at is None or ends_at is None:
        return Phase.DRAFT
    if state != CampaignState.RUNNING or now >= ends_at:
        return Phase.ENDED
    if now < starts_at:
        return Phase.SOON
    return Phase.PAUSED if paused_at is not None else Phase.OPEN


_WHEN = {
    Phase.DRAFT: _("It is not published yet. Customers cannot open this page."),
    Phase.SOON: _("It has not begun yet. Come back when it does."),
    Phase.PAUSED: _("It is paused for now. Nothing of yours is lost; try again later."),
    Phase.ENDED: _("It has ended. What you got stands under My prizes."),
}
_WHO = {
    Visitor.STAFF: _("You are staff: this is how members see it. You cannot take part."),
    Visitor.OUTSIDER: _(
        "It is for members of our groups. Ask your contact here to let you in, then open it again."
    ),
    Visitor.STRANGER: _(
        "We do not know you yet. Add your contact here as a friend, then open it again from the group."
    ),
    Visitor.BROWSER: _(
        "Open it in WeChat: send the address to yourself there and tap it, or scan the code of the poster."
    ),
}


def why_not(phase: Phase, visitor: Visitor) -> object | None:
    """Why this visitor cannot take part now; None for a member while it is open. Time comes before person, but for
    staff, who are always told that it is a preview."""
    if visitor == Visitor.STAFF:
        return _WHO[visitor]
    return _WHEN.get(phase) or _WHO.get(visitor)
