"""What contacts refuses, with a sentence for the person."""

from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError


class ReasonMissing(DomainError):
    code = "CUSTOMER-01"
    message = _("Write a short reason, so that others understand this later.")


class CustomerUnknown(DomainError):
    status = 404
    code = "CUSTOMER-02"
    message = _("This customer is not known here.")


class IdentityInvalid(DomainError):
    code = "CUSTOMER-03"
    message = _("These records are the same person already, or this one stands on its own.")


class ObstacleGone(DomainError):
    status = 404
    code = "CUSTOMER-04"
    message = _("This obstacle is not known here, or is solved already.")


class PersonErased(DomainError):
    code = "CUSTOMER-05"
    message = _("This person was erased on request: nothing more is written about them.")


class ProfileInvalid(DomainError):
    code = "PROFILE-01"
    message = _("This is not a value that the field can hold.")


class ProfileStale(DomainError):
    status = 409
    code = "PROFILE-02"
    message = _("Somebody changed this meanwhile.")


class OwnFieldInvalid(DomainError):
    code = "PROFILE-03"
    message = _("A field has a name of its own; one of several has two to twenty different options.")


class OwnFieldUnknown(DomainError):
    status = 404
    code = "PROFILE-04"
    message = _("This field is not known here.")


class StageInvalid(DomainError):
    code = "STAGE-01"
    message = _("Choose another of the seven stages.")


class StageNameTaken(DomainError):
    code = "STAGE-02"
    message = _("Another stage has this name. Two stages cannot be told apart by one name.")


class TagUnknown(DomainError):
    code = "TAG-01"
    message = _("This tag does not exist any more. Read the tags from WeCom again.")


class TagForeign(DomainError):
    code = "TAG-02"
    message = _("This tag is WeCom's. Change it in WeCom; it is read again here.")


class TagTaken(DomainError):
    code = "TAG-03"
    message = _("There is a tag of this name in this group already.")


class RuleInvalid(DomainError):
    code = "TAG-04"
    message = _("A rule has one to three different conditions, each with a count from 1 and up to 365 days.")


class BatchEmpty(DomainError):
    code = "TAG-05"
    message = _("Nobody was picked. Pick people in the list first.")


class BatchStays(DomainError):
    code = "TAG-06"
    message = _("This is still being done. Take it back when it has come to its end.")


class SkuTaken(DomainError):
    code = "SKU-01"
    message = _("There is a SKU of this code already, in use or put away.")


class SkuUnknown(DomainError):
    status = 404
    code = "SKU-02"
    message = _("This SKU is not known here.")


class AnchorUnproven(DomainError):
    """Nobody paid the price in the `days` that count as proof."""

    code = "PRICE-01"

    def __init__(self, *, days: int) -> None:
        super().__init__(
            _(
                "Too few orders of the last %(days)s days were paid at this price or above. Only a real price is "
                "compared with."
            )
            % {"days": days}
        )


class ImportRefused(DomainError):
    code = "IMPORT-01"
    message = _("This file cannot be read.")


class ImportDone(DomainError):
    code = "IMPORT-02"
    message = _("This file was written already.")


class SheetNotChecked(DomainError):
    code = "IMPORT-03"
    message = _("This file is still being checked. Wait until every line has its verdict.")


class SheetStays(DomainError):
    code = "IMPORT-04"
    message = _("This file cannot be taken back.")


class SurveyInvalid(DomainError):
    code = "FORM-01"
    message = _(
        "A form has a title and one to twelve different questions; a choice has at least two options."
    )


class SurveyClosed(DomainError):
    code = "FORM-02"
    message = _("This form is closed.")


class SurveyAnswered(DomainError):
    code = "FORM-03"
    message = _("This form was answered already.")


class ErasureUnproven(DomainError):
    code = "PRIVACY-01"
    message = _("Type the name exactly as it stands above, so that nobody else is erased by mistake.")


class ChannelTaken(DomainError):
    code = "CHANNEL-01"
    message = _("There is a channel of this name or code already.")


class ChannelTargetLoose(DomainError):
    code = "CHANNEL-03"
    message = _("Say which group the target serves: its goal is what the people are for.")


class ChannelUnknown(DomainError):
    status = 404
    code = "CHANNEL-02"
    message = _("This channel is not known here.")


class WayInvalid(DomainError):
    code = "WAY-01"
    message = _("This code cannot be made so.")


class WayBusy(DomainError):
    code = "WAY-02"
    message = _("Nobody can tell yet whether WeCom made this code. Decide that first.")


class QuestionSettled(DomainError):
    status = 409
    code = "SERVICE-03"
    message = _("This question is settled already. Open it again first.")


class TakerCannotTalk(DomainError):
    code = "TRANSFER-01"
    message = _(
        "The receiver may not talk to customers in WeCom. Choose somebody who may, or give the right there."
    )


class TransferReason(DomainError):
    code = "TRANSFER-02"
    message = _("Say why these customers stay without a colleague.")
