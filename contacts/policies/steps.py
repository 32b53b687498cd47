"""The three-step state (R34), pure: it follows from the trust stage, so that nothing says it a second time."""

from contacts.enums import ThreeStep
from contacts.policies.stages import BOUGHT, STAGES, UNDERSTANDS


def step_of(stage: int) -> ThreeStep:
    """Stages 1-3 have joined and watch, 4 and 5 try it, from 6 on there is a deal."""
    if stage >= BOUGHT:
        return ThreeStep.DEAL
    return ThreeStep.EXPERIENCING if stage >= UNDERSTANDS else ThreeStep.JOINED


def stages_of_step(step: str) -> list[int]:
    """The trust stages that one of the three steps holds, in order; none of an unknown step."""
    return [stage for stage in STAGES if step_of(stage) == step]
