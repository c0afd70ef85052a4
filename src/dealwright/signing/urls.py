"""The pages of this system; the site mounts them at the root."""

from django.urls import URLPattern, URLResolver, path

from dealwright.signing.blueprints import pages as blueprints
from dealwright.signing.bulk import pages as bulk
from dealwright.signing.ceremonies import document_pages as shown
from dealwright.signing.ceremonies import form_pages as form
from dealwright.signing.ceremonies import identity_pages as identity
from dealwright.signing.ceremonies import pages as ceremony
from dealwright.signing.ceremonies import routing_pages as parts
from dealwright.signing.compliance import pages as compliance
from dealwright.signing.consent import pages as consent
from dealwright.signing.delegation import pages as delegation
from dealwright.signing.embedding import pages as embedding
from dealwright.signing.embedding import sending_pages as sending
from dealwright.signing.embedding.services import PREFIX
from dealwright.signing.envelopes import field_pages as fields
from dealwright.signing.envelopes import pages as envelopes
from dealwright.signing.envelopes import routing_pages as routing
from dealwright.signing.evidence import pages as evidence
from dealwright.signing.groups import pages as groups
from dealwright.signing.identity import pages as signing_identity
from dealwright.signing.identity import setup_pages as identity_setup
from dealwright.signing.inbox import pages as inbox
from dealwright.signing.payments import ceremony_pages as paying
from dealwright.signing.payments import pages as payments
from dealwright.signing.public_forms import pages as public_forms
from dealwright.signing.redlines import pages as redlines
from dealwright.signing.retention import pages as retention
from dealwright.signing.seals import pages as seals
from dealwright.signing.verification import pages as verification

_LINK = "sign/<str:token>"
_SENDING = "embedded-sending/<str:token>"
_TEMPLATES = "signing-templates"
_TEMPLATE = f"{_TEMPLATES}/<uuid:template_id>"

