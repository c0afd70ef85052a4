"""Envelopes are kept as long as the policies say, held where law says so, and purged for good."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from dealwright.base.access.actor import system
from dealwright.base.errors import Conflict, Gone, Invalid, NotAllowed
from dealwright.base.events.models import OutboxEvent
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.files.models import StoredFile
from dealwright.base.files.services import path_of, read_file
from dealwright.base.files.upkeep import rotate_master_key
from dealwright.base.jobs.running import run_jobs
from dealwright.base.people.models import Profile
from dealwright.base.people.tokens import create_token
from dealwright.base.records.models import AuditEvent
from dealwright.signing.envelopes.drafts import NewDocument
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.services import void_envelope
from dealwright.signing.evidence import verify
from dealwright.signing.evidence.package import prepare_package, stream_package
from dealwright.signing.evidence.services import verify_envelope
from dealwright.signing.retention.jobs import keep_to_policies
from dealwright.signing.retention.models import RetentionRun
from dealwright.signing.retention.purging import erase_recipient, purge_due, purge_envelope
from dealwright.signing.retention.queries import due_envelopes
from dealwright.signing.retention.services import (
    delete_policy,
    hold_envelope,
    release_hold,
    save_policy,
)
from make import acting, make_user
from signing.make import make_pdf, make_sent_envelope, recipient_of, sign_all, token_of

pytestmark = pytest.mark.django_db
PERSONAL = (b"Lovelace", b"Hopper", b"ada@buyer.test", b"203.0.113.7", b"Mozilla", b"Merger")


def make_legal() -> Any:
    return make_user("Lea Legal", profile=Profile.LEGAL)


def make_voided(days_ago: int, **fields: Any) -> Envelope:
    owner = acting(make_user())
    envelope = void_envelope(owner, make_sent_envelope(owner, **fields).pk, reason="Not needed.")
    ended = timezone.now() - timedelta(days=days_ago)
    Envelope.objects.filter(pk=envelope.pk).update(voided_at=ended)
    return envelope


def make_completed(**fields: Any) -> Envelope:
    envelope = make_sent_envelope(acting(make_user()), **fields)
    for recipient in envelope.recipients.all():
        recipient.refresh_from_db()
        sign_all(recipient, typed="" if recipient.position % 2 else recipient.name)
    run_jobs()
    envelope.refresh_from_db()
    assert envelope.status == "completed"
    return envelope


def due_titles() -> list[str]:
    return [each.title for each in due_envelopes()]


def packed(envelope: Envelope, path: Path) -> Path:
    package = prepare_package(system("Test"), envelope.pk)
    path.write_bytes(b"".join(stream_package(package)))
    return path


class TestPolicies:
    def test_without_a_policy_everything_is_kept(self) -> None:
        make_voided(40_000)
        assert due_titles() == []
        keep_to_policies()
        assert not RetentionRun.objects.exists()

    def test_the_longest_of_those_that_fit_counts_from_the_end(self) -> None:
        legal = acting(make_legal())
        save_policy(legal, name="All", keep_days=30)
        save_policy(legal, name="Leases", keep_days=100, words="lease")
        make_voided(29, title="Young")
        make_voided(31, title="Old")
        make_voided(99, title="Lease of a boat")
        make_voided(101, title="Old LEASE")
        make_sent_envelope(title="Open")
        assert due_titles() == ["Old LEASE", "Old"]
        policy = save_policy(legal, name="Contracts", keep_days=1, subject_object="contract")
        assert due_titles() == ["Old LEASE", "Old"]
        delete_policy(legal, policy.pk)

    def test_every_wrong_place_is_named(self) -> None:
        legal = acting(make_legal())
        save_policy(legal, name="All", keep_days=30)
        for days in ("0", "-1", "1.5", "many", "36526", "٣"):
            with pytest.raises(Invalid) as refused:
                save_policy(legal, name="All", keep_days=days, subject_object="no such thing")
            assert set(refused.value.fields) == {"name", "keep_days", "subject_object"}

    def test_only_administrators_and_legal_decide(self) -> None:
        envelope = make_voided(1)
        owner = acting(envelope.owner)
        acts: list[Callable[[], Any]] = [
            lambda: save_policy(owner, name="All", keep_days=1),
            lambda: hold_envelope(owner, envelope.pk, reason="Mine"),
            lambda: purge_envelope(owner, envelope.pk, reason="Mine"),
            lambda: purge_due(owner),
            lambda: erase_recipient(
                owner, envelope.pk, envelope.recipients.first().pk, reason="Mine"
            ),
        ]
        for act in acts:
            with pytest.raises(NotAllowed, match="administrators and legal"):
                act()


class TestHolds:
    def test_a_hold_wins_over_policy_and_person_until_it_is_released(self) -> None:
        legal = acting(make_legal())
        envelope = make_voided(31)
        save_policy(legal, name="All", keep_days=30)
        first = hold_envelope(legal, envelope.pk, reason="Claim of Ada")
        second = hold_envelope(legal, envelope.pk, reason="Audit")
        with pytest.raises(Conflict, match="legal hold"):
            purge_envelope(legal, envelope.pk, reason="By hand")
        release_hold(legal, envelope.pk, first.pk)
        run = purge_due(legal)
        assert (run.purged, run.left) == ([], {str(envelope.pk): "held"})
        release_hold(legal, envelope.pk, second.pk)
        with pytest.raises(Conflict, match="ended already"):
            release_hold(legal, envelope.pk, second.pk)
        keep_to_policies()
        run = RetentionRun.objects.first()
        assert run is not None
        assert (run.purged, run.left, run.started_by) == ([str(envelope.pk)], {}, None)
        envelope.refresh_from_db()
        assert envelope.status == "purged"
        assert verify_envelope(envelope).ok
        kinds = EvidenceEntry.objects.filter(chain_id=envelope.chain).order_by("seq")
        assert list(kinds.values_list("kind", flat=True))[-5:] == [
            "envelope.held",
            "envelope.held",
            "envelope.released",
            "envelope.released",
            "envelope.purged",
        ]
        with pytest.raises(Conflict, match="nothing left to hold"):
            hold_envelope(legal, envelope.pk, reason="Too late")


def everything_in_the_database() -> bytes:
    """Every value of every table as text, but for users and what was typed there."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name from information_schema.tables"
            " where table_schema = 'public' and table_type = 'BASE TABLE'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'select each::text from "{table}" each')
            found += [f"{table}: {text}".encode() for (text,) in cursor.fetchall()]
    return b"\n".join(found)


