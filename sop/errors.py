"""What SOPs refuse, each with a sentence for the person."""

from collections.abc import Sequence
from typing import Any, Protocol

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tenants.errors import DomainError


class VersionFrozen(DomainError):
    code = "SOP-20"
    message = _("A published version never changes. Start a new draft from it.")


class DraftExists(DomainError):
    code = "SOP-21"
    message = _("This template already has a draft. Finish that one first.")


class Told(Protocol):
    """A check that failed, in words."""

    @property
    def code(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def fix(self) -> Any: ...


class ChecksFailed(DomainError):
    """Publishing was refused; `failed` holds the checks that block. The first is said in full."""

    code = "SOP-22"
    message = _("The version cannot be published yet. Deal with the blocked checks first.")

    def __init__(self, failed: Sequence[Told] = ()) -> None:
        self.failed = list(failed)
        super().__init__(in_words(self.failed[0]) if self.failed else None)


def in_words(one: Told) -> str:
    """A failed check as one sentence: its code and rule, what is wrong, what to do."""
    cited = f"{one.code} ({one.source})" if one.source else one.code
    return f"{cited}: {one.text} {one.fix}".strip()


class KindUnknown(DomainError):
    code = "SOP-31"
    message = _("There is no such type of group.")


class KindRefuses(DomainError):
    """A run was refused: what it sends breaks a rule of the type of a chosen group."""

    code = "SOP-32"

    def __init__(self, failed: Sequence[Told]) -> None:
        self.failed = list(failed)
        super().__init__(
            _("These groups may not run it: %(why)s")
            % {"why": " ".join(in_words(one) for one in self.failed)}
        )


class VersionNewest(DomainError):
    code = "SOP-60"
    message = _("This is the newest published version already. Choose an older one to go back to.")


class ReasonMissing(DomainError):
    code = "SOP-23"
    message = _("Say why, in a few words.")


class GroupNotReady(DomainError):
    code = "SOP-24"
    message = _("Only groups that have gone live can take part. Finish their readiness first.")


class GroupBusy(DomainError):
    code = "SOP-25"
    message = _("A group is already in another running camp on these days.")


class RunInvalid(DomainError):
    code = "SOP-26"
    message = _("The run cannot start like this.")


class RunOver(DomainError):
    code = "SOP-27"
    message = _("The run is over. Its record does not change any more.")


class TouchFixed(DomainError):
    code = "SOP-28"
    message = _("What has been handed over or has ended is not changed any more.")


class WecomTells(DomainError):
    code = "SOP-30"
    message = _(
        "WeCom tells us when this is sent. Confirm the mass send in WeCom; the task then closes by itself."
    )


class BuiltinUnknown(DomainError):
    status = 404
    code = "SOP-29"
    message = _("There is no such built-in template.")


class NameMissing(DomainError):
    code = "SOP-33"
    message = _("Give the template a name.")


class WeekFixed(DomainError):
    code = "PUSH-01"
    message = _("This slot has gone out or is over. It stays as it was.")


class WeekEmpty(DomainError):
    code = "PUSH-02"
    message = _("Nothing to confirm yet: fill a slot that is still to come.")


class WeekRefused(DomainError):
    """A week was not confirmed: it breaks rules that hold for the group. `failed`: those that stop it."""

    code = "PUSH-03"

    def __init__(self, failed: Sequence[Told]) -> None:
        self.failed = list(failed)
        super().__init__(
            _("Not confirmed yet. %(why)s") % {"why": " ".join(in_words(one) for one in self.failed)}
        )


class SlotInvalid(DomainError):
    code = "PUSH-04"
    message = _("There is no such slot, type or channel.")


class UndoGone(DomainError):
    code = "PUSH-05"
    message = _("Something else was changed since. That cannot be taken back any more.")


class TopicUnknown(DomainError):
    status = 404
    code = "TOPIC-01"
    message = _("There is no such topic.")


class EventInvalid(DomainError):
    code = "EVENT-01"
    message = _("The event cannot be like this.")


class EventClosed(DomainError):
    code = "EVENT-02"
    message = _("Nobody can sign up for this event any more.")


class EventFull(DomainError):
    code = "EVENT-03"
    message = _("All seats are taken.")


class StepChanged(DomainError):
    """Somebody else changed the step after it was shown; nothing is overwritten without being told."""

    status = 409
    code = "SOP-41"
    message = _("Somebody changed this step after you opened it.")


class StepGone(DomainError):
    status = 409
    code = "SOP-42"
    message = _("Somebody took this step out of the draft. Nothing was saved.")


class StepFixed(DomainError):
    code = "SOP-43"
    message = _("This step is not counted from a camp day. Change when it goes out in its drawer.")


class PlaceUnknown(DomainError):
    code = "SOP-44"
    message = _("There is no such day in this plan.")


class UndoTooLate(DomainError):
    status = 409
    code = "SOP-45"
    message = _("It was changed again since, so it cannot be undone. Open the step and change it by hand.")


class MaterialShut(DomainError):
    code = "SOP-70"
    message = _("This material may not be taken today: it is not approved, not in its days, or was put away.")


class PulseClosed(DomainError):
    code = "SOP-71"
    message = _("This question is closed: an answer may change until its day ends.")


class PulseNotMeant(DomainError):
    code = "SOP-72"
    message = _("This question is for the members of the group it was sent to.")


class PlanChanged(DomainError):
    code = "SOP-61"
    message = _("The week has changed since the plan was shown. Look at it again.")


class ReviewNotDone(DomainError):
    code = "SOP-65"
    message = _("Write the review first: its task closes when a decision is taken.")


class ReviewEmpty(DomainError):
    code = "SOP-62"
    message = _("Note at least one point, worth keeping or to improve, before you decide.")


class ReviewOpenItems(DomainError):
    """A draft that answers a review is not published while points of it are open."""

    code = "SOP-63"

    def __init__(self, count: int) -> None:
        super().__init__(
            ngettext(
                "%(n)s point of the review is open: change its step, or say why not.",
                "%(n)s points of the review are open: change their steps, or say why not.",
                count,
            )
            % {"n": count}
        )


class ReviewFixed(DomainError):
    code = "SOP-64"
    message = _("The version that answers this review is published. Its points do not change any more.")


class OwnProof(DomainError):
    code = "SOP-76"
    message = _("A colleague has to look at it, not the one who sent it.")
    status = 403


class OffHours(DomainError):
    code = "SOP-77"
    message = _("Nobody is reminded at this hour. Staff are reminded in their working hours; see Settings.")


class RemindersUsed(DomainError):
    code = "SOP-73"
    message = _(
        "Each of them was reminded as often as allowed in 24 hours. Call, or give the task to a colleague."
    )


class NobodyToRemind(DomainError):
    code = "SOP-74"
    message = _("None of these waits for somebody now.")


class CannotTake(DomainError):
    code = "SOP-75"
    message = _("This colleague cannot take it.")


class PictureInvalid(DomainError):
    code = "SOP-78"
    message = _("This is not a PNG or JPEG picture. Take a screenshot and choose it from your photos.")


class MovePast(DomainError):
    code = "SOP-80"
    message = _("That time has passed. Choose one still to come.")


class MoveOfferOver(DomainError):
    code = "SOP-81"
    message = _("A countdown never moves to or past the end of its offer.")


class MoveRefused(DomainError):
    """A rule of the gate keeps a touch from the time asked for; `code` is the rule's, `why` its words."""

    def __init__(self, *, rule: str, why: object) -> None:
        super().__init__(_("It cannot go there: %(why)s. Choose another time.") % {"why": why}, code=rule)


class FrameInvalid(DomainError):
    code = "SOP-82"
    message = _(
        "The days do not fit: phases follow one another to the last day, and the offer ends on one of the days."
    )


class FrameChanged(DomainError):
    code = "SOP-83"
    message = _("Somebody changed this draft meanwhile. Close this and open it again, then change it.")


class NoCapHolds(DomainError):
    code = "SOP-84"
    message = _(
        "No cap of ours holds this message now. Look at it again: it may have gone out, or another rule holds it."
    )
    status = 409
