"""Shapes in: a flash-group run and its four nodes."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from campaigns.enums.flash import FlashUse, Rhythm
from campaigns.models import Prize
from campaigns.services.flash import FlashWish, NodeWish
from sop.enums import FLASH_NODES

HOURS_MOST = 24 * 60
Choice = tuple[int, str]


def hours_of(after: timedelta) -> str:
    """As people write it: 1.5."""
    return f"{after / timedelta(hours=1):g}"


class FlashForm(forms.Form):
    """What for, in which rhythm, where members go, and of each node: when, who, what to post."""

    use = forms.ChoiceField(label=pgettext_lazy("flash", "What for"), choices=FlashUse.choices)
    rhythm = forms.ChoiceField(
        label=gettext_lazy("Rhythm"), choices=Rhythm.choices,
        help_text=gettext_lazy("It says which figure of the report counts first, and places the nodes."),
    )  # fmt: skip

    def __init__(
        self, *args: Any, prizes: Iterable[Prize], staff: list[Choice], groups: list[Choice], is_fixed: bool,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.fields["target"] = forms.TypedChoiceField(
            label=_("Where members go after it"), required=False, coerce=int, empty_value=None,
            choices=[("", _("Nowhere")), *groups],
            help_text=_("A long-term group. The hand-over at the end leads there."),
        )  # fmt: skip
        self.fields["wake_prize"] = forms.TypedChoiceField(
            label=_("Gift of the wake-up"), required=False, coerce=int, empty_value=None,
            choices=[("", _("No gift")), *((one.pk, one.name) for one in prizes)],
            help_text=_("Who opens the page while the wake-up is on gets one piece, as long as there is one."),
        )  # fmt: skip
        for part in FLASH_NODES:
            self.fields[f"after_{part.value}"] = forms.DecimalField(
                label=_("%(node)s: hours after the start") % {"node": part.label}, required=False, min_value=0,
                max_value=HOURS_MOST, max_digits=6, decimal_places=2,
                help_text=_("Empty: as the rhythm places it."),
            )  # fmt: skip
            self.fields[f"owner_{part.value}"] = forms.TypedChoiceField(
                label=_("%(node)s: who posts it") % {"node": part.label}, required=False, coerce=int, empty_value=None,
                choices=[("", "–"), *staff],
            )  # fmt: skip
            self.fields[f"words_{part.value}"] = forms.CharField(
                label=_("%(node)s: what to post") % {"node": part.label}, required=False, max_length=1000,
                widget=forms.Textarea(attrs={"rows": 3}),
            )  # fmt: skip
        if is_fixed:
            for name in self.fields:
                if not name.startswith(("owner_", "words_", "target")):
                    self.fields[name].disabled = True

    def wish(self, *, placed: dict[str, timedelta]) -> FlashWish:
        """`placed`: where the rhythm has each node that was given no time."""
        given = self.cleaned_data
        return FlashWish(
            use=given["use"], rhythm=given["rhythm"], target_id=given["target"], wake_prize_id=given["wake_prize"],
            nodes={
                part.value: NodeWish(
                    after=placed[part.value]
                    if given[f"after_{part.value}"] is None
                    else timedelta(minutes=round(given[f"after_{part.value}"] * 60)),
                    owner_id=given[f"owner_{part.value}"],
                    words=given[f"words_{part.value}"],
                )
                for part in FLASH_NODES
            },
        )  # fmt: skip
