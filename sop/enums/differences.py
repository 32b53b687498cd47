"""What may differ between two versions, in the words of who runs them (R56)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Differing(models.TextChoices):
    """One kind of difference of a step."""

    ADDED = "added", _("New")
    REMOVED = "removed", _("Taken out")
    MOVED = "moved", _("Moved to another day")
    RETIMED = "retimed", _("Re-timed")
    REWORDED = "reworded", _("Re-worded")
    AUDIENCE = "audience", _("Other people")
    CHANNEL = "channel", _("Other channel")
    ROLE = "role", _("Other colleague")
    RULES = "rules", _("Other rules")
    LABELS = "labels", _("Other labels")


# Which kind a field of a step speaks of; a field that is not named here is one of its rules.
FIELD_KINDS: dict[str, Differing] = {
    "anchor": Differing.MOVED,
    "day": Differing.MOVED,
    "at": Differing.RETIMED,
    "offset_minutes": Differing.RETIMED,
    "window_minutes": Differing.RETIMED,
    "text": Differing.REWORDED,
    "links": Differing.REWORDED,
    "talk_text": Differing.REWORDED,
    "attachments": Differing.REWORDED,
    "audience": Differing.AUDIENCE,
    "channel": Differing.CHANNEL,
    "replace_channel": Differing.CHANNEL,
    "role": Differing.ROLE,
    "title": Differing.LABELS,
    "phase": Differing.LABELS,
    "link": Differing.LABELS,
    "parts": Differing.LABELS,
    "mark": Differing.LABELS,
    "strategy": Differing.LABELS,
    "goal": Differing.LABELS,
    "content_type": Differing.LABELS,
    "cost_minutes": Differing.LABELS,
    "opens_talk": Differing.LABELS,
    "material": Differing.LABELS,
}


class MoveAct(models.TextChoices):
    """What happens to one touch when its run goes to another version."""

    KEPT = "kept", _("Stays as it is")
    CHANGED = "changed", _("Planned anew, changed")
    ADDED = "added", _("Comes in")
    DROPPED = "dropped", _("Falls away")
