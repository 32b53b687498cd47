"""Forms of live codes, channels, posters and group welcomes."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.form_html import OptionList, SharedChoiceField
from contacts.enums import ChannelKind, ChannelMeans, ChannelPlace, WelcomeMode
from wecom.keeping.kept_rules import (
    GROUPS_PER_CODE,
    QR_ROLLS_OVER_AT,
    REMARK_CHARS,
    ROOM_NAME_CHARS,
    WELCOME_BYTES,
)

NUMBERS = range(1, GROUPS_PER_CODE + 1)


class _Channelled(forms.Form):
    """A code belongs to one channel for good: what it brought is counted there."""

    channel = forms.TypedChoiceField(
        label=_("Channel"), required=False, coerce=int, empty_value=None,
        help_text=_("Where the picture will hang. It cannot be changed later: what it brings is counted there."),
    )  # fmt: skip
    new_channel = forms.CharField(
        label=_("Or a new channel"),
        required=False,
        max_length=64,
        help_text=_("Its cost and period can be added later."),
    )
    new_kind = forms.ChoiceField(
        label=_("Kind of the new channel"), required=False, initial=ChannelKind.OTHER,
        choices=[one for one in ChannelKind.choices if one[0] != ChannelKind.PARTNER],  # that one asks for more
        help_text=_("Kinds that bring newcomers lead to new-customer groups."),
    )  # fmt: skip
    name = forms.CharField(
        label=_("Name of the code"), max_length=REMARK_CHARS, help_text=_("Only staff see it.")
    )

    def __init__(self, *args: Any, channels: list[tuple[int, str]], is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_new:
            self.fields["channel"].choices = [("", "–"), *channels]  # type: ignore[attr-defined]
        else:
            del self.fields["channel"], self.fields["new_channel"], self.fields["new_kind"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "channel" in self.fields and not given.get("channel") and not given.get("new_channel"):
            self.add_error("channel", _("Choose a channel, or name a new one."))
        return given


class JoinWayForm(_Channelled):
    """A group code: up to five groups in the order they fill, and what comes after them."""

    auto_create_room = forms.BooleanField(
        label=_("WeCom opens the next group by itself when all are full"), required=False, initial=True,
        help_text=_("The owner of the last group owns the new one."),
    )  # fmt: skip
    room_base_name = forms.CharField(
        label=_("Name of the next groups"), required=False, max_length=ROOM_NAME_CHARS,
        help_text=_("WeCom adds the number: 训练营 and 12 make 训练营12."),
    )  # fmt: skip
    room_base_id = forms.IntegerField(
        label=_("Next number"), required=False, min_value=1, max_value=99_999, initial=1
    )
    mix_reason = forms.CharField(
        label=_("Why newcomers may enter a group of old customers"), required=False, max_length=200,
        help_text=_("Only needed where a channel that brings newcomers leads into such a group; kept in the record."),
    )  # fmt: skip

    def __init__(self, *args: Any, groups: OptionList, seats: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in NUMBERS:
            self.fields[f"group_{number}"] = SharedChoiceField(
                label=_("Group %(n)s") % {"n": number}, required=number == 1, coerce=int, empty_value=None,
                options=groups,
            )  # fmt: skip
            self.fields[f"seats_{number}"] = forms.IntegerField(
                label=_("until"), required=False, min_value=2, max_value=QR_ROLLS_OVER_AT, initial=seats
            )

    def rows(self) -> list[tuple[Any, Any]]:
        """The bound fields of the groups, pairwise."""
        return [(self[f"group_{number}"], self[f"seats_{number}"]) for number in NUMBERS]

    def rooms(self) -> list[tuple[int, int]]:
        """(group id, seats) in order, each group once."""
        given = self.cleaned_data
        return [(given[f"group_{n}"], given[f"seats_{n}"] or 0) for n in NUMBERS if given.get(f"group_{n}")]

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        chosen = [given[f"group_{n}"] for n in NUMBERS if given.get(f"group_{n}")]
        if len(set(chosen)) < len(chosen):
            raise forms.ValidationError(_("A group stands here twice."))
        if given.get("auto_create_room") and not (given.get("room_base_name") or "").strip():
            self.add_error("room_base_name", _("Say what the next groups are called."))
        return given


class WayForm(_Channelled):
    """A code for new friends: who stands behind it."""

    staff = forms.TypedMultipleChoiceField(
        label=_("Members behind it"), coerce=int,
        widget=forms.SelectMultiple(attrs={"data-choices": ""}),
        help_text=_("WeCom gives new friends to them in turn. Only members who may talk to customers; at most 100."),
    )  # fmt: skip
    skip_verify = forms.BooleanField(
        label=_("Friends at once, without the member's consent"), required=False, initial=True
    )

    def __init__(self, *args: Any, staff: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["staff"].choices = staff  # type: ignore[attr-defined]


class WayWelcomeForm(forms.Form):
    """What new friends by one code are greeted with."""

    mode = forms.ChoiceField(label=_("Welcome"), choices=WelcomeMode.choices)
    text = forms.CharField(
        label=_("Words"), required=False, max_length=WELCOME_BYTES, widget=forms.Textarea(attrs={"rows": 5})
    )


class ChannelForm(forms.Form):
    """A channel (R31)."""

    name = forms.CharField(label=_("Name"), max_length=64)
    kind = forms.ChoiceField(label=_("Kind"), choices=ChannelKind.choices)
    place = forms.ChoiceField(
        label=_("Where exactly"), required=False, choices=[("", "–"), *ChannelPlace.choices]
    )
    means = forms.ChoiceField(
        label=_("By whom"), required=False, choices=[("", "–"), *ChannelMeans.choices],
        help_text=_("Of content platforms: whose voice brings the people."),
    )  # fmt: skip
    partner = forms.CharField(
        label=_("Partner"), required=False, max_length=64, help_text=_("Needed for a mutual promotion.")
    )
    partner_fit = forms.CharField(
        label=_("Why the partner fits"), required=False, max_length=200,
        help_text=_("Complements you and does not compete; serves people like yours."),
    )  # fmt: skip
    cost_yuan = forms.DecimalField(
        label=_("Cost, yuan"), required=False, min_value=0, max_digits=12, decimal_places=2,
        help_text=_("For its whole period. Empty: not known, and no cost per person is shown."),
    )  # fmt: skip
    persona = forms.CharField(label=_("Who comes from there"), required=False, max_length=200)
    target = forms.IntegerField(
        label=_("People it should bring"), required=False, min_value=1, max_value=10_000_000
    )
    group_id = forms.TypedChoiceField(
        label=_("For which group's goal"), required=False, coerce=int, empty_value=None,
        help_text=_("Needed with a target. The group's own goal stands beside the figure."),
    )  # fmt: skip
    goal = forms.CharField(
        label=_("What the group needs them for"), required=False, max_length=200,
        help_text=_("In your own words, such as: fills the group before the trial lesson."),
    )  # fmt: skip
    starts_on = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    ends_on = forms.DateField(
        label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    code = forms.RegexField(
        r"^[A-Za-z0-9_-]{1,30}$", label=_("State of links made elsewhere"), required=False,
        help_text=_("Friends and members whose state is this are counted here too."),
        error_messages={"invalid": _("Use at most 30 of A-Z, a-z, 0-9, - and _.")},
    )  # fmt: skip
    note = forms.CharField(
        label=pgettext_lazy("remark", "Note"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, groups: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group_id"].choices = [("", "–"), *groups]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if told.get("kind") == ChannelKind.PARTNER:
            for name, words in (
                ("partner", _("Say with whom.")), ("partner_fit", _("Say why they complement you and do not compete.")),
            ):  # fmt: skip
                if not told.get(name):
                    self.add_error(name, words)
        if told.get("target") and not told.get("group_id") and "group_id" not in self.errors:
            self.add_error("group_id", _("Say which group's goal the target serves."))
        first, last = told.get("starts_on"), told.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("The last day lies before the first."))
        return told

    def fields_of_channel(self) -> dict[str, Any]:
        """As the service takes them."""
        given = dict(self.cleaned_data)
        yuan = given.pop("cost_yuan")
        return {**given, "cost_fen": None if yuan is None else int(yuan * 100)}


class TemplateForm(forms.Form):
    """A group welcome."""

    name = forms.CharField(label=_("Name"), max_length=40, help_text=_("Only staff see it."))
    text = forms.CharField(
        label=_("Words"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("%NICKNAME% becomes the new member's name. At most 3000 bytes: 1000 Chinese characters."),
    )  # fmt: skip
    notify = forms.BooleanField(
        label=_("WeCom tells the owners of groups that there is a new welcome"), required=False, initial=True
    )


class PosterForm(forms.Form):
    """What stands on a poster."""

    size = forms.ChoiceField(
        label=_("Poster size"),
        required=False,
        choices=[("phone", _("Phone, 1080 × 1920")), ("a4", _("Paper, A4"))],
    )
    title = forms.CharField(label=_("Title"), required=False, max_length=40)
    subtitle = forms.CharField(label=_("Line below"), required=False, max_length=80)
    foot = forms.CharField(label=_("Under the code"), required=False, max_length=40)
