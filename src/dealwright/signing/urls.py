"""The pages of this system; the site mounts them at the root."""

from django.urls import URLPattern, URLResolver, path

from dealwright.signing.ceremonies import pages as ceremony
from dealwright.signing.envelopes import pages as envelopes
from dealwright.signing.evidence import pages as evidence
from dealwright.signing.verification import pages as verification

_LINK = "sign/<str:token>"

urlpatterns: list[URLPattern | URLResolver] = [
    path(_LINK, ceremony.show, name="sign"),
    path(f"{_LINK}/opened", ceremony.opened),
    path(f"{_LINK}/consent", ceremony.consent),
    path(f"{_LINK}/code", ceremony.send_code),
    path(f"{_LINK}/confirm", ceremony.confirm_code),
    path(f"{_LINK}/adopt", ceremony.adopt),
    path(f"{_LINK}/fields/<uuid:field_id>", ceremony.fill),
    path(f"{_LINK}/review", ceremony.review),
    path(f"{_LINK}/sign", ceremony.sign),
    path(f"{_LINK}/decline", ceremony.decline),
    path(f"{_LINK}/later", ceremony.later),
    path(f"{_LINK}/layout.css", ceremony.layout),
    path(f"{_LINK}/pages/<uuid:document_id>/<int:page>.png", ceremony.picture),
    path(f"{_LINK}/files/<uuid:document_id>", ceremony.download),
    path("verify", verification.verify, name="verify"),
    path("signing/root.pem", verification.root_certificate, name="signing-root"),
    path("send-for-signature", envelopes.new, name="send-for-signature"),
    path("envelopes/<uuid:envelope_id>/send", envelopes.send),
    path("envelopes/<uuid:envelope_id>/fields", envelopes.add_field),
    path("envelopes/<uuid:envelope_id>/fields/<uuid:field_id>/remove", envelopes.remove_field),
    path("envelopes/<uuid:envelope_id>/void", envelopes.void),
    path("envelopes/<uuid:envelope_id>/remind", envelopes.remind),
    path("envelopes/<uuid:envelope_id>/unlock/<uuid:recipient_id>", envelopes.unlock),
    path("envelopes/<uuid:envelope_id>/seal", envelopes.seal_again),
    path("envelopes/<uuid:envelope_id>/layout.css", envelopes.layout),
    path("envelopes/<uuid:envelope_id>/pages/<uuid:document_id>/<int:page>.png", envelopes.picture),
    path("envelopes/<uuid:envelope_id>/files/<uuid:document_id>/<str:form>", envelopes.download),
    path("envelopes/<uuid:envelope_id>/certificate", envelopes.certificate),
    path("envelopes/<uuid:envelope_id>/verify", envelopes.verify_evidence),
    path("envelopes/<uuid:envelope_id>/evidence.zip", evidence.package),
]
