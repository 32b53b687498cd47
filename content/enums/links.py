"""What a click on a radar link means."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class LinkKind(models.TextChoices):
    """What a click on a radar link means."""

    LINK = "link", _("Page")
    PURCHASE = "purchase", _("Product page")
    PAY = "pay", _("Payment page")
    FORM = "form", _("Form")
    LIVE = "live", _("Live session")
    MINI_PROGRAM = "mini_program", _("Mini-program")
    PULSE = "pulse", _("How was it? One tap")


# Link kind -> behaviour kind (R111). Opening a form, a live room or a mini-program is itself the behaviour.
BEHAVIOUR_OF_LINK: dict[str, str] = {
    LinkKind.LINK: "link_click",
    LinkKind.PURCHASE: "purchase_click",
    LinkKind.PAY: "pay_click",
    LinkKind.FORM: "link_click",
    LinkKind.LIVE: "live",
    LinkKind.MINI_PROGRAM: "mini_program",
    LinkKind.PULSE: "link_click",
}
