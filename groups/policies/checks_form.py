"""Checks of name, staff, size, welcome and life in the group (R7, R8, R10, R11, R26)."""

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from groups.enums import Cites, Severity
from groups.policies import names, replies
from groups.policies.plan import GroupPlan
from groups.policies.reference import NOW, planned, running
from groups.policies.registry import RUNNING, Fault, check, fault

# --- Name, size, staff


@check(
    "NAME-01",
    Severity.BLOCK,
    gettext_lazy("Name length"),
    fix=gettext_lazy("Shorten it"),
    anchor="name",
    rule="R10",
    cites=(Cites.TEN_THOUSAND,),
    bad=planned(name="小芽英语启蒙训练营107群"),
    good=planned(name="小芽英语启蒙训练营07群"),
)
def _name_fits(plan: GroupPlan) -> Fault | None:
    if not plan.name.strip():
        return fault(_("The group has no name."))
    over = names.length(plan.name.strip()) - plan.limits.name_characters
    if over <= 0:
        return None
    return fault(
        ngettext(
            "The name is %(over)s character over %(limit)s; WeChat cuts it off.",
            "The name is %(over)s characters over %(limit)s; WeChat cuts it off.",
            over,
        ),
        over=over,
        limit=plan.limits.name_characters,
    )


@check(
    "NAME-02",
    Severity.BLOCK,
    gettext_lazy("Brand in the name"),
    fix=gettext_lazy("Add the brand"),
    anchor="name",
    rule="R10",
    cites=(Cites.TEN_THOUSAND,),
    bad=planned(name="启蒙07群"),
    good=planned(),
)
def _name_has_the_brand(plan: GroupPlan) -> Fault | None:
    if not plan.brand or plan.brand.casefold() in plan.name.casefold():
        return None
    return fault(_("The name lacks the brand “%(brand)s”."), brand=plan.brand)


@check(
    "NAME-03",
    Severity.BLOCK,
    gettext_lazy("Number or place"),
    fix=gettext_lazy("Add a number"),
    anchor="name",
    rule="R10",
    cites=(Cites.TEN_THOUSAND,),
    bad=planned(name="小芽英语启蒙群"),
    good=planned(name="小芽英语启蒙群", sibling_count=0),
)
def _name_tells_the_group_from_its_series(plan: GroupPlan) -> Fault | None:
    if not plan.series or plan.sibling_count == 0:
        return None
    if names.has_number_or_place(plan.name, brand=plan.brand, series=plan.series):
        return None
    return fault(
        ngettext(
            "The series has %(count)s other group; the name needs a number or a place.",
            "The series has %(count)s other groups; the name needs a number or a place.",
            plan.sibling_count,
        ),
        count=plan.sibling_count,
    )


@check(
    "NAME-04",
    Severity.WARN,
    gettext_lazy("Few emoji"),
    fix=gettext_lazy("Take some out"),
    anchor="name",
    rule="R10",
    cites=(Cites.TEN_THOUSAND,),
    bad=planned(name="小芽英语07\U0001f331\U0001f331\U0001f331"),
    good=planned(name="小芽英语07\U0001f331\U0001f331"),
)
def _name_has_few_emoji(plan: GroupPlan) -> Fault | None:
    count = names.emoji_count(plan.name)
    if count <= plan.limits.name_emoji:
        return None
    return fault(
        _("%(count)s emoji in the name; at most %(limit)s."), count=count, limit=plan.limits.name_emoji
    )


@check(
    "NAME-05",
    Severity.WARN,
    gettext_lazy("Name kept in WeCom"),
    fix=gettext_lazy("Rename it in WeCom"),
    anchor="name",
    rule="R10",
    cites=(Cites.TEN_THOUSAND,),
    bad=running(planned_name="小芽英语启蒙08群"),
    good=running(),
)
def _name_was_not_changed(plan: GroupPlan) -> Fault | None:
    if not plan.is_linked or not plan.planned_name or plan.planned_name == plan.name:
        return None
    return fault(
        _("WeCom shows another name than planned: “%(planned)s”. Only a person can rename it there."),
        planned=plan.planned_name,
    )


@check(
    "STAFF-01",
    Severity.APPROVAL,
    gettext_lazy("Staff in the group"),
    fix=gettext_lazy("Choose staff"),
    anchor="management",
    rule="R7",
    cites=(Cites.TEN_THOUSAND,),
    bad=planned(staff_count=2),
    good=planned(staff_count=3),
)
def _enough_staff(plan: GroupPlan) -> Fault | None:
    limits = plan.limits
    if plan.staff_count >= limits.staff_least:
        return None
    return fault(
        ngettext(
            "%(count)s staff account, should be %(least)s–%(most)s. Below that a leader must approve.",
            "%(count)s staff accounts, should be %(least)s–%(most)s. Below that a leader must approve.",
            plan.staff_count,
        ),
        count=plan.staff_count,
        least=limits.staff_least,
        most=limits.staff_most,
    )


@check(
    "STAFF-02",
    Severity.NOTE,
    gettext_lazy("Not too many staff"),
    fix=gettext_lazy("Free some"),
    anchor="management",
    rule="R7",
    cites=(Cites.TEN_THOUSAND,),
    bad=planned(staff_count=6),
    good=planned(staff_count=5),
)
def _not_too_many_staff(plan: GroupPlan) -> Fault | None:
    if plan.staff_count <= plan.limits.staff_most:
        return None
    return fault(
        _("%(count)s staff accounts; %(most)s are enough."),
        count=plan.staff_count,
        most=plan.limits.staff_most,
    )


