"""The board and its tabs."""

from typing import Any

import django_tables2 as tables
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.filters import CHOICES_KEY, filter_bar, filter_choices
from console.formats import MISSING
from console.listing import BulkAction, ListPage
from console.pages import ConsoleView, render
from console.tables import ConsoleTable, PickColumn
from console.templatetags.q import deadline, moment, tier
from leads.enums import SLA_SETTINGS, TIERS
from leads.filters import LeadFilter
from leads.models import Lead
from leads.selectors.board import (
    COLUMN_CARDS,
    RANK,
    WAIT,
    board,
    by_work_order,
    doubt_counts,
    lead_list,
    lead_tab,
    lead_text,
    owner_loads,
    tab_counts,
)
from leads.selectors.energy import energy_split
from team.selectors import staff_list
from tenants import clock, preferences

TABS = {
    "board": pgettext_lazy("leads", "Board"),
    "today": _("To follow today"),
    "overdue": _("Overdue"),
    "won": _("Won"),
    "not_buying": _("Not buying"),
}
SORTS = {RANK: _("Suggested"), WAIT: _("Waiting time")}
ALL = "all"  # every lead, open or ended: where figures about people lead to
NEXT = "next"  # the open ones across tiers by the time of their next action: an order of the board that is no column
ASIDE = {NEXT: _("By next action"), ALL: _("All")}  # tabs that stand there only while they are looked at
KEYS = [  # beside those of the shell; static/js/leads.js acts on them
    (("H", "L"), _("other tier")),
    (("F",), _("follow up")),
    (("N",), _("next action")),
    (("X",), _("pick")),
    (("A",), _("share out")),
    (("M",), _("give to me")),
    (("Y",), _("confirm S")),
]
COLUMN_PAGE = 40  # cards of a tier that stands alone


def _counts(view: ConsoleView, leads: Any) -> dict[str, int]:
    now, zone = clock.now(), view.request.tenant.timezone
    return tab_counts(leads, now=now, day_ends_at=clock.day_bounds(clock.local_date(now, zone), zone)[1])


def _tabs(view: ConsoleView, counts: dict[str, int], current: str) -> list[dict[str, Any]]:
    query = view.request.GET.copy()
    for key in ("page", "sort", "view", "export", "tier"):
        query.pop(key, None)
    tail = f"?{query.urlencode()}" if query else ""
    return [
        {
            "key": key,
            "label": label,
            "count": counts[key],
            "url": (view.url("leads:board") if key == "board" else view.url("leads:list", tab=key)) + tail,
            "is_current": key == current,
            "is_bad": key == "overdue" and counts[key] > 0,
        }
        for key, label in TABS.items()
    ] + (
        [
            {
                "key": current,
                "label": ASIDE[current],
                "count": "",
                "url": "",
                "is_current": True,
                "is_bad": False,
            }
        ]
        if current in ASIDE
        else []
    )


class BoardView(ConsoleView):
    """Columns by tier with the first cards of each; `?tier=A` shows all of one column."""

    def get(self, request: HttpRequest) -> HttpResponse:
        tenant = self.request.tenant
        now = clock.now()
        staff = list(staff_list(tenant_id=tenant.pk))
        everyone = lead_list(tenant_id=tenant.pk)
        made = LeadFilter(request.GET, queryset=everyone, request=request, staff=staff)
        if CHOICES_KEY in request.GET:
            return filter_choices(request, made.form)
        leads = made.qs if made.is_valid() else everyone.none()
        minutes = preferences.values(tenant.pk, *SLA_SETTINGS.values())
        only = request.GET.get("tier", "")
        only = only if only in SLA_SETTINGS else ""
        number = request.GET.get("page", "")
        page = max(int(number), 1) if only and number.isdecimal() else 1
        sort = request.GET.get("sort", "")
        sort = sort if sort in SORTS else RANK
        counts = _counts(self, leads)
        found = board(
            lead_tab(leads, "board", now=now, day_ends_at=now),
            tenant_id=tenant.pk,
            now=now,
            sla_min={key: minutes[one.key] for key, one in SLA_SETTINGS.items()},
            cards=COLUMN_PAGE if only else COLUMN_CARDS,
            only=only,
            page=page,
            sort=sort,
        )
        alone = next((one.total for one in found.columns if one.tier == only), 0)
        context = {
            "bar": filter_bar(made.form, request.GET),
            "page_keys": KEYS,
            "tabs": _tabs(self, counts, "board"),
            "board": found,
            "picked_tier": only or "S",
            "only_tier": only,
            "sorts": list(SORTS.items()),
            "by_time_label": ASIDE[NEXT],
            "sort": sort,
            "page": Paginator(range(alone), COLUMN_PAGE).get_page(page),
            "energy": energy_split(leads, now=now, won={tier: counts[f"won:{tier}"] for tier in TIERS}),
            "doubts": doubt_counts(leads),
            "colleagues": self.colleagues(staff),
            "me": next((one for one in staff if _is_of(one, request.user.pk)), None),
        }
        return render(request, "leads/board.html", context)

    def colleagues(self, staff: list[Any]) -> list[dict[str, Any]]:
        """Whom leads can be given to, with what they have in hand."""
        loads = owner_loads(tenant_id=self.request.tenant.pk)
        able = [one for one in staff if one.is_active and one.can_contact]
        return [{"staff": one, "load": loads.get(one.pk, 0)} for one in able[:50]]


