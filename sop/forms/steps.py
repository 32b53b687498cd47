"""Shapes in: a step of a draft, with what it waits for and what goes along."""

import json
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.enums import BehaviourKind
from content.policies.attachments import AttachmentRefused, attachments_read
from sop.enums import (
    TRIGGER_ANCHORS,
    Anchor,
    Audience,
    CatchUp,
    Channel,
    ContentType,
    Evidence,
    Link,
    Mark,
    OnBlock,
    Part,
    StepRole,
    Strategy,
)
from sop.enums.talks import TalkFor
from sop.forms.links import LinksField
from sop.forms.widgets import NONE, TagChoices, date_input, time_input
from sop.policies.message import text_limit, text_size
from sop.services.templates import StepData

KEY_INTERACTIONS = (
    BehaviourKind.LIVE, BehaviourKind.FORM, BehaviourKind.MINI_PROGRAM, BehaviourKind.LINK_CLICK,
    BehaviourKind.ASSIGNMENT, BehaviourKind.CHECKIN, BehaviourKind.MESSAGE,
)  # fmt: skip


# A group tag and a member's tag may carry one number: the letter tells them apart.
_LETTERS: dict[str, str] = {Anchor.GROUP_TAG: "g", Anchor.CUSTOMER_TAG: "c"}


_TRIGGERS = tuple(TRIGGER_ANCHORS - {Anchor.MEMBER_JOIN})


_NEEDS_KIND = (Anchor.BEHAVIOUR, Anchor.ANSWERS)


class AttachmentsField(forms.Field):
    """What comes along with the words: one input in JSON for each."""

    class widget(forms.MultipleHiddenInput):
        pass

    def clean(self, value: Any) -> list[dict[str, Any]]:
        try:
            found = [json.loads(one) if isinstance(one, str) else one for one in value or []]
        except json.JSONDecodeError as error:
            raise forms.ValidationError(_("An attachment could not be read. Add it again.")) from error
        try:
            return [one.to_dict() for one in attachments_read(found)]
        except AttachmentRefused as error:
            raise forms.ValidationError(str(error.message)) from error