def tables_with(word: bytes) -> set[bytes]:
    lines = everything_in_the_database().splitlines()
    return {line.partition(b":")[0] for line in lines if word in line}


@pytest.mark.slow
class TestPurging:
    def test_nothing_of_people_is_left_and_the_chain_still_verifies(
        self, tmp_path: Path, django_capture_on_commit_callbacks: Any
    ) -> None:
        legal = acting(make_legal())
        envelope = make_completed(
            title="Merger",
            documents=[NewDocument(name="Merger.pdf", content=make_pdf("The Merger."))],
        )
        before = everything_in_the_database()
        assert all(each in before for each in PERSONAL)
        paths = [
            path_of(each.pk)
            for each in StoredFile.objects.filter(object="envelope", record_id=envelope.pk)
        ]
        assert len(paths) >= 4
        assert all(each.exists() for each in paths)
        whole = verify.check(packed(envelope, tmp_path / "whole.zip"))
        assert whole.overall == "TOTAL-PASSED"
        link = token_of(recipient_of(envelope, "Ada"))
        document = envelope.documents.get()

        with django_capture_on_commit_callbacks(execute=True):
            purge_envelope(legal, envelope.pk, reason="Six years are over")

        assert {each: found for each in PERSONAL if (found := tables_with(each))} == {}
        assert not any(each.exists() for each in paths)
        envelope.refresh_from_db()
        assert envelope.status == "purged"
        assert verify_envelope(envelope).ok
        event = OutboxEvent.objects.get(name="envelope.purged")
        assert event.payload["files"] == len(paths)
        tombstone = EvidenceEntry.objects.get(chain_id=envelope.chain, kind="envelope.purged")
        assert document.sealed_sha256 in tombstone.payload["files"]
        with pytest.raises(Gone):
            read_file(StoredFile.everything.get(pk=document.sealed_id))
        rotate_master_key(system("Test"))
        with pytest.raises(Conflict, match="purged already"):
            purge_envelope(legal, envelope.pk, reason="Again")

        report = verify.check(packed(envelope, tmp_path / "tombstone.zip"))
        assert not any(report.failures.values())
        assert report.verdict("content") == "INDETERMINATE"
        assert report.verdict("order") == report.verdict("completeness") == "TOTAL-PASSED"

        client = Client(raise_request_exception=False)
        answer = client.get(f"/sign/{link}")
        assert answer.status_code == 410
        assert "No longer kept" in answer.content.decode()
        client.force_login(legal.require_user())
        for form in ("original", "prepared", "sealed"):
            address = f"/envelopes/{envelope.pk}/files/{document.pk}/{form}"
            assert client.get(address).status_code == 410
        assert client.get(f"/envelopes/{envelope.pk}/certificate").status_code == 410
        assert client.get(f"/envelopes/{envelope.pk}/pages/{document.pk}/1.png").status_code == 410
        for tab in ("timeline", "evidence"):
            page = client.get(f"{envelope.url}?tab={tab}")
            assert page.status_code == 200
            assert "Merger" not in page.content.decode()

    def test_what_the_chain_does_not_name_as_erased_is_found(self, tmp_path: Path) -> None:
        envelope = make_completed()
        envelope.evidence.filter(kind="recipient.signed").update(details={}, salt="")
        assert {each.code for each in verify_envelope(envelope).problems} == {"changed"}
        report = verify.check(packed(envelope, tmp_path / "p.zip"))
        assert {each["code"] for each in report.failures["content"]} == {"details_missing"}

    def test_one_person_is_erased_and_the_documents_stay(self, tmp_path: Path) -> None:
        legal = acting(make_legal())
        envelope = make_completed()
        ada, grace = recipient_of(envelope, "Ada"), recipient_of(envelope, "Grace")
        erase_recipient(legal, envelope.pk, ada.pk, reason="Request of the person")
        # The text of the document that was signed stays, as the document does.
        document = envelope.documents.get()
        assert tables_with(b"ada@buyer.test") <= {b"signing_envelopedocument", b"base_auditevent"}
        assert set(
            AuditEvent.objects.filter(after__icontains="ada@buyer.test").values_list(
                "record_id", flat=True
            )
        ) <= {document.pk}
        assert b"signing_recipient" in tables_with(b"grace@seller.test")
        assert verify_envelope(envelope).ok
        path = packed(envelope, tmp_path / "p.zip")
        report = verify.check(path)
        assert not any(report.failures.values())
        assert report.verdict("seal") == "TOTAL-PASSED"
        assert {each["code"] for each in report.doubts["content"]} == {"details_erased"}
        with pytest.raises(Conflict, match="erased already"):
            erase_recipient(legal, envelope.pk, ada.pk, reason="Again")
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            about = json.loads(archive.read(f"recipients/{grace.pk}/recipient.json"))
        assert about["name"] == "Grace Hopper"

    def test_what_has_not_ended_cannot_be_purged(self) -> None:
        legal = acting(make_legal())
        with pytest.raises(Conflict, match="has ended"):
            purge_envelope(legal, make_sent_envelope().pk, reason="Early")

    def test_a_sent_document_still_does_not_change_otherwise(self) -> None:
        envelope = make_completed()
        purge_envelope(acting(make_legal()), make_voided(1).pk, reason="Other")
        with pytest.raises(DatabaseError, match="does not change"), transaction.atomic():
            envelope.documents.update(texts=["other"])