urlpatterns: list[URLPattern | URLResolver] = [
    path(_LINK, ceremony.show, name="sign"),
    path(f"{_LINK}/opened", ceremony.opened),
    path(f"{_LINK}/consent", ceremony.consent),
    path(f"{_LINK}/code", ceremony.send_code),
    path(f"{_LINK}/confirm", ceremony.confirm_code),
    path(f"{_LINK}/provider", identity.to_provider),
    path(f"{_LINK}/test.pdf", identity.demonstration),
    path(f"{_LINK}/paper", identity.paper),
    path(f"{_LINK}/adopt", ceremony.adopt),
    path(f"{_LINK}/fields/<uuid:field_id>", ceremony.fill),
    path(f"{_LINK}/fields/<uuid:field_id>/file", ceremony.field_file),
    path(f"{_LINK}/form", form.fill_in),
    path(f"{_LINK}/pay/<uuid:field_id>", paying.pay),
    path(f"{_LINK}/review", ceremony.review),
    path(f"{_LINK}/sign", ceremony.sign),
    path(f"{_LINK}/decline", ceremony.decline),
    path(f"{_LINK}/later", ceremony.later),
    path(f"{_LINK}/assign", parts.assign),
    path(f"{_LINK}/next/<uuid:recipient_id>", parts.name_next),
    path(f"{_LINK}/edit", parts.edit),
    path(f"{_LINK}/edit/fields", parts.edit_fields),
    path(f"{_LINK}/layout.css", shown.layout),
    path(f"{_LINK}/pages/<uuid:document_id>/<int:page>.png", shown.picture),
    path(f"{_LINK}/pages/<uuid:document_id>.pdf", shown.content),
    path(f"{_LINK}/files/<uuid:document_id>", shown.download),
    path("to-sign", inbox.to_sign, name="to-sign"),
    path("to-sign/<uuid:recipient_id>", inbox.open_part),
    path("verify", verification.verify, name="verify"),
    path("signing/root.pem", verification.root_certificate, name="signing-root"),
    path("signing/root.crl", seals.revocation_list, name="signing-revocations"),
    path("settings/seal", seals.seal, name="seal"),
    path("settings/seal/import", seals.import_key),
    path("settings/seal/token", seals.add_token),
    path("settings/seal/service", seals.add_service),
    path("settings/seal/use", seals.use_key),
    path("settings/seal/replace", seals.replace_key),
    path("send-for-signature", envelopes.new, name="send-for-signature"),
    path("send-for-signature/people", envelopes.people),
    path("envelopes/<uuid:envelope_id>/send", envelopes.send),
    path("envelopes/<uuid:envelope_id>/fields", envelopes.add_field),
    path("envelopes/<uuid:envelope_id>/fields/<uuid:field_id>/remove", envelopes.remove_field),
    path("envelopes/<uuid:envelope_id>/arrange", fields.arrange_fields),
    path("envelopes/<uuid:envelope_id>/correct/fields", fields.correct),
    path("envelopes/<uuid:envelope_id>/words", envelopes.place_at_words),
    path("envelopes/<uuid:envelope_id>/redlines", redlines.add),
    path("envelopes/<uuid:envelope_id>/redlines/put", redlines.put),
    path("envelopes/<uuid:envelope_id>/redlines/<uuid:redline_id>/remove", redlines.remove),
    path("envelopes/<uuid:envelope_id>/words/<uuid:document_id>/<int:page>", redlines.words),
    path("envelopes/<uuid:envelope_id>/void", envelopes.void),
    path("envelopes/<uuid:envelope_id>/remind", envelopes.remind),
    path("envelopes/<uuid:envelope_id>/unlock/<uuid:recipient_id>", envelopes.unlock),
    path("envelopes/<uuid:envelope_id>/schedule", routing.schedule),
    path("envelopes/<uuid:envelope_id>/unschedule", routing.unschedule),
    path("envelopes/<uuid:envelope_id>/correct", routing.correct),
    path("envelopes/<uuid:envelope_id>/extend", routing.extend),
    path("envelopes/<uuid:envelope_id>/resend/<uuid:recipient_id>", routing.resend),
    path("envelopes/<uuid:envelope_id>/reassign/<uuid:recipient_id>", routing.reassign),
    path("envelopes/<uuid:envelope_id>/identity/<uuid:recipient_id>", routing.identity),
    path("envelopes/<uuid:envelope_id>/host/<uuid:recipient_id>", parts.host),
    path("settings/signing-groups", groups.groups, name="signing-groups"),
    path("settings/signing-groups/new", groups.edit_group),
    path("settings/signing-groups/<uuid:group_id>", groups.edit_group),
    path("settings/signing-groups/<uuid:group_id>/retire", groups.retire),
    path("settings/signing", signing_identity.settings, name="signing-settings"),
    path("settings/signing/stamp", signing_identity.stamp),
    path("settings/signing/stamp.png", signing_identity.stamp_picture),
    path("settings/signing/forget/<uuid:enrolment_id>", signing_identity.forget),
    path("settings/signing/messengers", identity_setup.messenger_settings),
    path("settings/signing/messengers/test", identity_setup.messenger_test),
    path("settings/signing/providers/<int:provider_pk>", identity_setup.provider_checks),
    path("settings/consent", consent.versions, name="consent-texts"),
    path("settings/consent/write", consent.write),
    path("settings/consent/<uuid:text_id>", consent.version),
    path("settings/delegation", delegation.delegations, name="delegation"),
    path("settings/delegation/<uuid:delegation_id>/end", delegation.end),
    path("envelopes/<uuid:envelope_id>/seal", envelopes.seal_again),
    path("envelopes/<uuid:envelope_id>/layout.css", envelopes.layout),
    path("envelopes/<uuid:envelope_id>/pages/<uuid:document_id>/<int:page>.png", envelopes.picture),
    path("envelopes/<uuid:envelope_id>/files/<uuid:document_id>/<str:form>", envelopes.download),
    path("envelopes/<uuid:envelope_id>/certificate", envelopes.certificate),
    path("envelopes/<uuid:envelope_id>/verify", envelopes.verify_evidence),
    path("envelopes/<uuid:envelope_id>/evidence.zip", evidence.package),
    path("envelopes/<uuid:envelope_id>/hold", retention.hold),
    path("envelopes/<uuid:envelope_id>/holds/<uuid:hold_id>/release", retention.release),
    path("envelopes/<uuid:envelope_id>/purge", retention.purge),
    path("envelopes/<uuid:envelope_id>/recipients/<uuid:recipient_id>/erase", retention.erase),
    path("envelopes/<uuid:envelope_id>/payments/<uuid:payment_id>/refund", payments.refund),
    path("payments/<uuid:payment_id>/return", paying.returned),
    path("payments/messages", paying.message),
    path("payments/test/<uuid:checkout_id>", paying.test_page),
    path("settings/payments", payments.settings, name="payment-settings"),
    path("settings/controls", compliance.controls, name="controls"),
    path("settings/controls.csv", compliance.export),
    path("settings/retention", retention.policies, name="retention"),
    path("settings/retention/run", retention.run),
    path("settings/retention/<uuid:policy_id>", retention.policy),
    path("settings/retention/<uuid:policy_id>/remove", retention.remove_policy),
    path("envelopes/<uuid:envelope_id>/save-as-template", blueprints.save_as),
    path(f"{_TEMPLATES}/new", blueprints.new),
    path(f"{_TEMPLATES}/choose", blueprints.choose, name="choose-signing-template"),
    path(f"{_TEMPLATE}/change", blueprints.change),
    path(f"{_TEMPLATE}/fields", blueprints.fields),
    path(f"{_TEMPLATE}/arrange", blueprints.arrange),
    path(f"{_TEMPLATE}/fields/<str:field_id>/remove", blueprints.remove_field),
    path(f"{_TEMPLATE}/documents/<uuid:document_id>/remove", blueprints.remove_document),
    path(f"{_TEMPLATE}/layout.css", blueprints.layout),
    path(f"{_TEMPLATE}/pages/<uuid:document_id>/<int:page>.png", blueprints.picture),
    path(f"{_TEMPLATE}/files/<uuid:document_id>", blueprints.download),
    path(f"{_TEMPLATE}/archive", blueprints.archive),
    path(f"{_TEMPLATE}/use", blueprints.use),
    path(f"{_TEMPLATE}/bulk", bulk.upload),
    path(f"{_TEMPLATE}/bulk/empty.csv", bulk.empty),
    path("bulk-sends/<uuid:bulk_id>", bulk.show),
    path("bulk-sends/<uuid:bulk_id>/result.csv", bulk.result),
    path("s/<slug:slug>", public_forms.public_form),
    path("s/<slug:slug>/confirm/<str:token>", public_forms.confirm),
    path("embed/<str:secret>", embedding.begin),
    path("embed/sending/<str:secret>", sending.begin),
    path(_SENDING, sending.show),
    path(f"{_SENDING}/arrange", sending.arrange),
    path(f"{_SENDING}/send", sending.send),
    path(f"{_SENDING}/close", sending.close),
    path(f"{_SENDING}/pages/<uuid:document_id>/<int:page>.png", sending.picture),
    path("settings/embedded-signing", embedding.sites, name="embedded-signing"),
    path("settings/embedded-signing/<uuid:site_id>/remove", embedding.forbid),
]
# Every page behind a link once more, for those who sign inside another site.
urlpatterns[:0] = [
    path(
        str(each.pattern).replace(_LINK, f"sign/{PREFIX}<str:token>", 1),
        embedding.embedded(each.callback, leaves=str(each.pattern) == f"{_LINK}/later"),
    )
    for each in urlpatterns
    if isinstance(each, URLPattern) and str(each.pattern).startswith(_LINK)
]
