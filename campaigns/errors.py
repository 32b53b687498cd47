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


class AwardByCode(DomainError):
    code = "AWARD-05"
    message = _("A coupon is redeemed by its code, not handed over.")


class AwardPaidLater(DomainError):
    code = "AWARD-06"
    message = _("A red packet is paid, not handed over: this one once its refund window is over.")


class CouponRefused(DomainError):
    """Somebody does not get a coupon; code and message say why."""

    code = "COUPON-00"


class CouponUnknown(DomainError):
    status = 404
    code = "COUPON-11"
    message = _("This is no coupon code. Check each character: it has 12, no I, L, O or U.")


class CouponForeign(DomainError):
    status = 404
    code = "COUPON-12"
    message = _("No coupon of this company has this code. It may be another company's.")


class CouponNotYet(DomainError):
    code = "COUPON-13"
    message = _("It is not valid yet: from %(at)s on.")


class CouponExpired(DomainError):
    code = "COUPON-14"
    message = _("It has expired: it was valid until %(at)s.")


class CouponUsed(DomainError):
    code = "COUPON-15"
    message = _("It is used already: %(at)s, by %(who)s.")


class CouponTakenBack(DomainError):
    code = "COUPON-16"
    message = _("It was taken back and is worth nothing.")


class CouponNotUsed(DomainError):
    code = "COUPON-17"
    message = _("It is not used: there is nothing to take back.")


class OrderHasCoupon(DomainError):
    code = "COUPON-18"
    message = _("Another coupon was used on this order already. One order takes one coupon.")


class OrderOfSomebodyElse(DomainError):
    code = "COUPON-19"
    message = _("This order is another person's. Check its number.")


class OrderTooSmall(DomainError):
    code = "COUPON-20"
    message = _("This order is below what the coupon asks for: %(money)s.")


class NotFirstOrder(DomainError):
    code = "COUPON-21"
    message = _("It is for a first order, and this person has ordered before. If it was used on that first order, "
                "enter its number.")  # fmt: skip


class CouponClosed(DomainError):
    code = "COUPON-22"
    message = _("The campaign is reviewed and its books are closed.")


class DecisionGone(DomainError):
    code = "INVITEE-01"
    message = _("It stands otherwise by now. Look at it again.")


class PointsShort(DomainError):
    code = "POINTS-01"
    message = _("You do not have enough points for this.")


class GoodLimit(DomainError):
    code = "POINTS-02"
    message = _("You have had as many of it as each person may.")


class CheckInRefused(DomainError):
    """A check-in is not taken; the message says why."""

    status = 422
    code = "CHECKIN-01"


class DayOver(DomainError):
    code = "CHECKIN-02"
    message = _("A new day has begun. Look at its task and check in for today.")


class NoCardLeft(DomainError):
    code = "CHECKIN-03"
    message = _("No make-up card is left, or this day cannot be made up any more.")


class CheckInRejected(DomainError):
    code = "CHECKIN-04"
    message = _("This check-in was rejected already.")


class TooManyAtOnce(DomainError):
    """Whoever waits for a row longer than a page may take is told so, and nothing was written."""

    status = 503
    code = "BUSY-01"
    message = _("Many people are here at this moment. Nothing is lost: try again in a minute.")


class NoDrawsLeft(DomainError):
    code = "LOTTERY-01"
    message = _("You have no draw left.")


class DealOver(DomainError):
    code = "DEAL-01"
    message = _("Its deadline has passed.")


class DealSoldOut(DomainError):
    code = "DEAL-02"
    message = _("So many are not left. What is not ordered in time is free again: look in later.")


class DealTooMany(DomainError):
    code = "DEAL-03"
    message = _("One person may have %(n)s at most.")


class TeamClosed(DomainError):
    code = "DEAL-04"
    message = _("This team is full, or you are in it already. Begin another one.")


class PostTooSoon(DomainError):
    code = "DEAL-05"
    message = _("The last text is not long ago. The next one from %(at)s on.")


class NothingToTell(DomainError):
    code = "DEAL-06"
    message = _("Nothing new is on record since the last text.")


class NodeNotYet(DomainError):
    code = "FLASH-21"
    message = _("The run has not started yet.")


class WakeOver(DomainError):
    code = "FLASH-22"
    message = _("The wake-up gift is not on now.")


class SharesGone(DomainError):
    code = "MILESTONE-01"
    message = _("All shares are gone. The next red packet comes at the next milestone.")


class CameTooLate(DomainError):
    code = "MILESTONE-02"
    message = _("It is for those who were in the group when it was reached. The next one is yours too.")


class NotForThisPerson(DomainError):
    code = "MILESTONE-03"
    message = _("You cannot take part in this one. Ask in the group if you think this is wrong.")


class QuizUnanswered(DomainError):
    status = 422
    code = "QUIZ-01"
    message = _("Answer every question, then send it.")


class QuizClosed(DomainError):
    code = "QUIZ-02"
    message = _("Answers are not taken any more.")


class ShowRefused(DomainError):
    """An order cannot be shown; code and message say why."""

    status = 422
    code = "SHOW-00"


class OrderNotPaid(DomainError):
    code = "SHOW-21"
    message = _("The order behind it is not paid, or was refunded: no prize can be granted for it.")


class PraiseAsked(DomainError):
    code = "SHOW-22"
    message = _("A prize may not depend on praise: leave good ratings and stars out of it.")


class PaymentRefused(DomainError):
    """The payment service said no and will not pay; the message says why."""

    code = "PAYOUT-01"
    message = _("The payment was refused.")


class PaymentUnknown(Exception):
    """The payment service gave no answer: whether it paid must be asked, never guessed."""
