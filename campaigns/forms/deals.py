"""Shapes in: a deal, another deadline."""

import re
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from campaigns.enums import STOCK_MOST
from campaigns.enums.deals import PIECES_MOST, DealKind
from campaigns.forms.parts import LocalDateTime, yuan_field
from campaigns.policies.deals import steps_hold
from campaigns.services.deals import STEPS_MOST, DealWish

Choice = tuple[int, str]
_STEP = re.compile(r"\s*(\d{1,4}(?:\.\d{1,2})?)\s*[:：]\s*(\d{1,8}(?:\.\d{1,2})?)\s*")


class DealForm(forms.Form):
    """What is sold, how, at which price, how many, until when."""

    sku = forms.TypedChoiceField(label=gettext_lazy("SKU"), coerce=int)
    kind = forms.ChoiceField(label=pgettext_lazy("deal", "Kind"), choices=DealKind.choices)
    price_yuan = yuan_field(gettext_lazy("Price of one piece, in yuan"))
    stock = forms.IntegerField(label=gettext_lazy("Pieces"), min_value=1, max_value=STOCK_MOST)
    per_person = forms.IntegerField(
        label=gettext_lazy("Pieces of one person at most"), min_value=1, max_value=PIECES_MOST, initial=1
    )
    people_needed = forms.IntegerField(
        label=gettext_lazy("People of a team"), min_value=2, max_value=100, initial=3,
        help_text=gettext_lazy("Of a group-buy only."),
    )  # fmt: skip
    hold_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes to order in"), min_value=1, max_value=10_080, initial=30,
        help_text=gettext_lazy("Then the pieces are free again. Of a team from the moment it is full."),
    )  # fmt: skip
    ends_at = forms.DateTimeField(
        label=gettext_lazy("Deadline"), required=False, widget=LocalDateTime(),
        help_text=gettext_lazy("Empty: the end of the campaign."),
    )  # fmt: skip
    url = forms.URLField(
        label=gettext_lazy("Address in the shop"), required=False, max_length=500, assume_scheme="https",
        help_text=gettext_lazy("Where who reserved goes to order."),
    )  # fmt: skip
    steps = forms.CharField(
        label=gettext_lazy("Price steps"), required=False, max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("One a line, hours after the start: yuan, such as 12: 219. Members see them from the "
                               "first day."),
    )  # fmt: skip

    def __init__(self, *args: Any, skus: list[Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["sku"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = skus

    def clean_steps(self) -> dict[timedelta, int]:
        found: dict[timedelta, int] = {}
        for line in self.cleaned_data["steps"].splitlines():
            if not line.strip():
                continue
            told = _STEP.fullmatch(line)
            try:
                hours, yuan = (Decimal(told[1]), Decimal(told[2])) if told else (None, None)
            except InvalidOperation:
                hours = yuan = None
            if hours is None or yuan is None or not yuan:
                raise forms.ValidationError(_("Write “%(line)s” as hours: yuan.") % {"line": line.strip()})
            found[timedelta(minutes=round(hours * 60))] = int(yuan * 100)
        if len(found) > STEPS_MOST or not steps_hold(list(found), timedelta(days=366)):
            raise forms.ValidationError(_("Price steps come one after the other, after the start."))
        return found

    def wish(self) -> DealWish:
        given = self.cleaned_data
        return DealWish(
            sku_id=given["sku"], kind=given["kind"], price_fen=int(given["price_yuan"] * 100), stock=given["stock"],
            per_person=given["per_person"], people_needed=given["people_needed"],
            hold_minutes=given["hold_minutes"], ends_at=given["ends_at"], url=given["url"], steps=given["steps"],
        )  # fmt: skip


class DeadlineForm(forms.Form):
    """Another deadline, and why: members read it."""

    ends_at = forms.DateTimeField(label=gettext_lazy("New deadline"), widget=LocalDateTime())
    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=200,
        help_text=gettext_lazy("It stands on the members' page beside the old deadline."),
    )  # fmt: skip
