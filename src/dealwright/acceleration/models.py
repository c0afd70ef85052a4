"""Gathers the models of this system's concepts for Django."""

from dealwright.acceleration.playbooks.models import Play, PlayCheck
from dealwright.acceleration.sequences.models import (
    Enrollment,
    Sequence,
    SequenceStep,
    StepExecution,
)

__all__ = ["Enrollment", "Play", "PlayCheck", "Sequence", "SequenceStep", "StepExecution"]
