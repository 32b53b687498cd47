"""What contacts adds to the menu, the search and the staff list."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console import nav
from console.audit_changes import register_changes
from console.shell import tenant_url
from contacts.enums import (
    ChannelKind,
    ChannelMeans,
    ChannelPlace,
    Education,
    Gender,
    ProfileField,
    QuestionClose,
    SkuKind,
    WayIn,
)
from contacts.selectors import customer_list, live_follow_counts
from contacts.selectors.channels import welcome_assets, welcome_known
from contacts.selectors.ranking import place_label, reply_cases, reply_cells, reply_lines
from contacts.selectors.service import questions_answered
from contacts.services.prices import KIND as ANCHOR
from contacts.services.prices import anchor_granted
from team.selectors import register_load
from team.selectors.load import register_night_answers
from team.selectors.ranking import Ranked, register_ranked
from team.services import register_approval
from tenants.models import Tenant
from wecom.keeping.assets import register_user
from wecom.welcomes.welcome import register_knower

HITS = 5


def _search(tenant: Tenant, text: str) -> Iterable[nav.Hit]:
    return [
        nav.Hit(
            kind=_("Customers"),
            label=one.name or one.external_userid,
            url=tenant_url(tenant, "contacts:detail", pk=one.pk),
            icon="user",
        )
        for one in customer_list(tenant_id=tenant.pk, text=text)[:HITS]
    ]


register_changes(
    "contacts.tag",
    labels={"rule": pgettext_lazy("audit field", "Rule"), "people": pgettext_lazy("audit field", "People")},
)
register_changes(
    "contacts.ownfield",
    labels={"name": pgettext_lazy("audit field", "Name"), "options": pgettext_lazy("audit field", "Options")},
)
register_changes(
    "contacts.question",
    labels={
        "closed_as": pgettext_lazy("audit field", "Question closed as"),
        "unknown_by": pgettext_lazy("audit field", "Nobody knew, says"),
    },
    values={"closed_as": dict(QuestionClose.choices)},
)
register_ranked(
    Ranked(
        key="service",
        label=_("First reply"),
        definition=_(
            "Customers' questions that somebody of the team answered in time ÷ questions whose answer was due, of "
            "whoever had to answer: the friend, or the owner of the group."
        ),
        case_label=_("Questions due"),
        hit_label=pgettext_lazy("question", "Answered in time"),
        difficulty=_("Where it was asked: a group has more readers, who may answer before."),
        cells=reply_cells,
        cases=reply_cases,
        lines=reply_lines,
        stratum_label=place_label,
        caution=_("Known from archived and imported messages only: an answer these lack counts as late."),
        order=35,
    )
)
register_changes("contacts.stagerun", labels={"people": pgettext_lazy("audit field", "People")})
register_changes(
    "contacts.channel",
    labels={
        "name": pgettext_lazy("audit field", "Name"),
        "kind": _("Kind"),
        "place": _("Where exactly"),
        "means": _("By whom"),
        "partner": _("Partner"),
        "partner_fit": _("Why the partner fits"),
        "code": _("State of links made elsewhere"),
        "cost_fen": pgettext_lazy("audit field", "Cost, fen"),
        "persona": _("Who comes from there"),
        "target": _("People it should bring"),
        "group_id": pgettext_lazy("audit field", "Group, number"),
        "goal": _("What the group needs them for"),
        "starts_on": _("From"),
        "ends_on": _("Until"),
        "note": pgettext_lazy("remark", "Note"),
    },
    values={
        "kind": dict(ChannelKind.choices),
        "place": dict(ChannelPlace.choices),
        "means": dict(ChannelMeans.choices),
    },
)
register_changes(
    "contacts.stagesetting",
    labels={
        "name": pgettext_lazy("audit field", "Name"),
        "state": pgettext_lazy("trust stage", "Where they stand"),
        "need": _("What they need"),
        "action": _("What to do"),
        "content": _("Next content"),
        "rule": pgettext_lazy("audit field", "Rule"),
    },
)
register_changes(
    "contacts.sku",
    labels={
        "name": pgettext_lazy("audit field", "Name"),
        "price_fen": pgettext_lazy("audit field", "Price, fen"),
        "kind": pgettext_lazy("audit field", "Kind of order"),
        "anchor_fen": pgettext_lazy("audit field", "Price to compare with, fen"),
        "sales": pgettext_lazy("audit field", "Orders that prove it"),
    },
    values={"kind": dict(SkuKind.choices)},
)
register_changes(
    "contacts.customer",
    labels={
        **dict(ProfileField.choices),
        "stage": pgettext_lazy("audit field", "Trust stage"),
        "obstacle": pgettext_lazy("audit field", "Obstacle"),
        "way_in": pgettext_lazy("audit field", "Way in"),
        "closed_as": pgettext_lazy("audit field", "Question closed as"),
        "unknown_by": pgettext_lazy("audit field", "Nobody knew, says"),
        "same_person": pgettext_lazy("audit field", "Same person"),
        "record": pgettext_lazy("audit field", "WeCom id"),
        "tag_until": pgettext_lazy("audit field", "Tag stays until"),
    },
    values={
        "gender": dict(Gender.choices),
        "education": dict(Education.choices),
        "way_in": dict(WayIn.choices),
        "closed_as": dict(QuestionClose.choices),
    },
)
register_changes(
    "contacts.survey",
    labels={
        "group": pgettext_lazy("audit field", "Group"),
        "people": pgettext_lazy("audit field", "People"),
        "questions": pgettext_lazy("audit field", "Questions"),
    },
)
nav.register(key="contacts", label=_("Customers"), icon="user", url_name="contacts:list", order=30)
nav.register_search(_search)
register_load(label=_("Customers"), provider=live_follow_counts)
register_night_answers(questions_answered)
register_user(welcome_assets)
register_knower(welcome_known)
register_approval(ANCHOR, _("Price to compare with"), anchor_granted)
