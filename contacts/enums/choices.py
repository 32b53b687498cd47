"""Choices and transition tables of customers, behaviours and the touch gate."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


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
    COUPON_VIEW = "coupon_view", _("Viewed a coupon, not used yet")
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
    WECHAT_CHANNELS = "channels", _("WeChat Channels")
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


class AddWay(models.IntegerChoices):
    """How a friend was added, as WeCom numbers it (PROTOCOL 3.2, add_way). 0 and other numbers: WeCom does not say."""

    QR = 1, _("QR code")
    PHONE = 2, _("Searched by phone number")
    CARD = 3, _("Contact card")
    GROUP = 4, _("Group chat")
    ADDRESS_BOOK = 5, _("Phone's address book")
    WECHAT = 6, _("WeChat contact")
    SERVICE = 8, _("Service account of another app")
    EMAIL = 9, _("Searched by mail address")
    CHANNELS = 10, _("WeChat Channels")
    LINK = 16, _("Acquisition link")
    SHARED = 201, _("Shared by a colleague")
    ASSIGNED = 202, _("Assigned by an administrator")


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
    """What an answer tells of a group (R17, R18) or of service (R126). The value names the question in the behaviour
    stream, too."""

    EXPECTATION = "survey:expectation", _("Expectation at entry, 1–5")
    GAIN = "survey:gain", _("Sense of gain, 1–5")
    RATING = "survey:rating", _("Rating at the end, 1–5")
    SERVICE = "survey:service", _("Rating of service, 1–5")
    FEEDBACK = "survey:feedback", _("Feedback in own words")


class SurveyAnswerState(models.TextChoices):
    """Whether an answer counts for a person."""

    TAKEN = "taken", _("Answered, named by WeCom")
    WAITING = "waiting", _("Waits: nobody named the visitor")
    CONFIRMED = "confirmed", _("Confirmed by staff")
    DROPPED = "dropped", _("Dropped")


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


class OrderScene(models.TextChoices):
    """What led to an order (R93)."""

    NEWCOMER = "newcomer", pgettext_lazy("order", "Newcomer")
    DAILY = "daily", pgettext_lazy("order", "Daily")
    NODE = "node", pgettext_lazy("order", "Node")
    FLASH = "flash", pgettext_lazy("order", "Flash")


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
    PAID = "paid", pgettext_lazy("order", "Paid")
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


class QuestionClose(models.TextChoices):
    """What a person said of a question that needs no more answer here (R75). Stored data."""

    ELSEWHERE = "elsewhere", _("Answered elsewhere")
    NO_NEED = "no_need", _("Needs no answer")
