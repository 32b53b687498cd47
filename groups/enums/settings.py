"""The company's settings of groups."""

from datetime import time

from django.utils.translation import gettext_lazy as _

from groups.enums.group import Kind
from tenants.enums import PreferenceKind
from tenants.preferences import declare

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

GROUP_ADS = declare(
    "groups.group_ads", default=5, kind=PreferenceKind.INTEGER, minimum=1, maximum=1000,
    label=_("Links, cards or mini-programs that members may post in 7 days before a group counts as an ad group"),
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

SHORT_DAYS = declare(
    "groups.short_days", default=90, kind=PreferenceKind.INTEGER, minimum=1, maximum=3650,
    label=_("Days from start to end up to which a group is short-term"),
    help=_("On the matrix. A flash group always is; one without an end never."),
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

WEEK_LEAD_HOURS = declare(
    "groups.week_lead_hours", default=15, kind=PreferenceKind.INTEGER, minimum=0, maximum=96,
    label=_("Hours after which a week still incomplete stands before everybody, the team lead too"),
)  # fmt: skip

# Whether groups of a type owe a weekly plan. Super-users are never neglected: they always do (R2).
WEEK_ASKED = {
    Kind.NEW_USER: declare(
        "groups.week_asked_new_user", default=True, kind=PreferenceKind.FLAG,
        label=_("New-user groups owe a weekly plan"),
    ),
    Kind.FLASH: declare(
        "groups.week_asked_flash", default=True, kind=PreferenceKind.FLAG, label=_("Flash groups owe a weekly plan"),
    ),
    Kind.DELIVERY: declare(
        "groups.week_asked_delivery", default=True, kind=PreferenceKind.FLAG,
        label=_("Delivery groups owe a weekly plan"),
    ),
}  # fmt: skip

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

TRANSFERS_A_DAY = declare(
    "groups.transfers_a_day", default=300, kind=PreferenceKind.INTEGER, minimum=1, maximum=5000,
    label=_("Groups that WeCom gives to one new owner a day"),
    help=_("WeCom's own limit, as data: what is more is asked for on the days after."),
)  # fmt: skip

END_LEAD_DAYS = declare(
    "groups.end_lead_days", default=3, kind=PreferenceKind.INTEGER, minimum=0, maximum=30,
    label=_("Days before its end when the closing tasks of a group appear"),
)  # fmt: skip

INTRO_HOURS = declare(
    "groups.intro_hours", default=24, kind=PreferenceKind.INTEGER, minimum=1, maximum=336,
    label=_("Hours after joining until a missing introduction is reminded of"),
)  # fmt: skip

GREET_HOURS = declare(
    "groups.greet_hours", default=4, kind=PreferenceKind.INTEGER, minimum=1, maximum=24,
    label=_("Hours after joining within which a new member is greeted"),
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

DIGEST_FROM = declare(
    "groups.digest_from", default=100, kind=PreferenceKind.INTEGER, minimum=10, maximum=5000,
    label=_("Messages a day above which a group gets a digest"),
    help=_("Nobody scrolls back through more. Known only where an archive or imported files tell what was said."),
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
