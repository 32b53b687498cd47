"""The tier rule: in force, drafted, previewed, published, taken back; and how past camps went by it (R68, R69)."""

from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import django_tables2 as tables
from django.db.models.expressions import RawSQL
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.listing import ListPage
from console.pages import ConsoleView, FormPage, TemplatePage, go, toast
from console.tables import ConsoleTable
from console.templatetags.q import moment, tier
from contacts.enums import OrderClass
from contacts.selectors import customer_list
from contacts.selectors.identity import as_persons
from leads.enums import MAYBE_S, TIERS, LeadState
from leads.forms import RuleForm
from leads.models import RuleDraft, RuleReport
from leads.policies.rule_words import kind_words, place_words, rule_changes, rule_sentences
from leads.policies.rules import COUNTABLE, INQUIRY, words_changed
from leads.selectors import tiers_of
from leads.selectors.reports import (
    NEW,
    OLD,
    Report,
    people_moved,
    people_of_kind,
    people_of_orders,
    people_of_tier,
    report_read,
)
from leads.selectors.rules import rule_draft_of, rule_report_of, rule_version_list
from leads.services.rule_drafts import (
    report_is_of,
    rule_draft_drop,
    rule_draft_save,
    rule_publish,
    rule_restore,
)
from leads.services.rule_reports import rule_report_ask
from leads.services.rules import rules_current
from tenants.enums import Permission

PLACES = frozenset({"", MAYBE_S, *TIERS, *LeadState.values})


def _versions(tenant_id: int) -> list[Any]:
    """All versions, oldest first; the built-in one is stored when there is none yet."""
    return rule_version_list(tenant_id=tenant_id) or _first(tenant_id)


def _first(tenant_id: int) -> list[Any]:
    rules_current(tenant_id=tenant_id)
    return rule_version_list(tenant_id=tenant_id)


class RulesPage(TemplatePage):
    """The rule in force in plain words, the draft, and every version there was."""

    template_name = "leads/rules.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        versions = _versions(tenant_id)
        draft = rule_draft_of(tenant_id=tenant_id)
        before = [None, *versions]
        history = [
            {"version": one, "changes": rule_changes(old.rules, one.rules) if old else []}
            for old, one in zip(before, versions, strict=False)
        ]
        return {
            "current": versions[-1],
            "sentences": rule_sentences(versions[-1].rules),
            "draft": draft,
            "draft_changes": rule_changes(versions[-1].rules, draft.rules) if draft else [],
            "history": list(reversed(history)),
        }


class RuleDraftPage(FormPage):
    """Edit the draft; below it who moves and how past camps would have gone. Saving counts both anew."""

    template_name = "leads/rule_draft.html"
    form_class = RuleForm
    permission = write_permission = Permission.MANAGE

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return RuleForm.initial_of(self._draft.rules if self._draft else self._current.rules)

    @cached_property
    def _draft(self) -> RuleDraft | None:
        return rule_draft_of(tenant_id=self.request.tenant.pk)

    @cached_property
    def _current(self) -> Any:
        return _versions(self.request.tenant.pk)[-1]

    def context(self, **kwargs: Any) -> dict[str, Any]:
        if self._draft is None:
            return {"current": self._current, "draft": None}
        report = rule_report_of(tenant_id=self.request.tenant.pk)
        is_ready = report_is_of(report, self._draft)
        return {
            "current": self._current,
            "draft": self._draft,
            "is_stale": self._draft.base != self._current.number,
            "changes": rule_changes(self._current.rules, self._draft.rules),
            "report": report,
            "is_ready": is_ready,
            "hears_other_words": bool(words_changed(self._current.rules, self._draft.rules)),
            **(_preview(self, report_read(report, rules=self._draft.rules)) if is_ready and report else {}),
        }

    def done(self, form: RuleForm, **kwargs: Any) -> HttpResponse:
        rule_draft_save(tenant=self.request.tenant, actor=self.request.actor, rules=form.rules())
        toast(self.request, _("Draft saved. It is being counted who moves."))
        return go(self.request, f"{self.url('leads:rule_draft')}#preview")


def _people_url(view: ConsoleView, **query: Any) -> str:
    return f"{view.url('leads:rule_people')}?{urlencode(query)}"


