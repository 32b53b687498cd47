"""Forms of scripts."""

from django import forms
from django.utils.translation import gettext_lazy as _

from content.enums import ScriptKind
from content.policies.wording import ALIASES, names_in

# What the sidebar can fill; the rest belongs to SOP steps.
KNOWN = ("group", "customer", "teacher", "brand", "fact")
TEXT_BYTES = 4000  # what WeCom takes in one text message


class ScriptForm(forms.Form):
    """One question and its agreed answer."""

    title = forms.CharField(
        label=_("Question"), max_length=120, help_text=_("As customers ask it: staff search by these words.")
    )
    keywords = forms.CharField(
        label=_("Other ways to ask it"),
        max_length=200,
        required=False,
        help_text=_("Words, with spaces between."),
    )
    kind = forms.ChoiceField(label=_("Type"), choices=ScriptKind)
    text = forms.CharField(
        label=_("Answer"),
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text=_("Filled in when it is sent: {客户称呼} {老师称呼} {群名} {品牌} {卖点}."),
    )
    miss = forms.IntegerField(required=False, widget=forms.HiddenInput)
    asked = forms.CharField(
        max_length=120, required=False, widget=forms.HiddenInput
    )  # the open question it answers

    def clean_text(self) -> str:
        text = self.cleaned_data["text"].strip()
        strange = [name for name in names_in(text) if ALIASES.get(name) not in KNOWN]
        if strange:
            raise forms.ValidationError(
                _("Nothing fills {%(name)s}. Use 客户称呼, 老师称呼, 群名, 品牌 or 卖点."),
                params={"name": strange[0]},
            )
        if len(text.encode()) > TEXT_BYTES:
            raise forms.ValidationError(
                _("WeCom sends at most 4,000 bytes in one message, about 1,300 characters.")
            )
        return text
