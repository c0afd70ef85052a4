"""What the worker does for identities: forget what counts no longer."""

from __future__ import annotations

from dealwright.base.jobs.queue import every
from dealwright.signing.identity.limits import forget_old_attempts


@every(days=1, name="signing.forget_attempts")
def forget_attempts() -> None:
    """Forget tries that no limit looks at any more."""
    forget_old_attempts()
