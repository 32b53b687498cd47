"""What analytics adds to the menu."""

from django.utils.translation import gettext_lazy as _

from console.nav import register

register(key="analytics", label=_("Insights"), icon="chart-line", url_name="analytics:camps", order=80)
