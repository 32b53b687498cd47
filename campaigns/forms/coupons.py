"""Shapes in: a coupon as it is planned, and a code at the counter."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.enums import STOCK_MOST
from campaigns.enums.coupons import JOINED_DAYS_MOST, PER_PERSON_MOST, VALID_DAYS_MOST, OfferKind
from campaigns.forms.parts import LocalDateTime, yuan_field
from campaigns.models import Campaign
from campaigns.policies.money import fen_of
from campaigns.selectors.coupons import span_fault_of
from campaigns.services.coupons import OfferWish

DAYS, SPAN = "days", "span"


class OfferForm(forms.Form):
    """One coupon. What belongs to another kind, or to the other way of being valid, is left out of sight."""

    hides_optional = True
    OWN = {
        "off_yuan": "amount", "off_percent": "percent", "off_most_yuan": "percent", "gift": "gift",
        "cost_yuan": "gift", "valid_days": DAYS, "valid_from": SPAN, "valid_until": SPAN,
    }  # fmt: skip

    name = forms.CharField(label=_("Name"), max_length=40, help_text=_("Customers read it, too."))
    kind = forms.ChoiceField(label=_("What it is worth"), choices=OfferKind.choices)
    off_yuan = yuan_field(_("Off, yuan"), required=False)
    off_percent = forms.IntegerField(
        label=_("Off, percent"), min_value=1, max_value=99, required=False, help_text=_("20: one pays 80%.")
    )
    off_most_yuan = yuan_field(
        _("At most, yuan"), required=False, help_text=_("This much is set aside for each coupon.")
    )
    gift = forms.CharField(label=_("Which gift"), max_length=60, required=False)
    cost_yuan = yuan_field(_("The gift costs, yuan"), required=False)
    threshold_yuan = yuan_field(_("From an order of, yuan"), required=False, help_text=_("Empty: any order."))
    valid = forms.ChoiceField(
        label=_("How long it is valid"),
        choices=[(DAYS, _("Some days from the day of issue")), (SPAN, _("From one moment to another"))],
    )
    valid_days = forms.IntegerField(
        label=_("Days"), min_value=1, max_value=VALID_DAYS_MOST, required=False,
        help_text=_("Whole days after the day of issue, to midnight."),
    )  # fmt: skip
    valid_from = forms.DateTimeField(label=_("From"), widget=LocalDateTime(), required=False)
    valid_until = forms.DateTimeField(label=_("Until"), widget=LocalDateTime(), required=False)
    stock = forms.IntegerField(label=_("Pieces"), min_value=1, max_value=STOCK_MOST)
    per_person = forms.IntegerField(
        label=_("Each person gets at most"), min_value=1, max_value=PER_PERSON_MOST, initial=1
    )
    joined_days = forms.IntegerField(
        label=_("Only who joined within, days"), min_value=1, max_value=JOINED_DAYS_MOST, required=False,
        help_text=_("Empty: every member of the campaign's groups. Who leaves and comes back is no newcomer."),
    )  # fmt: skip
    is_first_order = forms.BooleanField(label=_("Only for a first order"), required=False)
    how = forms.CharField(
        label=_("How to use it"), max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One sentence on the coupon, like “show it to the teacher before you pay”."),
    )  # fmt: skip
    url = forms.URLField(
        label=_("Where to buy"), max_length=500, required=False, assume_scheme="https",
        help_text=_("The button below the coupon leads there."),
    )  # fmt: skip

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.campaign = campaign

    def placed(self) -> list[tuple[Any, str]]:
        """[(field, the kind or the way of being valid that it belongs to, or "")], as the drawer shows them."""
        return [(field, self.OWN.get(field.name, "")) for field in self.visible_fields()]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        needed = {
            "off_yuan",
            "off_percent",
            "off_most_yuan",
            "gift",
            "valid_days",
            "valid_from",
            "valid_until",
        }
        chosen = {given.get("kind"), given.get("valid")}
        for name, belongs in self.OWN.items():
            if belongs in chosen and name in needed and name not in self.errors and not given.get(name):
                self.add_error(name, _("This is needed."))
        begins, ends = given.get("valid_from"), given.get("valid_until")
        if given.get("valid") == SPAN and begins and ends and ends <= begins:
            self.add_error("valid_until", _("It has to end after it begins."))
        fault = span_fault_of(self.campaign, ends) if given.get("valid") == SPAN else None
        if fault is not None and "valid_until" not in self.errors:
            self.add_error("valid_until", fault.label)
        return given

    def wish(self) -> OfferWish:
        given = self.cleaned_data
        is_days = given["valid"] == DAYS
        return OfferWish(
            name=given["name"], stock=given["stock"], kind=given["kind"], off_fen=fen_of(given["off_yuan"]) or 0,
            off_percent=given["off_percent"] or 0, off_most_fen=fen_of(given["off_most_yuan"]) or 0,
            gift=given["gift"], cost_fen=fen_of(given["cost_yuan"]) or 0,
            threshold_fen=fen_of(given["threshold_yuan"]) or 0,
            valid_days=given["valid_days"] if is_days else None,
            valid_from=None if is_days else given["valid_from"],
            valid_until=None if is_days else given["valid_until"], per_person=given["per_person"],
            joined_days=given["joined_days"], is_first_order=given["is_first_order"], how=given["how"],
            url=given["url"],
        )  # fmt: skip


class RedeemForm(forms.Form):
    """The order that a coupon is used on, if there is one."""

    order_no = forms.CharField(
        label=_("Order number"), max_length=100, required=False,
        help_text=pgettext_lazy("coupon", "With it the order counts for the campaign."),
    )  # fmt: skip
