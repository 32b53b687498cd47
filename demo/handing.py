"""A colleague moves to another post: WeCom hands their customers over, some refuse, the lead asks once more."""

from contacts.enums import FollowState, TransferState
from contacts.models import CustomerTransfer, Follow
from contacts.services.transfers import transfers_again
from demo.company import Company
from demo.vendor import Vendor
from team.models import Staff
from team.selectors import staff_contactable
from team.services.handover import handover_run, parts
from tenants.scoping import tenant_scope

REFUSALS = ("customer_refused", "customer_limit_exceed", "customer_refused")
LEAST_FRIENDS = 4


def post_changes(company: Company) -> bool:
    """The one with the most friends among those without a login gives everything away. Returns whether there is one."""
    tenant = company.tenant
    with tenant_scope(tenant):
        people = list(staff_contactable(tenant_id=tenant.pk))
        friends = {
            one.pk: Follow.objects.filter(tenant=tenant, staff=one, state=FollowState.FULL).count()
            for one in people
            if one.membership_id is None
        }
        giver_id = max(friends, key=lambda pk: (friends[pk], pk), default=0)
        others = [one for one in people if one.pk != giver_id]
        if friends.get(giver_id, 0) < LEAST_FRIENDS or not others:
            return False
        takers = {one.code: others[0].pk for one in parts() if one.move is not None and one.code != "groups"}
        handover_run(
            tenant=tenant, staff_id=giver_id, takers=takers, reason="转岗做课程研发", actor=company.owner
        )
    return True


def some_refuse(company: Company, vendor: Vendor) -> int:
    """Customers answer within the day. Returns how many did not come along."""
    with tenant_scope(company.tenant):
        waiting = CustomerTransfer.objects.filter(state=TransferState.WAITING).select_related("customer")
        chosen = [row.customer.external_userid for row in waiting.order_by("pk")[: len(REFUSALS)]]
    for who, reason in zip(chosen, REFUSALS, strict=False):
        vendor.call("POST", "/sim/transfer/fail", corp_id=company.corp_id, external_userid=who, reason=reason)
    return len(chosen)


def ask_once_more(company: Company) -> int:
    """The lead chooses somebody else for one who refused. Returns for how many WeCom is asked."""
    tenant = company.tenant
    with tenant_scope(tenant):
        row = CustomerTransfer.objects.filter(state=TransferState.REFUSED).order_by("pk").first()
        if row is None:
            return 0
        taker = Staff.objects.filter(
            tenant=tenant, is_active=True, can_contact=True, app_id=row.giver.app_id
        ).exclude(pk__in=[row.giver_id, row.taker_id]).order_by("pk").first()  # fmt: skip
        if taker is None:
            return 0
        return transfers_again(
            tenant=tenant,
            giver_id=row.giver_id,
            transfer_ids=[row.pk],
            taker_id=taker.pk,
            actor=company.owner,
        )
