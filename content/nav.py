"""What content adds to the menu, the search and the phone's customer page."""

from collections.abc import Iterable

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console import nav
from console.audit_changes import register_changes
from console.shell import tenant_url
from contacts.selectors.questions import register_answers
from contacts.services.holdings import Holding, register_holding
from content.enums import CardAsk, CardState, MaterialType
from content.phone import scripts_panel
from content.selectors import answers_for, script_search
from content.selectors.knowledge import card_list, knowledge_of
from content.selectors.library import material_list
from content.services import text_sayable
from content.services.proofs import proof_pictures_erase
from team.phone import register_customer_panel
from team.selectors import register_own_metric
from tenants.models import Tenant
from wecom.welcomes.sayable import register_sayable

HITS = 5


def _search(tenant: Tenant, text: str) -> Iterable[nav.Hit]:
    return [*_materials(tenant, text), *_scripts(tenant, text), *_cards(tenant, text)]


def _materials(tenant: Tenant, text: str) -> Iterable[nav.Hit]:
    rows = material_list(tenant_id=tenant.pk).filter(title__icontains=text, archived_at=None)
    return [
        nav.Hit(
            kind=_("Library"),
            label=one.title,
            url=tenant_url(tenant, "content:material", pk=one.pk),
            icon="books",
            detail=str(one.get_kind_display()),
        )
        for one in rows[:HITS]
    ]


def _scripts(tenant: Tenant, text: str) -> Iterable[nav.Hit]:
    return [
        nav.Hit(
            kind=_("Scripts"),
            label=one.title,
            url=f"{tenant_url(tenant, 'content:scripts')}?q={one.title}",
            icon="message-2",
            detail=str(one.get_kind_display()),
        )
        for one in script_search(tenant_id=tenant.pk, question=text, limit=HITS)
    ]


def _cards(tenant: Tenant, text: str) -> Iterable[nav.Hit]:
    rows = card_list(tenant_id=tenant.pk).filter(archived_at=None, state=CardState.LIVE)
    return [
        nav.Hit(
            kind=_("Knowledge cards"),
            label=one.title,
            url=tenant_url(tenant, "content:knowledge_card", pk=one.pk),
            icon="school",
            detail=str(one.get_kind_display()),
        )
        for one in rows.filter(Q(title__icontains=text) | Q(aliases__icontains=text))[:HITS]
    ]


nav.register(
    key="content", label=pgettext_lazy("menu", "Content"), icon="books", url_name="content:library", order=50
)
nav.register_search(_search)
register_customer_panel(scripts_panel)
register_changes("content.script", labels={"title": _("Question"), "text": _("Answer")})
register_changes(
    "content.material",
    labels={"title": _("Title"), "text": _("Words"), "kind": _("Type"), "reason": _("Reason")},
    values={"kind": dict(MaterialType.choices)},
)
register_changes(
    "content.card",
    labels={
        "title": _("Title"),
        "asks": _("Who is asked to know it"),
        "sections": _("Words"),
        "edition": _("Edition"),
        "question": _("Question"),
        "answer": _("The right one"),
    },
    values={"asks": dict(CardAsk.choices)},
)
register_own_metric(
    key="knowledge",
    label=_("Knowledge cards known"),
    definition=_(
        "Cards whose short test they passed (or that they read, where there is none) ÷ cards asked of them"
    ),
    provider=knowledge_of,
    converts=False,
)
register_holding(
    Holding("content.Proof", _("Testimonials"), is_removed=True, beside=proof_pictures_erase),
    Holding("content.FactUse", _("Product facts told")),
)
register_answers(answers_for)
register_sayable(text_sayable)
