"""Materials, scripts and the links that tell who clicked; import them from here."""

from content.models.links import RadarLink
from content.models.materials import Material
from content.models.scripts import Script, ScriptAsk, ScriptMiss

__all__ = [
    "Material",
    "RadarLink",
    "Script",
    "ScriptAsk",
    "ScriptMiss",
]
