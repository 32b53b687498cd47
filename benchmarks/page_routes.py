"""The addresses of the measured pages: every console route that answers GET, and some narrowed as people narrow them.

A new route is measured as soon as it stands in the URL table: what it wants is taken from the tables below, by the
start of its name, and a route whose page cannot be made fails the benchmark.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from console.shell import tenant_url
from tenants import clock
from tenants.models import Tenant

TURNS = 12
ROOT = "t/<slug:tenant_slug>/"
# Names that are no pages with rows: they hand out a file, or ask WeCom.
LEFT_OUT = {
    "contacts:import_template": "a fixed file", "contacts:import_chat_template": "a fixed file",
    "contacts:sheet_template": "a fixed file", "contacts:sheet_faults": "a file",
    "contacts:personal_file": "a file that a person asked for", "groups:faq_file": "a file",
    "groups:members_file": "a file", "groups:tab_file": "a file", "team:handover_pack": "a file",
    "team:notice_open": "leads on to its matter",
    "groups:bulk_tag": "asked by POST from a list",
    "groups:code_poster": "a picture", "groups:way_poster": "a picture", "sop:proof_picture": "a picture",
    "sop:file": "a file",
    "wecom:asset": "a file", "wecom:archive_file": "a file", "wecom:archive_consents": "a file",
    "wecom:inbox_progress": "of a batch that is running",
    **dict.fromkeys((
        "groups:overlap_people", "sop:link_people", "sop:pulse_people", "sop:fact_people", "sop:strategy_people",
        "sop:step_people", "analytics:people", "analytics:channel_people", "analytics:flow_people",
    ), "opened from a figure, with its words"),
    **dict.fromkeys((
        "groups:screening", "groups:candidates", "groups:invite", "groups:setup_step", "groups:violation_picture",
        "groups:violation_undo", "groups:end_task", "groups:norm_ask", "groups:norm_voices", "groups:norm_drop",
    ), "a drawer of groups of one type or stage"),
    "content:knowledge_quiz": "a test of one's own", "analytics:day_people": "opened from a figure, signed",
    "analytics:day_moves": "opened from a figure, signed", "campaigns:node_begin": "asked by POST from the calendar",
    "campaigns:offer": "a form over one row",
    "campaigns:redeem_code": "a code whose last sign proves it: one row by its key",
    "contacts:sheet_status": "of a file that is being read", "sop:clone": "a template that is not in the database",
}  # fmt: skip
# Whose id `pk` is, by the start of a route's name; the longest that fits counts.
OWNERS: dict[str, str] = {
    "campaigns:": "campaigns.Campaign",
    "contacts:": "contacts.Customer", "contacts:import_batch": "contacts.ImportBatch",
    "contacts:sheet": "contacts.Sheet", "contacts:survey": "contacts.Survey", "contacts:sku": "contacts.Sku",
    "contacts:solve": "contacts.Obstacle", "contacts:own_field": "contacts.OwnField",
    "contacts:tag_batch": "contacts.TagBatch", "contacts:survey_answer": "contacts.SurveyAnswer",
    "content:": "content.Material", "content:proof": "content.Proof", "content:fact": "content.ProductFact",
    "content:knowledge": "content.KnowledgeCard", "content:knowledge_question": "content.KnowledgeQuestion",
    "content:knowledge_question_new": "content.KnowledgeCard", "contacts:question": "contacts.Question",
    "content:persona": "content.Persona", "content:script": "content.Script",
    "groups:": "groups.Group", "groups:koc_move": "groups.Koc", "groups:koc_edit": "groups.Koc",
    "groups:koc_task": "groups.Koc", "groups:incident": "groups.Incident", "groups:code": "groups.JoinWay",
    "groups:way": "contacts.ContactWay", "groups:channel": "contacts.Channel",
    "groups:welcome": "groups.WelcomeTemplate", "groups:promise_": "groups.Promise",
    "groups:promise_new": "groups.Group", "groups:promises_take_over": "groups.Group",
    "groups:wording": "groups.Group", "groups:invitation_act": "groups.Invitation",
    "leads:": "leads.Lead", "sop:": "sop.Version", "sop:rename": "sop.Template", "sop:shelve": "sop.Template",
    "sop:flight": "sop.Flight", "sop:flight_ask": "sop.Version", "sop:run": "sop.Run", "sop:link": "sop.Run",
    "sop:review": "sop.Run", "sop:review_item": "sop.ReviewItem", "sop:chain": "sop.Run",
    "sop:planner": "sop.WeekPlan", "sop:certificate": "sop.Certificate", "sop:week": "groups.Group",
    "sop:topic": "sop.Topic", "sop:event": "sop.ValueEvent", "sop:material": "content.Material",
    "sop:touch": "sop.Touch", "team:": "team.Staff", "team:item": "team.WorkItem",
    "console:member": "tenants.Membership", "console:": "console.SavedView", "wecom:send": "wecom.OutboundSend",
    "wecom:inbox": "wecom.InboundEvent", "wecom:quota": "wecom.QuotaRuleChange", "wecom:archive": "wecom.ArchiveKey",
}  # fmt: skip
# Other arguments; a tuple stands for one address each.
WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "campaigns:post": {"kind": ("relay", "stream")},
    "campaigns:step": {"step": ("prizes", "rules")},
    "contacts:bulk_tag": {"verb": ("tag",)},
    "content:materials_bulk": {"verb": ("kind",)},
    "groups:bulk": {"verb": ("freeze", "kind", "owner")}, "groups:bulk_tag": {"verb": ("tag",)},
    "groups:silent_decide": {"decision": ("keep",)}, "groups:opening": {"opening": ("flash_sale",)},
    "groups:fix": {"what": ("week",)}, "groups:wordings": {"kind": ("welcome",)},
    "groups:setup_step": {"kind": ("rules",)}, "groups:end_task": {"kind": ("notice",)},
    "groups:promise_end": {"verb": ("withdraw",)},
    "leads:list": {"tab": ("overdue", "today", "next", "won")},
    "team:ranking_cases": {"figure": ("conversion", "response", "retention", "execution")},
    "sop:week_slot": {"place": ("1-noon",)}, "sop:touch_verb": {"verb": ("confirm",)},
}  # fmt: skip
# Rows below the row that `pk` names, and what they are called in the address: {argument: (table, its way up to `pk`)}.
PARTS: dict[str, tuple[str, str]] = {
    "award_pk": ("campaigns.Award", "campaign_id"),
    "deal_pk": ("campaigns.Deal", "campaign_id"),
    "invite_pk": ("campaigns.Invite", "referral__campaign_id"),
    "prize_pk": ("campaigns.Prize", "campaign_id"),
    "inviter_pk": ("campaigns.Inviter", "referral__campaign_id"),
    "seller_pk": ("campaigns.Seller", "distribution__campaign_id"),
    "coupon_pk": ("campaigns.Coupon", "offer__prize__campaign_id"),
    "checkin_pk": ("campaigns.CheckIn", "plan__campaign_id"),
    "node_pk": ("campaigns.FlashNode", "run__campaign_id"),
    "step_pk": ("sop.Step", "version_id"),
    "task_pk": ("groups.IncidentTask", "incident_id"),
}
# Words behind the question mark that a page cannot do without; {monday}: of this week, {picks}: some groups.
ASKED: dict[str, str] = {
    "groups:bulk": "?{picks}", "leads:rule_people": "?of=kind&kind=lesson&least=1",
    "leads:need_tie": "?kind=need&text=听力", "sop:week_copy": "?week={monday}", "sop:week_slot": "?week={monday}",
}  # fmt: skip


def console_routes() -> Iterator[tuple[str, str, Any]]:
    """(name, path, view class) of every console route that answers GET."""
    for name, path, view in _walk(get_resolver().url_patterns, "", ""):
        made: Any = getattr(view, "view_class", None)
        if path.startswith(ROOT) and hasattr(made, "get") and "get" in made.http_method_names:
            yield name, path, made


def _walk(patterns: list[Any], prefix: str, namespace: str) -> Iterator[tuple[str, str, Any]]:
    for one in patterns:
        path = prefix + str(one.pattern).removeprefix("^")
        if isinstance(one, URLResolver):
            yield from _walk(
                one.url_patterns, path, f"{namespace}{one.namespace}:" if one.namespace else namespace
            )
        elif isinstance(one, URLPattern):
            yield f"{namespace}{one.name}", path, one.callback


def addresses(tenant: Tenant) -> dict[str, list[str]]:
    """{page: its addresses, taken in turn}."""
    found: dict[str, list[str]] = {}
    for name, path, _view in console_routes():
        if name not in LEFT_OUT:
            found |= dict(_of_route(tenant, name, path))
    return found | _narrowed(tenant)


def _of_route(tenant: Tenant, name: str, path: str) -> Iterator[tuple[str, list[str]]]:
    wanted = [key for key in ("pk", "tag_pk", "doubt_pk", "run_pk", "other_pk", "number", *PARTS)
              if re.search(rf"[:<]{key}>", path)]  # fmt: skip
    spoken = [(key, word) for key, values in WORDS.get(name, {}).items() for word in values] or [("", "")]
    for key, word in spoken:
        told = {key: word} if key else {}
        made = [
            reverse(name, kwargs={"tenant_slug": tenant.slug, **told, **ids}) + _asked(tenant, name)
            for ids in _ids(name, wanted)
        ]
        yield (f"{name} {word}".strip(), made)


def _asked(tenant: Tenant, name: str) -> str:
    today = clock.local_date(clock.now(), tenant.timezone)
    said = ASKED.get(name, "")
    picks = "&".join(f"pick={pk}" for pk in _last("groups.Group")) if "{picks}" in said else ""
    return said.format(monday=today - timedelta(days=today.weekday()), picks=picks)


def _ids(name: str, wanted: list[str]) -> list[dict[str, int]]:
    """The arguments of some rows of a route."""
    if not wanted:
        return [{}]
    if "tag_pk" in wanted and "pk" not in wanted:
        label = "groups.GroupTag" if name.startswith("groups:") else "contacts.Tag"
        return [{"tag_pk": pk} for pk in _last(label)]
    if "run_pk" in wanted:
        return [{"run_pk": pk} for pk in _last("sop.Run")]
    if part := next((key for key in wanted if key in PARTS), ""):
        return _part_ids(part, *PARTS[part])
    owner = max((start for start in OWNERS if name.startswith(start)), key=len)
    rows = [{"pk": pk} for pk in _last(OWNERS[owner])]
    if "number" in wanted:
        return [{**row, "number": 1} for row in rows] if "pk" in wanted else [{"number": 1}]
    return rows


def _part_ids(part: str, label: str, way: str) -> list[dict[str, int]]:
    """The arguments of some rows that stand below others."""
    rows = apps.get_model(label).objects.order_by("-pk").values_list(way, "pk")
    return [{"pk": above, part: pk} for above, pk in rows[:TURNS]]


def _last(label: str) -> list[int]:
    return list(apps.get_model(label).objects.order_by("-pk").values_list("pk", flat=True)[:TURNS])


def _narrowed(tenant: Tenant) -> dict[str, list[str]]:
    """Lists as people narrow them, and parts of pages."""
    groups, customers = tenant_url(tenant, "groups:list"), tenant_url(tenant, "contacts:list")
    ids = _last("groups.Group")
    today = clock.local_date(clock.now(), tenant.timezone)
    quarter = f"?from={today - timedelta(days=91)}&to={today}"
    tag, staff = _last("contacts.Tag")[0], _last("team.Staff")[0]

    def group(query: str) -> list[str]:
        return [f"{tenant_url(tenant, 'groups:detail', pk=pk)}{query}" for pk in ids]

    ranking = tenant_url(tenant, "team:ranking")
    return {
        **{
            f"team:ranking {one}": [f"{ranking}?figure={one}&days=180"]
            for one in ("response", "retention", "execution")
        },
        "groups, page 20": [f"{groups}?page=20"],
        "groups, their people counted after the page": [f"{groups}?part=people"],
        "groups by name": [f"{groups}?q=启蒙99"],
        "groups by stage, size and owner": [f"{groups}?state=active&size=l&owner={staff}"],
        "groups sorted by members": [f"{groups}?sort=-members"],
        "one group, 92 days": group(quarter),
        "one group, members": group("?tab=members"),
        "one group, SOP": group("?tab=sop"),
        "one group, who was active": group("?tab=members&people=active&when=range&days=7"),
        "customers, page 400": [f"{customers}?page=400"],
        "customers by name, many": [f"{customers}?q=客户1"],
        "customers by name, one": [f"{customers}?q=客户19999{number}" for number in range(10)],
        "customers by name, none": [f"{customers}?q=没有这个人"],
        "customers by letters": [f"{customers}?q=Anna"],
        "customers of a tag": [f"{customers}?tag={tag}"],
        "customers of a staff member": [f"{customers}?staff={staff}"],
        "customers of a group": [f"{customers}?group={ids[0]}"],
        "orders by a name": [f"{tenant_url(tenant, 'contacts:orders')}?q=客户12"],
        "orders of a SKU": [f"{tenant_url(tenant, 'contacts:orders')}?sku=sku7"],
        "search": [f"{tenant_url(tenant, 'console:search')}?q=客户77"],
        "touches, page 20": [f"{tenant_url(tenant, 'sop:touches')}?page=20"],
        "ways in, a year": [f"{tenant_url(tenant, 'analytics:paths')}?days=365"],
    }