@check(
    "SIZE-01",
    Severity.WARN,
    gettext_lazy("Size"),
    fix=gettext_lazy("Plan the next group"),
    anchor="name",
    rule="R8",
    opens="next",
    cites=(Cites.TEN_THOUSAND,),
    bad=planned(target_size=201),
    good=planned(target_size=200),
)
def _size_is_manageable(plan: GroupPlan) -> Fault | None:
    size = max(plan.target_size, plan.members)
    if size <= plan.limits.size_target:
        return None
    return fault(
        _("%(size)s members; people talk less above %(limit)s. Open the next group of the series."),
        size=size,
        limit=plan.limits.size_target,
    )


@check(
    "SIZE-02",
    Severity.BLOCK,
    gettext_lazy("Large size has a reason"),
    fix=gettext_lazy("Give a reason"),
    anchor="name",
    rule="R8",
    cites=(Cites.TEN_THOUSAND,),
    bad=planned(target_size=500),
    good=planned(target_size=500, size_reason="总部直播"),
)
def _large_size_has_a_reason(plan: GroupPlan) -> Fault | None:
    limit = plan.limits.size_reason
    if plan.size_reason.strip() or max(plan.target_size, plan.members) < limit:
        return None
    if plan.target_size < limit:
        return fault(_("It has grown to %(size)s members; so many need a reason."), size=plan.members)
    return fault(_("A target of %(size)s members needs a reason."), size=plan.target_size)


@check(
    "SIZE-03",
    Severity.NOTE,
    gettext_lazy("Seats left"),
    fix=gettext_lazy("Open the next group"),
    anchor="name",
    rule="R8",
    opens="next",
    cites=(Cites.TEN_THOUSAND,),
    bad=running(customer_count=196),
    good=running(customer_count=195),
    contexts=RUNNING,
)
def _seats_are_left(plan: GroupPlan) -> Fault | None:
    if plan.members < plan.target_size or plan.members > plan.limits.size_target:
        return None
    return fault(
        _("%(members)s of %(target)s members: open the next group of the series."),
        members=plan.members,
        target=plan.target_size,
    )


# --- Welcome, announcement


@check(
    "BASE-05",
    Severity.BLOCK,
    gettext_lazy("Welcome"),
    fix=gettext_lazy("Write it from positioning"),
    anchor="welcome",
    rule="R11",
    cites=(Cites.TEN_THOUSAND,),
    bad=planned(welcome="欢迎进群，先领券再看课。请介绍自己。"),
    good=planned(),
    quick="welcome",
)
def _welcome_says_what_the_group_is_for(plan: GroupPlan) -> Fault | None:
    if not plan.welcome.strip():
        return fault(_("No welcome message."))
    if not plan.value_proposition.strip():
        return fault(_("No one-sentence promise that the welcome could carry."))
    if plan.value_proposition.strip() not in plan.welcome:
        return fault(_("The welcome does not say what the group is for."))
    return None


@check(
    "BASE-06",
    Severity.BLOCK,
    gettext_lazy("Announcement"),
    fix=gettext_lazy("Write it"),
    anchor="welcome",
    rule="R11",
    cites=(Cites.TEN_THOUSAND,),
    bad=planned(announcement=" "),
    good=planned(),
)
def _announcement_is_set(plan: GroupPlan) -> Fault | None:
    return None if plan.announcement.strip() else fault(_("No announcement."))


@check(
    "BASE-08",
    Severity.WARN,
    gettext_lazy("Keyword replies are ready"),
    fix=gettext_lazy("Write the reply"),
    anchor="welcome",
    rule="R11",
    cites=(Cites.TEN_THOUSAND, Cites.AARRR),
    bad=planned(announcement=f"{planned().announcement}回复“课表”看安排。"),
    good=planned(announcement=f"{planned().announcement}回复“课表”看安排。", replies="课表：每晚 20:00 带读"),
)
def _keyword_replies_are_ready(plan: GroupPlan) -> Fault | None:
    if broken := replies.unreadable(plan.replies):
        return fault(
            _("“%(line)s” is no keyword reply: write the word, a colon, the answer."), line=broken[0]
        )
    if twice := replies.doubled(plan.replies):
        return fault(_("“%(word)s” has two answers."), word=twice[0])
    known = replies.replies_of(plan.replies)
    promised = replies.words_promised(plan.welcome, plan.announcement)
    mute = [word for word in promised if replies.reply_to(word, known) is None]
    if not mute:
        return None
    return fault(_("People are asked to write “%(word)s”, and nothing is ready to answer it."), word=mute[0])


# --- Running groups


@check(
    "DEAD-01",
    Severity.BLOCK,
    gettext_lazy("Customers talk"),
    fix=gettext_lazy("Wake it up or end it"),
    anchor="operation",
    rule="R26",
    opens="week",
    cites=(Cites.FOUR_TYPES,),
    bad=running(last_message_at=NOW - timedelta(days=7, seconds=1)),
    good=running(last_message_at=NOW - timedelta(days=7)),
    contexts=RUNNING,
)
def _customers_talk(plan: GroupPlan) -> Fault | None:
    if not plan.sees_messages or plan.customer_count == 0:
        return None
    since = plan.last_message_at or plan.goes_live_at
    if since is None or plan.now - since <= timedelta(days=plan.limits.dead_days):
        return None
    days = (plan.now - since).days
    return fault(
        ngettext(
            "No customer has written for %(days)s day.", "No customer has written for %(days)s days.", days
        ),
        days=days,
    )
