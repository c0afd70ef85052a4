"""What happens to evidence by itself: anchors every ten minutes, and their time stamps."""

from __future__ import annotations

from dealwright.base.evidence.anchors import anchor_chains
from dealwright.base.evidence.timestamps import stamp_anchors
from dealwright.base.jobs import every


@every(name="evidence.anchor", minutes=10)
def anchor() -> None:
    """Anchor the chains that moved on, then have open anchors time-stamped."""
    anchor_chains()
    stamp_anchors()
