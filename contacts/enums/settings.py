"""Settings of customers, the touch gate and service."""

from datetime import time

from django.utils.translation import gettext_lazy as _

from tenants.enums import PreferenceKind
from tenants.preferences import declare

SURVEY_DAYS = declare(
    "surveys.link_days",
    default=30,
    kind=PreferenceKind.INTEGER,
    label=_("Days the personal link of a form works"),
    minimum=1,
    maximum=365,
)
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
PRECISE_TAGS = declare(
    "paths.precise_tags",
    default="",
    kind=PreferenceKind.TEXT,
    label=_("Tags of which a precise person carries one, separated by commas"),
    help=_("For the quality of channels. Empty: whoever stays three days is precise."),
)
ANCHOR_DAYS = declare(
    "prices.anchor_days",
    default=90,
    kind=PreferenceKind.INTEGER,
    label=_("Days back in which somebody must have paid a price that others are compared with"),
    minimum=7,
    maximum=730,
)
ANCHOR_SALES = declare(
    "prices.anchor_sales",
    default=1,
    kind=PreferenceKind.INTEGER,
    label=_("Orders that prove a price to compare with"),
    minimum=1,
    maximum=1000,
)
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
