"""Choices, state tables and settings of groups."""

from datetime import time

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.enums import PreferenceKind
from tenants.preferences import declare


class Kind(models.TextChoices):
    """The four group types (R1). The empty kind is a group nobody has thought through yet."""

    FLASH = "flash", _("Flash group")
    NEW_USER = "new_user", _("New-user group")
    SUPER_USER = "super_user", _("Super-user group")
    DELIVERY = "delivery", _("Delivery group")


class SubKind(models.TextChoices):
    LEARNING = "learning", _("Learning")
    SERVICE = "service", _("Service")


class Purpose(models.TextChoices):
    MAINTENANCE = "maintenance", _("Customer maintenance")
    AFTER_SALES = "after_sales", _("After-sales")
    CONVERSION = "conversion", _("Conversion")
    BRAND = "brand", _("Brand exposure")


class Scenario(models.TextChoices):
    CAMP = "camp", _("Camp")
    MEMBER = "member", _("Member group")
    KNOWLEDGE = "knowledge", _("Knowledge sharing")
    WELFARE = "welfare", _("Welfare")
    COACHING = "coaching", _("Coaching")
    BOARD = "board", _("Board")
    OTHER = "other", _("Other scenario")


class PaymentBasis(models.TextChoices):
    PAID = "paid", _("Paid")
    LOW_PRICE = "low_price", _("Low-price entry")
    UNPAID = "unpaid", _("Unpaid")


class State(models.TextChoices):
    """The life cycle (R13)."""

    PLANNING = "planning", _("Planning")
    WARMING = "warming", _("Warming up")
    ACTIVE = "active", _("Active")
    DECLINING = "declining", _("Declining")
    CLOSING = "closing", _("Closing")
    ARCHIVED = "archived", _("Archived")


# Where a group may go from each state. Going live (planning -> warming or active) passes the readiness gate.
TRANSITIONS: dict[str, frozenset[str]] = {
    State.PLANNING: frozenset({State.WARMING, State.ACTIVE, State.ARCHIVED}),
    State.WARMING: frozenset({State.ACTIVE, State.CLOSING}),
    State.ACTIVE: frozenset({State.DECLINING, State.CLOSING}),
    State.DECLINING: frozenset({State.ACTIVE, State.CLOSING}),
    State.CLOSING: frozenset({State.ACTIVE, State.ARCHIVED}),
    State.ARCHIVED: frozenset(),
}
LIVE_STATES = frozenset({State.WARMING, State.ACTIVE, State.DECLINING, State.CLOSING})


class JoinScene(models.TextChoices):
    """How a member came. The vendor's event says invited or QR; its detail tells a link apart (PROTOCOL 2.1, 3.5)."""

    INVITED = "invited", _("Invited")
    LINK = "link", _("By link")
    QR = "qr", _("By QR code")


class QuitScene(models.TextChoices):
    LEFT = "left", _("Left")
    REMOVED = "removed", _("Removed")
    DISSOLVED = "dissolved", _("Group dissolved")


class Question(models.TextChoices):
    """The six answers of the readiness gate (R4) and the crisis plan (R25)."""

    POSITIONING = "positioning", _("Positioning")
    OPERATION = "operation", _("How we operate")
    DELIVERABLE = "deliverable", _("What we deliver")
    RULES = "rules", _("Group rules")
    MANAGEMENT = "management", _("Management")
    ENDING = "ending", _("How it ends")
    CRISIS = "crisis", _("Crisis plan")


class ContentKind(models.TextChoices):
    """What a slot of the first week holds, as far as the content mix cares (R2, R60)."""

    MARKETING = "marketing", _("Marketing")
    VALUE = "value", _("Value")
    TALK = "talk", _("Interaction")


class Slot(models.TextChoices):
    MORNING = "morning", _("Morning")
    NOON = "noon", _("Noon")
    EVENING = "evening", _("Evening")


