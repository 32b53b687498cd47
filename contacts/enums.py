"""Choices, transition tables and settings of customers, behaviours and the touch gate."""

from datetime import time

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.enums import PreferenceKind
from tenants.preferences import declare


class BehaviourKind(models.TextChoices):
    """What a customer did (R111). The value is stored data and the event API's word."""

    JOIN = "join", _("Joined a group")
    LEAVE = "leave", _("Left a group")
    MESSAGE = "message", _("Sent a message")
    LINK_CLICK = "link_click", _("Opened a link")
    PURCHASE_CLICK = "purchase_click", _("Opened a purchase link")
    PAY_CLICK = "pay_click", _("Clicked pay")
    ORDER = "order", _("Ordered")
    REFUND = "refund", _("Got a refund")
    LESSON = "lesson", _("Finished a lesson")
    ASSIGNMENT = "assignment", _("Handed in an assignment")
    FORM = "form", _("Answered a form")
    LIVE = "live", _("Entered a live session")
    MINI_PROGRAM = "mini_program", _("Opened a mini-program")
    CHECKIN = "checkin", _("Checked in")
    DRAW = "draw", _("Drew a prize")
    RED_PACKET = "red_packet", _("Took a red packet")
    RADAR = "radar", _("Viewed tracked content")
    COUPON = "coupon", _("Took or used a coupon")
    REDEEM = "redeem", _("Redeemed a service")


class ChannelKind(models.TextChoices):
    """Where traffic comes from (R31)."""

    CONTENT = "content", _("Content platform")
    SHOP = "shop", _("E-commerce store")
    PARTNER = "partner", _("Mutual promotion")
    THIRD_PARTY = "third_party", _("Third party")
    ACTIVITY = "activity", _("Activity, referral")
    OFFLINE = "offline", _("Offline")
    ADS = "ads", _("Paid ads")
    SWAP = "swap", _("Traffic swap")
    OTHER = "other", _("Other")


class ChannelPlace(models.TextChoices):
    """Where exactly, within a kind of channel (R31)."""

    OFFICIAL_ACCOUNT = "official", _("Official account")
    XIAOHONGSHU = "xhs", _("Xiaohongshu")
    ZHIHU = "zhihu", _("Zhihu")
    DOUYIN = "douyin", _("Douyin")
    KUAISHOU = "kuaishou", _("Kuaishou")
    APP_STORE = "app_store", _("App store")
    AD_NETWORK = "ad_net", _("Ad network")
    SEO = "seo", _("Search, unpaid (SEO)")
    SEM = "sem", _("Search, paid (SEM)")
    PREINSTALL = "preinst", _("Pre-installed on phones")
    COPROMOTION = "copromo", _("Co-promotion")


class ChannelMeans(models.TextChoices):
    """By whose voice a content platform brings people (R31)."""

    INFLUENCER = "influencer", _("Influencer")
    OWN = "own", _("Own account")
    FEED = "feed", _("Feed ads")


class WelcomeMode(models.TextChoices):
    """What a new friend by one code is greeted with."""

    DEFAULT = "default", _("The welcome of Settings")
    OWN = "own", _("A welcome of its own")
    NONE = "none", _("No welcome")


class FollowState(models.TextChoices):
    """How one staff member and one customer stand to each other."""

    HALF = "half", _("Added, not yet accepted")
    FULL = "full", _("Friends")
    STAFF_DELETED = "staff_deleted", _("Removed by staff")
    CUSTOMER_DELETED = "customer_deleted", _("Removed by the customer")


class ImportKind(models.TextChoices):
    """What a file holds."""

    BEHAVIOURS = "behaviours", _("Behaviours")
    MESSAGES = "messages", _("Chat messages")


class SheetKind(models.TextChoices):
    """What a file with a preview holds. The value is stored data and stands in the address."""

    CUSTOMERS = "customers", _("Customers")
    ORDERS = "orders", _("Orders and refunds")
    TAGS = "tags", _("Tags")
    SKUS = "skus", _("SKUs")


class Verdict(models.TextChoices):
    """What one line of a file will do."""

    NEW = "new", pgettext_lazy("line of a file", "New")
    CHANGE = "change", pgettext_lazy("line of a file", "Changes something")
    SAME = "same", pgettext_lazy("line of a file", "Known already")
    FAULT = "fault", pgettext_lazy("line of a file", "Has a fault")


class QuestionKind(models.TextChoices):
    """How a question of a form is answered. The value is stored data."""

    TEXT = "text", _("Text")
    NUMBER = "number", _("Number")
    DATE = "date", _("Date")
    CITY = "city", _("City")
    SINGLE = "single", _("One of several")
    MULTI = "multi", _("Any of several")


