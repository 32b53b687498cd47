"""What people send about a lead."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.keys import key_of
from contacts.enums import BehaviourKind
from leads.enums import NOTED_KINDS, CloseReason, FollowResult, LeadState, NeedKind
from leads.policies.rules import COUNTABLE, RULED_TIERS


class FollowUpForm(forms.Form):
    """One contact: a result, and what was learned."""

    result = forms.ChoiceField(label=_("Result"), choices=FollowResult)
    key = forms.CharField(max_length=40, widget=forms.HiddenInput)
    note = forms.CharField(label=_("What was said"), required=False, max_length=500)
    minutes = forms.IntegerField(label=_("Minutes"), required=False, min_value=1, max_value=600)
    in_minutes = forms.IntegerField(required=False, min_value=1, max_value=60 * 24 * 60)
    doubt = forms.CharField(label=_("New doubt"), required=False, max_length=120)
    close_reason = forms.ChoiceField(
        label=pgettext_lazy("not buying", "Why not"),
        required=False,
        choices=[("", _("Choose a reason")), *CloseReason.choices],
    )

    def arguments(self, now: datetime) -> dict[str, Any]:
        """What the service takes: the minutes of the phone's second tap become a moment."""
        data = dict(self.cleaned_data)
        minutes = data.pop("in_minutes")
        return data if minutes is None else {**data, "next_action_at": now + timedelta(minutes=minutes)}


class NextForm(forms.Form):
    """What to do next, and when: an offset in minutes or a moment of the tenant's day."""

    action = forms.CharField(label=_("What to do"), max_length=120)
    other = forms.CharField(label=_("In your own words"), required=False, max_length=120)
    in_minutes = forms.IntegerField(required=False, min_value=0, max_value=60 * 24 * 60)
    at = forms.DateTimeField(label=_("At what time"), required=False)
    reason = forms.CharField(label=_("Why later"), required=False, max_length=200)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("in_minutes") is None and data.get("at") is None:
            self.add_error("at", _("Choose a time."))
        return data


class CloseForm(forms.Form):
    """Won, or not buying with a reason."""

    state = forms.ChoiceField(
        choices=[(one.value, one.label) for one in (LeadState.WON, LeadState.NOT_BUYING)]
    )
    reason = forms.ChoiceField(required=False, choices=[("", ""), *CloseReason.choices])
    note = forms.CharField(required=False, max_length=200)


