"""What can go wrong with campaigns, each with a sentence for the person."""

from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError


class CampaignFixed(DomainError):
    code = "CAMPAIGN-01"
    message = _("It has started: what was promised to customers stays as it is. Make a copy to change it.")


class CampaignIncomplete(DomainError):
    """Something is missing before a start; the message names the first thing."""

    code = "CAMPAIGN-02"


class CampaignNotRunning(DomainError):
    code = "CAMPAIGN-03"
    message = _("No prize can be given now: the campaign is not running.")


class CampaignPaused(DomainError):
    code = "CAMPAIGN-04"
    message = _("Prizes are paused. Go on with them first.")


class CampaignUnsettled(DomainError):
    code = "CAMPAIGN-05"
    message = _("Some prizes are neither given nor taken back. Settle them before the review.")


class CampaignInvalid(DomainError):
    code = "CAMPAIGN-06"
    message = _("This cannot be saved like this.")


class StateWrong(DomainError):
    code = "CAMPAIGN-07"
    message = _("That is not possible in this state. Open the page again to see where it stands.")


class BudgetSpent(DomainError):
    code = "LEDGER-01"
    message = _("The budget does not cover it. A team lead can raise it.")


class StockOut(DomainError):
    code = "LEDGER-02"
    message = _("No piece of this prize is left.")


class LedgerMismatch(DomainError):
    code = "LEDGER-03"
    message = _("The same entry was written before with other figures. Nothing was changed.")


class PersonNotInGroups(DomainError):
    code = "AWARD-01"
    message = _("This person sits in none of the campaign's groups.")


class AwardSettled(DomainError):
    code = "AWARD-02"
    message = _("This prize is settled already. Open the page again to see how.")


class AwardPaid(DomainError):
    code = "AWARD-03"
    message = _("A payment was asked for, and its outcome is not known yet. Wait for the answer.")


class ReasonMissing(DomainError):
    code = "AWARD-04"
    message = _("Say why, in a few words.")


class PaymentRefused(DomainError):
    """The payment service said no and will not pay; the message says why."""

    code = "PAYOUT-01"
    message = _("The payment was refused.")


class PaymentUnknown(Exception):
    """The payment service gave no answer: whether it paid must be asked, never guessed."""
