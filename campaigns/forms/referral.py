"""Shapes in: invitations, an inviter's code, and what a person decides of an invitee."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.enums.referral import NEEDED, NEEDED_MOST, STAY_DAYS_MOST, InviteDecision
from campaigns.services.referral import ReferralWish

Choices = Iterable[tuple[int, str]]


def _tags(label: Any, help_text: Any) -> forms.TypedMultipleChoiceField:
    return forms.TypedMultipleChoiceField(
        label=label, help_text=help_text, coerce=int, required=False,
        widget=forms.SelectMultiple(attrs={"data-choices": ""}),
    )  # fmt: skip


def _way(help_text: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=gettext_lazy("Group code"), coerce=int, required=False, empty_value=None, help_text=help_text
    )


class ReferralForm(forms.Form):
    """What inviting brings, and who counts."""

    prize = forms.TypedChoiceField(
        label=gettext_lazy("Prize for enough invitees"), coerce=int, required=False, empty_value=None,
        help_text=gettext_lazy("Once for each inviter. With a lottery, each invitee is a draw besides."),
    )  # fmt: skip
    needed = forms.IntegerField(
        label=gettext_lazy("Precise invitees for it"), min_value=1, max_value=NEEDED_MOST, initial=NEEDED
    )
    stay_days = forms.IntegerField(
        label=gettext_lazy("Days that an invitee has to stay"), min_value=1, max_value=STAY_DAYS_MOST,
        help_text=gettext_lazy("Counted from the minute they join one of the campaign's groups."),
    )  # fmt: skip
    tags = _tags(
        gettext_lazy("Precise: carries one of these tags"),
        gettext_lazy("By the end of those days. Empty: everybody who is new and stays."),
    )
    barred = _tags(
        gettext_lazy("Never counts: carries one of these tags"),
        gettext_lazy("Your own people, colleagues of other companies, names you do not trust."),
    )
    way = _way(
        gettext_lazy(
            "What friends scan on the page. Without one, inviters ask a colleague to let their friends in."
        )
    )

    def __init__(
        self, *args: Any, prizes: Choices, tags: Sequence[tuple[int, str]], ways: Choices, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["prize"].choices = [("", _("None: draws only")), *prizes]  # type: ignore[attr-defined]
        self.fields["way"].choices = [("", _("None")), *ways]  # type: ignore[attr-defined]
        for name in ("tags", "barred"):
            self.fields[name].choices = tags  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if set(given.get("tags") or ()) & set(given.get("barred") or ()):
            self.add_error("barred", _("A tag cannot be asked for and never count."))
        return given

    def wish(self) -> ReferralWish:
        given = self.cleaned_data
        return ReferralWish(
            prize_id=given["prize"], needed=given["needed"], stay_days=given["stay_days"],
            tag_ids=tuple(given["tags"]), barred_ids=tuple(given["barred"]), way_id=given["way"],
        )  # fmt: skip


class CodeForm(forms.Form):
    """Which group code friends are shown."""

    way = _way("")

    def __init__(self, *args: Any, ways: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["way"].choices = [("", _("None")), *ways]  # type: ignore[attr-defined]


class DecideForm(forms.Form):
    """What becomes of an invitee, and why."""

    decision = forms.ChoiceField(label=gettext_lazy("Decision"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("It stands beside the person in the list. The inviter does not see it."),
    )  # fmt: skip

    def __init__(self, *args: Any, decisions: Iterable[InviteDecision], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(one.value, one.label) for one in decisions]
        self.fields["decision"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.fields["decision"].initial = choices[0][0]