class AssignForm(forms.Form):
    """Leads, and who gets them."""

    pick = forms.TypedMultipleChoiceField(coerce=int, choices=[])
    staff = forms.IntegerField(min_value=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        picked = self.data.getlist("pick") if hasattr(self.data, "getlist") else []
        self.fields["pick"].choices = [  # type: ignore[attr-defined]
            (one, one) for one in picked if key_of(one) is not None
        ]


class NeedForm(forms.Form):
    """One need, in the customer's words."""

    kind = forms.ChoiceField(
        label=_("What it is"), choices=[(one, NeedKind(one).label) for one in NOTED_KINDS]
    )
    text = forms.CharField(label=_("In their own words"), max_length=120)


class TieForm(forms.Form):
    """A need or doubt, the script that answers it, and what is searched for."""

    kind = forms.ChoiceField(choices=NeedKind)
    text = forms.CharField(max_length=120)
    script = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    q = forms.CharField(required=False, max_length=120)


LINES = 3  # conditions of a tier


class RuleForm(forms.Form):
    """The tier rule in plain words: for each tier up to three behaviours with how often, joined by and/or."""

    keywords = forms.CharField(
        label=_("Words to listen for"), required=False, max_length=600, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Separated by spaces. Without any, S is set by hand only."),
    )  # fmt: skip
    confirm = forms.BooleanField(label=_("A person confirms a suggested S"), required=False)
    suggestion_hours = forms.IntegerField(
        label=_("An unconfirmed suggestion lapses after (hours)"), min_value=1, max_value=720
    )
    click_gap_s = forms.IntegerField(
        label=_("Clicks on one link within this many seconds count once"), min_value=0, max_value=3600
    )
    won_min_yuan = forms.DecimalField(
        label=_("Smallest order that closes a lead (¥)"), min_value=0, max_digits=9, decimal_places=2
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [("", _("Nothing more")), *((one, BehaviourKind(one).label) for one in COUNTABLE)]
        modes = [("all", _("all of these")), ("any", _("one of these is enough"))]
        for number, tier in enumerate(RULED_TIERS):
            self.fields[f"t{number}_mode"] = forms.ChoiceField(
                label=_("Tier %(tier)s needs") % {"tier": tier}, choices=modes
            )
            for line in range(LINES):
                names = {"tier": tier, "n": line + 1}
                self.fields[f"t{number}_kind{line}"] = forms.ChoiceField(
                    label=_("Tier %(tier)s, behaviour %(n)s") % names, choices=kinds, required=False
                )
                self.fields[f"t{number}_need{line}"] = forms.IntegerField(
                    label=_("Tier %(tier)s, at least how often %(n)s") % names, min_value=1, max_value=1000,
                    required=False,
                )  # fmt: skip

    @staticmethod
    def initial_of(rules: dict[str, Any]) -> dict[str, Any]:
        """What the fields show for a stored rule."""
        found = {
            "keywords": " ".join(rules["s"]["keywords"]),
            "confirm": rules["s"]["confirm"],
            "suggestion_hours": rules["s"]["suggestion_hours"],
            "click_gap_s": rules["click_gap_s"],
            "won_min_yuan": Decimal(rules["won_min_fen"]) / 100,
        }
        by_tier = {one["tier"]: one for one in rules["tiers"]}
        for number, tier in enumerate(RULED_TIERS):
            found[f"t{number}_mode"] = by_tier[tier]["mode"]
            for line, part in enumerate(by_tier[tier]["conditions"][:LINES]):
                found[f"t{number}_kind{line}"], found[f"t{number}_need{line}"] = part["code"], part["need"]
        return found

    @property
    def tiers(self) -> list[dict[str, Any]]:
        """[{"tier", "mode": field, "lines": [(kind field, times field)]}] for the page."""
        return [
            {
                "tier": tier,
                "mode": self[f"t{number}_mode"],
                "lines": [
                    (self[f"t{number}_kind{line}"], self[f"t{number}_need{line}"]) for line in range(LINES)
                ],
            }
            for number, tier in enumerate(RULED_TIERS)
        ]

    def clean_keywords(self) -> str:
        words = self.cleaned_data["keywords"].split()
        if any(len(one) > 20 for one in words):
            raise forms.ValidationError(_("A word has 20 characters at most. Separate words by spaces."))
        return " ".join(words)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for number, tier in enumerate(RULED_TIERS):
            self._clean_tier(number, tier, data)
        return data

    def _clean_tier(self, number: int, tier: str, data: dict[str, Any]) -> None:
        seen: set[str] = set()
        for line in range(LINES):
            kind = data.get(f"t{number}_kind{line}")
            if kind and f"t{number}_need{line}" not in self.errors and not data.get(f"t{number}_need{line}"):
                self.add_error(f"t{number}_need{line}", _("Say how often."))
            if kind and kind in seen:
                self.add_error(f"t{number}_kind{line}", _("This behaviour stands here twice. Keep one line."))
            seen |= {kind} if kind else set()
        if not seen:
            self.add_error(
                f"t{number}_kind0", _("Tier %(tier)s needs at least one behaviour.") % {"tier": tier}
            )

    def rules(self) -> dict[str, Any]:
        """The rule as a version stores it."""
        data = self.cleaned_data
        tiers = []
        for number, tier in enumerate(RULED_TIERS):
            lines = [(data[f"t{number}_kind{one}"], data[f"t{number}_need{one}"]) for one in range(LINES)]
            parts = [{"code": kind, "kinds": [kind], "need": need} for kind, need in lines if kind]
            mode = data[f"t{number}_mode"] if len(parts) > 1 else "all"
            tiers.append({"tier": str(tier), "mode": mode, "conditions": parts})
        return {
            "click_gap_s": data["click_gap_s"],
            "won_min_fen": int(data["won_min_yuan"] * 100),
            "s": {
                "keywords": list(dict.fromkeys(data["keywords"].split())),
                "confirm": data["confirm"],
                "suggestion_hours": data["suggestion_hours"],
            },
            "tiers": tiers,
        }
