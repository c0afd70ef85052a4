"""Publishing the root over all evidence where this installation cannot take it back.

Whoever owns the database could write all chains and all anchors anew. Against a root that lies
elsewhere (a file on another machine, a mail in somebody's mailbox) that is found.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import structlog
from django.conf import settings

from dealwright.base.access.actor import change, system
from dealwright.base.errors import Invalid
from dealwright.base.evidence.canonical import canonical_json
from dealwright.base.evidence.models import EvidenceAnchor
from dealwright.base.evidence.verification import Problem
from dealwright.base.messaging.outbox import send_email
from dealwright.base.people.organization import organization

log = structlog.get_logger("dealwright.evidence")


def publish_root() -> bool:
    """Add the newest anchor to ``DEALWRIGHT_ANCHOR_FILE`` and mail it to
    ``DEALWRIGHT_ANCHOR_MAIL``; returns whether there was one to publish."""
    anchor = EvidenceAnchor.objects.order_by("-size").first()
    if anchor is None or not (settings.ANCHOR_FILE or settings.ANCHOR_MAIL):
        return False
    line = canonical_json({"size": anchor.size, "root": anchor.root, "at": anchor.created_at})
    if settings.ANCHOR_FILE:
        _append(Path(settings.ANCHOR_FILE), line)
    if settings.ANCHOR_MAIL:
        actor = system("Evidence")
        with change(actor):
            send_email(
                actor,
                to=settings.ANCHOR_MAIL,
                subject=f"Evidence of {organization().name}: root over {anchor.size} heads",
                text=(
                    "Keep this message. With it anyone can show later that no evidence up to "
                    f"this moment was changed:\n\n{line}\n"
                ),
                purpose="evidence.root",
            )
    return True


def verify_published(source: Path) -> list[Problem]:
    """Compare published roots, one a line, with the anchors; a root that none has is a problem.

    ``seq`` of a problem is the root's size. Raises Invalid for a file that is none of ours.
    """
    problems = []
    try:
        lines = source.read_text(encoding="utf-8").splitlines()
        published = [json.loads(line) for line in lines if line.strip()]
        roots = [(int(each["size"]), str(each["root"])) for each in published]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Invalid(f"{source} holds no published roots: {error}.") from None
    known = dict(
        EvidenceAnchor.objects.filter(size__in=[size for size, _root in roots]).values_list(
            "size", "root"
        )
    )
    for size, root in roots:
        if known.get(size) != root:
            told = f"The root that was published over {size} heads is not that of the anchor."
            problems.append(Problem(size, "published", told))
    return problems


def _append(target: Path, line: str) -> None:
    """One whole line at the end, on disk; a failure is logged and tried again the next day."""
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        with os.fdopen(descriptor, "w") as out:
            out.write(line + "\n")
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        log.error("root not published", file=str(target), reason=str(error))
