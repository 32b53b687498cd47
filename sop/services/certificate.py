"""The nightly certificate: every local day the gate's counts are proven by a second count, and mended where asked."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse

from contacts.services.exposures import Reached, exposures_correct
from contacts.services.identity import one_at_a_time
from groups.services.own_sends import own_sends_count
from sop.enums import CERTIFY_AT, FAULTS_OVER, GROUP_CHANNELS, REF, Fault
from sop.models import Certificate, Touch
from sop.selectors.certificate_facts import Findings, compare, day_before
from team.services import work_item_close, work_item_put
from tenants import audit, clock, preferences
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from tenants.words import say, say_count
from wecom.selectors import reach_between, reach_heard
from wecom.services import quota_return, quota_use

if TYPE_CHECKING:
    from tenants.audit import Actor

ALERT = "sop.certificate"
HEARD_WITHIN = timedelta(minutes=10)


def tenants_uncertified() -> list[int]:
    """Tenants with touches whose last whole day has no certificate. Across tenants: the caller is a tick."""
    now = clock.now()
    zones = dict(
        Tenant.objects.filter(Exists(Touch.objects.filter(tenant=OuterRef("pk"))), suspended_at=None)
        .order_by("pk")
        .values_list("pk", "timezone")
    )
    known = set(
        Certificate.objects.filter(day__gte=min((day_before(now, zone) for zone in zones.values()), default=now))
        .values_list("tenant_id", "day")
    )  # fmt: skip
    return [one for one, zone in zones.items() if (one, day_before(now, zone)) not in known]


def certify_night(*, tenant_id: int) -> Certificate | None:
    """The certificate of the last whole day, once, from the tenant's hour on. Safe to repeat and in parallel."""
    tenant = Tenant.objects.get(pk=tenant_id)
    now = clock.now()
    day = day_before(now, tenant.timezone)
    today = clock.local_date(now, tenant.timezone)
    begins_at = clock.at_local(today, preferences.value(tenant_id, CERTIFY_AT), tenant.timezone)
    if now < begins_at or Certificate.objects.filter(tenant=tenant, day=day).exists():
        return None
    return certificate_make(tenant=tenant, day=day)


def certificate_make(*, tenant: Tenant, day: date) -> Certificate:
    """Count a local day a second time and keep what came out. Safe to repeat: the day's certificate is replaced.

    The gate waits while it counts, so that both ways look at the same moment.
    """
    with transaction.atomic():
        one_at_a_time(tenant)
        _hear_first(tenant)
        found = compare(tenant=tenant, day=day)
        row, _made = Certificate.objects.update_or_create(
            tenant=tenant,
            day=day,
            defaults={
                "made_at": clock.now(), "touches": found.touches, "exposures": found.exposures,
                "persons": found.persons, "sends": found.sends, "fault_count": found.fault_count,
                "faults": found.faults,
            },
        )  # fmt: skip
        _tell(tenant, row)
    return row


def _hear_first(tenant: Tenant) -> None:
    """What WeCom told a moment ago of colleagues' own sends may still be on its way into the log."""
    heard = reach_heard(tenant_id=tenant.pk, since=clock.now() - HEARD_WITHIN)
    own_sends_count(tenant_id=tenant.pk, reach_ids=heard, looks_at_plans=False)


def certificate_again(*, tenant: Tenant, certificate_id: int, actor: "Actor") -> Certificate:
    """Count the day of a certificate once more. Raises Certificate.DoesNotExist, NotPermitted."""
    require(actor, Permission.OPERATE)
    row = Certificate.objects.get(tenant=tenant, pk=certificate_id)
    return certificate_make(tenant=tenant, day=row.day)