class SetupKind(models.TextChoices):
    """The six steps of setting a group up (R12), and the order in which people are seated in it."""

    MEMBERS = "members", _("Who comes in")
    RULES = "rules", _("Group rules")
    CONTENT = "content", _("Content plan")
    NAME = "name", _("Open and name it")
    WELCOME = "welcome", _("Welcome and announcement")
    SEATS = "seats", _("Seat people")
    ADMINS = "admins", _("Admins")
    KOC = "koc", _("KOC")
    ATMOSPHERE = "atmosphere", _("Atmosphere staff")
    ORDINARY = "ordinary", _("Ordinary members")


class LadderStep(models.TextChoices):
    """What follows a breach of the rules (R9)."""

    WARN = "warn", _("Warn")
    MUTE = "mute", _("Mute")
    REMOVE = "remove", _("Remove from the group")


class ViolationState(models.TextChoices):
    OPEN = "open", _("To be done")
    DONE = "done", _("Done")
    UNDONE = "undone", _("Taken back")


class EndKind(models.TextChoices):
    """How a group ends (R13), in this order."""

    NOTICE = "notice", _("Tell members that it ends")
    HANDOVER = "handover", _("Bring members to the next group")
    DISSOLVE = "dissolve", _("Dissolve it in WeCom")


class EndState(models.TextChoices):
    OPEN = "open", _("To be done")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")


class Seen(models.TextChoices):
    """How we know that something was done."""

    PERSON = "person", _("confirmed by hand")
    WECOM = "wecom", _("seen in WeCom")
    MESSAGE = "message", _("seen in the chat")


class IntroState(models.TextChoices):
    """Whether a member has introduced themselves (R20). No row yet is "missing" too."""

    MISSING = "missing", _("Missing")
    REMINDED = "reminded", _("Reminded")
    DONE = "done", _("Introduced")


class OfferState(models.TextChoices):
    """What became of the profile fields that were read from an introduction."""

    NONE = "none", _("Nothing read")
    OPEN = "open", _("Waits for a person")
    TAKEN = "taken", _("Taken into the profile")
    DECLINED = "declined", _("Left out")


class Severity(models.TextChoices):
    """BLOCK stops going live and is red afterwards; APPROVAL is a block that a leader may lift."""

    BLOCK = "block", _("Blocks")
    APPROVAL = "approval", _("Needs approval")
    WARN = "warn", _("Warning")
    NOTE = "note", _("Note")


class Context(models.TextChoices):
    """When a check is asked."""

    GO_LIVE = "go_live", _("Going live")
    PUBLISH = "publish", _("SOP publish")
    WEEK = "week", _("Weekly plan")
    NIGHTLY = "nightly", _("Every night")


class Cites(models.TextChoices):
    """Where a rule comes from."""

    FOUR_TYPES = "4G", _("Four group types")
    TEN_THOUSAND = "XL", _("10,000 groups")
    AARRR = "AA", _("AARRR for groups")
    BURST = "BC", _("Burst conversion")
    LINKFLOW = "LF", _("LinkFlow camps")
    PLATFORM = "P", _("WeCom itself")


class SilentReason(models.TextChoices):
    """Why somebody stands in the review of silent members (R19)."""

    SILENT = "silent", _("Inactive")
    ZOMBIE = "zombie", _("Zombie candidate")
    ADS = "ads", _("Posts ads")
    AAA = "aaa", _("Name starts with AAA")
    PADDING = "padding", _("Came to pad the group")


class CaseState(models.TextChoices):
    """What became of one person in the review."""

    OPEN = "open", _("Waits for a decision")
    KEPT = "kept", _("Kept")
    WAKING = "waking", _("Being re-activated")
    REMOVING = "removing", _("Removal proposed")
    BACK = "back", _("Active again")
    LEFT = "left", pgettext_lazy("what became of a silent member", "Gone")


# A decision -> the state it leads to.
CASE_DECISIONS = {"keep": CaseState.KEPT, "wake": CaseState.WAKING, "remove": CaseState.REMOVING}
# What still asks somebody for something; what ended may be found anew, except for those who left.
CASES_UNDER_WAY = frozenset({CaseState.OPEN, CaseState.WAKING, CaseState.REMOVING})


