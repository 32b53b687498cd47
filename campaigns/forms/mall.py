"""Shapes in: the prices of a points mall."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from campaigns.enums.checkins import POINTS_MOST
from campaigns.models import Prize
from campaigns.services.mall import LIMIT_MOST, GoodWish
from console.templatetags.q import figure


class MallForm(forms.Form):
    """Points and limit of each prize; without points it cannot be had for any."""

    def __init__(self, *args: Any, prizes: Iterable[Prize], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prizes = list(prizes)
        for one in self.prizes:
            self.fields[f"points_{one.pk}"] = forms.IntegerField(
                label=_("Points for %(prize)s") % {"prize": one.name}, required=False, min_value=1,
                max_value=POINTS_MOST,
                help_text=_("%(n)s pieces. Empty: not for points.") % {"n": figure(one.stock)},
            )  # fmt: skip
            self.fields[f"limit_{one.pk}"] = forms.IntegerField(
                label=_("%(prize)s: how many each") % {"prize": one.name}, required=False, min_value=1,
                max_value=LIMIT_MOST, initial=1,
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors and not any(given.get(f"points_{one.pk}") for one in self.prizes):
            raise forms.ValidationError(_("Give one of the prizes a price in points."))
        return given

    def goods(self) -> dict[int, GoodWish]:
        """{prize id: price}."""
        given = self.cleaned_data
        return {
            one.pk: GoodWish(given[f"points_{one.pk}"], given.get(f"limit_{one.pk}") or 1)
            for one in self.prizes
            if given.get(f"points_{one.pk}")
        }
