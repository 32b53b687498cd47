"""Forms of the content library."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from content.enums import LinkKind, MaterialType
from content.policies.wording import ALIASES, link_key, names_in
from content.services.library import TAG_CHARS, TAGS_MOST, About, Said, tags_clean

TEXT_BYTES = 4000  # what WeCom takes in one text message
VARIANTS = (("b", "B"), ("c", "C"))


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class MaterialForm(forms.Form):
    """One material: its type, words, other wordings, a tracked link, and what holds for all editions."""

    title = forms.CharField(label=_("Title"), max_length=64, help_text=_("Only staff see it."))
    kind = forms.ChoiceField(
        label=_("Type"),
        choices=[("", _("Choose the type")), *MaterialType.choices],
        help_text=_("It decides how a message counts in the content mix (R62)."),
    )
    text = forms.CharField(
        label=_("Words"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text=_(
            "Filled in when it is sent: {群名} {老师称呼} {客户称呼} {品牌} {课程} {优惠截止} {卖点}."
        ),
    )
    variant_b = forms.CharField(
        label=_("Wording B"), required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The same said another way, to compare the results. Leave it empty if one will do."),
    )  # fmt: skip
    variant_c = forms.CharField(
        label=_("Wording C"), required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    link_title = forms.CharField(
        label=_("Name of the tracked link"), required=False, max_length=30,
        help_text=_("Stands in the words as {链接:name}; every group gets its own address, so each click has a name."),
    )  # fmt: skip
    link_kind = forms.ChoiceField(label=_("What opening it means"), required=False, choices=LinkKind.choices)
    link_url = forms.URLField(
        label=_("Where it leads"), required=False, max_length=500, assume_scheme="https"
    )
    tags = forms.CharField(
        label=_("Tags"), required=False, max_length=260,
        help_text=_("With commas between, at most %(n)s of %(chars)s characters.")
        % {"n": TAGS_MOST, "chars": TAG_CHARS},
    )  # fmt: skip
    owner = forms.TypedChoiceField(
        label=pgettext_lazy("material", "Owner"), required=False, coerce=int, empty_value=None
    )
    valid_from = forms.DateField(label=_("Usable from"), required=False, widget=DayInput)
    valid_until = forms.DateField(
        label=_("Usable until"), required=False, widget=DayInput,
        help_text=_("That day included. Afterwards it cannot be picked any more."),
    )  # fmt: skip
    revision = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, staff: list[tuple[int, str]], has_attachments: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = [("", "–"), *staff]  # type: ignore[attr-defined]
        self.has_attachments = has_attachments

    def _words(self, name: str) -> str:
        text: str = self.cleaned_data.get(name, "").replace("\r\n", "\n").strip()
        if len(text.encode()) > TEXT_BYTES:
            raise forms.ValidationError(
                _("WeCom sends at most 4,000 bytes in one message, about 1,300 characters.")
            )
        strange = [one for one in names_in(text) if one not in ALIASES and link_key(one) is None]
        if strange:
            raise forms.ValidationError(
                _("Nothing fills {%(name)s}. Use one of the names below the field."),
                params={"name": strange[0]},
            )
        return text

    def clean_text(self) -> str:
        return self._words("text")

    def clean_variant_b(self) -> str:
        return self._words("variant_b")

    def clean_variant_c(self) -> str:
        return self._words("variant_c")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors.get("text") and not given.get("text") and not self.has_attachments:
            self.add_error("text", _("Write some words; attachments can be added after the first save."))
        if bool(given.get("link_title")) != bool(given.get("link_url")) and "link_url" not in self.errors:
            name = "link_url" if given.get("link_title") else "link_title"
            self.add_error(name, _("A tracked link needs a name and an address."))
        begins, ends = given.get("valid_from"), given.get("valid_until")
        if begins and ends and ends < begins:
            self.add_error("valid_until", _("It ends before it begins."))
        self._check_links(given)
        return given

    def _check_links(self, given: dict[str, Any]) -> None:
        """A link named in the words must be the one below them."""
        for field in ("text", "variant_b", "variant_c"):
            named = [key for one in names_in(given.get(field, "")) if (key := link_key(one)) is not None]
            lost = [one for one in named if one != given.get("link_title")]
            if lost:
                self.add_error(field, _("There is no link called %(name)s below.") % {"name": lost[0]})

    def said(self, attachments: list[dict[str, Any]]) -> Said:
        """What the edition says; attachments are kept by their own drawer."""
        given = self.cleaned_data
        link = {
            "key": given["link_title"], "title": given["link_title"], "url": given["link_url"],
            "kind": given["link_kind"] or LinkKind.LINK.value,
        }  # fmt: skip
        return Said(
            kind=given["kind"],
            title=given["title"],
            text=given["text"],
            attachments=attachments,
            links=[link] if given["link_title"] else [],
            variants=[
                {"key": key, "name": name, "text": given[f"variant_{key}"]}
                for key, name in VARIANTS
                if given[f"variant_{key}"]
            ],
        )

    def about(self) -> About:
        given = self.cleaned_data
        tags = given["tags"].replace("，", ",").replace("、", ",").split(",")
        return About(
            tags=tags_clean(tags), owner_id=given["owner"], valid_from=given["valid_from"],
            valid_until=given["valid_until"],
        )  # fmt: skip


class RefuseForm(forms.Form):
    """Why a material is sent back."""

    reason = forms.CharField(
        label=_("What has to change"), max_length=200, widget=forms.Textarea(attrs={"rows": 3})
    )
    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class KindForm(forms.Form):
    """A type for the picked materials."""

    kind = forms.ChoiceField(label=_("Type"), choices=MaterialType.choices)


class TagsForm(forms.Form):
    """Tags for the picked materials, beside those they have."""

    tags = forms.CharField(label=_("Tags"), max_length=260, help_text=_("With commas between."))

    @property
    def told(self) -> list[str]:
        return tags_clean(self.cleaned_data["tags"].replace("，", ",").replace("、", ",").split(","))


class SureForm(forms.Form):
    """Nothing to fill in."""
