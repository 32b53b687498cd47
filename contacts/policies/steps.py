"""The three-step state (R34), pure: it follows from the trust stage, so that nothing says it a second time."""

from contacts.enums import ThreeStep
from contacts.policies.stages import BOUGHT, UNDERSTANDS


def step_of(stage: int) -> ThreeStep:
    """Stages 1-3 have joined and watch, 4 and 5 try it, from 6 on there is a deal."""
    if stage >= BOUGHT:
        return ThreeStep.DEAL
    return ThreeStep.EXPERIENCING if stage >= UNDERSTANDS else ThreeStep.JOINED