class MemberPassKind(models.TextChoices):
    """What is gone through group by group, in slices."""

    SILENCE = "silence", _("Review of silent members")
    CIRCLES = "circles", _("Circles")


class Circle(models.TextChoices):
    """How close a member stands (R21), closest first."""

    CORE = "core", _("Core circle")
    INFLUENCE = "influence", _("Influence circle")
    PERIPHERY = "periphery", _("Periphery")


class KocState(models.TextChoices):
    """How far a helper of a group has come (R22)."""

    CANDIDATE = "candidate", _("Candidate")
    INVITED = "invited", pgettext_lazy("state of a KOC", "Invited")
    HELPER = "helper", _("Helper")
    ENDED = "ended", pgettext_lazy("state of a KOC", "Ended")


KOC_MOVES: dict[str, frozenset[str]] = {
    KocState.CANDIDATE: frozenset({KocState.INVITED, KocState.ENDED}),
    KocState.INVITED: frozenset({KocState.HELPER, KocState.CANDIDATE, KocState.ENDED}),
    KocState.HELPER: frozenset({KocState.ENDED}),
    KocState.ENDED: frozenset({KocState.CANDIDATE}),
}


class KocOrigin(models.TextChoices):
    """Where a KOC comes from (R6)."""

    EARLY = "early", _("Invited early")
    GROWN = "grown", _("Grown in the group")


class Risk(models.IntegerChoices):
    """How urgently a group asks for attention: the worst of its failing checks."""

    NONE = 0, _("Healthy")
    NOTE = 1, _("Note")
    WARN = 2, _("At risk")
    BAD = 3, _("Broken rule")


class ChangeKind(models.TextChoices):
    NAME = "name", _("Name")
    NOTICE = "notice", _("Announcement")
    OWNER = "owner", _("Owner")


class PromiseState(models.TextChoices):
    """What became of something promised to a delivery group (R17)."""

    OPEN = "open", _("Open promise")
    KEPT = "kept", pgettext_lazy("promise", "Kept")
    BROKEN = "broken", pgettext_lazy("promise", "Broken")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class InviteState(models.TextChoices):
    """How far an invitation into a super-user group has come (R16)."""

    INVITED = "invited", pgettext_lazy("invitation", "Invited")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    ADMITTED = "admitted", _("Admitted")
    WITHDRAWN = "withdrawn", _("Withdrawn")


OPEN_INVITES = (InviteState.INVITED, InviteState.ACCEPTED)


class Opening(models.TextChoices):
    """Ready plans of a new-user group, by kind of business (R18)."""

    FLASH_SALE = "flash_sale", _("Flash sale, sold to people")
    GROUP_BUY = "group_buy", _("Group-buy, sold to people")
    EDUCATION = "education", _("Long lessons and real feedback, sold to companies")


class Survey(models.TextChoices):
    """What customers of a group are asked (R17, R18). A form behaviour names it in its object id: survey:gain."""

    EXPECTATION = "expectation", _("Expectation at entry, 1–5")
    GAIN = "gain", _("Sense of gain, 1–5")
    ASSESSMENT = "assessment", _("Assessment, 0–100")
    RATING = "rating", _("Rating at the end, 1–5")
    FEEDBACK = "feedback", _("Feedback in own words")


class GroupTagSource(models.TextChoices):
    """Who gave a group its tag (R27)."""

    MANUAL = "manual", _("By hand")
    RULE = "rule", _("By rule")


class GroupTagEnd(models.TextChoices):
    """Why a group no longer carries a tag."""

    MANUAL = "manual", _("Taken off by hand")
    RULE = "rule", _("The rule no longer holds")
    RETIRED = "retired", _("The rule was ended")


class WordsKind(models.TextChoices):
    """What a group says to its members, kept version by version. The value is the group's field."""

    WELCOME = "welcome", _("Welcome message")
    ANNOUNCEMENT = "announcement", _("Announcement")


