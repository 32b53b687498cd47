"""Shapes in: distribution, the leader's word, and what is decided of somebody."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.enums.distribution import (
    BONUS_MOST,
    BONUS_ORDERS,
    DAYS_MOST,
    NOTE_CHARS,
    REFUND_DAYS,
    TOUCH_DAYS,
    SellerState,
)
from campaigns.forms.parts import yuan_field
from campaigns.models import Prize
from campaigns.services.distribution import DistributionWish
from console.templatetags.q import money

VERBS = {
    SellerState.ACTIVE: gettext_lazy("Let this person take part"),
    SellerState.REFUSED: gettext_lazy("Refuse"),
    SellerState.STOPPED: gettext_lazy("Stop: later orders bring nothing"),
}


class DistributionForm(forms.Form):
    """The terms. `prizes`: red packets."""

    commission = forms.TypedChoiceField(
        label=gettext_lazy("Commission for an order"), coerce=int,
        help_text=gettext_lazy("The same for each order: people can reckon with it."),
    )  # fmt: skip
    min_order = yuan_field(
        gettext_lazy("From what is paid on, yuan"), required=False,
        help_text=gettext_lazy("After refunds. Empty: any paid order counts."),
    )  # fmt: skip
    refund_days = forms.IntegerField(
        label=gettext_lazy("Days until it is paid out"), min_value=1, max_value=DAYS_MOST, initial=REFUND_DAYS,
        help_text=gettext_lazy("From the order on, no less than your refund window. A refund within takes it back."),
    )  # fmt: skip
    touch_days = forms.IntegerField(
        label=gettext_lazy("Days that an opened page counts"), min_value=1, max_value=DAYS_MOST, initial=TOUCH_DAYS,
        help_text=gettext_lazy("For orders that name no code: whose page the buyer opened first within these days."),
    )  # fmt: skip
    bonus = forms.TypedChoiceField(
        label=gettext_lazy("Target bonus"), coerce=int, required=False, empty_value=None
    )
    bonus_orders = forms.IntegerField(
        label=gettext_lazy("Orders for the bonus"), min_value=1, max_value=BONUS_MOST, initial=BONUS_ORDERS
    )
    shop_url = forms.URLField(
        label=gettext_lazy("Where friends order"), max_length=400, required=False, assume_scheme="https",
        help_text=gettext_lazy("The distributor's code is added to the address as distributor=CODE."),
    )  # fmt: skip
    takes_requests = forms.BooleanField(
        label=gettext_lazy("Members may ask to take part on their phones"), required=False, initial=True
    )

    def __init__(self, *args: Any, prizes: Sequence[Prize], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(one.pk, f"{one.name} · {money(one.unit_fen)} × {one.stock}") for one in prizes]
        self.fields["commission"].choices = named  # type: ignore[attr-defined]
        self.fields["bonus"].choices = [("", _("None")), *named]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("bonus") and given.get("bonus") == given.get("commission"):
            self.add_error("bonus", _("The bonus is another prize than the commission."))
        return given

    def wish(self) -> DistributionWish:
        given = self.cleaned_data
        return DistributionWish(
            commission_id=given["commission"], min_order_fen=int((given["min_order"] or 0) * 100),
            refund_days=given["refund_days"], touch_days=given["touch_days"], bonus_id=given["bonus"],
            bonus_orders=given["bonus_orders"], takes_requests=given["takes_requests"], shop_url=given["shop_url"],
        )  # fmt: skip


class SwitchOnForm(forms.Form):
    """A leader answers for it."""

    one_level = forms.BooleanField(
        label=gettext_lazy("One level only: nobody gets anything for what people they brought in sell")
    )
    no_fee = forms.BooleanField(
        label=gettext_lazy("Taking part costs nothing: no fee, no deposit, no goods to buy first")
    )
    no_recruiting = forms.BooleanField(
        label=gettext_lazy("Nothing is given for bringing in distributors, only for goods that were paid for")
    )
    note = forms.CharField(
        label=gettext_lazy("Compliance note"), min_length=NOTE_CHARS, max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Who checked it and on what ground. It stays with the campaign and in the audit trail."),
    )  # fmt: skip


class SellerDecideForm(forms.Form):
    """What a colleague decides of somebody, and why."""

    state = forms.ChoiceField(label=gettext_lazy("Decision"), widget=forms.RadioSelect)
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=200)

    def __init__(self, *args: Any, states: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["state"].choices = [(one, VERBS[SellerState(one)]) for one in states]  # type: ignore[attr-defined]
