"""A company's working hours, as its settings say."""

from contacts.enums import DAYS_OFF, DAYS_ON, WORK_DAYS, WORK_FROM, WORK_UNTIL
from contacts.policies.worktime import WorkTime, dates_in, weekdays_in
from tenants import preferences
from tenants.models import Tenant


def worktime_of(tenant: Tenant) -> WorkTime:
    """One query at most."""
    said = preferences.values(tenant.pk, WORK_FROM, WORK_UNTIL, WORK_DAYS, DAYS_OFF, DAYS_ON)
    return WorkTime(
        tenant.timezone,
        said[WORK_FROM.key],
        said[WORK_UNTIL.key],
        weekdays_in(said[WORK_DAYS.key]),
        dates_in(said[DAYS_OFF.key]),
        dates_in(said[DAYS_ON.key]),
    )
