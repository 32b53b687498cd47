"""What can go wrong with content, each with a sentence for the person."""

from collections.abc import Sequence

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError


class ScriptUnknown(DomainError):
    status = 404
    code = "SCRIPT-01"
    message = _("This script does not exist any more.")


class QuestionMissing(DomainError):
    code = "SCRIPT-02"
    message = _("Write what the customer asks first.")


class WordEmpty(DomainError):
    code = "WORDS-02"
    message = _("Write at least one word. Marks alone are none.")


class WordsRefused(DomainError):
    """A text holds words that may not be sent; the message names them."""

    code = "WORDS-01"

    def __init__(self, words: Sequence[str]) -> None:
        self.words = list(words)
        shown = gettext(", ").join(gettext("“%(word)s”") % {"word": one} for one in self.words[:5])
        super().__init__(
            _("It holds words that may not be sent: %(words)s. Write it another way.") % {"words": shown}
        )


class MaterialEmpty(DomainError):
    code = "MATERIAL-01"
    message = _("Write some words, or add an attachment.")


class MaterialChanged(DomainError):
    code = "MATERIAL-02"
    message = _("Somebody else saved it meanwhile. Open it again, and bring in what you changed.")


class MaterialFixed(DomainError):
    code = "MATERIAL-03"
    message = _("It does not wait for a decision any more. Open it again to see where it stands.")


class ReasonNeeded(DomainError):
    code = "MATERIAL-04"
    message = _("Say what has to change, in a few words.")


class MaterialArchived(DomainError):
    code = "MATERIAL-05"
    message = _("It is archived. Take it back into use first.")


class MaterialInvalid(DomainError):
    code = "MATERIAL-06"
    message = _("This cannot be saved like this.")


class ProofUnpublished(DomainError):
    """A testimonial may not be shown; the message says why."""

    code = "PROOF-01"
    message = _("This testimonial may not be shown.")


class ProofInvalid(DomainError):
    code = "PROOF-09"
    message = _("This testimonial cannot be saved like this.")


class FactInvalid(DomainError):
    code = "FACT-01"
    message = _("This fact cannot be saved like this.")


class CardInvalid(DomainError):
    """A knowledge card or a question that cannot be kept or published; the message says what is missing."""

    code = "CARD-01"


class CardAway(DomainError):
    code = "CARD-02"
    message = _("This card is not in use, or has no test.")


class QuizFirst(DomainError):
    code = "CARD-03"
    message = _("This card is known when its short test is passed. Open it and take the test.")


class LoginUnlinked(DomainError):
    code = "CARD-04"
    message = _(
        "Your login is not linked to a colleague in WeCom, so a result would be nobody's. "
        "An administrator links it under Team."
    )