class GroupQuestion(models.TextChoices):
    """What an answer tells of a group (R17, R18). The value names the question in the behaviour stream, too."""

    EXPECTATION = "survey:expectation", _("Expectation at entry, 1–5")
    GAIN = "survey:gain", _("Sense of gain, 1–5")
    RATING = "survey:rating", _("Rating at the end, 1–5")
    FEEDBACK = "survey:feedback", _("Feedback in own words")


class SurveyAnswerState(models.TextChoices):
    """Whether an answer counts for a person."""

    TAKEN = "taken", _("Answered, named by WeCom")
    WAITING = "waiting", _("Waits: nobody named the visitor")
    CONFIRMED = "confirmed", _("Confirmed by staff")
    DROPPED = "dropped", _("Dropped")


SURVEY_DAYS = declare(
    "surveys.link_days",
    default=30,
    kind=PreferenceKind.INTEGER,
    label=_("Days the personal link of a form works"),
    minimum=1,
    maximum=365,
)


class SkuKind(models.TextChoices):
    """What buying a thing means on a customer's way (R38). The value is stored data."""

    FIRST = "first", _("First basic")
    UPSELL = "upsell", _("Upsell")
    REPURCHASE = "repurchase", _("Repurchase")


class TagSource(models.TextChoices):
    WECOM = "wecom", _("WeCom")
    MANUAL = "manual", _("By hand")
    RULE = "rule", _("By rule")


class MarkState(models.TextChoices):
    """Where one tag on one relation stands on its way to WeCom."""

    WAITING = "waiting", _("On its way to WeCom")
    DONE = "done", _("Written to WeCom")
    FAILED = "failed", _("Refused by WeCom")


class TransferState(models.TextChoices):
    """Where the hand-over of one customer from one colleague to another stands (PROTOCOL 3.2)."""

    LATER = "later", _("Twice in 90 days already: asked again by itself")
    QUEUED = "queued", _("On its way to WeCom")
    WAITING = "waiting", _("WeCom waits 24 hours for the customer")
    DONE = "done", _("Taken over")
    REFUSED = "refused", _("The customer refused")
    LIMIT = "limit", _("The receiver has as many customers as WeCom allows")
    FAILED = "failed", _("WeCom did not take it")
    RESTED = "rested", _("Stays without a colleague")


class TagEnd(models.TextChoices):
    """Why a tag came off."""

    HAND = "hand", _("Taken off by hand")
    RULE = "rule", _("The rule no longer holds")
    EXPIRED = "expired", _("Its time was over")
    WECOM = "wecom", _("Taken off in WeCom")
    RETIRED = "retired", _("The tag or its rule was ended")


class ProfileField(models.TextChoices):
    """What is asked about a person (R28). The value is stored data."""

    GENDER = "gender", _("Gender")
    BIRTH_YEAR = "birth_year", _("Year of birth")
    EDUCATION = "education", _("Education")
    OCCUPATION = "occupation", _("Occupation")
    CITY = "city", _("City")
    INTERESTS = "interests", _("Interests")


class OwnFieldKind(models.TextChoices):
    """What a profile field of the company's own holds. The value is stored data."""

    TEXT = "text", _("Text")
    NUMBER = "number", _("Number")
    DATE = "date", _("Date")
    CHOICE = "choice", _("One of several")


class Gender(models.TextChoices):
    FEMALE = "female", _("Female")
    MALE = "male", _("Male")


class Education(models.TextChoices):
    """Levels as R73 compares buyers by them."""

    HIGH_SCHOOL = "high_school", _("High school or below")
    JUNIOR_COLLEGE = "junior_college", _("Junior college")
    BACHELOR = "bachelor", _("Bachelor")
    ABOVE = "above", _("Above bachelor")


class ProfileSource(models.TextChoices):
    """Who said it. Staff who settle a question outrank what was said before."""

    STAFF = "staff", _("Staff")
    FORM = "form", _("Form")
    IMPORT = "import", _("Import")
    API = "api", _("Event API")
    WECOM = "wecom", _("WeCom")


class WayIn(models.TextChoices):
    """The two ways in (R30)."""

    GROUP_FIRST = "group", _("A: joins a group, then adds a friend")
    FRIEND_FIRST = "friend", _("B: adds a friend, then is invited to a group")


class PathStep(models.TextChoices):
    """A step of a way in."""

    JOINED = "joined", _("Joined a group")
    FRIEND = "friend", _("Added a friend")
    NURTURED = "nurtured", _("Took part after both")
    BOUGHT = "bought", _("First basic SKU")


