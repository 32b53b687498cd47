"""Choices of campaigns, their prizes, the ledger and payouts; values are stored data."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.enums import PreferenceKind
from tenants.preferences import declare

ATTRIBUTION_DAYS = declare(
    "campaigns.attribution_days", default=7, kind=PreferenceKind.INTEGER, minimum=1, maximum=90,
    label=_("Days that an order counts for a campaign"),
    help=_("From the moment a person got a prize. The window stands beside every ROI."),
)  # fmt: skip
NEWCOMER_DAYS = declare(
    "campaigns.newcomer_days", default=7, kind=PreferenceKind.INTEGER, minimum=1, maximum=90,
    label=_("Days after joining in which a first order is a newcomer's"),
    help=_("For the scene of orders."),
)  # fmt: skip
LABOUR_YUAN_AN_HOUR = declare(
    "campaigns.labour_yuan_an_hour", default=60, kind=PreferenceKind.INTEGER, minimum=0, maximum=10_000,
    label=_("What an hour of work costs, in yuan"),
    help=_("For the ROI of campaigns."),
)  # fmt: skip
PRIZE_YUAN_MOST = declare(
    "campaigns.prize_yuan_most", default=50_000, kind=PreferenceKind.INTEGER, minimum=1, maximum=50_000,
    label=_("What one prize may be worth at most, in yuan"),
    help=_("By law a prize that is drawn is worth 50,000 yuan at most."),
)  # fmt: skip

MONEY_MOST_FEN = 100_000_000_00  # a hundred million yuan: more is a slip of the hand
STOCK_MOST = 1_000_000


class Theme(models.TextChoices):
    """What a campaign is about (R78)."""

    FESTIVAL = "festival", pgettext_lazy("theme", "Festival")
    NEW_PRODUCT = "new_product", pgettext_lazy("theme", "New product")
    HOT_TOPIC = "hot_topic", pgettext_lazy("theme", "Hot topic")
    FAN_TREAT = "fan_treat", pgettext_lazy("theme", "Treat for fans")


class PageColour(models.TextChoices):
    """The colour of a campaign's phone pages; static/css/h5.css has three values of each, all readable in white."""

    GREEN = "green", pgettext_lazy("colour", "Green")
    BLUE = "blue", pgettext_lazy("colour", "Blue")
    RED = "red", pgettext_lazy("colour", "Red")
    ORANGE = "orange", pgettext_lazy("colour", "Orange")
    PURPLE = "purple", pgettext_lazy("colour", "Purple")


class PlayKind(models.TextChoices):
    """What a phone page is of; the one letter stands in its token for good."""

    CAMPAIGN = "c", _("Campaign")
    CHECK_IN = "p", pgettext_lazy("play", "Check-in")
    COUPON = "k", pgettext_lazy("prize", "Coupon")
    FLASH = "f", _("Flash run")
    JOIN = "j", _("Join and get")
    INVITE = "i", _("My invitations")
    INVITATION = "n", _("Invitation of a friend")
    DEALS = "g", _("Flash sale and group-buy")
    DISTRIBUTION = "d", _("Distribution")
    RECOMMENDED = "e", _("Recommended by a distributor")
    LOTTERY = "l", _("Lottery")
    MALL = "m", _("Points mall")
    MILESTONE = "r", _("Milestones")
    QUIZ = "q", _("Quiz")
    SHOW = "s", _("Show an order")


class LotteryKind(models.TextChoices):
    """How a lottery looks; the draw is the same."""

    GRID = "grid", _("Nine grid")
    WHEEL = "wheel", _("Wheel")
    BOX = "box", _("Blind boxes")


class GrantReason(models.TextChoices):
    """What somebody got draws for."""

    FREE = "free", pgettext_lazy("draws", "Free")
    INVITEE = "invitee", pgettext_lazy("draws", "An invitee")
    CHECK_IN = "check_in", pgettext_lazy("draws", "A check-in")
    JOIN = "join", pgettext_lazy("draws", "Joining a group")
    HAND = "hand", pgettext_lazy("draws", "By hand")


class DrawOutcome(models.TextChoices):
    """GONE: the roll fell on a prize of which nothing was left, or that the budget did not cover."""

    WON = "won", pgettext_lazy("draw", "Won")
    GONE = "gone", pgettext_lazy("draw", "All given out")
    NONE = "none", pgettext_lazy("draw", "Nothing")


class Phase(StrEnum):
    """Where a campaign stands for somebody who opens its page."""

    DRAFT = "draft"
    SOON = "soon"
    OPEN = "open"
    PAUSED = "paused"
    ENDED = "ended"


