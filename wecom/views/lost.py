"""What callbacks had lost and a comparison put right."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from console.listing import ListPage
from wecom.models import LostChange
from wecom.reading import readings
from wecom.tables import LostFilter, LostTable
from wecom.views.setup import Managed


class Lost(Managed, ListPage):
    """Every change that nobody had told, newest first."""

    template_name = "wecom/lost.html"
    table_class = LostTable
    filterset_class = LostFilter
    key = "wecom.lost"
    title = gettext_lazy("Changes missed by callbacks")
    has_views = False

    def queryset(self) -> QuerySet[LostChange]:
        return readings.lost_list(tenant_id=self.request.tenant.pk)

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant": self.request.tenant}

    def context(self) -> dict[str, Any]:
        return {"sheet": "css/wecom.css"}
