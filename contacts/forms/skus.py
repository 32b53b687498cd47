"""The form of a SKU."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.enums import SkuKind


class SkuForm(forms.Form):
    """One thing that is sold. The code of one that is there stays."""

    code = forms.CharField(
        label=_("Code"),
        max_length=128,
        help_text=_("As the shop and its orders write it; it stays for good."),
    )
    name = forms.CharField(label=_("Name"), max_length=200)
    price_yuan = forms.DecimalField(
        label=_("Price, yuan"), required=False, min_value=0, max_digits=12, decimal_places=2,
        help_text=_("Empty: not known."),
    )  # fmt: skip
    kind = forms.ChoiceField(
        label=_("Kind of order"),
        choices=SkuKind.choices,
        help_text=_("What buying it means. Bought again by the same person it is a repurchase by itself."),
    )

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new:
            del self.fields["code"]

    @property
    def told(self) -> dict[str, Any]:
        """What was written, the price in fen."""
        given = dict(self.cleaned_data)
        yuan = given.pop("price_yuan")
        return {**given, "price_fen": None if yuan is None else int(yuan * 100)}


class AnchorForm(forms.Form):
    """A price to compare with, and why."""

    price_yuan = forms.DecimalField(
        label=_("Price to compare with, yuan"), min_value=Decimal("0.01"), max_digits=12, decimal_places=2
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Where it will stand, such as a campaign or a poster."),
    )  # fmt: skip

    @property
    def told(self) -> dict[str, Any]:
        """The price in fen, and the reason."""
        given = self.cleaned_data
        return {"price_fen": int(given["price_yuan"] * 100), "reason": given["reason"]}
