"""Choices and settings of content; import them from here."""

from content.enums.links import BEHAVIOUR_OF_LINK, LinkKind
from content.enums.materials import MaterialType
from content.enums.scripts import FAQ_KINDS, ScriptKind
from content.enums.settings import CLICKS_A_MINUTE, IDENTITY_DAYS

__all__ = [
    "BEHAVIOUR_OF_LINK",
    "CLICKS_A_MINUTE",
    "FAQ_KINDS",
    "IDENTITY_DAYS",
    "LinkKind",
    "MaterialType",
    "ScriptKind",
]
