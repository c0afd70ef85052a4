"""Once a day all evidence is checked and its root published where we cannot take it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from dealwright.base.access.actor import system
from dealwright.base.errors import Invalid
from dealwright.base.evidence import anchor_chains, append_entry, verify_all
from dealwright.base.evidence.anchors import verify_anchors
from dealwright.base.evidence.jobs import check_and_publish
from dealwright.base.evidence.models import EvidenceAnchor, EvidenceEntry
from dealwright.base.evidence.publication import publish_root, verify_published
from dealwright.base.evidence.upkeep import last_check, verify_everything
from dealwright.base.messaging.models import Notice, OutboundMessage
from make import make_administrator

pytestmark = pytest.mark.django_db


def append(text: str) -> EvidenceEntry:
    return append_entry("envelope:1", "step.done", {"text": text}, actor=system("test"))


def rewrite_everything() -> None:
    """What the owner of the database could do: other entries, other anchors, all sound again."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        for table in ("leaf", "timestamp", "anchor", "entry", "chain"):
            cursor.execute(f"alter table base_evidence{table} disable trigger user")
            cursor.execute(f"delete from base_evidence{table}")
            cursor.execute(f"alter table base_evidence{table} enable trigger user")
    append("another story")
    anchor_chains()


def test_a_published_root_finds_what_was_written_anew_whole(settings: Any, tmp_path: Path) -> None:
    target = tmp_path / "roots.jsonl"
    settings.ANCHOR_FILE, settings.ANCHOR_MAIL = str(target), "auditor@elsewhere.test"
    append("what was")
    check_and_publish()
    append("and then")
    check_and_publish()
    assert len(target.read_text().splitlines()) == 2
    mail = OutboundMessage.objects.filter(purpose="evidence.root").order_by("id").last()
    newest = EvidenceAnchor.objects.order_by("-size").first()
    assert mail is not None and newest is not None
    assert (mail.to, newest.root in mail.text) == ("auditor@elsewhere.test", True)
    assert verify_published(target) == []
    rewrite_everything()
    assert all(each.ok for each in verify_all()) and verify_anchors() == []
    assert [each.code for each in verify_published(target)] == ["published", "published"]


def test_it_is_off_until_it_is_set_and_a_full_disk_stops_nothing(
    settings: Any, tmp_path: Path
) -> None:
    append("what was")
    anchor_chains()
    assert not publish_root()
    settings.ANCHOR_FILE = str(tmp_path / "no such folder" / "roots")
    assert publish_root()
    (tmp_path / "other").write_text("no JSON")
    with pytest.raises(Invalid, match="no published roots"):
        verify_published(tmp_path / "other")


def test_administrators_are_told_of_evidence_that_is_not_sound() -> None:
    make_administrator()
    append("one")
    append("two")
    assert verify_everything().payload["ok"]
    assert not Notice.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table base_evidenceentry disable trigger user")
        cursor.execute("delete from base_evidenceentry where seq = 1 and chain_id = 'envelope:1'")
        cursor.execute("alter table base_evidenceentry enable trigger user")
    verify_everything()
    found = last_check()
    assert found is not None
    assert (found.payload["ok"], found.payload["broken"]) == (False, ["envelope:1"])
    assert Notice.objects.get().title == "The evidence is not sound"
