"""What proves that a touch was carried out, and what came of a call or a text message."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.enums import PreferenceKind
from tenants.preferences import declare

PROOFS_REF = "sop.proofs"  # the reviewers' task of one run


class ProofKind(models.TextChoices):
    """Where a proof comes from. The result of a mass send that was made here stands on the touch itself."""

    ARCHIVE = "archive", _("Message in the archive")
    REPLY = "reply", _("A member's reply")
    SCREENSHOT = "screenshot", _("Screenshot")
    OWN_SEND = "own_send", _("Own mass send, as WeCom tells it")


class ProofState(models.TextChoices):
    WAITING = "waiting", _("Waits for a look")
    ACCEPTED = "accepted", pgettext_lazy("proof", "Accepted")
    REFUSED = "refused", pgettext_lazy("proof", "Refused")


class Outcome(models.TextChoices):
    """What came of reaching one person by hand (R52)."""

    REACHED = "reached", pgettext_lazy("outcome", "Reached")
    NO_ANSWER = "no_answer", _("No answer")
    WRONG_NUMBER = "wrong_number", _("Wrong number")
    REFUSED = "refused", _("Does not want it")


LIKENESS = declare(
    "sop.proof_likeness",
    default=80,
    kind=PreferenceKind.INTEGER,
    label=_("How much of a step's words an archived message must hold to prove it, in percent"),
    minimum=50,
    maximum=100,
)
REPLY_HOURS = declare(
    "sop.proof_reply_hours",
    default=2,
    kind=PreferenceKind.INTEGER,
    label=_("Hours in which a member's reply proves a submitted step"),
    minimum=1,
    maximum=24,
)
