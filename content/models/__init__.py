"""Materials, scripts, links that tell who clicked, facts, proofs and sensitive words; import them from here."""

from content.models.facts import FactUse, Persona, ProductFact
from content.models.knowledge import (
    KnowledgeAttempt,
    KnowledgeCard,
    KnowledgeQuestion,
    KnowledgeStanding,
)
from content.models.links import RadarLink
from content.models.materials import Material, MaterialEdition
from content.models.proofs import Proof
from content.models.scripts import Script, ScriptAsk, ScriptMiss
from content.models.sensitive import SensitiveWord

__all__ = [
    "FactUse",
    "KnowledgeAttempt",
    "KnowledgeCard",
    "KnowledgeQuestion",
    "KnowledgeStanding",
    "Material",
    "MaterialEdition",
    "Persona",
    "ProductFact",
    "Proof",
    "RadarLink",
    "Script",
    "ScriptAsk",
    "ScriptMiss",
    "SensitiveWord",
]