class ThreeStep(models.TextChoices):
    """Where somebody stands between joining and the deal (R34)."""

    JOINED = "joined", _("Joined, watching")
    EXPERIENCING = "experiencing", _("Trying it out")
    DEAL = "deal", _("Deal")


class IdentityVerb(models.TextChoices):
    """What was decided about two records."""

    MERGED = "merged", _("One person")
    SPLIT = "split", _("Two people again")
    APART = "apart", _("Looked at: two people")


class IdentityGround(models.TextChoices):
    """Why two records are one person."""

    UNIONID = "unionid", _("Same union id")
    PHONE = "phone", _("Same phone number")
    HAND = "hand", _("By hand")


class StageSource(models.TextChoices):
    """Who moved a person to a trust stage."""

    RULE = "rule", _("By rule")
    HAND = "hand", _("By hand")


class TrustStage(models.IntegerChoices):
    """The seven trust stages (R33)."""

    UNAWARE = 1, _("Does not know you")
    CURIOUS = 2, _("Wants to know you")
    MET = 3, _("Has met you")
    UNDERSTANDS = 4, _("Understands you")
    FAMILIAR = 5, _("Is familiar with you")
    BOUGHT = 6, _("Bought from you")
    SHARES = 7, _("Shares you")


# Stage -> how the person stands to you, what they need then, what to do, what to send next. A company may say it anew.
STAGE_GUIDE = {
    TrustStage.UNAWARE: (
        _("Has never heard of you."),
        _("A reason to look."),
        _("Be found: content and codes where they are."),
        _("A value post with a code"),
    ),
    TrustStage.CURIOUS: (
        _("Looks on and wonders what this is."),
        _("To know who you are and what is in it for them."),
        _("Say who you are and what they get."),
        _("Introduction, what happens next"),
    ),
    TrustStage.MET: (
        _("Knows your name, believes little yet."),
        _("To see that you know the matter."),
        _("Give something that works today."),
        _("First lesson, first small win"),
    ),
    TrustStage.UNDERSTANDS: (
        _("Compares you with others."),
        _("Proof from people like them."),
        _("Show real results; answer doubts one by one."),
        _("Cases of people like them"),
    ),
    TrustStage.FAMILIAR: (
        _("Trusts you and waits for a reason."),
        _("An honest offer that fits now."),
        _("Ask what is missing; make an honest offer."),
        _("Offer with its real end"),
    ),
    TrustStage.BOUGHT: (
        _("Has paid and watches what comes."),
        _("To see that it was right."),
        _("Deliver, and look after the first days."),
        _("Start guide, first result"),
    ),
    TrustStage.SHARES: (
        _("Is glad to have found you and says so."),
        _("To be seen and to help."),
        _("Thank them; give them a stage."),
        _("Invitation, their own story"),
    ),
}


class OrderState(models.TextChoices):
    PAID = "paid", _("Paid")
    REFUNDED = "refunded", _("Refunded")


class OrderClass(models.TextChoices):
    """Why a customer bought (R72)."""

    ACTIVE = "active", _("Asked first")
    STIMULATED = "stimulated", _("Prompted")
    UNKNOWN = "unknown", _("Not yet known")


class Rule(models.TextChoices):
    """Why the gate refuses. The code is shown beside every blocked touch and never changes its meaning."""

    ENDED = "ENDED-01", _("The group has ended")
    FREEZE = "FREEZE-01", _("Sends to this group are frozen")
    OPT_OUT = "OPT-01", _("The customer asked for no marketing")
    CONSENT = "CONSENT-01", _("The customer has not agreed to marketing")
    BUYER = "BUYER-01", _("The customer has already bought")
    QUIET = "QUIET-01", _("Quiet hours")
    GROUP_LIMIT = "GROUP-01", _("The group has had its messages of the day")
    QUOTA = "QUOTA-01", _("WeCom allows no further message now")
    DAY_CAP = "CAP-01", _("The person has had the messages of the day")
    WEEK_CAP = "CAP-02", _("The person has had the messages of the week")
    GONE = "GONE-01", _("The person is not known here any more")
    SAME = "SAME-01", _("The person gets it with another record")
    VALUE_FIRST = "VALUE-01", _("A new member gets something of value before anything is sold in private")
    KEPT = "KEPT-01", _("The last place of the day is kept for something more important")
    NOBODY = "NOBODY-01", _("Nobody is left to receive this")