class Visitor(StrEnum):
    """Who opened a page, as WeCom says. OUTSIDER: a customer who sits in none of the campaign's groups; STRANGER:
    somebody in WeChat whom WeCom does not name; BROWSER: somebody elsewhere."""

    MEMBER = "member"
    OUTSIDER = "outsider"
    STRANGER = "stranger"
    BROWSER = "browser"
    STAFF = "staff"


class CampaignState(models.TextChoices):
    """The only way is forward."""

    DRAFT = "draft", pgettext_lazy("campaign", "Draft")
    RUNNING = "running", pgettext_lazy("campaign", "Running")
    ENDED = "ended", pgettext_lazy("campaign", "Ended")
    REVIEWED = "reviewed", pgettext_lazy("campaign", "Reviewed")


STATES_NEXT = {
    CampaignState.DRAFT: CampaignState.RUNNING,
    CampaignState.RUNNING: CampaignState.ENDED,
    CampaignState.ENDED: CampaignState.REVIEWED,
}


class GoalKind(models.TextChoices):
    """The figure that a campaign is for."""

    PEOPLE = "people", _("People who got a prize")
    ORDERS = "orders", _("Orders of theirs in the window")
    REVENUE = "revenue", _("Net revenue in the window, yuan")


class PrizeKind(models.TextChoices):
    GOODS = "goods", pgettext_lazy("prize", "Goods")
    SERVICE = "service", _("Course or service")
    RED_PACKET = "red_packet", _("Red packet")
    COUPON = "coupon", pgettext_lazy("prize", "Coupon")
    FEE_REFUND = "fee_refund", _("Refund of a fee")


class Unit(models.TextChoices):
    """What an account counts, always in whole ones."""

    FEN = "fen", _("Money")
    PIECES = "pieces", pgettext_lazy("unit", "Pieces")
    POINTS = "points", _("Points")


class AccountKind(models.TextChoices):
    """The places of the double-entry ledger. Only OUTSIDE may fall below zero: it is where everything comes from."""

    OUTSIDE = "outside", pgettext_lazy("account", "Company")
    FREE = "free", pgettext_lazy("account", "Free")
    HELD = "held", pgettext_lazy("account", "Set aside")
    SPENT = "spent", pgettext_lazy("account", "Given out")
    PERSON = "person", pgettext_lazy("account", "Person")


class EntryReason(models.TextChoices):
    """Why something moved from one account to another."""

    FUNDED = "funded", _("Budget approved")
    STOCKED = "stocked", _("Prizes provided")
    HELD = "held", _("Set aside for a person")
    SPENT = "spent", pgettext_lazy("entry", "Given to the person")
    RELEASED = "released", _("Taken back, not given")
    RAISED = "raised", _("Budget raised")
    LOWERED = "lowered", _("Budget lowered")
    CLOSED = "closed", _("Left over at the review")
    REVERSED = "reversed", _("Redemption taken back")
    EARNED = "earned", _("Points earned")
    VOIDED = "voided", _("Points taken back")
    PAID = "paid", _("Points spent")
    REPAID = "repaid", _("Points given back")
    GATHERED = "gathered", _("Points of one person put together")


class AwardSource(models.TextChoices):
    """What a prize was given for. Each play adds its own."""

    HAND = "hand", pgettext_lazy("prize", "By hand")
    COUPON = "coupon", pgettext_lazy("prize", "Coupon taken")
    FLASH = "flash", pgettext_lazy("prize", "Wake-up answered")
    JOIN = "join", pgettext_lazy("prize", "Joining a group")
    INVITE = "invite", _("Invitations")
    LOTTERY = "lottery", _("Lottery")
    CHECK_IN = "check_in", pgettext_lazy("play", "Check-in")
    MALL = "mall", _("Points mall")
    QUIZ = "quiz", _("Quiz")
    MILESTONE = "milestone", pgettext_lazy("prize", "Group milestone")
    DISTRIBUTION = "distribution", _("Distribution")
    SHOW = "show", _("Show an order")


class AwardState(models.TextChoices):
    HELD = "held", _("To be handed over")
    PAYING = "paying", _("To be paid")
    GIVEN = "given", pgettext_lazy("prize", "Given")
    RETURNED = "returned", pgettext_lazy("prize", "Taken back")


OPEN_AWARDS = (AwardState.HELD, AwardState.PAYING)


class PayoutState(models.TextChoices):
    """ASKED is the only state in which the outcome is not known: it is asked about, never simply paid again."""

    DUE = "due", _("Waits to be paid")
    ASKED = "asked", _("Asked for, no answer yet")
    PAID = "paid", _("Paid")
    REFUSED = "refused", _("Refused")
    CANCELLED = "cancelled", _("Called off")


