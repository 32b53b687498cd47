"""Shapes in: milestones of groups."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.enums.milestones import SHARES, SHARES_MOST
from campaigns.models import Prize
from campaigns.services.milestones import MilestonesWish
from console.templatetags.q import money


def _prize(label: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=label, coerce=int, required=False, empty_value=None)


def _shares(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=SHARES_MOST, initial=SHARES)


class MilestonesForm(forms.Form):
    """What a group gets every 50 and every 100 customers. `prizes`: red packets."""

    small = _prize(gettext_lazy("Every 50 people: one share is"))
    small_shares = _shares(gettext_lazy("Shares every 50 people"))
    large = _prize(gettext_lazy("Every 100 people: one share is"))
    large_shares = _shares(gettext_lazy("Shares every 100 people"))

    def __init__(self, *args: Any, prizes: Sequence[Prize], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prizes = {one.pk: one for one in prizes}
        named = ((one.pk, f"{one.name} · {money(one.unit_fen)} × {one.stock}") for one in prizes)
        choices = [("", _("Nothing")), *named]
        for name in ("small", "large"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        chosen = {name: self.prizes.get(given.get(name) or 0) for name in ("small", "large")}
        if not self.errors and not any(chosen.values()):
            self.add_error("small", _("Choose what a share is, here or for every 100 people."))
        for name, prize in chosen.items():
            shares = given.get(f"{name}_shares")
            if prize is not None and shares and shares > prize.stock:
                self.add_error(
                    f"{name}_shares", _("There are only %(n)s pieces of this prize.") % {"n": prize.stock}
                )
        return given

    def wish(self) -> MilestonesWish:
        given = self.cleaned_data
        return MilestonesWish(
            small_id=given["small"], small_shares=given["small_shares"], large_id=given["large"],
            large_shares=given["large_shares"],
        )  # fmt: skip