def _preview(view: ConsoleView, found: Report) -> dict[str, Any]:
    return {
        "found": found,
        "moves": [
            {"move": one, "url": _people_url(view, of="moves", before=one.before, after=one.after)}
            for one in found.moves
        ],
        "orders": [
            {"move": one, "url": _people_url(view, of="orders", before=one.before, after=one.after)}
            for one in found.orders
        ],
        "tiers": [
            {
                "tier": one.tier,
                "old": _with_urls(view, one.old, of="tier", rule=OLD, tier=one.tier),
                "new": _with_urls(view, one.new, of="tier", rule=NEW, tier=one.tier),
            }
            for one in found.tiers
        ],
    }


def _with_urls(view: ConsoleView, rate: Any, **query: Any) -> dict[str, Any]:
    return {
        "rate": rate,
        "url": _people_url(view, **query),
        "bought_url": _people_url(view, **query, bought=1),
    }


class PublishView(ConsoleView):
    """Put the draft in force."""

    http_method_names = ["post"]
    write_permission = Permission.MANAGE

    def post(self, request: HttpRequest) -> HttpResponse:
        made = rule_publish(
            tenant=self.request.tenant, actor=self.request.actor, note=request.POST.get("note", "")
        )
        toast(
            request,
            _("Version %(n)s is in force. Running camps are judged by it from now on.") % {"n": made.number},
        )
        return go(request, self.url("leads:rules"))


class DropView(ConsoleView):
    """Throw the draft away."""

    http_method_names = ["post"]
    write_permission = Permission.MANAGE

    def post(self, request: HttpRequest) -> HttpResponse:
        rule_draft_drop(tenant=self.request.tenant, actor=self.request.actor)
        toast(request, _("Draft thrown away. The rule in force stays."))
        return go(request, self.url("leads:rules"))


class RestoreView(ConsoleView):
    """Make an older version the draft."""

    http_method_names = ["post"]
    write_permission = Permission.MANAGE

    def post(self, request: HttpRequest, number: int) -> HttpResponse:
        rule_restore(tenant=self.request.tenant, actor=self.request.actor, number=number)
        toast(request, _("Version %(n)s is the draft now. See who moves, then publish.") % {"n": number})
        return go(request, f"{self.url('leads:rule_draft')}#preview")


class CountView(ConsoleView):
    """Count who moves and how past camps went anew."""

    http_method_names = ["post"]
    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest) -> HttpResponse:
        rule_report_ask(tenant_id=self.request.tenant.pk)
        goes_back = request.POST.get("back") == "draft" and self.can(Permission.MANAGE)
        return go(request, self.url("leads:rule_draft" if goes_back else "leads:conversion"))


class ConversionPage(TemplatePage):
    """Conversion by tier and by behaviour in past camps, with sample sizes and intervals."""

    template_name = "leads/conversion.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        current = _versions(tenant_id)[-1]
        report = rule_report_of(tenant_id=tenant_id)
        base = {"current": current, "report": report}
        if report is None or report.made_at is None:
            return base
        rule = _column_of(report, current)
        if not rule:
            return base | {"is_old": True}
        found = report_read(report, rules=current.rules)
        return base | {
            "found": found,
            "tiers": [
                {
                    "tier": one.tier,
                    **_with_urls(self, getattr(one, rule), of="tier", rule=rule, tier=one.tier),
                }
                for one in found.tiers
            ],
            "kinds": [
                {
                    "kind": one,
                    "steps": [
                        {
                            "step": step,
                            **_with_urls(self, step.rate, of="kind", kind=one.kind, least=step.least),
                        }
                        for step in one.steps
                    ],
                }
                for one in found.kinds
            ],
        }


def _column_of(report: RuleReport, current: Any) -> str:
    """Which of the report's two rules is the one in force; "" when neither is any more."""
    if report.rules == current.rules:
        return NEW
    return OLD if report.number == current.number else ""


class RulePeople(ConsoleTable):
    """The people behind a figure of a rule, with the tier they have now."""

    name = tables.Column(verbose_name=gettext_lazy("Customer"))
    tier = tables.Column(verbose_name=gettext_lazy("Tier now"), empty_values=(), orderable=False)
    first_seen_at = tables.Column(verbose_name=gettext_lazy("First seen"))

    class Meta(ConsoleTable.Meta):
        row_header = "name"

    def __init__(self, *args: Any, url: Any, tiers: dict[int, str], **kwargs: Any) -> None:
        self.url, self.tiers = url, tiers
        super().__init__(*args, **kwargs)

    def render_name(self, record: Any) -> SafeString:
        return format_html('<a class="q-link" href="{}">{}</a>', self.url(record.pk), record)

    def value_name(self, record: Any) -> str:
        return str(record)

    def render_tier(self, record: Any) -> SafeString:
        return tier(self.tiers.get(record.pk, ""))

    def value_tier(self, record: Any) -> str:
        return self.tiers.get(record.pk, "")

    def render_first_seen_at(self, record: Any) -> str:
        return moment(record.first_seen_at)


