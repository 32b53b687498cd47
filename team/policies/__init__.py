"""Rules of work, pure: the work order, shifts and the night."""

from team.policies.order import SOON_S, TIERS, urgency

__all__ = ["SOON_S", "TIERS", "urgency"]
