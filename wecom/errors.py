"""What can go wrong at the WeCom door, as one family, each saying what the caller may do next."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError


class CallbackRefused(Exception):
    """A callback request that is not WeCom's, or not readable. `status` is the HTTP status to answer."""

    status = 400

    def __init__(self, why: str, *, status: int = 400) -> None:
        super().__init__(why)
        self.why = why
        self.status = status


class WecomError(Exception):
    """A call that did not succeed. `code` is WeCom's errcode (0 when there was no answer), `path` the call."""

    def __init__(self, message: str, *, code: int = 0, path: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.path = path
        self.hint = hint

    def __str__(self) -> str:
        where = f"{self.path} " if self.path else ""
        return f"{where}{self.code}: {self.message}" if self.code else f"{where}{self.message}"


class Retryable(WecomError):
    """Nothing happened at WeCom; call again at `retry_at` (product time, UTC).

    `counts` is False for waits that are nobody's fault (a rate pause, a paused app): they use up no try.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_at: datetime,
        code: int = 0,
        path: str = "",
        hint: str = "",
        counts: bool = True,
    ) -> None:
        super().__init__(message, code=code, path=path, hint=hint)
        self.retry_at = retry_at
        self.counts = counts


class Permanent(WecomError):
    """Calling again with the same input gives the same refusal."""


class Stopped(Permanent):
    """No call went out: the app is broken or not set up. Work waits until a person repairs it."""


class GivenUp(Permanent):
    """A refusal that nobody needs to see (a welcome code someone else used)."""


class MediaGone(Permanent):
    """A media_id is older than 3 days: upload the file again and call once more."""


class TooMuch(Permanent):
    """The same call for less at once works: split the list or ask department by department."""


class UnknownOutcome(WecomError):
    """A call that must not be repeated may or may not have happened. Park it for a person."""


class InvalidRequest(Permanent):
    """A request that WeCom's documented limits forbid; found before the wire."""


class AppInvalid(DomainError):
    code = "WECOM-01"
    message = _("These values cannot belong to a WeCom app. Copy them again from the console.")


class AppTaken(DomainError):
    code = "WECOM-02"
    message = _("This app is connected already.")


class NotConnected(DomainError):
    code = "WECOM-03"
    message = _("No WeCom app is connected. Connect one under Settings, WeCom.")


class NothingToDecide(DomainError):
    code = "WECOM-04"
    message = _("This entry was decided already.")


class ReasonMissing(DomainError):
    code = "WECOM-05"
    message = _("Write a short reason, so that others understand this later.")


class QuotaRuleInvalid(DomainError):
    code = "WECOM-21"
    message = _("This is not a rule that WeCom has, or its number is not between 1 and 1,000.")


class ChoiceMissing(DomainError):
    code = "WECOM-22"
    message = _("Choose one of the three. For a mass send that was sent, also choose which one WeCom lists.")
