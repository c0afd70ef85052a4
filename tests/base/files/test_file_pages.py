"""Uploading, downloading and looking at files in the browser."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from base.files import samples
from crm.make import make_account
from dealwright.base.files import StoredFile, attach_file
from dealwright.base.files.panel import attachments_panel
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import User
from make import acting, make_user

pytestmark = pytest.mark.django_db
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def make_attachment(user: User, name: str = "a.txt", content: bytes = b"Hello") -> StoredFile:
    return attach_file(acting(user), name=name, content=content)


def body_of(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_a_pdf_is_shown_in_the_page() -> None:
    user = make_user()
    content = samples.pdf()
    stored = make_attachment(user, "Offer – März.pdf", content)
    response = browser(user).get(stored.url)
    assert body_of(response) == content
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("inline; filename*=utf-8''Offer%20")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert int(response["Content-Length"]) == len(content)


@pytest.mark.parametrize(
    ("name", "content", "kind", "shown"),
    [
        ("a.png", samples.image(), "image/png", "inline"),
        ("a.csv", b"a,b", "text/plain; charset=utf-8", "inline"),
        ("a.svg", SVG, "image/svg+xml", "attachment"),
        ("a.html", b"<html><script>alert(1)</script>", "text/html", "attachment"),
        ("a.zip", samples.archive({"a": b"x"}), "application/zip", "attachment"),
        ("a.json", b"{}", "application/json", "attachment"),
    ],
)
def test_only_harmless_kinds_are_shown_and_all_are_shut_off(
    name: str, content: bytes, kind: str, shown: str
) -> None:
    user = make_user()
    response = browser(user).get(make_attachment(user, name, content).url)
    assert response["Content-Type"] == kind
    assert response["Content-Disposition"].split(";")[0] == shown
    assert response["Content-Security-Policy"].endswith("; sandbox")
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_download_is_asked_for() -> None:
    user = make_user()
    response = browser(user).get(make_attachment(user, "a.pdf", samples.pdf()).url + "?download=1")
    assert response["Content-Disposition"] == 'attachment; filename="a.pdf"'


def test_what_the_browser_has_is_not_sent_again() -> None:
    user = make_user()
    stored = make_attachment(user)
    tag = browser(user).get(stored.url)["ETag"]
    again = browser(user).get(stored.url, headers={"If-None-Match": tag})
    assert (again.status_code, body_of(again)) == (304, b"")
    head = browser(user).head(stored.url)
    assert (head.status_code, head["Content-Length"]) == (200, "5")


def test_another_persons_file_is_as_if_absent() -> None:
    stored = make_attachment(make_user())
    for address in (stored.url, f"{stored.url}/page/1.png"):
        assert browser(make_user()).get(address).status_code == 404
        assert Client().get(address).status_code == 302
    assert browser(make_user()).post(f"{stored.url}/delete").status_code == 404


def test_a_page_of_a_pdf_becomes_an_image() -> None:
    user = make_user()
    stored = make_attachment(user, "a.pdf", samples.pdf(pages=2))
    response = browser(user).get(f"{stored.url}/page/2.png?width=400")
    assert response["Content-Type"] == "image/png"
    assert Image.open(io.BytesIO(response.content)).size == (400, 200)
    assert browser(user).get(f"{stored.url}/page/3.png").status_code == 404
    assert browser(user).get(f"{stored.url}/page/1.png?width=999999999").status_code == 200
    assert browser(user).get(f"{make_attachment(user).url}/page/1.png").status_code == 404


def test_a_page_of_any_claimed_size_needs_bounded_memory() -> None:
    user = make_user()
    stored = make_attachment(user, "a.pdf", samples.pdf(1, width=10, height=14_000))
    response = browser(user).get(f"{stored.url}/page/1.png?width=2000")
    wide, high = Image.open(io.BytesIO(response.content)).size
    assert wide * high <= 6_100_000


def test_a_broken_pdf_is_told_in_a_sentence() -> None:
    user = make_user()
    stored = make_attachment(user, "a.pdf", b"%PDF-1.7 nothing more")
    response = browser(user).get(f"{stored.url}/page/1.png")
    assert response.status_code == 422
    assert "damaged or protected" in response.content.decode()


def test_files_are_put_on_a_record_and_shown_there() -> None:
    user = make_user()
    account = make_account(owner=user)
    client = browser(user)
    about = {"object": "account", "record_id": str(account.pk)}
    answer = client.post(
        "/files",
        about
        | {"file": [SimpleUploadedFile("a.txt", b"one"), SimpleUploadedFile("b.txt", b"two")]},
        headers={"HX-Request": "true"},
    )
    assert answer.status_code == 200
    assert "a.txt" in answer.content.decode() and "b.txt" in answer.content.decode()
    client.post("/files", about | {"file": SimpleUploadedFile("a.txt", b"one again")})
    context = attachments_panel("account").query(user, account.pk)
    assert context is not None
    assert [(each.name, each.version) for each in context["files"]] == [("a.txt", 2), ("b.txt", 1)]
    assert context["may_attach"] is True


def test_a_wrong_file_is_refused_in_the_panel_and_none_is_kept() -> None:
    user = make_user()
    account = make_account(owner=user)
    answer = browser(user).post(
        "/files",
        {
            "object": "account",
            "record_id": str(account.pk),
            "file": [SimpleUploadedFile("a.txt", b"x"), SimpleUploadedFile("b.exe", b"MZ\0")],
        },
        headers={"HX-Request": "true"},
    )
    assert answer.status_code == 422
    assert "“b.exe” is of a kind that is not allowed" in answer.content.decode()
    assert not StoredFile.objects.exists()


def test_a_script_gets_json() -> None:
    user = make_user()
    answer = browser(user).post(
        "/files",
        {"file": SimpleUploadedFile("a.txt", b"x")},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 201
    assert answer.json()["files"][0]["name"] == "a.txt"
    refused = browser(user).post("/files", headers={"Accept": "application/json"})
    assert refused.status_code == 422
    assert refused.json()["errors"] == {"file": ["Choose from one to 20 files."]}


def test_a_plain_form_goes_back_where_it_came_from() -> None:
    user = make_user()
    form = {"file": SimpleUploadedFile("a.txt", b"x")}
    assert browser(user).post("/files", form | {"next": "/accounts"})["Location"] == "/accounts"
    form = {"file": SimpleUploadedFile("a.txt", b"x")}
    assert browser(user).post("/files", form | {"next": "https://evil.example"})["Location"] == "/"


def test_a_reader_cannot_attach_and_a_stranger_learns_nothing() -> None:
    account = make_account(owner=make_user())
    form = {"object": "account", "record_id": str(account.pk)}
    for profile, status in (("finance", 403), ("rep", 404)):
        client = browser(make_user(profile=profile))
        file = SimpleUploadedFile("a.txt", b"x")
        assert client.post("/files", form | {"file": file}).status_code == status
    assert not StoredFile.objects.exists()


def test_a_removed_file_can_be_taken_back() -> None:
    user = make_user()
    account = make_account(owner=user)
    stored = attach_file(
        acting(user),
        name="a.txt",
        content=b"x",
        object="account",
        record_id=account.pk,
    )
    client = browser(user)
    answer = client.post(f"{stored.url}/delete", headers={"HX-Request": "true"})
    assert "a.txt" not in answer.content.decode()
    assert f"/files/{stored.id}/restore" in answer["HX-Trigger"]
    assert client.get(stored.url).status_code == 404
    client.post(f"{stored.url}/restore", headers={"Accept": "application/json"})
    assert client.get(stored.url).status_code == 200


def test_an_upload_beyond_all_bounds_is_stopped(settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 100_000
    user = make_user()
    answer = browser(user).post(
        "/files",
        {"file": SimpleUploadedFile("a.txt", b"x" * 1_000_000)},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 422
    assert answer.json()["detail"] == "This upload is too large. A file may have at most 100 MB."


def test_the_panel_stands_on_a_record_page() -> None:
    user = make_user()
    account = make_account(owner=user)
    of = object_type("account")
    panel = attachments_panel("account")
    if not any(each.key == panel.key for each in of.panels):
        of.panels.append(panel)
    page = browser(user).get(f"/accounts/{account.pk}/side")
    assert "Add files" in page.content.decode()
