"""What happens to evidence by itself: anchors every ten minutes, and their time stamps; once a
day everything is checked, anchored, and its root published."""

from __future__ import annotations

from dealwright.base.evidence.anchors import anchor_chains
from dealwright.base.evidence.publication import publish_root
from dealwright.base.evidence.timestamps import stamp_anchors
from dealwright.base.evidence.upkeep import verify_everything
from dealwright.base.jobs import every


@every(name="evidence.anchor", minutes=10)
def anchor() -> None:
    """Anchor the chains that moved on, then have open anchors time-stamped."""
    anchor_chains()
    stamp_anchors()


@every(name="evidence.daily", days=1)
def check_and_publish() -> None:
    """Check all of it, note in the evidence what came of it, and publish the day's root."""
    verify_everything()
    anchor_chains()
    stamp_anchors()
    publish_root()
