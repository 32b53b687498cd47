"""Forms of testimonials."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from content.enums import NameShown, ProofKind, ProofScope
from content.forms.library import DayInput
from content.services.proofs import ProofWish


class ProofForm(forms.Form):
    """What the customer said, the order behind it, and the permission."""

    kind = forms.ChoiceField(label=_("Kind"), choices=ProofKind.choices)
    title = forms.CharField(label=_("Title"), max_length=64, help_text=_("Only staff see it."))
    text = forms.CharField(
        label=_("In the customer's words"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("As it was said. What is left out may not change what it means."),
    )  # fmt: skip
    picture = forms.FileField(label=_("Picture"), required=False, help_text=_("PNG or JPEG, at most 10 MB."))
    order = forms.TypedChoiceField(
        label=pgettext_lazy("purchase", "Order"), required=False, coerce=int, empty_value=None,
        help_text=_("One of this customer's paid orders."),
    )  # fmt: skip
    permitted = forms.BooleanField(label=_("The customer agreed that we show it"), required=False)
    permission_note = forms.CharField(
        label=_("How, and where that is kept"), max_length=200, required=False,
        help_text=_("For example: agreed in the private chat of 12 March, screenshot in the contract folder."),
    )  # fmt: skip
    scope = forms.ChoiceField(label=_("Where it may be shown"), choices=ProofScope.choices)
    permitted_until = forms.DateField(
        label=_("Permission ends on"),
        required=False,
        widget=DayInput,
        help_text=_("Empty: until it is taken back."),
    )
    name_shown = forms.ChoiceField(
        label=pgettext_lazy("testimonial", "Signed with"), choices=NameShown.choices, initial=NameShown.MASKED
    )

    def __init__(self, *args: Any, orders: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["order"].choices = [("", "–"), *orders]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("permitted") and not given.get("permission_note"):
            self.add_error("permission_note", _("Say how the permission was given, and where that is kept."))
        return given

    def wish(self, *, customer_id: int | None, asset_id: int | None) -> ProofWish:
        given = self.cleaned_data
        return ProofWish(
            kind=given["kind"], title=given["title"], text=given["text"], customer_id=customer_id,
            order_id=given["order"], scope=given["scope"], name_shown=given["name_shown"],
            permitted=given["permitted"], permitted_until=given["permitted_until"],
            permission_note=given["permission_note"], asset_id=asset_id,
        )  # fmt: skip


class WithdrawForm(forms.Form):
    """The customer takes the permission back."""

    reason = forms.CharField(label=_("What the customer said"), max_length=200)
