"""Shapes in: a lottery and its odds."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.enums import LotteryKind
from campaigns.models import Prize
from campaigns.policies.lottery import PERCENT, WHOLE
from campaigns.services.lottery import DRAWS_MOST, LotteryWish
from console.templatetags.q import figure


class LotteryForm(forms.Form):
    """How it looks, how many draws, and the odds of each prize in percent."""

    kind = forms.ChoiceField(label=gettext_lazy("What members see"), choices=LotteryKind.choices)
    free_draws = forms.IntegerField(
        label=gettext_lazy("Free draws of each person"), min_value=0, max_value=DRAWS_MOST, initial=1,
        help_text=gettext_lazy("Invitations and check-ins can add more."),
    )  # fmt: skip
    draws_most = forms.IntegerField(
        label=gettext_lazy("Draws of one person at most"), min_value=1, max_value=DRAWS_MOST, initial=3,
        help_text=gettext_lazy("However many are added."),
    )  # fmt: skip

    def __init__(self, *args: Any, prizes: Iterable[Prize], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prizes = list(prizes)
        for one in self.prizes:
            self.fields[f"odds_{one.pk}"] = forms.DecimalField(
                label=_("Odds of %(prize)s, %%") % {"prize": one.name}, required=False, min_value=0, max_value=100,
                max_digits=7, decimal_places=4,
                help_text=_("%(n)s pieces. Empty: it cannot be drawn.") % {"n": figure(one.stock)},
            )  # fmt: skip

    def _odds(self) -> dict[int, int]:
        given = {one.pk: self.cleaned_data.get(f"odds_{one.pk}") for one in self.prizes}
        return {pk: int(share * PERCENT) for pk, share in given.items() if share}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        free, most = given.get("free_draws"), given.get("draws_most")
        if free is not None and most is not None and free > most:
            self.add_error("free_draws", _("Free draws are within the limit of a person."))
        total = sum(self._odds().values())
        if total > WHOLE:
            raise forms.ValidationError(
                _("All odds together are %(sum)s%%: 100%% at most.") % {"sum": f"{total / PERCENT:g}"}
            )
        return given

    def wish(self) -> LotteryWish:
        given = self.cleaned_data
        return LotteryWish(
            kind=given["kind"],
            free_draws=given["free_draws"],
            draws_most=given["draws_most"],
            odds=self._odds(),
        )
