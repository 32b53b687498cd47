"""What team adds to the menu, to Today and to the trail."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from console import nav
from console.audit_changes import register_changes
from console.shell import tenant_url
from team.enums import URGENT_NOTICES, ApprovalState, Bucket, StaffKind
from team.models import Staff
from team.selectors import (
    NOBODY,
    RailBlock,
    approvals_waiting,
    open_items,
    register_own_metric,
    register_rail,
    staff_of_members,
)
from team.selectors.load import on_time_of
from team.selectors.notices import bell_of, bell_rows
from team.selectors.profiles import staff_without_kind, staff_without_metric
from team.selectors.staff import is_leader
from team.viewer import own_staff
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.roles import allows

RAIL_NAMES = 3


def _must_do(request: HttpRequest) -> QuerySet:
    """What must be done by the visitor; a lead without a linked staff member sees everyone's."""
    tenant = request.tenant  # type: ignore[attr-defined]
    own = own_staff(request)
    everyone = allows(request.role, Permission.APPROVE)  # type: ignore[attr-defined]
    staff_id = own.pk if own else None if everyone else NOBODY
    return open_items(tenant_id=tenant.pk, staff_id=staff_id, bucket=Bucket.MUST)


nav.register(
    key="team",
    label=pgettext_lazy("menu", "Today"),
    icon="checklist",
    url_name="team:today",
    order=10,
    count=_must_do,
    is_late=True,
)


def _staff_names(tenant: Tenant, member_ids: list[int]) -> dict[int, str]:
    """{membership id: names of the staff who sign in as it}."""
    found = staff_of_members(tenant_id=tenant.pk, member_ids=member_ids)
    return {member_id: gettext(", ").join(str(one) for one in rows) for member_id, rows in found.items()}


def _to_decide(request: HttpRequest) -> QuerySet | None:
    """Requests that wait, for those who may decide."""
    if not allows(request.role, Permission.APPROVE):  # type: ignore[attr-defined]
        return None
    tenant = request.tenant  # type: ignore[attr-defined]
    return approvals_waiting(tenant_id=tenant.pk).order_by().values("pk")


register_own_metric(
    key="on_time",
    label=_("Done on time"),
    definition=_("Their tasks done by the time they were due ÷ their tasks that were done or missed"),
    provider=on_time_of,
    converts=False,
)


def findings_rail(*, tenant: Tenant, staff: Staff | None, now: datetime) -> RailBlock | None:
    """For leaders: who has no result of their own, no kind, or carries too much."""
    if staff is not None and not is_leader(tenant_id=tenant.pk, staff_id=staff.pk):
        return None
    page = reverse("team:load", kwargs={"tenant_slug": tenant.slug})
    rows = []
    for label, found in (
        (_("Without a conversion metric"), staff_without_metric(tenant_id=tenant.pk)),
        (_("Without a kind"), staff_without_kind(tenant_id=tenant.pk)),
    ):
        names = [str(one) for one in found[: RAIL_NAMES + 1]]
        if names:
            rows.append({
                "label": label, "value": found.count(), "tone": "warn", "url": page,
                "note": gettext(", ").join(names[:RAIL_NAMES]) + ("…" if len(names) > RAIL_NAMES else ""),
            })  # fmt: skip
    return RailBlock(_("Team"), rows, url=page, order=80) if rows else None


register_rail(findings_rail)
nav.register(
    key="approvals",
    label=_("Approvals"),
    icon="gavel",
    url_name="team:approvals",
    order=112,
    permission=Permission.WORK,
    count=_to_decide,
)
register_changes(
    "team.approval",
    labels={
        "asked": pgettext_lazy("audit field", "Asked for"),
        "state": pgettext_lazy("audit field", "State"),
    },
    values={"state": dict(ApprovalState.choices)},
)
register_changes(
    "team.staff",
    labels={
        "kind": pgettext_lazy("audit field", "Kind of person"),
        "strengths": pgettext_lazy("audit field", "Strengths"),
        "own_metric": pgettext_lazy("audit field", "Own metric"),
        "backup": pgettext_lazy("audit field", "Backup"),
        "day": pgettext_lazy("audit field", "Day"),
        **{f"day_{number + 1}": name for number, name in WEEKDAYS.items()},
    },
    values={"kind": dict(StaffKind.choices)},
)
nav.register_members_tab(label=_("WeCom staff"), url_name="team:access")
nav.register_member_notes(label=_("WeCom staff"), notes=_staff_names)
nav.register(key="staff", label=_("Team"), icon="id-badge-2", url_name="team:staff_list", order=110)

BELL_LINES = 6


def _notices(request: HttpRequest) -> Iterable[nav.Notice]:
    """What the visitor was told and has not opened: the newest, and one line for the rest."""
    tenant = request.tenant  # type: ignore[attr-defined]
    rows = bell_of(tenant_id=tenant.pk, user_id=request.user.pk or 0, most=BELL_LINES)
    for row in rows:
        yield nav.Notice(
            text=row.title,
            url=tenant_url(tenant, "team:notice_open", pk=row.pk),
            at=row.created_at,
            detail=row.detail[:80],
            tone="bad" if row.kind in URGENT_NOTICES else "",
        )
    rest = rows[0].in_all - len(rows) if rows else 0  # type: ignore[attr-defined]
    if rest > 0:
        said = ngettext("%(n)s more unread", "%(n)s more unread", rest) % {"n": rest}
        yield nav.Notice(text=said, url=tenant_url(tenant, "team:notices"))


def _noticed(request: HttpRequest) -> QuerySet:
    """All that the visitor was told and has not opened."""
    return bell_rows(tenant_id=request.tenant.pk, user_id=request.user.pk or 0)  # type: ignore[attr-defined]


nav.register_bell(lines=_notices, count=_noticed)
nav.register_bell_link(label=_("All notices"), icon="list", url_name="team:notices")
nav.register_bell_link(
    label=pgettext_lazy("notice", "Settings"), icon="adjustments", url_name="team:notice_choices"
)
nav.register_setting(
    label=_("My notices"),
    help=_("What reaches you in the console, in WeCom, by e-mail; mute; test"),
    icon="bell-cog",
    url_name="team:notice_choices",
    order=94,
    permission=Permission.VIEW,
)
