"""What acceleration brings to the house: object types, panels, jobs. Imported once at start."""

from dealwright.acceleration.sequences import jobs as _jobs  # noqa: F401  makes the poller known
from dealwright.acceleration.sequences.object import ENROLLMENT, SEQUENCE
from dealwright.base.objects.registry import register

for each in (SEQUENCE, ENROLLMENT):
    register(each)