class RulePeoplePage(ListPage):
    """The people of one figure: `?of=moves&before=B&after=A`, `?of=orders&before=unknown&after=active`,
    `?of=tier&rule=new&tier=A&bought=1`, `?of=kind&kind=lesson&least=3`."""

    template_name = "leads/rule_people.html"
    table_class = RulePeople
    key = "leads.rule_people"
    has_views = False

    @cached_property
    def _asked(self) -> dict[str, str]:
        asked = {
            key: self.request.GET.get(key, "")
            for key in ("of", "before", "after", "rule", "tier", "kind", "least")
        }
        is_known = {
            "moves": asked["before"] in PLACES and asked["after"] in PLACES,
            "orders": asked["before"] in OrderClass.values and asked["after"] in OrderClass.values,
            "tier": asked["rule"] in (OLD, NEW) and asked["tier"] in ("", *TIERS),
            "kind": asked["kind"] in (INQUIRY, *COUNTABLE)
            and asked["least"].isdecimal()
            and len(asked["least"]) < 6,
        }.get(asked["of"], False)
        if not is_known:
            raise Http404
        return asked

    @cached_property
    def _bought(self) -> bool:
        return self.request.GET.get("bought") == "1"

    @cached_property
    def _ids(self) -> set[int]:
        asked, tenant_id = self._asked, self.request.tenant.pk
        if asked["of"] == "moves":
            ids = people_moved(tenant_id=tenant_id, before=asked["before"], after=asked["after"])
        elif asked["of"] == "orders":
            ids = people_of_orders(tenant_id=tenant_id, before=asked["before"], after=asked["after"])
        elif asked["of"] == "tier":
            ids = people_of_tier(
                tenant_id=tenant_id, rule=asked["rule"], tier=asked["tier"], bought_only=self._bought
            )
        else:
            ids = people_of_kind(
                tenant_id=tenant_id, kind=asked["kind"], least=int(asked["least"]), bought_only=self._bought
            )
        return as_persons(tenant_id=tenant_id, customer_ids=ids)

    def queryset(self) -> Any:
        ids = RawSQL("select unnest(%s::bigint[])", [sorted(self._ids)])
        return customer_list(tenant_id=self.request.tenant.pk).filter(pk__in=ids)

    def table_kwargs(self) -> dict[str, Any]:
        return {
            "url": lambda pk: self.url("contacts:detail", pk=pk),
            "tiers": tiers_of(tenant_id=self.request.tenant.pk, customer_ids=self._ids),
        }

    def context(self) -> dict[str, Any]:
        is_draft = self._asked["of"] in ("moves", "orders") or self._asked["rule"] == NEW
        back = "leads:rule_draft" if is_draft and self.can(Permission.MANAGE) else "leads:conversion"
        return {"title": self._title(), "back_url": self.url(back), "is_draft": back == "leads:rule_draft"}

    def _title(self) -> str:
        asked = self._asked
        if asked["of"] == "moves":
            return _("From %(before)s to %(after)s") % {
                "before": place_words(asked["before"]),
                "after": place_words(asked["after"]),
            }
        if asked["of"] == "orders":
            return _("Why they bought: from “%(before)s” to “%(after)s”") % {
                "before": OrderClass(asked["before"]).label,
                "after": OrderClass(asked["after"]).label,
            }
        if asked["of"] == "tier":
            title = _("Past camps, tier %(tier)s") % {"tier": place_words(asked["tier"])}
        elif asked["least"] == "0":
            title = _("Past camps, never: %(what)s") % {"what": kind_words(asked["kind"])}
        else:
            least = int(asked["least"])
            title = ngettext(
                "Past camps, %(what)s at least %(n)s time", "Past camps, %(what)s at least %(n)s times", least
            ) % {"what": kind_words(asked["kind"]), "n": least}
        return _("%(what)s, bought") % {"what": title} if self._bought else title