class Side(models.TextChoices):
    """Whom a group is for (R15): people who are new, or customers we have. They are kept apart."""

    NEW = "new", _("New customers")
    OLD = "old", _("Old customers")


class IncidentKind(models.TextChoices):
    """The two kinds of blow-up (R25)."""

    COMPLAINT = "complaint", _("Group complaint")
    SABOTAGE = "sabotage", _("Competitor sabotage")


class IncidentLevel(models.IntegerChoices):
    """How bad: one group calmly, one group loudly, several groups or the public."""

    MINOR = 1, _("Minor")
    MAJOR = 2, _("Serious")
    CRITICAL = 3, _("Critical")


class IncidentState(models.TextChoices):
    """A draft was opened by a signal and waits for a person to say whether it is one."""

    DRAFT = "draft", _("To be judged")
    OPEN = "open", _("Running")
    CLOSED = "closed", _("Closed")
    DISMISSED = "dismissed", _("False alarm")


class IncidentOrigin(models.TextChoices):
    """What opened it."""

    MANUAL = "manual", _("A person")
    WORDS = "words", _("Complaint words")
    LEAVES = "leaves", _("Many leave at once")


class EntryKind(models.TextChoices):
    """What a line of the timeline is."""

    SIGNAL = "signal", _("Signal")
    NOTE = "note", _("Note")
    EVIDENCE = "evidence", _("Evidence")
    STATEMENT = "statement", _("Statement")
    TASK = "task", _("Task")
    FREEZE = "freeze", _("Freeze")
    UNFREEZE = "unfreeze", _("Resume")
    STATE = "state", _("Decision")


PLAN_DAYS = 7  # the first week that the content-mix check reads