class TestPages:
    def test_legal_sets_a_policy_sees_what_is_due_and_purges(self) -> None:
        client = Client()
        client.force_login(make_legal())
        envelope = make_voided(31, title="Old order")
        typed = {"name": "Orders", "keep_days": "30", "subject_object": "", "words": ""}
        refused = client.post("/settings/retention", {**typed, "keep_days": "0"})
        assert "Give 1 to 36525 days." in refused.content.decode()
        assert client.post("/settings/retention", typed).status_code == 303
        page = client.get("/settings/retention").content.decode()
        assert "Old order" in page
        assert "Purge now" in page
        side = client.get(f"{envelope.url}/side").content.decode()
        assert "Kept until" in side
        preview = client.get(f"{envelope.url}/purge").content.decode()
        assert "Order.pdf" in preview
        assert "Ada Lovelace" in preview
        typed = {"reason": "No longer needed"}
        assert "Tick the box" in client.post(f"{envelope.url}/purge", typed).content.decode()
        done = client.post("/settings/retention/run", follow=True).content.decode()
        assert "1 envelope purged." in done
        assert "Old order" not in done

    def test_holds_over_the_api(self) -> None:
        legal = make_legal()
        envelope = make_voided(1)
        token = create_token(acting(legal), name="T", scopes=["signing:write", "signing:read"])
        client = Client(headers={"Authorization": f"Bearer {token.secret}"})
        base = f"/api/v1/envelopes/{envelope.pk}"

        def post(path: str, **body: str) -> Any:
            return client.post(base + path, body, content_type="application/json")

        hold = post("/holds", reason="Claim")
        assert hold.status_code == 201
        assert post("/purge", reason="Over").json()["code"] == "held"
        assert post(f"/holds/{hold.json()['id']}/release").json()["released_at"]
        assert len(client.get(f"{base}/holds").json()) == 1
        assert post("/purge", reason="Over").json()["status"] == "purged"
