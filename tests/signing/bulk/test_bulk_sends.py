"""Bulk sends: an envelope for each row, once, whatever happens in between."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.events.models import OutboxEvent
from dealwright.base.jobs.models import JobRun
from dealwright.base.jobs.running import run_jobs
from dealwright.base.jobs.runs import cancel_run
from dealwright.base.people.organization import (
    keep_organization,
    organization,
    update_organization,
)
from dealwright.base.people.tokens import create_token
from dealwright.signing import sandbox
from dealwright.signing.blueprints import services as templates
from dealwright.signing.blueprints.contents import NewRole
from dealwright.signing.bulk import services
from dealwright.signing.bulk.mapping import Mapper
from dealwright.signing.bulk.models import BulkSend
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.fields.models import EnvelopeField
from make import acting, make_administrator, make_user
from signing.templates.make import make_template

pytestmark = pytest.mark.django_db
HEADER = "Customer name,Customer e-mail,Price,Project"
ROWS = (
    "Ada Lovelace,ada@buyer.test,100 EUR,Looms",
    "Grace Hopper,grace@navy.test,200 EUR,Compilers",
    "Nobody,nowhere,300 EUR,Nothing",
)


def table(*rows: str, header: str = HEADER) -> io.BytesIO:
    return io.BytesIO("\n".join([header, *rows]).encode())


def upload(actor: Actor, content: io.BytesIO, name: str = "rows.csv", **fields: Any) -> BulkSend:
    template = make_template(actor, **{"title": "Order for {{ project }}", **fields})
    return services.upload_rows(actor, template.pk, name=name, content=content)


def result_of(bulk: BulkSend) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(services.result_csv(bulk))))


def test_the_empty_table_of_a_template_maps_by_itself(client: Client) -> None:
    user = make_user()
    actor = acting(user)
    template = make_template(actor, title="Order for {{ project }}")
    client.force_login(user)
    page = client.get(f"/signing-templates/{template.pk}/bulk").text
    assert "Empty table to fill in" in page
    answer = client.get(f"/signing-templates/{template.pk}/bulk/empty.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    header = answer.text.strip()
    assert header == "Customer: name,Customer: e-mail,Price,project"
    bulk = services.upload_rows(
        actor, template.pk, name="rows.csv", content=table(ROWS[0], header=header)
    )
    assert set(bulk.mapping) == {"Customer: name", "Customer: e-mail", "Price"}
    assert services.check_rows(actor, bulk).good == 1


def test_every_good_row_becomes_an_envelope_and_the_bad_one_is_named() -> None:
    actor = acting(make_user())
    bulk = upload(actor, table(*ROWS))
    assert set(bulk.mapping) == {"Customer name", "Customer e-mail", "Price"}
    checked = services.check_rows(actor, bulk)
    assert (checked.rows, checked.good) == (3, 2)
    assert checked.wrong == [(4, "Customer: “nowhere” is not an e-mail address.")]
    with pytest.raises(Invalid, match="Row 4"):
        services.start_bulk_send(actor, bulk.pk)
    services.start_bulk_send(actor, bulk.pk, skip_bad=True)
    run_jobs()
    bulk.refresh_from_db()
    assert services.counts(bulk) == {"total": 3, "sent": 2, "failed": 1, "waiting": 0}
    first = Envelope.objects.get(title="Order for Looms")
    assert first.status == "sent"
    assert first.made_from.source_id == bulk.pk
    assert EnvelopeField.objects.get(document__envelope=first, label="Price").value == "100 EUR"
    rows = result_of(bulk)
    assert [each["Result"] for each in rows] == ["sent", "sent", "error"]
    assert rows[0]["Envelope"].endswith(f"/envelopes/{first.pk}")
    event = OutboxEvent.objects.get(name="bulk_send.completed")
    assert (event.payload["sent"], event.payload["failed"]) == (2, 1)
    with pytest.raises(Conflict, match="started already"):
        services.start_bulk_send(actor, bulk.pk, skip_bad=True)


def test_a_job_that_died_goes_on_without_a_second_envelope() -> None:
    actor = acting(make_user())
    bulk = upload(actor, table(*ROWS[:2]))
    services.start_bulk_send(actor, bulk.pk)
    bulk.refresh_from_db()
    assert bulk.version is not None
    mapper = Mapper(bulk.version.content, bulk.mapping)
    services.send_row(actor, bulk, mapper, 2)  # one row was committed
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.send_row(actor, bulk, mapper, 3)  # the next died before its commit
        raise ZeroDivisionError
    assert services.counts(bulk)["sent"] == 1
    services.send_row(actor, bulk, mapper, 2)  # whoever tries again changes nothing
    run_jobs()
    assert Envelope.objects.count() == 2
    assert services.counts(bulk)["waiting"] == 0


def test_a_cancelled_one_keeps_what_was_sent() -> None:
    actor = acting(make_user())
    bulk = upload(actor, table(*ROWS[:2]))
    services.start_bulk_send(actor, bulk.pk)
    bulk.refresh_from_db()
    cancel_run(actor, bulk.run)  # type: ignore[arg-type]
    run_jobs()
    assert JobRun.objects.get(pk=bulk.run).status == "cancelled"
    assert not Envelope.objects.exists()
    assert [each["Result"] for each in result_of(bulk)] == ["waiting", "waiting"]


def test_all_rows_get_the_version_it_began_with() -> None:
    actor = acting(make_user())
    bulk = upload(actor, table(*ROWS[:2]))
    services.start_bulk_send(actor, bulk.pk)
    templates.change_roles(actor, bulk.template_id, [NewRole(name="Somebody else")])
    run_jobs()
    assert {each.made_from.version.number for each in Envelope.objects.all()} == {1}
    assert all(each.recipients.count() == 2 for each in Envelope.objects.all())


def test_cells_that_are_formulas_are_text() -> None:
    actor = acting(make_user())
    bulk = upload(actor, table('"=cmd|calc","ada@buyer.test","@SUM(A1)",Looms'))
    services.start_bulk_send(actor, bulk.pk)
    run_jobs()
    envelope = Envelope.objects.get()
    assert envelope.recipients.get(order=1).name == "=cmd|calc"
    (row,) = result_of(bulk)
    assert row["Customer name"] == "'=cmd|calc"
    assert row["Price"] == "'@SUM(A1)"


def test_a_row_without_a_value_of_the_title_is_named() -> None:
    actor = acting(make_user())
    bulk = upload(actor, table("Ada,ada@buyer.test,1,"))
    assert services.check_rows(actor, bulk).wrong == [(2, "There is no value for project.")]
    with pytest.raises(Invalid, match="no row to send"):
        services.start_bulk_send(actor, bulk.pk, skip_bad=True)


def bomb() -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * 90_000_000)
    out.seek(0)
    return out


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (io.BytesIO(b""), "rows.csv", "empty"),
        (io.BytesIO(b"%PDF-1.7 no table"), "rows.csv", "no table"),
        (io.BytesIO(b"A,A\n1,2\n"), "rows.csv", "names a column twice"),
        (bomb(), "rows.xlsx", "would unpack to"),
    ],
)
def test_what_is_no_table_is_refused(content: io.BytesIO, name: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        upload(acting(make_user()), content, name)
    assert not BulkSend.objects.exists()


def test_a_table_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MAX_BYTES", 10)
    with pytest.raises(Invalid, match="larger than"):
        upload(acting(make_user()), table(*ROWS))
    monkeypatch.undo()
    monkeypatch.setattr(services, "MAX_ROWS", 2)
    actor = acting(make_user())
    with pytest.raises(Invalid, match="At most 2 rows"):
        services.check_rows(actor, upload(actor, table(*ROWS)))


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"Customer name": "name:1"}, "which column holds the e-mail"),
        ({"Nothing": "email:1"}, "no column “Nothing”"),
        ({"Customer e-mail": "email:9"}, "nothing a column can stand for"),
        ({"Customer e-mail": "email:1", "Price": "email:1"}, "Two columns stand for"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(mapping: dict[str, str], words: str) -> None:
    actor = acting(make_user())
    bulk = upload(actor, table(*ROWS))
    with pytest.raises(Invalid, match=words):
        services.map_columns(actor, bulk.pk, mapping)


def test_nobody_sees_the_bulk_send_of_another() -> None:
    bulk = upload(acting(make_user()), table(*ROWS))
    with pytest.raises(NotFound):
        services.get_bulk_send(acting(make_user()), bulk.pk)


def test_over_its_pages(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    template = make_template(acting(user))
    given = SimpleUploadedFile("rows.csv", table(*ROWS).getvalue(), "text/csv")
    answer = client.post(f"/signing-templates/{template.pk}/bulk", {"file": given})
    address = answer.headers["Location"]
    page = client.get(address).content.decode()
    assert "is not an e-mail address" in page
    typed = {"column.0": "name:1", "column.1": "email:1", "start": "1", "skip_bad": "on"}
    assert client.post(address, typed).headers["Location"] == address
    run_jobs()
    assert "2 of 3 rows sent" in client.get(address).content.decode()
    result = client.get(f"{address}/result.csv")
    assert result.content.decode().count("sent") == 2


def test_over_the_api(client: Client) -> None:
    user = make_user()
    template = make_template(acting(user))
    secret = create_token(acting(user), name="Batch", scopes=["signing:write"]).secret
    headers = {"Authorization": f"Bearer {secret}"}
    given = SimpleUploadedFile("rows.csv", table(*ROWS).getvalue(), "text/csv")
    body = {"template_id": str(template.pk), "file": given, "skip_bad": "true"}
    answer = client.post("/api/v1/bulk-sends", body, headers=headers)
    assert answer.status_code == 201, answer.content
    run_jobs()
    read = client.get(f"/api/v1/bulk-sends/{answer.json()['id']}", headers=headers).json()
    assert read["rows"] == {"total": 3, "sent": 2, "failed": 1, "waiting": 0}
    assert read["wrong"][0]["row"] == 4


def test_a_further_row_examines_nothing_anew_and_asks_little_of_the_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second signer has no place to sign, so that each document gets a page for signatures."""
    asked: list[bytes] = []
    real = sandbox._ask
    monkeypatch.setattr(
        sandbox, "_ask", lambda message, seconds: asked.append(message) or real(message, seconds)
    )
    actor = acting(make_user())
    bulk = upload(actor, table(*ROWS[:2]), title="Order")
    services.start_bulk_send(actor, bulk.pk)
    bulk.refresh_from_db()
    assert bulk.version is not None
    mapper = Mapper(bulk.version.content, bulk.mapping)
    with sandbox.remembering(), keep_organization():
        services.send_row(actor, bulk, mapper, 2)
        asked.clear()
        with CaptureQueriesContext(connection) as captured:
            services.send_row(actor, bulk, mapper, 3)
    assert asked == []
    told = [each["sql"] for each in captured if "SAVEPOINT" not in each["sql"]]
    assert len(told) <= 78
    first, second = (each.documents.get() for each in Envelope.objects.order_by("created_at"))
    assert first.prepared_sha256 == second.prepared_sha256
    assert first.prepared_id != second.prepared_id  # each envelope's own, to be purged with it


def queries_of_sending(rows: int) -> list[str]:
    """What the job asks the database for to send so many rows."""
    actor = acting(make_user())
    made = [f"Person {n},person{n}@buyer.test,{n} EUR,Project {n}" for n in range(rows)]
    bulk = upload(actor, table(*made))
    services.start_bulk_send(actor, bulk.pk)
    with CaptureQueriesContext(connection) as captured:
        run_jobs()
    assert services.counts(bulk)["sent"] == rows
    return [each["sql"] for each in captured.captured_queries]


def test_the_company_is_read_once_for_all_rows() -> None:
    for asked in (queries_of_sending(2), queries_of_sending(6)):
        assert sum('FROM "base_organization"' in each for each in asked) == 1


def test_a_company_that_is_kept_is_read_anew_afterwards() -> None:
    administrator = acting(make_administrator())
    values = {"currency": "EUR", "timezone": "UTC", "language": "en"}
    update_organization(administrator, name="Before", **values)
    with keep_organization():
        assert organization().name == "Before"
        update_organization(administrator, name="After", **values)
        assert organization().name == "Before"
    assert organization().name == "After"