def certificate_mend(*, tenant: Tenant, certificate_id: int, actor: "Actor") -> Certificate:
    """Bring log, counters and quota to what happened on the day of a certificate, and count it once more.

    What went over a limit stays named. Safe to repeat. Raises Certificate.DoesNotExist, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        one_at_a_time(tenant)
        row = Certificate.objects.select_for_update().get(tenant=tenant, pk=certificate_id)
        before = row.fault_count
        _mend_all(tenant, row.day)
        row = certificate_make(tenant=tenant, day=row.day)
        row.mended_at, row.mended_by = clock.now(), actor.name[:128]
        row.save(update_fields=["mended_at", "mended_by"])
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="sop.certificate.mended",
            target=row,
            changes={"faults": [before, row.fault_count]},
        )
    return row


def _mend_all(tenant: Tenant, day: date) -> None:
    """Mend until nothing is left, or nothing more helps: what is found at once is limited."""
    found = compare(tenant=tenant, day=day)
    while _mend(tenant, day, found):
        before, found = found.fault_count, compare(tenant=tenant, day=day)
        if found.fault_count >= before:
            return


def _mend(tenant: Tenant, day: date, found: Findings) -> int:
    """Mend what these findings name, up to their limit. Returns how many faults could be mended."""
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for fault in found.faults:
        if fault["kind"] not in FAULTS_OVER:
            by_kind.setdefault(fault["kind"], []).append(fault)
    missing, surplus = by_kind.get(Fault.NOT_LOGGED, []), by_kind.get(Fault.NOT_SENT, [])
    counted = [*by_kind.get(Fault.DAY, []), *by_kind.get(Fault.WEEK, [])]
    if any("send" in one for one in missing):
        since, until = clock.day_bounds(day, tenant.timezone)
        heard = reach_between(tenant_id=tenant.pk, since=since, until=until)
        own_sends_count(tenant_id=tenant.pk, reach_ids=heard, looks_at_plans=False)
    exposures_correct(
        tenant_id=tenant.pk,
        day=day,
        now=clock.now(),
        missing=_reached(tenant, missing),
        surplus=[(_key(one), one["customer"]) for one in surplus],
        customer_ids={one["customer"] for one in (*missing, *surplus, *counted)},
        groups={one["group"]: one["expected"] for one in by_kind.get(Fault.GROUP, [])},
    )
    for one in by_kind.get(Fault.QUOTA_MISSING, []):
        quota_use(
            tenant_id=tenant.pk, receiver_kind=one["receiver_kind"], receiver_ids=[one["receiver"]], day=day,
            vendor_msgid=_key(one),
        )  # fmt: skip
    for one in by_kind.get(Fault.QUOTA_SURPLUS, []):
        quota_return(tenant_id=tenant.pk, vendor_msgids=[_key(one)], receiver_ids=[one["receiver"]])
    return sum(map(len, by_kind.values()))


def _key(fault: dict[str, Any]) -> str:
    return str(fault["send"]) if "send" in fault else f"{REF}:{fault['touch']}"


def _reached(tenant: Tenant, faults: list[dict[str, Any]]) -> list[Reached]:
    """What the log lacks of touches, as it would stand there."""
    planned = [one for one in faults if "touch" in one]
    touches = Touch.objects.filter(tenant=tenant, pk__in={one["touch"] for one in planned}).in_bulk()
    return [
        Reached(
            touch_key=_key(one),
            customer_id=one["customer"],
            at=touch.handed_at,
            channel=touch.channel,
            group_id=touch.group_id if touch.channel in GROUP_CHANNELS else None,
            gives_value=touch.step.gives_value,
        )
        for one in planned
        if (touch := touches[one["touch"]]).handed_at is not None
    ]


def _tell(tenant: Tenant, row: Certificate) -> None:
    """A certificate that does not agree stands on Today until it does."""
    if not row.fault_count:
        work_item_close(tenant_id=tenant.pk, source_kind=ALERT, source_id=row.pk)
        return
    found = say_count(
        "%(n)s row of %(day)s does not agree", "%(n)s rows of %(day)s do not agree", row.fault_count
    )
    work_item_put(
        tenant_id=tenant.pk,
        source_kind=ALERT,
        source_id=row.pk,
        kind="alert",
        bucket="remind",
        title=say("The certificate of sends does not agree"),
        detail=found % {"n": row.fault_count, "day": f"{row.day:%m-%d}"},
        reason=say("What was counted against the caps and what was sent differ"),
        rule_code="CERT-01",
        url=reverse("sop:certificate", kwargs={"tenant_slug": tenant.slug, "pk": row.pk}),
        verb_label=say("Look"),
    )
