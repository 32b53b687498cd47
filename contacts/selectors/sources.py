"""What the sources of behaviours and orders are called. A system that names itself keeps its own name."""

from django.utils.translation import gettext_lazy as _

_LABELS = {
    "wecom": _("WeCom"),
    "api": _("Event API"),
    "import": _("Import"),
    "archive": _("WeCom archive"),
    "file": _("Imported chat log"),
    "radar": _("Tracked link"),
    "form": _("Form"),
    "campaigns": _("Campaigns"),
}


def source_label(source: str) -> str:
    """The source as people say it, else its own name, as in "shop"."""
    return str(_LABELS.get(source, source))
