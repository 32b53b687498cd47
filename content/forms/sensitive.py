"""Forms of the sensitive words."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from content.enums import WordDoes

TEST_CHARS = 5000


class WordsForm(forms.Form):
    """Words to put on the list."""

    words = forms.CharField(
        label=_("Words"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line, or with commas. Spaces, marks, width and case between the characters do not matter."),
    )  # fmt: skip
    does = forms.ChoiceField(
        label=pgettext_lazy("words", "What they do"), choices=WordDoes.choices,
        help_text=_(
            "An allowed phrase holds a word that is harmless in it; “not checked” takes a word of the platform out."
        ),
    )  # fmt: skip
    hint = forms.CharField(
        label=_("What to write instead"),
        max_length=200,
        required=False,
        help_text=_("Shown to whoever writes it."),
    )


class TryForm(forms.Form):
    """A text to try."""

    text = forms.CharField(
        label=_("Words"), required=False, max_length=TEST_CHARS, widget=forms.Textarea(attrs={"rows": 5})
    )