class Missing(models.TextChoices):
    """What a campaign lacks before it can start; the value is the code that people see."""

    GOAL = "CAMP-01", _("Say what the campaign is to reach, as a figure")
    SERVES = "CAMP-70", _("Say how it serves the north star")
    GROUPS = "CAMP-02", _("Choose the groups it is for")
    DATES = "CAMP-03", _("Set when it begins and ends")
    PAST = "CAMP-04", _("It would end in the past: set a later end")
    BUDGET = "CAMP-05", _("Set a budget: what it may cost at most")
    PRIZES = "CAMP-06", _("Add at least one prize with its number of pieces")
    OVER_BUDGET = "CAMP-07", _("One piece costs more than the whole budget")
    PRIZE_TOO_DEAR = "CAMP-08", _("A prize is worth more than allowed")
    RULES = "CAMP-09", _("Write the rules that customers can read")
    FORCED_SHARE = "CAMP-10", _("The rules ask people to share or collect likes: WeChat forbids that")
    OWNER = "CAMP-11", _("Name the colleague who answers for it")
    ODDS = "CAMP-12", _("Give the prizes of the lottery their odds")
    DEALS = "CAMP-34", _("Deadline and price steps of what is sold lie within the campaign: set them anew")
    FLASH_GROUPS = "CAMP-31", _("A flash run is for flash groups that still run: choose only such")
    FLASH_SPAN = (
        "CAMP-32",
        _("A flash run lasts from one hour to as long as a flash group may: set other dates"),
    )
    FLASH_NODES = (
        "CAMP-33",
        _("Give each of the four nodes a time within the run, in their order, and a colleague"),
    )
    COUPON = "CAMP-19", _("A coupon would be over before the campaign begins, or outlive its page")
    QUIZ = "CAMP-21", _("The quiz needs a prize with enough pieces, and a draw before the campaign ends")
    SHOW = (
        "CAMP-22",
        _("Showing an order needs its prize, and time before the hours in which staff look at them"),
    )
    PRAISE = "CAMP-23", _("The rules or the words about it ask for praise: a prize may not depend on that")
    JOIN = "CAMP-20", _("Say what joining gives: its prize, or the lottery of this campaign")
    INVITE_PRIZE = "CAMP-41", _("Say what inviting brings: a prize, or draws of a lottery")
    INVITE_DAYS = (
        "CAMP-42",
        _("Invitees cannot stay long enough before the campaign ends: end it later, or ask for fewer days"),
    )
    MILESTONE_PRIZE = "CAMP-43", _("A group's red packet needs a prize with a piece for each share")
    DISTRIBUTION_PRIZE = "CAMP-44", _("A commission is a red packet: choose one of this campaign")
    DISTRIBUTION_OFF = (
        "CAMP-45",
        _("Distribution is off: a leader switches it on with a compliance note, or take it out"),
    )
    GOAL_TOO_FAR = "CAMP-36", _("The check-in asks for more days than the campaign has")
    NO_LOTTERY = "CAMP-37", _("The check-in gives draws: set up a lottery, or take the draws out")


class Step(models.TextChoices):
    """The steps of setting a campaign up."""

    IDEA = "idea", _("Goal and theme")
    PLACE = "place", _("Groups and dates")
    PRIZES = "prizes", _("Budget and prizes")
    PLAY = "play", _("Play")
    RULES = "rules", _("Rules and owner")


STEP_OF = {
    Missing.GOAL: Step.IDEA,
    Missing.SERVES: Step.IDEA,
    Missing.GROUPS: Step.PLACE,
    Missing.DATES: Step.PLACE,
    Missing.PAST: Step.PLACE,
    Missing.BUDGET: Step.PRIZES,
    Missing.PRIZES: Step.PRIZES,
    Missing.OVER_BUDGET: Step.PRIZES,
    Missing.PRIZE_TOO_DEAR: Step.PRIZES,
    Missing.ODDS: Step.PLAY,
    Missing.FLASH_GROUPS: Step.PLACE,
    Missing.FLASH_SPAN: Step.PLACE,
    Missing.FLASH_NODES: Step.PLAY,
    Missing.COUPON: Step.PLAY,
    Missing.JOIN: Step.PLAY,
    Missing.INVITE_PRIZE: Step.PLAY,
    Missing.INVITE_DAYS: Step.PLAY,
    Missing.MILESTONE_PRIZE: Step.PLAY,
    Missing.DISTRIBUTION_PRIZE: Step.PLAY,
    Missing.DISTRIBUTION_OFF: Step.PLAY,
    Missing.GOAL_TOO_FAR: Step.PLAY,
    Missing.NO_LOTTERY: Step.PLAY,
    Missing.DEALS: Step.PLAY,
    Missing.QUIZ: Step.PLAY,
    Missing.SHOW: Step.PLAY,
    Missing.PRAISE: Step.RULES,
    Missing.RULES: Step.RULES,
    Missing.FORCED_SHARE: Step.RULES,
    Missing.OWNER: Step.RULES,
}
