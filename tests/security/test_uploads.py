"""Every door that takes a file looks at its content; what is kept can run nowhere of ours."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from base.files import samples
from dealwright.base.files.models import StoredFile
from dealwright.base.transfer.models import ImportJob
from dealwright.compensation.quotas.models import Quota
from dealwright.signing.envelopes.models import Envelope

from .company import Company
from .test_page_doors import signed_in

pytestmark = pytest.mark.django_db

HTML = b"<!DOCTYPE html><html><script>alert(document.cookie)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
EXE = b"MZ\x90\x00\x03\x00\x00\x00" + b"\0" * 200
BOMB = samples.archive(
    {
        "[Content_Types].xml": b"<Types/>",
        "xl/workbook.xml": b"<workbook/>",
        "xl/worksheets/sheet1.xml": b"\0" * 300_000_000,
    }
)
DISGUISED = [
    ("offer.pdf", EXE),
    ("offer.pdf", HTML),
    ("photo.png", HTML),
    ("photo.png", SVG),
    ("photo.jpg", samples.pdf()),
    ("table.xlsx", BOMB),
    ("table.xlsx", samples.pdf()),
    ("offer.exe", EXE),
    ("run.bat", b"@echo off"),
    ("empty.pdf", b""),
]


def everything_kept() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (StoredFile, ImportJob, Envelope, Quota))


@pytest.fixture
def rita(company: Company) -> Client:
    return signed_in(company.rita)


@pytest.mark.parametrize(("name", "content"), DISGUISED)
def test_a_disguised_file_is_not_put_on_a_record(
    company: Company, rita: Client, name: str, content: bytes
) -> None:
    before = everything_kept()
    answer = rita.post(
        "/files",
        {
            "object": "account",
            "record_id": str(company.account.pk),
            "file": SimpleUploadedFile(name, content),
        },
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 422
    assert name.split(".")[0] in answer.json()["detail"] or answer.json()["errors"]["file"]
    assert everything_kept() == before


@pytest.mark.parametrize(("name", "content"), [each for each in DISGUISED if each[0] != "run.bat"])
def test_a_disguised_file_is_not_imported(rita: Client, name: str, content: bytes) -> None:
    before = everything_kept()
    answer = rita.post("/import", {"files": SimpleUploadedFile(name, content)})
    assert answer.status_code == 422
    assert name in answer.content.decode() or "rows" in answer.content.decode()
    assert everything_kept() == before


@pytest.mark.parametrize(
    ("name", "content"), [each for each in DISGUISED if not each[1].startswith(b"%PDF")]
)
def test_what_is_no_pdf_is_not_sent_for_signature(rita: Client, name: str, content: bytes) -> None:
    before = everything_kept()
    answer = rita.post(
        "/send-for-signature",
        {
            "title": "An order of ours",
            "documents": SimpleUploadedFile(name, content),
            "name": "Ada",
            "email": "ada@buyer.test",
            "role": "signer",
            "order": "1",
            "expires_in": "30",
        },
    )
    assert answer.status_code == 422
    assert "An order of ours" in answer.content.decode()
    assert everything_kept() == before


@pytest.mark.parametrize(("name", "content"), DISGUISED)
def test_a_disguised_file_is_no_table_of_quotas(
    company: Company, name: str, content: bytes
) -> None:
    before = everything_kept()
    answer = signed_in(company.fay).post(
        "/compensation/quotas/import", {"file": SimpleUploadedFile(name, content)}
    )
    assert answer.status_code == 422
    assert everything_kept() == before


@pytest.mark.parametrize(("name", "content"), [("a.pdf", EXE), ("a.pdf", HTML), ("a.pdf", BOMB)])
def test_whatever_is_checked_for_a_seal_is_answered(name: str, content: bytes) -> None:
    """A door open to everybody: nothing is kept, nothing breaks."""
    before = everything_kept()
    answer = Client(raise_request_exception=False).post(
        "/verify", {"document": SimpleUploadedFile(name, content)}
    )
    assert answer.status_code in (200, 422)
    assert everything_kept() == before


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("both.gif", samples.image("GIF") + HTML),
        ("page.html", HTML),
        ("drawing.svg", SVG),
        ("both.pdf", samples.pdf() + HTML),
    ],
)
def test_what_could_run_is_served_so_that_it_does_not(
    rita: Client, name: str, content: bytes
) -> None:
    answer = rita.post(
        "/files",
        {"file": SimpleUploadedFile(name, content)},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 201
    served = rita.get(answer.json()["files"][0]["url"])
    policy = served["Content-Security-Policy"]
    assert served["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in policy
    kind = served["Content-Type"].split(";")[0]
    if kind != "application/pdf":  # which browsers show in a viewer that no sandbox lets work
        assert policy.endswith("; sandbox")
    if kind in ("text/html", "image/svg+xml"):
        assert served["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("name", ["../../../etc/passwd.txt", "..\\..\\boot.txt", "/root/a.txt"])
def test_a_name_leads_to_no_other_folder(rita: Client, name: str) -> None:
    file = SimpleUploadedFile("x", b"plain words")
    file._name = name  # as a hand-made request sends it
    answer = rita.post("/files", {"file": file}, headers={"Accept": "application/json"})
    assert answer.status_code == 201
    kept = answer.json()["files"][0]["name"]
    assert kept == name.replace("\\", "/").rsplit("/", 1)[1]


def test_more_than_is_allowed_is_stopped(rita: Client, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 10_000
    before = everything_kept()
    for address, field in (("/files", "file"), ("/import", "files")):
        file = SimpleUploadedFile("a.txt", b"x" * 20_000)
        answer = rita.post(address, {field: file}, headers={"Accept": "application/json"})
        assert answer.status_code in (413, 422), address
    assert everything_kept() == before


def test_another_persons_file_is_as_if_absent(company: Company) -> None:
    sam = signed_in(company.sam)
    of_another = f"/files/{company.file.pk}"
    absent = "/files/01900000-0000-7000-8000-000000000000"
    for end in ("", "?download=1", "/page/1.png"):
        hidden, nothing = sam.get(of_another + end), sam.get(absent + end)
        assert hidden.status_code == nothing.status_code == 404
    for end in ("/delete", "/restore"):
        assert sam.post(of_another + end).status_code == 404
