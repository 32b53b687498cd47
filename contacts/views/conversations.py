"""How a customer is spoken with: a part of their page that is fetched when the page is there."""

from datetime import timedelta
from typing import Any

from console.keys import key_of
from console.pages import TemplatePage
from contacts.selectors.conversations import spoken_with
from contacts.views.customers import found
from tenants import clock

WINDOWS = (7, 30, 90)


class ConversationPage(TemplatePage):
    """`?days=` is the range."""

    template_name = "contacts/_spoken.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        asked = key_of(self.request.GET.get("days"))
        days = asked if asked in WINDOWS else 30
        customer = found(self.request.tenant.pk, kwargs["pk"])
        spoken = spoken_with(customer=customer, since=clock.now() - timedelta(days=days))
        return {"customer": customer, "spoken": spoken, "days": days, "windows": WINDOWS}
