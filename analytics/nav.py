"""What analytics adds to the menu."""

from django.utils.translation import gettext_lazy as _

from analytics.services.order_classes import order_class_moves
from console.nav import register
from leads.services.rule_reports import register_order_moves

register(key="analytics", label=_("Insights"), icon="chart-line", url_name="analytics:overview", order=80)
register_order_moves(order_class_moves)