CAP_PER_DAY = declare(
    "touch.cap_per_day",
    default=3,
    kind=PreferenceKind.INTEGER,
    label=_("Messages one person may get a day, over all groups and channels"),
    minimum=0,
    maximum=100,
)
CAP_PER_WEEK = declare(
    "touch.cap_per_week",
    default=15,
    kind=PreferenceKind.INTEGER,
    label=_("Messages one person may get a week, Monday to Sunday"),
    minimum=0,
    maximum=700,
)
GROUP_PER_DAY = declare(
    "touch.group_per_day",
    default=6,
    kind=PreferenceKind.INTEGER,
    label=_("Messages one group may get a day"),
    minimum=0,
    maximum=100,
)
QUIET_FROM = declare(
    "touch.quiet_from", default=time(22, 0), kind=PreferenceKind.TIME, label=_("Quiet hours begin")
)
QUIET_UNTIL = declare(
    "touch.quiet_until", default=time(8, 0), kind=PreferenceKind.TIME, label=_("Quiet hours end")
)
CONSENT_REQUIRED = declare(
    "touch.consent_required",
    default=False,
    kind=PreferenceKind.FLAG,
    label=_("Marketing only to customers who agreed to it"),
)
VALUE_BEFORE_SALES = declare(
    "touch.value_before_sales",
    default=1,
    kind=PreferenceKind.INTEGER,
    label=_("Messages of value a new member gets before a private sales message"),
    help=_("0: no such rule. A step declared as join coupon or first-order offer may go out at once."),
    minimum=0,
    maximum=20,
)
NEW_MEMBER_DAYS = declare(
    "touch.new_member_days",
    default=7,
    kind=PreferenceKind.INTEGER,
    label=_("Days for which somebody counts as a new member"),
    minimum=1,
    maximum=90,
)
IMPORT_ROWS = declare(
    "import.max_rows",
    default=50_000,
    kind=PreferenceKind.INTEGER,
    label=_("Rows one imported file may hold"),
    minimum=1,
    maximum=200_000,
)
RULE_EVERY_HOURS = declare(
    "tags.rule_every_hours",
    default=6,
    kind=PreferenceKind.INTEGER,
    label=_("Hours between two looks at everyone by tag rules"),
    help=_(
        "Whoever does something is judged at once; this is for what changes by time alone, such as silence."
    ),
    minimum=1,
    maximum=168,
)
PATH_SKUS = declare(
    "paths.basic_skus",
    default="",
    kind=PreferenceKind.TEXT,
    label=_("SKUs that count as the first basic one, separated by commas"),
    help=_(
        "Empty: those that the catalogue calls first basic; without any, the first paid order of any SKU counts."
    ),
)


class QuestionClose(models.TextChoices):
    """What a person said of a question that needs no more answer here (R75). Stored data."""

    ELSEWHERE = "elsewhere", _("Answered elsewhere")
    NO_NEED = "no_need", _("Needs no answer")


WORK_FROM = declare(
    "service.work_from", default=time(9, 0), kind=PreferenceKind.TIME, label=_("Working hours begin")
)
WORK_UNTIL = declare(
    "service.work_until", default=time(21, 0), kind=PreferenceKind.TIME, label=_("Working hours end")
)
WORK_DAYS = declare(
    "service.work_days", default="1234567", kind=PreferenceKind.TEXT, label=_("Working days, 1 is Monday")
)
DAYS_OFF = declare(
    "service.days_off", default="", kind=PreferenceKind.TEXT, label=_("Holidays, such as 2026-10-01")
)
DAYS_ON = declare(
    "service.days_on", default="", kind=PreferenceKind.TEXT, label=_("Days worked although the week says not")
)
ANSWER_MINUTES = declare(
    "service.answer_minutes", default=30, kind=PreferenceKind.INTEGER, minimum=1, maximum=1440,
    label=_("Working minutes in which a question should be answered"),
)  # fmt: skip
LEAD_MINUTES = declare(
    "service.lead_minutes", default=240, kind=PreferenceKind.INTEGER, minimum=1, maximum=10_000,
    label=_("Working minutes after which a question without an answer goes to the team lead"),
)  # fmt: skip
TRANSFER_MOST = declare(
    "transfers.most",
    default=2,
    kind=PreferenceKind.INTEGER,
    label=_("How often WeCom hands one customer over within 90 days"),
    help=_("WeCom's own limit, as data: it has changed such limits before."),
    minimum=1,
    maximum=10,
)
TRANSFER_LOOK_MIN = declare(
    "transfers.look_min",
    default=60,
    kind=PreferenceKind.INTEGER,
    label=_("Minutes between two looks at how hand-overs of customers stand at WeCom"),
    minimum=5,
    maximum=1440,
)
