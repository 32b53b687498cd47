"""Forms of the set-up page and the inbox."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from wecom.enums import QuotaRule
from wecom.keeping.kept_rules import WELCOME_BYTES
from wecom.sending.ledger import LIMIT_MOST
from wecom.welcomes.greetings import unknown_variables


class AppForm(forms.Form):
    """The three values an administrator copies from the WeCom console."""

    corp_id = forms.CharField(
        label=_("Corp ID"),
        max_length=64,
        help_text=_("WeCom console, My company, Company info: at the bottom of the page."),
    )
    agent_id = forms.IntegerField(
        label=_("Agent ID"),
        min_value=1,
        max_value=2**62,
        help_text=_("WeCom console, App management, your app."),
    )
    secret = forms.CharField(
        label=_("Secret"),
        max_length=128,
        help_text=_("On the same page. Kept encrypted and never shown again."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}, render_value=True),
    )


class RotateForm(AppForm):
    """The same with values already known."""

    field_order = ("corp_id", "agent_id", "secret")


class ReasonForm(forms.Form):
    """Why a person decides so; kept in the audit log."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class QuotaRuleForm(forms.Form):
    """Which rule the company's WeCom console shows, and from when."""

    rule = forms.ChoiceField(label=_("Rule"), choices=QuotaRule.choices)
    limit = forms.IntegerField(
        label=_("Another number"),
        required=False,
        min_value=1,
        max_value=LIMIT_MOST,
        help_text=_(
            "Only if WeCom tells your company another number for this period. Empty: the rule's own."
        ),
    )
    effective_from = forms.DateField(
        label=_("From"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The first day on which WeCom counts like this."),
    )


class WelcomeForm(forms.Form):
    """The words of a welcome; what comes along is kept apart."""

    text = forms.CharField(
        label=_("Words"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 6})
    )

    def clean_text(self) -> str:
        text = self.cleaned_data["text"].strip()
        if len(text.encode()) > WELCOME_BYTES:
            raise forms.ValidationError(
                _("The words have %(n)s bytes, WeCom takes %(most)s. A Chinese character has three.")
                % {"n": len(text.encode()), "most": WELCOME_BYTES}
            )
        if unknown := unknown_variables(text):
            raise forms.ValidationError(
                _("Nothing fills {%(name)s}. Use the names offered below.") % {"name": unknown[0]}
            )
        return text


def _bytes_at_most(most: int) -> Callable[[str], None]:
    def check(text: str) -> None:
        if len(text.encode()) > most:
            raise forms.ValidationError(
                _("%(n)s bytes; WeCom takes %(most)s.") % {"n": len(text.encode()), "most": most}
            )

    return check


class PartForm(forms.Form):
    """One thing that comes along with a welcome: only the fields of its kind."""

    title = forms.CharField(label=_("Title"), max_length=128)
    url = forms.URLField(label=_("Address"), max_length=2048, assume_scheme="https")
    desc = forms.CharField(
        label=_("Description"), required=False, max_length=512, validators=[_bytes_at_most(512)]
    )
    picurl = forms.URLField(
        label=_("Address of the small picture"), required=False, max_length=2048, assume_scheme="https"
    )
    appid = forms.CharField(label=_("Mini-program's app id"), max_length=128)
    page = forms.CharField(label=_("Page"), max_length=1024, initial="pages/index")
    file = forms.FileField(label=_("File"))

    NEEDED: ClassVar[dict[str, tuple[str, ...]]] = {
        "image": ("file",),
        "video": ("file",),
        "file": ("file",),
        "link": ("title", "url", "desc", "picurl"),
        "miniprogram": ("title", "appid", "page", "file"),
    }
    HINTS: ClassVar[dict[str, Any]] = {
        "image": _("PNG or JPEG, at most 10 MB."),
        "video": _("MP4, at most 10 MB."),
        "file": _("Any file, at most 20 MB."),
        "miniprogram": _("The card's picture: PNG or JPEG, 520 × 416 looks best."),
    }

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        for name in list(self.fields):
            if name not in self.NEEDED[kind]:
                del self.fields[name]
        if "file" in self.fields:
            self.fields["file"].help_text = self.HINTS[kind]
        if "title" in self.fields:
            most = 64 if kind == "miniprogram" else 128
            self.fields["title"].validators.append(_bytes_at_most(most))
            self.fields["title"].help_text = _("At most %(n)s bytes: %(zh)s Chinese characters.") % {
                "n": most,
                "zh": most // 3,
            }
