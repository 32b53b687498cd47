"""How a group is brought to its end (R13), pure: the days and words of the three tasks."""

from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from groups.enums import EndKind, Kind


def is_overdue(*, kind: str, ends_at: datetime | None, now: datetime) -> bool:
    """Whether a flash group runs past its end (R2); exactly at its end it is over. Other types may go on."""
    return kind == Kind.FLASH and ends_at is not None and ends_at <= now


def days(*, ends_on: date | None, today: date, lead_days: int) -> dict[str, date]:
    """{task: its day}: notice `lead_days` before the end, hand-over the day before it, dissolving on it.

    Without an end, or past it, the same steps counted from today. Never in the past, always in this order.
    """
    end = ends_on if ends_on is not None and ends_on >= today else today + timedelta(days=lead_days)
    notice = max(end - timedelta(days=lead_days), today)
    handover = max(end - timedelta(days=1), notice)
    return {EndKind.NOTICE: notice, EndKind.HANDOVER: handover, EndKind.DISSOLVE: max(end, handover)}


def words(kind: str, *, group: str, ends: str, following: str, promise: str = "") -> str:
    """What to say, ready to send. `ends`: the day in words; `following`: where members go next, "" for nowhere.

    `promise`: what the next group promises in one sentence (R5), "" where that is not known.
    """
    about = {"group": group, "ends": ends, "next": following}
    if kind == EndKind.NOTICE:
        told = _("%(group)s ends on %(ends)s. Please save what you need until then.") % about
        onward = _("We go on in “%(next)s”; the invitation follows.") % about
        return f"{told} {onward}" if following else told
    if kind == EndKind.HANDOVER:
        if following:
            told = (
                _("We go on in “%(next)s”. Scan the code to come along; write to me if it does not open.")
                % about
            )
            return f"{told}\n{promise}" if promise else told
        return _("We stay in touch in private: write to me whenever you have a question.")
    return _("Thank you for the time together. %(group)s closes now.") % about
