"""Checks of name, staff, size, welcome and life in the group (R7, R8, R10, R11, R26)."""

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from groups.enums import Severity
from groups.policies import names
from groups.policies.facts import GroupFacts
from groups.policies.registry import check

# --- Name, size, staff


@check(
    "NAME-01",
    Severity.BLOCK,
    gettext_lazy("Name length"),
    fix=gettext_lazy("Shorten it"),
    anchor="name",
    source="R10",
)
def _name_fits(facts: GroupFacts) -> str | None:
    if not facts.name.strip():
        return _("The group has no name.")
    over = names.length(facts.name.strip()) - facts.limits.name_characters
    if over <= 0:
        return None
    return ngettext(
        "The name is %(over)s character over %(limit)s; WeChat cuts it off.",
        "The name is %(over)s characters over %(limit)s; WeChat cuts it off.",
        over,
    ) % {"over": over, "limit": facts.limits.name_characters}


@check(
    "NAME-02",
    Severity.BLOCK,
    gettext_lazy("Brand in the name"),
    fix=gettext_lazy("Add the brand"),
    anchor="name",
    source="R10",
)
def _name_has_the_brand(facts: GroupFacts) -> str | None:
    if not facts.brand or facts.brand.casefold() in facts.name.casefold():
        return None
    return _("The name lacks the brand “%(brand)s”.") % {"brand": facts.brand}


@check(
    "NAME-03",
    Severity.BLOCK,
    gettext_lazy("Number or place"),
    fix=gettext_lazy("Add a number"),
    anchor="name",
    source="R10",
)
def _name_tells_the_group_from_its_series(facts: GroupFacts) -> str | None:
    if not facts.series or facts.sibling_count == 0:
        return None
    if names.has_number_or_place(facts.name, brand=facts.brand, series=facts.series):
        return None
    return ngettext(
        "The series has %(count)s other group; the name needs a number or a place.",
        "The series has %(count)s other groups; the name needs a number or a place.",
        facts.sibling_count,
    ) % {"count": facts.sibling_count}


@check(
    "NAME-04",
    Severity.WARN,
    gettext_lazy("Few emoji"),
    fix=gettext_lazy("Take some out"),
    anchor="name",
    source="R10",
)
def _name_has_few_emoji(facts: GroupFacts) -> str | None:
    count = names.emoji_count(facts.name)
    if count <= facts.limits.name_emoji:
        return None
    return _("%(count)s emoji in the name; at most %(limit)s.") % {
        "count": count,
        "limit": facts.limits.name_emoji,
    }


@check(
    "NAME-05",
    Severity.WARN,
    gettext_lazy("Name kept in WeCom"),
    fix=gettext_lazy("Rename it in WeCom"),
    anchor="name",
    source="R10",
)
def _name_was_not_changed(facts: GroupFacts) -> str | None:
    if not facts.is_linked or not facts.planned_name or facts.planned_name == facts.name:
        return None
    return _("WeCom shows another name than planned: “%(planned)s”. Only a person can rename it there.") % {
        "planned": facts.planned_name
    }


@check(
    "STAFF-01",
    Severity.APPROVAL,
    gettext_lazy("Staff in the group"),
    fix=gettext_lazy("Choose staff"),
    anchor="management",
    source="R7",
)
def _enough_staff(facts: GroupFacts) -> str | None:
    limits = facts.limits
    if facts.staff_count >= limits.staff_least:
        return None
    return ngettext(
        "%(count)s staff account, should be %(least)s–%(most)s. Below that a leader must approve.",
        "%(count)s staff accounts, should be %(least)s–%(most)s. Below that a leader must approve.",
        facts.staff_count,
    ) % {"count": facts.staff_count, "least": limits.staff_least, "most": limits.staff_most}


@check(
    "STAFF-02",
    Severity.NOTE,
    gettext_lazy("Not too many staff"),
    fix=gettext_lazy("Free some"),
    anchor="management",
    source="R7",
)
def _not_too_many_staff(facts: GroupFacts) -> str | None:
    if facts.staff_count <= facts.limits.staff_most:
        return None
    return _("%(count)s staff accounts; %(most)s are enough.") % {
        "count": facts.staff_count,
        "most": facts.limits.staff_most,
    }


@check(
    "SIZE-01",
    Severity.WARN,
    gettext_lazy("Size"),
    fix=gettext_lazy("Plan the next group"),
    anchor="name",
    source="R8",
)
def _size_is_manageable(facts: GroupFacts) -> str | None:
    size = max(facts.target_size, facts.members)
    if size <= facts.limits.size_target:
        return None
    return _("%(size)s members; people talk less above %(limit)s. Open the next group of the series.") % {
        "size": size,
        "limit": facts.limits.size_target,
    }


@check(
    "SIZE-02",
    Severity.BLOCK,
    gettext_lazy("Large size has a reason"),
    fix=gettext_lazy("Give a reason"),
    anchor="name",
    source="R8",
)
def _large_size_has_a_reason(facts: GroupFacts) -> str | None:
    if facts.target_size < facts.limits.size_reason or facts.size_reason.strip():
        return None
    return _("A target of %(size)s members needs a reason.") % {"size": facts.target_size}


@check(
    "SIZE-03",
    Severity.NOTE,
    gettext_lazy("Seats left"),
    fix=gettext_lazy("Open the next group"),
    anchor="name",
    source="R8",
    live_only=True,
)
def _seats_are_left(facts: GroupFacts) -> str | None:
    if facts.members < facts.target_size or facts.members > facts.limits.size_target:
        return None
    return _("%(members)s of %(target)s members: open the next group of the series.") % {
        "members": facts.members,
        "target": facts.target_size,
    }


# --- Welcome, announcement


@check(
    "BASE-05",
    Severity.BLOCK,
    gettext_lazy("Welcome"),
    fix=gettext_lazy("Write it from positioning"),
    anchor="welcome",
    source="R11",
)
def _welcome_says_what_the_group_is_for(facts: GroupFacts) -> str | None:
    if not facts.welcome.strip():
        return _("No welcome message.")
    if not facts.value_proposition.strip():
        return _("No one-sentence promise that the welcome could carry.")
    if facts.value_proposition.strip() not in facts.welcome:
        return _("The welcome does not say what the group is for.")
    return None


@check(
    "BASE-06",
    Severity.BLOCK,
    gettext_lazy("Announcement"),
    fix=gettext_lazy("Write it"),
    anchor="welcome",
    source="R11",
)
def _announcement_is_set(facts: GroupFacts) -> str | None:
    return None if facts.announcement.strip() else _("No announcement.")


# --- Running groups


@check(
    "DEAD-01",
    Severity.BLOCK,
    gettext_lazy("Customers talk"),
    fix=gettext_lazy("Wake it up or end it"),
    anchor="operation",
    source="R26",
    live_only=True,
)
def _customers_talk(facts: GroupFacts) -> str | None:
    if not facts.sees_messages or facts.customer_count == 0:
        return None
    since = facts.last_message_at or facts.goes_live_at
    if since is None or facts.now - since <= timedelta(days=facts.limits.dead_days):
        return None
    days = (facts.now - since).days
    return ngettext(
        "No customer has written for %(days)s day.", "No customer has written for %(days)s days.", days
    ) % {"days": days}
