"""What acceleration brings to the house: object types, panels, jobs. Imported once at start."""

from dealwright.acceleration.playbooks.panels import PLAY, PLAYS, TEXT
from dealwright.acceleration.sequences import jobs as _jobs  # noqa: F401  makes the poller known
from dealwright.acceleration.sequences.object import ENROLLMENT, SEQUENCE
from dealwright.acceleration.sequences.panels import (
    CONTACT_PANEL,
    DONE_PANEL,
    STEPS_ACTION,
    STEPS_PANEL,
    enroll_action,
)
from dealwright.base.objects.registry import Action, add_action, add_panel, register

for each in (SEQUENCE, ENROLLMENT, PLAY):
    register(each)
add_panel("contact", CONTACT_PANEL)
add_panel("enrollment", DONE_PANEL)
add_panel("opportunity", PLAYS)
add_panel("play", TEXT)
add_panel("sequence", STEPS_PANEL)
add_action("sequence", STEPS_ACTION)
add_action("contact", enroll_action("contact", "contacts"))
add_action("lead", enroll_action("lead", "leads"))
add_action(
    "play",
    Action(
        key="checklist",
        label="Edit checklist",
        url=lambda record_id: f"/plays/{record_id}/checklist",
        primary=True,
        for_writers=True,
    ),
)
