"""Stamps of the sender: a picture, or the company's, fixed in the document on sending."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Invalid, NotAllowed, NotFound
from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.signing.documents.geometry import Box
from dealwright.signing.documents.reading import region_pixels
from dealwright.signing.envelopes import placing
from dealwright.signing.envelopes.correcting import Correction, correct_envelope
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.sealing import seal_envelope
from dealwright.signing.envelopes.services import send_envelope
from dealwright.signing.fields.models import EnvelopeField
from dealwright.signing.identity.policy import remove_stamp, save_stamp, signing_settings
from make import acting, make_administrator, make_user
from signing.fields.test_filling import make_picture
from signing.make import make_envelope, recipient_of
from signing.routing.act import act, field, person

pytestmark = pytest.mark.django_db
PLACE = Box(0.6, 0.6, 0.2, 0.1)


@pytest.fixture
def draft(actor: Actor) -> Envelope:
    return make_envelope(
        actor, recipients=[person("Ada"), person("Bo")], fields=[field(1), field(2, y=0.4)]
    )


def a_stamp(envelope: Envelope, **values: Any) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "document": str(envelope.documents.get().pk),
        "owner": str(recipient_of(envelope, "Ada").pk),
        "kind": "stamp", "page": 1, "x": PLACE.x, "y": PLACE.y, "w": PLACE.w, "h": PLACE.h,
        "picture": base64.b64encode(make_picture()).decode(), "picture_name": "ours.png",
        **values,
    }  # fmt: skip


def put(actor: Actor, envelope: Envelope, *fields: dict[str, Any]) -> placing.Arranged:
    return placing.arrange_fields(actor, envelope.pk, put=fields, removed=[])


def content(envelope: Envelope, form: str = "prepared") -> bytes:
    from dealwright.base.files.services import read_file

    return read_file(getattr(envelope.documents.get(), form))


def test_it_is_put_into_the_document_on_sending(actor: Actor, draft: Envelope) -> None:
    given = a_stamp(draft)
    made = put(actor, draft, given)
    assert made.files == {given["id"]: "ours.png"}
    kept = EnvelopeField.objects.get(pk=given["id"])
    assert kept.read_only
    before, hashed = content(draft), draft.documents.get().prepared_sha256
    send_envelope(actor, draft.pk)
    assert not EnvelopeField.objects.filter(kind="stamp").exists()
    assert draft.documents.get().prepared_sha256 != hashed
    assert region_pixels(before, 0, PLACE) != region_pixels(content(draft), 0, PLACE)
    for name in ("Ada", "Bo"):
        act(recipient_of(draft, name))
    assert seal_envelope(draft.pk)
    assert region_pixels(content(draft, "sealed"), 0, PLACE) == region_pixels(
        content(draft), 0, PLACE
    )


def test_what_the_editor_sends_again_keeps_it_and_a_copy_has_the_same(
    actor: Actor, draft: Envelope
) -> None:
    given = a_stamp(draft)
    put(actor, draft, given)
    first = EnvelopeField.objects.get(pk=given["id"])
    put(actor, draft, {**first.as_json(), "y": 0.1})
    first.refresh_from_db()
    assert first.file is not None
    assert first.y == pytest.approx(0.1)
    copy = {**first.as_json(), "id": str(uuid7()), "picture": f"copy:{first.pk}", "y": 0.3}
    put(actor, draft, copy)
    second = EnvelopeField.objects.get(pk=copy["id"])
    assert second.file is not None
    assert second.file.sha256 == first.file.sha256
    put(actor, draft, {**second.as_json(), "picture": False, "read_only": False})
    second.refresh_from_db()
    assert (second.file, second.value) == (None, "")


def test_one_left_empty_is_the_recipients(actor: Actor, draft: Envelope) -> None:
    given = a_stamp(draft, picture=None)
    put(actor, draft, given)
    send_envelope(actor, draft.pk)
    assert not EnvelopeField.objects.get(pk=given["id"]).read_only


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"picture": "no base64!"}, "cannot be read"),
        ({"picture": base64.b64encode(b"GIF89a").decode()}, "cannot be read"),
        ({"picture": "A" * 3_000_000}, "at most 1.5 MB"),
        ({"picture": "company"}, "no stamp yet"),
        ({"picture": None, "read_only": True}, "needs a value"),
        ({"kind": "text", "read_only": True}, "needs a value"),
    ],
)
def test_a_wrong_one_is_refused(
    actor: Actor, draft: Envelope, values: dict[str, Any], words: str
) -> None:
    with pytest.raises(Invalid) as refused:
        put(actor, draft, a_stamp(draft, **values))
    assert words in str(refused.value)


def test_no_stamp_is_copied_from_another_envelope(actor: Actor, draft: Envelope) -> None:
    theirs = make_envelope(acting(make_user()), recipients=[person("Zoe")], fields=[field(1)])
    other = a_stamp(draft, document=str(theirs.documents.get().pk),
                    owner=str(recipient_of(theirs, "Zoe").pk))  # fmt: skip
    put(acting(theirs.owner), theirs, other)
    with pytest.raises(NotFound):
        put(actor, draft, a_stamp(draft, picture=f"copy:{other['id']}"))


def test_the_company_has_one(client: Client, actor: Actor, draft: Envelope) -> None:
    boss = make_administrator()
    client.force_login(boss)
    answer = client.post(
        "/settings/signing/stamp", {"stamp": SimpleUploadedFile("s.png", make_picture())}
    )
    assert answer.status_code == 303, answer.content
    picture = client.get("/settings/signing/stamp.png")
    assert picture.headers["Content-Type"] == "image/png"
    assert "signing-stamp" in client.get("/settings/signing").content.decode()
    wrong = client.post("/settings/signing/stamp", {"stamp": SimpleUploadedFile("s.png", b"no")})
    assert wrong.status_code == 422
    assert client.post("/settings/signing/stamp", {}).status_code == 422
    given = a_stamp(draft, picture="company")
    put(actor, draft, given)
    own = EnvelopeField.objects.get(pk=given["id"]).file
    company = signing_settings().stamp
    assert own is not None
    assert company is not None
    # A copy of its own: purging the envelope must not destroy the company's.
    assert own.pk != company.pk
    client.post("/settings/signing/stamp", {"remove": "1"})
    assert signing_settings().stamp is None
    assert client.get("/settings/signing/stamp.png").status_code == 404


def test_only_administrators_keep_it(client: Client, rep: User, actor: Actor) -> None:
    client.force_login(rep)
    assert client.get("/settings/signing/stamp.png").status_code == 403
    with pytest.raises(NotAllowed):
        save_stamp(actor, name="s.png", content=make_picture())
    with pytest.raises(NotAllowed):
        remove_stamp(actor)


def test_one_added_while_it_is_out_is_put_at_the_seal(actor: Actor, draft: Envelope) -> None:
    send_envelope(actor, draft.pk)
    hashed = draft.documents.get().prepared_sha256
    given = a_stamp(draft)
    correct_envelope(actor, draft.pk, Correction(arranged=[given]))
    assert draft.documents.get().prepared_sha256 == hashed
    for name in ("Ada", "Bo"):
        act(recipient_of(draft, name))
    assert seal_envelope(draft.pk)
    assert region_pixels(content(draft, "sealed"), 0, PLACE) != region_pixels(
        content(draft), 0, PLACE
    )


def test_by_the_editors_door(client: Client, rep: User, draft: Envelope) -> None:
    client.force_login(rep)
    given = a_stamp(draft)
    answer = client.post(
        f"/envelopes/{draft.pk}/arrange",
        json.dumps({"put": [given], "removed": []}),
        content_type="application/json",
    )
    assert answer.status_code == 200, answer.content
    assert answer.json()["files"] == {given["id"]: "ours.png"}
