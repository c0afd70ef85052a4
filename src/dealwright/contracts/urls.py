"""The pages of this system; the site mounts them at the root."""

from django.urls import URLPattern, URLResolver, path

from dealwright.contracts.agreements import pages as agreements
from dealwright.contracts.approvals import pages as approvals
from dealwright.contracts.clauses import pages as clauses
from dealwright.contracts.library import pages as library
from dealwright.contracts.obligations import pages as obligations

urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "quotes/<uuid:record_id>/contract",
        agreements.create_from,
        {"object_key": "quote"},
        name="contract-from-quote",
    ),
    path(
        "opportunities/<uuid:record_id>/contract",
        agreements.create_from,
        {"object_key": "opportunity"},
        name="contract-from-opportunity",
    ),
    path("contracts/<uuid:record_id>/values", agreements.save_values),
    path("contracts/<uuid:record_id>/take-over", agreements.take_over),
    path("contracts/<uuid:record_id>/clauses", agreements.clauses),
    path("contracts/<uuid:record_id>/document.pdf", agreements.document),
    path("contracts/<uuid:record_id>/submit", agreements.submit),
    path("contracts/<uuid:record_id>/send", agreements.send),
    path("contracts/<uuid:record_id>/recall", agreements.recall),
    path("contracts/<uuid:record_id>/terminate", agreements.terminate),
    path("contracts/<uuid:record_id>/cancel", agreements.cancel),
    path("obligations/<uuid:record_id>/settle", obligations.settle),
    path("approvals", approvals.inbox, name="approvals"),
    path("approvals/<uuid:step_id>", approvals.decide),
    path("settings/approvals", approvals.rules, name="approval-rules"),
    path("settings/approvals/new", approvals.edit_rule),
    path("settings/approvals/<uuid:rule_id>", approvals.edit_rule),
    path("contract-templates/<uuid:record_id>/text", library.edit, name="edit-template"),
    path("contract-templates/<uuid:record_id>/collect", clauses.collect),
    path("contract-templates/<uuid:record_id>/take-over", clauses.take_over),
    path("clauses/preview", clauses.preview),
    path("clauses/<uuid:record_id>/text", clauses.write),
    path("clauses/<uuid:record_id>/retire", clauses.retire),
    path("clauses/<uuid:record_id>/reinstate", clauses.reinstate),
]
