"""What analytics adds to the menu."""

from django.utils.translation import gettext_lazy as _

from analytics.services.order_classes import order_class_moves
from analytics.services.stars import StarKeeper
from console.audit_changes import register_changes
from console.nav import register
from contacts.services.holdings import Holding, register_holding
from leads.services.rule_reports import register_order_moves
from team.selectors.goals import goals_register

register(key="analytics", label=_("Insights"), icon="chart-line", url_name="analytics:overview", order=80)
register_order_moves(order_class_moves)
goals_register(StarKeeper())
register_changes(
    "analytics.related",
    labels={
        "step": _("Step"), "metric": _("Figure"), "name": _("Name"), "rubric": _("What the points mean"),
        "link": _("How it moves the north star"), "strategy": _("What we do about it"), "impact": _("Impact"),
        "target": _("Target"), "points": _("Points"),
    },
)  # fmt: skip
register_changes(
    "analytics.star",
    labels={
        "metric": _("Figure"),
        "target": _("Target"),
        "ends_on": _("Last day"),
        "words": _("How it serves"),
    },
)
register_holding(Holding("analytics.FunnelPerson", _("Steps taken in funnels")))