NAME_LIMIT = declare(
    "groups.name_limit", default=12, kind=PreferenceKind.INTEGER, minimum=1, maximum=40,
    label=_("Characters in a group name"), help=_("WeChat cuts longer names off. An emoji counts as one."),
)  # fmt: skip
NAME_EMOJI = declare(
    "groups.name_emoji", default=2, kind=PreferenceKind.INTEGER, minimum=0, maximum=12,
    label=_("Emoji in a group name"),
)  # fmt: skip
STAFF_LEAST = declare(
    "groups.staff_least", default=3, kind=PreferenceKind.INTEGER, minimum=1, maximum=20,
    label=_("Staff in a group, at least"),
)  # fmt: skip
STAFF_MOST = declare(
    "groups.staff_most", default=5, kind=PreferenceKind.INTEGER, minimum=1, maximum=50,
    label=_("Staff in a group, at most"),
)  # fmt: skip
SIZE_TARGET = declare(
    "groups.size_target", default=200, kind=PreferenceKind.INTEGER, minimum=2, maximum=500,
    label=_("Members in a group"), help=_("A group above this is warned about; the next of the series is due."),
)  # fmt: skip
SIZE_REASON = declare(
    "groups.size_reason", default=500, kind=PreferenceKind.INTEGER, minimum=2, maximum=500,
    label=_("Members that need a reason"),
)  # fmt: skip
MARKETING_SHARE = declare(
    "groups.marketing_share_percent", default=50, kind=PreferenceKind.INTEGER, minimum=0, maximum=100,
    label=_("Marketing in a new-user group's week, percent at most"),
)  # fmt: skip
DEAD_DAYS = declare(
    "groups.dead_days", default=7, kind=PreferenceKind.INTEGER, minimum=1, maximum=90,
    label=_("Days without a customer's message until a group counts as dead"),
)  # fmt: skip
ACTIVE_HOURS = declare(
    "groups.active_hours", default=168, kind=PreferenceKind.INTEGER, minimum=1, maximum=2160,
    label=_("Hours after an activity that a customer counts as active"),
)  # fmt: skip
SILENCE_WEEKDAY = declare(
    "groups.silence_weekday", default=1, kind=PreferenceKind.INTEGER, minimum=1, maximum=7,
    label=_("Day of the week on which silent members are reviewed: 1 is Monday, 7 is Sunday"),
)  # fmt: skip
SILENCE_KEEP_DAYS = declare(
    "groups.silence_keep_days", default=28, kind=PreferenceKind.INTEGER, minimum=1, maximum=365,
    label=_("Days for which somebody who was kept is not proposed again"),
)  # fmt: skip
SILENCE_FRESH_HOURS = declare(
    "groups.silence_fresh_hours", default=48, kind=PreferenceKind.INTEGER, minimum=1, maximum=720,
    label=_("Hours after which a message source is too old to call anybody silent"),
)  # fmt: skip
WAKE_WORDS = declare(
    "groups.wake_words", default="{name}，最近忙吗？群里这周有新内容，想听什么可以直接告诉我。",
    kind=PreferenceKind.TEXT, label=_("Words that re-activate a silent member"),
    help=_("{name} becomes the person's name."),
)  # fmt: skip
AD_POSTS = declare(
    "groups.ad_posts", default=2, kind=PreferenceKind.INTEGER, minimum=1, maximum=100,
    label=_("Links, cards or mini-programs of one member in 7 days from which the member counts as posting ads"),
)  # fmt: skip
PADDING_PEOPLE = declare(
    "groups.padding_people", default=5, kind=PreferenceKind.INTEGER, minimum=2, maximum=100,
    label=_("People that one member brings in a burst until those never active count as padding"),
)  # fmt: skip
PADDING_MINUTES = declare(
    "groups.padding_minutes", default=10, kind=PreferenceKind.INTEGER, minimum=1, maximum=1440,
    label=_("Minutes that such a burst lasts at most"),
)  # fmt: skip
CIRCLE_CORE_DAYS = declare(
    "groups.circle_core_days", default=8, kind=PreferenceKind.INTEGER, minimum=1, maximum=14,
    label=_("Active days in 14 that make a member core, with a share, an answer or a referral"),
)  # fmt: skip
CIRCLE_INFLUENCE_DAYS = declare(
    "groups.circle_influence_days", default=4, kind=PreferenceKind.INTEGER, minimum=1, maximum=14,
    label=_("Active days in 14 that put a member into the influence circle"),
)  # fmt: skip
CIRCLE_ANSWER_MINUTES = declare(
    "groups.circle_answer_minutes", default=30, kind=PreferenceKind.INTEGER, minimum=1, maximum=1440,
    label=_("Minutes after a member's question in which the next member's words count as an answer"),
)  # fmt: skip
KOC_STAGE = declare(
    "groups.koc_stage", default=5, kind=PreferenceKind.INTEGER, minimum=1, maximum=7,
    label=_("Trust stage from which a member may be suggested as a KOC"),
)  # fmt: skip
KOC_DAYS = declare(
    "groups.koc_days", default=30, kind=PreferenceKind.INTEGER, minimum=0, maximum=3650,
    label=_("Days a customer is known until suggested as a KOC"),
)  # fmt: skip
FLASH_DAYS = declare(
    "groups.flash_days", default=7, kind=PreferenceKind.INTEGER, minimum=1, maximum=60,
    label=_("Days a flash group may run"),
)  # fmt: skip
SUPER_SHARE = declare(
    "groups.super_share_percent", default=30, kind=PreferenceKind.INTEGER, minimum=1, maximum=99,
    label=_("Super-users in a super-user group, percent"), help=_("The others are those who may become one."),
)  # fmt: skip
SUPER_BAND = declare(
    "groups.super_band_points", default=5, kind=PreferenceKind.INTEGER, minimum=0, maximum=50,
    label=_("Points that the share of super-users may be off"),
)  # fmt: skip
SUPER_TAG = declare(
    "groups.super_tag", default="超级用户", kind=PreferenceKind.TEXT,
    label=_("Tag of a super-user"), help=_("Whoever carries it counts as a super-user."),
)  # fmt: skip
PROMISE_GAP = declare(
    "groups.promise_gap_percent", default=10, kind=PreferenceKind.INTEGER, minimum=0, maximum=100,
    label=_("Promises overdue until a delivery group is red, percent"),
    help=_("Below it, any overdue promise makes the group amber."),
)  # fmt: skip
PROMISE_REMIND_HOURS = declare(
    "groups.promise_remind_hours", default=24, kind=PreferenceKind.INTEGER, minimum=0, maximum=240,
    label=_("Hours before a promise falls due that its owner gets it as a task"),
)  # fmt: skip
GAIN_LEAST = declare(
    "groups.gain_least", default=4, kind=PreferenceKind.INTEGER, minimum=1, maximum=5,
    label=_("Answer on the sense of gain, 1–5, from which somebody has gained"),
)  # fmt: skip
LEARNED_LESSONS = declare(
    "groups.learned_lessons", default=3, kind=PreferenceKind.INTEGER, minimum=1, maximum=200,
    label=_("Lessons until somebody counts as having learned, together with the assignments"),
)  # fmt: skip
LEARNED_ASSIGNMENTS = declare(
    "groups.learned_assignments", default=3, kind=PreferenceKind.INTEGER, minimum=0, maximum=200,
    label=_("Assignments until somebody counts as having learned, together with the lessons"),
)  # fmt: skip
ASSESSMENT_PASS = declare(
    "groups.assessment_pass", default=60, kind=PreferenceKind.INTEGER, minimum=0, maximum=100,
    label=_("Points of an assessment from which it is passed"), help=_("Who passed has learned."),
)  # fmt: skip
FIRST_DAYS = declare(
    "groups.first_days", default=7, kind=PreferenceKind.INTEGER, minimum=1, maximum=30,
    label=_("Days after going live in which a group is watched closely"),
)  # fmt: skip
FIRST_SILENT_HOURS = declare(
    "groups.first_silent_hours", default=48, kind=PreferenceKind.INTEGER, minimum=1, maximum=168,
    label=_("Hours without a customer's message in those days until it is warned about"),
)  # fmt: skip
AD_SHARE = declare(
    "groups.ad_share_percent", default=50, kind=PreferenceKind.INTEGER, minimum=0, maximum=100,
    label=_("Marketing among a week's group messages until a group counts as an ad group, percent"),
    help=_("Only while customers also write less than the week before."),
)  # fmt: skip
RULE_CHARACTERS = declare(
    "groups.rule_characters", default=5, kind=PreferenceKind.INTEGER, minimum=1, maximum=40,
    label=_("Characters of a group rule, at least"), help=_("A shorter one is hardly specific."),
)  # fmt: skip
LADDER_STEPS = declare(
    "groups.ladder_steps", default=3, kind=PreferenceKind.INTEGER, minimum=1, maximum=6,
    label=_("Steps that follow a breach of the rules, at least"), help=_("Warn, mute, remove."),
)  # fmt: skip
USUAL_DAYS = declare(
    "groups.usual_days", default=33, kind=PreferenceKind.INTEGER, minimum=1, maximum=3650,
    label=_("Days from start to end that are proposed for a group"),
    help=_("A flash group gets the days that it may run."),
)  # fmt: skip
DAY_ITEMS = declare(
    "groups.day_items", default=1, kind=PreferenceKind.INTEGER, minimum=1, maximum=3,
    label=_("Planned items that each day of next week must have"),
)  # fmt: skip
WEEK_DUE_DAY = declare(
    "groups.week_due_day", default=5, kind=PreferenceKind.INTEGER, minimum=1, maximum=7,
    label=_("Day by which next week must be planned"), help=_("1 is Monday, 7 is Sunday."),
)  # fmt: skip
WEEK_DUE_AT = declare(
    "groups.week_due_at", default=time(18, 0), kind=PreferenceKind.TIME,
    label=_("Hour of that day; after it the owner is told what lacks"),
)  # fmt: skip
SETUP_DAYS = declare(
    "groups.setup_days", default=5, kind=PreferenceKind.INTEGER, minimum=0, maximum=60,
    label=_("Days before its start when a group's set-up begins"),
    help=_("The six steps are laid out from then to the start day."),
)  # fmt: skip
MUTE_FROM = declare(
    "groups.mute_from", default=2, kind=PreferenceKind.INTEGER, minimum=1, maximum=10,
    label=_("Breach of the rules from which muting is proposed"),
)  # fmt: skip
REMOVE_FROM = declare(
    "groups.remove_from", default=3, kind=PreferenceKind.INTEGER, minimum=1, maximum=20,
    label=_("Breach of the rules from which removal is proposed"),
)  # fmt: skip
END_LEAD_DAYS = declare(
    "groups.end_lead_days", default=3, kind=PreferenceKind.INTEGER, minimum=0, maximum=30,
    label=_("Days before its end when the closing tasks of a group appear"),
)  # fmt: skip
INTRO_HOURS = declare(
    "groups.intro_hours", default=24, kind=PreferenceKind.INTEGER, minimum=1, maximum=336,
    label=_("Hours after joining until a missing introduction is reminded of"),
)  # fmt: skip
NIGHTLY_AT = declare(
    "groups.nightly_at", default=time(3, 0), kind=PreferenceKind.TIME,
    label=_("When every running group is judged anew, daily"),
)  # fmt: skip
CREATION_WINDOW_S = declare(
    "groups.creation_window_s", default=60, kind=PreferenceKind.INTEGER, minimum=0, maximum=3600,
    label=_("Seconds after a group's creation in which members count as invited with it"),
)  # fmt: skip
CODE_SEATS = declare(
    "groups.code_seats", default=200, kind=PreferenceKind.INTEGER, minimum=2, maximum=200,
    label=_("Members until a group code goes on to the next group"),
    help=_("WeCom itself stops letting people in by code at 200."),
)  # fmt: skip
CODE_SEATS_ALERT = declare(
    "groups.code_seats_alert", default=20, kind=PreferenceKind.INTEGER, minimum=1, maximum=200,
    label=_("Seats left behind a group code until its owner is told"),
)  # fmt: skip
CODE_HOURS_ALERT = declare(
    "groups.code_hours_alert", default=24, kind=PreferenceKind.INTEGER, minimum=1, maximum=240,
    label=_("Hours until a group code is full before which its owner is told"),
)  # fmt: skip
TAG_RULE_HOURS = declare(
    "groups.tag_rule_hours", default=1, kind=PreferenceKind.INTEGER, minimum=1, maximum=168,
    label=_("Hours between two looks at all groups by the rules of their tags"),
    help=_("Whoever joins, leaves or changes a group has it looked at at once."),
)  # fmt: skip
COMPLAINT_WORDS = declare(
    "groups.complaint_words",
    default="退款,退费,骗人,骗子,欺骗,投诉,维权,举报,虚假宣传,假货,12315,曝光,黑心,坑人,上当,差评,没人管,消协",
    kind=PreferenceKind.TEXT,
    label=_("Words of complaint"),
    help=_("With commas between. Several customers of one group who use them open a draft incident."),
)
COMPLAINT_PEOPLE = declare(
    "groups.complaint_people", default=3, kind=PreferenceKind.INTEGER, minimum=2, maximum=50,
    label=_("Customers of one group who complain until an incident is drafted"),
)  # fmt: skip
COMPLAINT_MINUTES = declare(
    "groups.complaint_minutes", default=30, kind=PreferenceKind.INTEGER, minimum=5, maximum=1440,
    label=_("Minutes in which they do"),
)  # fmt: skip
LEAVE_PEOPLE = declare(
    "groups.leave_people", default=5, kind=PreferenceKind.INTEGER, minimum=2, maximum=200,
    label=_("Customers who leave one group by themselves until an incident is drafted"),
)  # fmt: skip
LEAVE_PERCENT = declare(
    "groups.leave_percent", default=5, kind=PreferenceKind.INTEGER, minimum=1, maximum=100,
    label=_("And at least this share of its customers, percent"),
)  # fmt: skip
LEAVE_MINUTES = declare(
    "groups.leave_minutes", default=60, kind=PreferenceKind.INTEGER, minimum=5, maximum=1440,
    label=_("Minutes in which they leave"),
)  # fmt: skip
