"""Values of the variables in a touch's text."""

from typing import TYPE_CHECKING

from django.utils import formats

from contacts.selectors import member_ids
from content.policies.wording import ALIASES, names_in
from content.selectors.facts import fact_leading
from sop.policies import calendar
from tenants import clock

if TYPE_CHECKING:
    from sop.models import Run, Touch
    from tenants.models import Tenant


FACT_ID = "fact_id"  # beside the values: which fact the words tell


def words_used(touch: "Touch") -> str:
    """The words a touch is written with: its step's, or those of the conversation that the step leaves behind."""
    return touch.step.talk_text if touch.is_talk else touch.step.text


def values_of(*, tenant: "Tenant", touch: "Touch") -> dict[str, str]:
    """Variable -> value for one touch, in the tenant's zone."""
    run, day = (
        touch.run,
        calendar.camp_day(touch.run.starts_on, clock.local_date(touch.planned_at, tenant.timezone)),
    )
    named = {ALIASES.get(one) for one in names_in(words_used(touch))}
    promise = touch.group.value_proposition.strip() if touch.group else ""
    teacher = run.variables.get("老师称呼") or (touch.staff.name if touch.staff else "")
    return {
        "group": str(touch.group) if touch.group else "",
        "teacher": teacher,
        "brand": tenant.brand or tenant.name,
        "product": run.product_title,
        "offer_ends": _moment(run, tenant.timezone),
        "starts_on": formats.date_format(run.starts_on, "MONTH_DAY_FORMAT"),
        "day": str(day),
        "days": str(run.days),
        "days_left": str(max(run.days - day, 0)),
        **({"promise": promise} if promise else {}),  # without one the touch is stopped
        **(_fact(tenant, touch) if "fact" in named else {}),
        **run.variables,
    }


def _fact(tenant: "Tenant", touch: "Touch") -> dict[str, str]:
    """The true fact to stress in this group (R66); nothing where there is none: the touch is stopped."""
    people = member_ids(tenant_id=tenant.pk, group_id=touch.group_id) if touch.group_id else []
    found = fact_leading(tenant=tenant, customer_ids=people)
    return {"fact": found.text, FACT_ID: str(found.pk)} if found else {}


def _moment(run: "Run", zone: str) -> str:
    if run.offer_ends_at is None:
        return ""
    wall = clock.local(run.offer_ends_at, zone)
    return f"{formats.date_format(wall, 'MONTH_DAY_FORMAT')} {wall:%H:%M}"
