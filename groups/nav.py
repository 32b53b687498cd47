"""What groups adds to the menu and the search."""

from collections.abc import Iterator

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from console.audit_changes import register_changes
from console.nav import Hit, register, register_search
from console.pages import tenant_url
from groups.enums import Kind, PaymentBasis, PromiseState, Purpose, Question, Scenario, State, SubKind
from groups.selectors import BROKEN, Panel, group_counts, group_list, register_panel
from groups.views.chat import chat_context
from groups.views.promises import promises_context, promises_overdue
from tenants.models import Tenant

HITS = 5


def _broken(request: HttpRequest) -> int | None:
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    counted = getattr(request, "groups_broken", None)
    if counted is None:
        counted = group_counts(tenant_id=tenant.pk, broken=BROKEN)["broken"]
    return counted or None


def _search(tenant: Tenant, text: str) -> Iterator[Hit]:
    rows = group_list(tenant_id=tenant.pk).filter(Q(name__icontains=text) | Q(planned_name__icontains=text))
    for group in rows[:HITS]:
        url = tenant_url(tenant, "groups:detail", pk=group.pk)
        yield Hit(_("Groups"), str(group), url, str(group.get_state_display()), "users-group")


register(key="groups", label=_("Groups"), icon="users-group", url_name="groups:list", order=20, count=_broken)
register_search(_search)
register_panel(
    Panel(key="chat", label=_("Chat"), template="groups/_chat.html", context=chat_context, order=20)
)
register_panel(
    Panel(
        key="promises", label=_("Promises"), template="groups/_promises.html", context=promises_context,
        count=promises_overdue, order=30, shows=lambda group: group.kind == Kind.DELIVERY,
    )
)  # fmt: skip
register_changes(
    "groups.promise",
    labels={
        "text": _("Promise"),
        "due_at": _("Due on"),
        "beneficiary_count": _("For how many customers"),
        "evidence": _("What shows it"),
        "evidence_url": _("Link"),
    },
    values={"state": dict(PromiseState.choices)},
)
register_changes(
    "groups.group",
    labels={
        **dict(Question.choices),
        "kind": _("Type"),
        "sub_kind": _("Delivers"),
        "purpose": _("Purpose"),
        "scenario": _("Scenario"),
        "payment_basis": _("Payment basis"),
        "series": _("Series"),
        "starts_on": _("Starts on"),
        "ends_on": _("Ends on"),
        "welcome": _("Welcome message"),
        "announcement": _("Announcement"),
        "value_proposition": _("Promise in one sentence"),
        "planned_name": _("Name"),
        "target_size": _("Target size"),
    },
    values={
        "state": dict(State.choices),
        "kind": dict(Kind.choices),
        "sub_kind": dict(SubKind.choices),
        "purpose": dict(Purpose.choices),
        "scenario": dict(Scenario.choices),
        "payment_basis": dict(PaymentBasis.choices),
    },
)