class TriggerFields(forms.Form):
    """The fields of a step that say what it waits for. `group_tags`, `tags`, `steps`: (id or key, name)."""

    on = forms.DateField(
        label=_("Date"),
        required=False,
        widget=date_input(),
        help_text=_("For a date and time: the day itself, whenever the run begins."),
    )
    trigger_tag = forms.ChoiceField(label=_("Tag"), required=False)
    trigger_count = forms.IntegerField(
        label=_("How many"),
        min_value=1,
        max_value=10_000,
        initial=1,
        required=False,
        help_text=_("Customers in the group, times a member does it, or different people who answer."),
    )
    trigger_kind = forms.ChoiceField(
        label=_("What they do"), choices=[*NONE, *BehaviourKind.choices], required=False
    )
    trigger_object = forms.CharField(
        label=_("Only with this"),
        max_length=128,
        required=False,
        help_text=_("The number or code of one live session, form, link or product. Empty: any."),
    )
    trigger_hours = forms.IntegerField(
        label=_("Within hours"),
        min_value=0,
        max_value=24 * 60,
        initial=0,
        required=False,
        help_text=_("0: however long it takes. Answers need an end: after it the chain counts as stalled."),
    )
    trigger_step = forms.ChoiceField(label=_("Answers to the step"), required=False)
    repeats = forms.BooleanField(
        label=_("Each time it happens, not only the first"),
        required=False,
        help_text=_("Without it, who comes back or gets the tag again does not get the step again."),
    )

    def __init__(
        self,
        *args: Any,
        group_tags: TagChoices | None = None,
        tags: TagChoices | None = None,
        steps: TagChoices | None = None,
        initial: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        known = dict(initial or {})
        if known.get("trigger_tag"):
            known["trigger_tag"] = f"{_LETTERS.get(str(known.get('anchor')), '')}{known['trigger_tag']}"
        super().__init__(*args, **{**kwargs, "initial": known})
        # A form that only judges what is being typed knows no choices: what was typed stands.
        typed = {name: [(self.data.get(name, ""),) * 2] for name in ("trigger_tag", "trigger_step")}
        is_typing = group_tags is None and tags is None and steps is None
        self.fields["trigger_tag"].choices = [  # type: ignore[attr-defined]
            *NONE,
            (_("Tags of groups"), [(f"g{pk}", name) for pk, name in group_tags or ()]),
            (_("Tags of members"), [(f"c{pk}", name) for pk, name in tags or ()]),
            *(typed["trigger_tag"] if is_typing else ()),
        ]
        self.fields["trigger_step"].choices = [  # type: ignore[attr-defined]
            *NONE,
            *(steps or ()),
            *(typed["trigger_step"] if is_typing else ()),
        ]

    @property
    def waits(self) -> bool:
        """Whether the fields matter for the chosen anchor, or one of them has a fault."""
        chosen = self["anchor"].value() if "anchor" in self.fields else ""
        mine = set(TriggerFields.base_fields)
        return chosen in (Anchor.ABSOLUTE, *_TRIGGERS) or bool(mine & set(self.errors))

    def clean_trigger(self, data: dict[str, Any]) -> dict[str, Any]:
        """What the anchor needs is there; what belongs to another anchor is left empty."""
        anchor = data.get("anchor")
        if anchor == Anchor.ABSOLUTE:
            for name in ("on", "at"):
                if data.get(name) is None:
                    self.add_error(name, _("Say the date and the time."))
        tag, letter = data.get("trigger_tag") or "", _LETTERS.get(str(anchor))
        if letter and not tag.startswith(letter):
            self.add_error("trigger_tag", _("Choose a tag of the kind this step waits for."))
        if anchor in _NEEDS_KIND and not data.get("trigger_kind"):
            self.add_error("trigger_kind", _("Say what people do."))
        if anchor == Anchor.ANSWERS:
            if not data.get("trigger_step"):
                self.add_error("trigger_step", _("Choose the step that people answer."))
            if not data.get("trigger_hours"):
                self.add_error("trigger_hours", _("Say within how many hours, so that a stall shows."))
        data["trigger_tag"] = int(tag[1:]) if letter and tag.startswith(letter) else None
        data["trigger_count"] = data.get("trigger_count") or 1
        data["trigger_hours"] = data.get("trigger_hours") or 0
        data["on"] = data.get("on") if anchor == Anchor.ABSOLUTE else None
        if anchor not in _NEEDS_KIND:
            data["trigger_kind"] = data["trigger_object"] = ""
        data["trigger_step"] = data.get("trigger_step", "") if anchor == Anchor.ANSWERS else ""
        return data


class StepForm(TriggerFields):
    """One step of a draft. `day` and `at` belong to the camp-day anchor, `offset_minutes` to the others."""

    title = forms.CharField(label=_("Title"), max_length=64)
    anchor = forms.ChoiceField(label=_("Counted from"), choices=Anchor.choices)
    day = forms.IntegerField(label=_("Day"), min_value=1, max_value=400, required=False)
    at = forms.TimeField(label=_("Time"), required=False, widget=time_input())
    offset_minutes = forms.IntegerField(
        label=_("Minutes after, or before (−)"),
        required=False,
        initial=0,
        help_text=_("After what it waits for; before the end of the offer: −180 is three hours before."),
    )
    window_minutes = forms.IntegerField(label=_("Window, minutes"), min_value=5, max_value=1440, initial=60)
    catch_up = forms.ChoiceField(label=_("After the window"), choices=CatchUp.choices)
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices)
    audience = forms.ChoiceField(label=_("For whom"), choices=Audience.choices)
    content_type = forms.ChoiceField(label=_("Content type"), choices=ContentType.choices)
    text = forms.CharField(label=_("Message"), required=False, widget=forms.Textarea(attrs={"rows": 6}))
    attachments = AttachmentsField(label=_("What comes along"), required=False)
    links = LinksField(label=_("Tracked links"), required=False)
    material_id = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    role = forms.ChoiceField(label=_("Carried out by"), choices=StepRole.choices)
    evidence = forms.ChoiceField(label=_("Proof"), choices=Evidence.choices)
    on_block = forms.ChoiceField(label=_("When it may not go out"), choices=OnBlock.choices)
    replace_channel = forms.ChoiceField(
        label=_("Other channel"), choices=[*NONE, *Channel.choices], required=False
    )
    priority = forms.IntegerField(
        label=_("Priority"), min_value=1, max_value=100, initial=50, required=False,
        help_text=_("1 goes first. Where a person may get one more message only, the lower number gets the place."),
    )  # fmt: skip
    mark = forms.ChoiceField(label=_("Peak-end mark"), choices=Mark.choices, required=False)
    strategy = forms.ChoiceField(label=_("Strategy"), choices=Strategy.choices, required=False)
    link = forms.TypedChoiceField(
        label=_("Link of the bootcamp"),
        choices=[("", _("None")), *Link.choices],
        coerce=int,
        empty_value=None,
        required=False,
    )
    parts = forms.MultipleChoiceField(
        label=_("What it brings"),
        choices=Part.choices,
        required=False,
        help_text=_("The checks of a bootcamp and of a flash group ask for these."),
    )
    cost_minutes = forms.IntegerField(label=_("Minutes a group"), min_value=0, max_value=240, initial=5)
    goal = forms.CharField(label=_("Goal"), max_length=80, required=False)
    is_marketing = forms.BooleanField(label=_("Sells something"), required=False)
    is_first_offer = forms.BooleanField(
        label=_("Join coupon or first-order offer"),
        required=False,
        help_text=_("A declared offer for newcomers may reach a new member before anything of value did."),
    )
    opens_talk = forms.BooleanField(label=_("Asks for an answer"), required=False)
    talk_for = forms.ChoiceField(label=_("Talk with"), choices=TalkFor.choices, required=False)
    talk_hours = forms.IntegerField(
        label=_("After hours"), min_value=1, max_value=168, initial=24, required=False
    )
    talk_most = forms.IntegerField(
        label=_("At most a colleague and day"), min_value=1, max_value=100, initial=10, required=False
    )
    talk_text = forms.CharField(
        label=_("Words of the conversation"), max_length=600, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The colleague sends them by hand; {customer} is the person's name."),
    )  # fmt: skip
    is_service = forms.BooleanField(
        label=_("Service message"),
        required=False,
        help_text=_("Something the person waits for: no caps, no quiet hours."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        anchor = data.get("anchor")
        if anchor == Anchor.RUN_START:
            for name in ("day", "at"):
                if data.get(name) is None:
                    self.add_error(name, _("A camp-day step needs a day and a time."))
        elif data.get("offset_minutes") is None:
            data["offset_minutes"] = 0
        if anchor == Anchor.OFFER_END and (data.get("offset_minutes") or 0) >= 0:
            self.add_error("offset_minutes", _("Before the end of the offer: a number below zero."))
        if data.get("on_block") == OnBlock.REPLACE and not data.get("replace_channel"):
            self.add_error("replace_channel", _("Say which channel takes its place."))
        self._clean_message(data)
        self._clean_talk(data)
        if data.get("priority") is None:
            data.pop("priority", None)  # left empty: it keeps what it has
        return self.clean_trigger(data)

    def _clean_talk(self, data: dict[str, Any]) -> None:
        data["talk_hours"], data["talk_most"] = data.get("talk_hours") or 24, data.get("talk_most") or 10
        if data.get("talk_for") and not (data.get("talk_text") or "").strip():
            self.add_error("talk_text", _("Write how the colleague begins the conversation."))

    def _clean_message(self, data: dict[str, Any]) -> None:
        """What a channel takes: never empty, not too long."""
        text, channel = data.get("text") or "", data.get("channel") or ""
        if not text.strip() and not data.get("attachments") and "attachments" not in self.errors:
            self.add_error("text", _("Write something, or add what comes along."))
        limit = text_limit(channel)
        size = text_size(text, limit)
        if limit.most and size > limit.most:
            told = {"count": size, "limit": limit.most}
            said = (
                _("%(count)s bytes; WeCom takes %(limit)s. A Chinese character has three.")
                if limit.unit == "bytes"
                else _("%(count)s characters; %(limit)s are taken.")
            )
            self.add_error("text", said % told)

    def to_data(self) -> StepData:
        """The service's shape; what does not belong to the anchor is left empty."""
        data = dict(self.cleaned_data)
        if data["anchor"] != Anchor.RUN_START:
            data["day"] = None
        if data["anchor"] not in (Anchor.RUN_START, Anchor.ABSOLUTE):
            data["at"] = None
        data["offset_minutes"] = data["offset_minutes"] or 0
        return StepData(**data)


class StepMoveForm(forms.Form):
    """Where a step goes: a camp day, and a part of the day or a time."""

    day = forms.IntegerField(label=_("Day"), min_value=1, max_value=400)
    slot = forms.TypedChoiceField(
        label=_("Part of the day"),
        choices=[("0", _("Morning")), ("1", _("Noon")), ("2", _("Evening"))],
        coerce=int,
    )
    at = forms.TimeField(label=_("Time"), required=False, widget=time_input())
    seen = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    key = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)


class PartForm(forms.Form):
    """One thing that comes along with a message: only the fields of its kind."""

    title = forms.CharField(label=_("Title"), required=False, max_length=200)
    url = forms.CharField(label=_("Address"), required=False, max_length=2048)
    description = forms.CharField(label=_("Description"), required=False, max_length=512)
    image_url = forms.CharField(label=_("Address of the small picture"), required=False, max_length=2048)
    appid = forms.CharField(label=_("Mini-program's app id"), required=False, max_length=128)
    page = forms.CharField(label=_("Page"), required=False, max_length=1024)
    file = forms.FileField(label=_("File"), required=False)

    FIELDS: ClassVar[dict[str, tuple[str, ...]]] = {
        "image": ("file",),
        "link": ("title", "url", "description", "image_url"),
        "mini_program": ("title", "appid", "page", "file"),
        "video": ("file",),
        "file": ("file",),
    }

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        for name in list(self.fields):
            if name not in self.FIELDS[kind]:
                del self.fields[name]

    @property
    def file_kind(self) -> str:
        """The kind under which its file is kept; a mini-program's is its cover."""
        return "image" if self.kind == "mini_program" else self.kind
