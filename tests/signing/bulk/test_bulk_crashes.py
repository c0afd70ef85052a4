"""A worker killed in the middle of a bulk send, and the command that starts one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.db import connection

from dealwright.base.errors import Invalid
from dealwright.base.events.models import OutboxEvent
from dealwright.base.jobs.models import JobRun
from dealwright.base.jobs.recovery import recover_lost_jobs
from dealwright.base.jobs.running import run_jobs
from dealwright.base.messaging.models import OutboundMessage
from dealwright.signing.bulk import services
from dealwright.signing.bulk.models import BulkSend
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.evidence.services import verify_envelope
from dealwright.site.commands.line import build_parser
from killed import run_until_killed
from make import acting, make_user
from signing.bulk.test_bulk_sends import HEADER, ROWS, table, upload
from signing.templates.make import make_template

# Works as the worker does, and dies as by a power cut at the given call of the given function.
KILLED_AT = """
import os, signal, sys
import django
django.setup()
from dealwright.base.jobs.running import run_jobs
from dealwright.signing.bulk import services
name, number = sys.argv[1], int(sys.argv[2])
real, calls = getattr(services, name), []
def dying(*args, **options):
    calls.append(1)
    if len(calls) == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **options)
setattr(services, name, dying)
run_jobs()
"""
PEOPLE = [f"Person {number},person{number}@buyer.test,{number} EUR,Looms" for number in range(1, 7)]


def work_until_killed(function: str, call: int) -> None:
    run_until_killed(KILLED_AT, function, call)


def find_the_worker_dead() -> None:
    """What the house sees half a minute later, and does then."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update procrastinate_workers set last_heartbeat = now() - interval '1 hour'"
        )
    recover_lost_jobs()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_bulk_send_survives_two_workers_killed_in_the_middle() -> None:
    actor = acting(make_user())
    bulk = upload(actor, table(*PEOPLE))
    services.start_bulk_send(actor, bulk.pk)
    # The third envelope is made and not sent: it is not there.
    work_until_killed("send_envelope", 3)
    assert services.counts(bulk) == {"total": 6, "sent": 2, "failed": 0, "waiting": 4}
    assert Envelope.objects.count() == 2
    find_the_worker_dead()
    # The fourth is sent, and nobody was told that it is.
    work_until_killed("progress", 2)
    assert services.counts(bulk)["sent"] == 4
    find_the_worker_dead()
    run_jobs()

    assert services.counts(bulk) == {"total": 6, "sent": 6, "failed": 0, "waiting": 0}
    assert Envelope.objects.count() == 6
    rows = list(bulk.rows.select_related("envelope"))
    assert len({row.envelope_id for row in rows}) == 6
    invited = OutboundMessage.objects.filter(purpose="signing.invitation")
    assert sorted(invited.values_list("to", flat=True)) == sorted(
        f"person{number}@buyer.test" for number in range(1, 7)
    )
    for row in rows:
        assert row.envelope is not None
        assert row.envelope.status == "sent"
        assert verify_envelope(row.envelope).ok
    assert OutboxEvent.objects.filter(name="bulk_send.completed").count() == 1
    assert JobRun.objects.get(pk=BulkSend.objects.get().run).status == "done"
    run_jobs()
    assert Envelope.objects.count() == 6


def command(
    capsys: pytest.CaptureFixture[str], path: Path, *options: str
) -> tuple[int, dict[str, object]]:
    template = make_template(acting(make_user(email="sender@seller.test")))
    status = run("bulk", str(template.pk), str(path), "--user", "sender@seller.test", *options)
    return status, json.loads(capsys.readouterr().out)


def run(*words: str) -> int:
    """What the command line does with the words once the database is there."""
    arguments = build_parser().parse_args(["--json", "sign", *words])
    return int(arguments.run(arguments))


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text("\n".join([HEADER, *ROWS]))
    return path


@pytest.mark.django_db
def test_the_command_names_bad_rows_and_sends_nothing(
    rows: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, told = command(capsys, rows)
    assert status == 1
    assert (told["rows"], told["good"], told["started"]) == (3, 2, False)
    assert told["wrong"] == [{"row": 4, "error": "Customer: “nowhere” is not an e-mail address."}]
    run_jobs()
    assert not Envelope.objects.exists()


@pytest.mark.django_db
def test_the_command_sends_the_good_rows(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, told = command(capsys, rows, "--skip-bad")
    assert (status, told["started"]) == (1, True)
    run_jobs()
    assert services.counts(BulkSend.objects.get(pk=told["bulk_send"])) == {
        "total": 3, "sent": 2, "failed": 1, "waiting": 0,
    }  # fmt: skip
    sent = Envelope.objects.values_list("status", flat=True)
    assert list(sent) == ["sent", "sent"]
    assert set(OutboundMessage.objects.values_list("to", flat=True)) >= {
        "ada@buyer.test",
        "grace@navy.test",
    }


@pytest.mark.django_db
def test_the_command_refuses_what_it_cannot_use(rows: Path, tmp_path: Path) -> None:
    template = make_template(acting(make_user(email="sender@seller.test")))
    with pytest.raises(Invalid, match="Nobody who can sign in has the address"):
        run("bulk", str(template.pk), str(rows), "--user", "nobody@seller.test")
    with pytest.raises(Invalid, match="cannot be read: no such file"):
        run("bulk", str(template.pk), str(tmp_path / "no.csv"), "--user", "sender@seller.test")
    assert not BulkSend.objects.exists()