def _is_of(staff: Any, user_id: int | None) -> bool:
    """Whether this staff member is the login that is signed in."""
    return staff.is_active and staff.membership is not None and staff.membership.user_id == user_id


class LeadTable(ConsoleTable):
    """Leads as rows, in the work order. By a column, equal rows keep the order of their ids: no page repeats a row."""

    pick = PickColumn()
    tier = tables.Column(verbose_name=_("Tier"), empty_values=(), orderable=False)  # "" may be S?
    customer = tables.Column(verbose_name=_("Customer"), order_by=("customer__name", "pk"))
    why = tables.Column(verbose_name=_("Why"), empty_values=(), orderable=False)
    next_action = tables.Column(verbose_name=_("Next action"), orderable=False)
    next_action_at = tables.Column(verbose_name=_("Due"), order_by=("next_action_at", "pk"))
    group = tables.Column(verbose_name=_("Group"), order_by=("group__name", "pk"))
    owner = tables.Column(verbose_name=pgettext_lazy("lead", "Owner"), order_by=("owner__name", "pk"))

    class Meta(ConsoleTable.Meta):
        row_header = "customer"
        sequence = ("pick", "tier", "customer", "why", "next_action", "next_action_at", "group", "owner")

    def __init__(self, *args: Any, url: Any, is_closed: bool, **kwargs: Any) -> None:
        self.url = url
        hidden = ("next_action", "pick") if is_closed else ()
        super().__init__(*args, exclude=hidden, **kwargs)
        self.is_closed = is_closed
        if is_closed:
            self.columns["next_action_at"].column.verbose_name = _("Closed")

    def render_tier(self, record: Lead) -> SafeString:
        return tier("S?" if record.is_maybe_s else record.tier)

    def value_tier(self, record: Lead) -> str:
        return "S?" if record.is_maybe_s else record.tier

    def render_customer(self, record: Lead) -> SafeString:
        return format_html('<a class="q-link" href="{}">{}</a>', self.url(record.pk), record.customer)

    def value_customer(self, record: Lead) -> str:
        return str(record.customer)

    def render_why(self, record: Lead) -> str:
        if record.close_reason:
            return f"{record.get_close_reason_display()} {record.close_note}".strip()
        return lead_text(record)

    def render_next_action(self, record: Lead) -> str:
        return record.next_action_label

    def render_next_action_at(self, record: Lead) -> SafeString:
        return format_html('<span class="q-when is-inline">{}</span>', deadline(record.next_action_at))

    def value_next_action_at(self, record: Lead) -> str:
        return record.next_action_at.isoformat() if record.next_action_at else ""


class ClosedTable(LeadTable):
    """Leads that ended."""

    next_action_at = tables.Column(
        verbose_name=_("Closed"), accessor="closed_at", order_by=("closed_at", "pk")
    )

    class Meta(LeadTable.Meta):  # a table takes no Meta from its base by itself
        pass

    def render_next_action_at(self, record: Lead) -> SafeString:
        shown = moment(record.closed_at) if record.closed_at else MISSING
        note = _("refunded") if record.refunded_at else ""
        return format_html("{} <small>{}</small>", shown, note)

    def value_next_action_at(self, record: Lead) -> str:
        return record.closed_at.isoformat() if record.closed_at else ""


class LeadListPage(ListPage):
    """One tab as a list: today, overdue, won, not buying; `next` by time; `all` for the people behind a figure."""

    template_name = "leads/list.html"
    filterset_class = LeadFilter
    title = _("Leads")
    has_views = False
    tab: str

    @property
    def key(self) -> str:  # type: ignore[override]
        return f"leads.{self.tab}"

    @property
    def table_class(self) -> Any:  # type: ignore[override]
        return ClosedTable if self.is_closed else LeadTable

    @property
    def is_closed(self) -> bool:
        return self.tab in ("won", "not_buying")

    def get(self, request: HttpRequest, tab: str) -> Any:  # type: ignore[override]
        self.tab = tab
        return super().get(request)

    def queryset(self) -> Any:
        now = clock.now()
        zone = self.request.tenant.timezone
        leads = lead_list(tenant_id=self.request.tenant.pk).select_related(None)
        rows = lead_tab(
            # read for the rows of a page: joined, they would be read for every lead before the sorting
            leads.prefetch_related("customer", "group", "owner"),
            self.tab,
            now=now,
            day_ends_at=clock.day_bounds(clock.local_date(now, zone), zone)[1],
        )
        if self.is_closed:
            return rows.order_by("-closed_at", "pk")
        if self.tab == NEXT:
            return rows.order_by("next_action_at", "pk")
        return by_work_order(rows, now=now)

    def table_kwargs(self) -> dict[str, Any]:
        return {"url": lambda pk: self.url("leads:detail", pk=pk), "is_closed": self.is_closed}

    def bulk(self) -> list[BulkAction]:
        return [] if self.is_closed else [BulkAction(_("Give to me"), self.url("leads:assign_me"))]

    def context(self) -> dict[str, Any]:
        leads = lead_list(tenant_id=self.request.tenant.pk)
        made = LeadFilter(self.request.GET, queryset=leads, request=self.request)
        counts = _counts(self, made.qs if made.is_valid() else leads.none())
        return {
            "tabs": _tabs(self, counts, self.tab),
            "by_time": self.tab == NEXT,
            "is_closed": self.is_closed,
        }
