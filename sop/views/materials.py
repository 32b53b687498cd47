"""What stands behind a figure of a material: the touches that carried it, or the people."""

from typing import Any

from django.http import Http404

from console.pages import TemplatePage
from contacts.selectors import customer_names
from content.selectors.library import material_get
from sop.selectors.calendar import touch_list
from sop.selectors.materials import PEOPLE, figure_label, outcome_of

SHOWN = 300


class MaterialPeoplePage(TemplatePage):
    """The page behind one figure of one wording; `?wording=all` of all, `-` of words changed by hand."""

    template_name = "sop/material_people.html"
    http_method_names = ["get", "head", "options"]

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant, asked = self.request.tenant, self.request.GET
        figure, wording = asked.get("figure", "sent"), asked.get("wording", "all")
        if figure not in ("sent", *PEOPLE):
            raise Http404
        material = material_get(tenant_id=tenant.pk, material_id=kwargs["pk"])
        found = outcome_of(tenant=tenant, material_id=material.pk, wording="" if wording == "-" else wording)
        base = {"material": material, "label": figure_label(figure), "wording": wording, "shown": SHOWN}
        if figure == "sent":
            rows = touch_list(tenant=tenant).filter(pk__in=found.touches).order_by("-done_at", "pk")
            return {**base, "touches": rows[:SHOWN], "total": len(found.touches)}
        people = getattr(found, figure) or set()
        names = customer_names(tenant_id=tenant.pk, customer_ids=people)
        return {**base, "people": sorted(names.items())[:SHOWN], "total": len(people)}
