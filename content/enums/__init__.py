"""Choices and settings of content; import them from here."""

from content.enums.facts import ORDER_DAYS, REPLY_HOURS, FactUsedIn
from content.enums.knowledge import (
    KNOWLEDGE_CAMP_DAYS,
    KNOWLEDGE_DAYS,
    KNOWLEDGE_PASS,
    KNOWLEDGE_QUESTIONS,
    SECTIONS,
    CardAsk,
    CardKind,
    CardState,
)
from content.enums.links import BEHAVIOUR_OF_LINK, LinkKind
from content.enums.materials import EDITION_MOVES, EDITION_OPEN, EditionState, MaterialType
from content.enums.proofs import SCOPE_NEEDED, NameShown, ProofKind, ProofProblem, ProofScope
from content.enums.scripts import FAQ_KINDS, ScriptKind
from content.enums.sensitive import REASON_HINTS, WordDoes, WordReason
from content.enums.settings import CLICKS_A_MINUTE, IDENTITY_DAYS

__all__ = [
    "BEHAVIOUR_OF_LINK",
    "CLICKS_A_MINUTE",
    "EDITION_MOVES",
    "EDITION_OPEN",
    "FAQ_KINDS",
    "IDENTITY_DAYS",
    "KNOWLEDGE_CAMP_DAYS",
    "KNOWLEDGE_DAYS",
    "KNOWLEDGE_PASS",
    "KNOWLEDGE_QUESTIONS",
    "ORDER_DAYS",
    "REASON_HINTS",
    "REPLY_HOURS",
    "SCOPE_NEEDED",
    "SECTIONS",
    "CardAsk",
    "CardKind",
    "CardState",
    "EditionState",
    "FactUsedIn",
    "LinkKind",
    "MaterialType",
    "NameShown",
    "ProofKind",
    "ProofProblem",
    "ProofScope",
    "ScriptKind",
    "WordDoes",
    "WordReason",
]
