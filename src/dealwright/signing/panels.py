"""What other rooms' record pages get from signing."""

from __future__ import annotations

from dealwright.base.objects.registry import Action, Panel, add_action, add_panel
from dealwright.signing.envelopes.queries import subject_panel


def add_signatures(object_key: str, *, action: bool = True) -> None:
    """Put the panel “Signatures” and the button “Send for signature” on an object's pages.

    Call it from the ``registration`` of a room above signing, after the object is
    registered; the site does it for objects of rooms that do not know signing.
    """
    add_panel(
        object_key,
        Panel(
            key="signatures",
            label="Signatures",
            template="signing/envelopes/subject_panel.html",
            query=subject_panel(object_key),
            position=60,
        ),
    )
    if action:
        add_action(
            object_key,
            Action(
                key="send_for_signature",
                label="Send for signature",
                url=lambda record_id: f"/send-for-signature?object={object_key}&record={record_id}",
            ),
        )
