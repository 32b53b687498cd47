"""The camp itself: a template cloned and published, a run on the groups, people who live through it."""

from datetime import date, datetime, time, timedelta
from typing import Any

from demo.company import Company
from demo.vendor import Vendor
from sop.enums import TemplateKind
from sop.selectors.builtin import builtin_list
from sop.services.runs import RunWish, run_start
from sop.services.templates import template_clone, version_publish
from tenants import clock
from tenants.scoping import tenant_scope

DAYS = 30
LANGUAGE = "zh"
OFFER_DAYS = (18, 19)  # the limited offer opens and ends on these camp days
OFFER_ENDS_AT = time(20, 0)
PRODUCT_TITLE = "启蒙英语年课"
PRODUCT: dict[str, Any] = {"id": "year-course", "title": PRODUCT_TITLE, "price_fen": 198000}


def camp_code(days: int = DAYS) -> str:
    """The built-in camp of this many days."""
    camps = [one for one in builtin_list(language=LANGUAGE) if one.kind == TemplateKind.CAMP]
    return next(one.code for one in camps if one.days == days)


def camp_begin(company: Company, vendor: Vendor, *, starts_on: date, group_ids: list[int], name: str) -> int:
    """Publish the 30-day camp and run it on the groups; the simulated people hear of it. Returns the run's id."""
    tenant, owner = company.tenant, company.owner
    zone = tenant.timezone
    with tenant_scope(tenant):
        version = template_clone(tenant=tenant, code=camp_code(), language=LANGUAGE, actor=owner)
        version_publish(tenant=tenant, version_id=version.pk, actor=owner)
        run = run_start(
            tenant=tenant,
            actor=owner,
            wish=RunWish(
                version_id=version.pk,
                name=name,
                group_ids=group_ids,
                starts_on=starts_on,
                key_interaction="lesson",
                interaction_url="https://shop.example.com/lesson",
                offer_ends_at=_offer_end(starts_on, zone),
                product_title=PRODUCT_TITLE,
                product_url="https://shop.example.com/year-course",
                variables={"老师称呼": "小鱼老师", "班会时间": "今晚 20:00"},
            ),
        )
    vendor.camp_begin(
        corp_id=company.corp_id,
        start_date=starts_on.isoformat(),
        days=DAYS,
        offer_day=OFFER_DAYS[0],
        items=[PRODUCT],
    )
    return run.pk


def _offer_end(starts_on: date, zone: str) -> datetime:
    return clock.at_local(starts_on + timedelta(days=OFFER_DAYS[1] - 1), OFFER_ENDS_AT, zone)
