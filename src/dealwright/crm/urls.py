"""The pages of this system; the site mounts them at the root."""

from django.urls import URLPattern, URLResolver, path

from dealwright.crm.accounts import pages as accounts
from dealwright.crm.activities import pages as activities
from dealwright.crm.campaigns import pages as campaigns
from dealwright.crm.cases import pages as cases
from dealwright.crm.contacts import pages as contacts
from dealwright.crm.forms import pages as forms
from dealwright.crm.leads import pages as leads
from dealwright.crm.merging import pages as merging
from dealwright.crm.opportunities import pages as opportunities
from dealwright.crm.opportunities import settings_pages as pipelines
from dealwright.crm.privacy import pages as privacy
from dealwright.crm.products import pages as products
from dealwright.crm.quotes import pages as quotes
from dealwright.crm.reports import pages as reports

urlpatterns: list[URLPattern | URLResolver] = [
    # Activities
    path("tasks", activities.tasks, name="tasks"),
    path("tasks/<uuid:activity_id>/done", activities.finish_task),
    path("tasks/<uuid:activity_id>/reopen", activities.reopen),
    path("timeline/<slug:object_key>/<uuid:record_id>", activities.timeline_part),
    path("timeline/<slug:object_key>/<uuid:record_id>/<slug:kind>", activities.compose),
    # Leads
    path("leads/<uuid:record_id>/convert", leads.convert, name="convert-lead"),
    path("leads/<uuid:record_id>/disqualify", leads.disqualify),
    path("leads/<uuid:record_id>/assign", leads.assign),
    path("leads/<uuid:record_id>/reopen", leads.reopen),
    path("leads/<uuid:record_id>/respond", leads.respond),
    path("settings/assignment", leads.rules, name="assignment-rules"),
    path("settings/assignment/new", leads.edit_rule),
    path("settings/assignment/<uuid:rule_id>", leads.edit_rule),
    path("settings/assignment/<uuid:rule_id>/move", leads.shift_rule),
    path("settings/assignment/<uuid:rule_id>/delete", leads.remove_rule),
    # Opportunities
    path("opportunities/<uuid:record_id>/move/<uuid:stage_id>", opportunities.move),
    path("opportunities/<uuid:record_id>/win", opportunities.win),
    path("opportunities/<uuid:record_id>/lose", opportunities.lose),
    path("opportunities/<uuid:record_id>/reopen", opportunities.reopen),
    path("opportunities/<uuid:record_id>/lines", opportunities.save_lines),
    path("opportunities/<uuid:record_id>/team", opportunities.save_team),
    path("opportunities/<uuid:record_id>/contacts", opportunities.save_role),
    path(
        "opportunities/<uuid:record_id>/contacts/<uuid:contact_id>/remove",
        opportunities.remove_role,
    ),
    path("opportunities/<uuid:record_id>/quotes/new", quotes.new_quote),
    path("settings/pipelines", pipelines.pipelines, name="pipelines"),
    path("settings/pipelines/<uuid:pipeline_id>", pipelines.edit_pipeline),
    path("settings/pipelines/<uuid:pipeline_id>/stages/new", pipelines.edit_stage),
    path("settings/pipelines/<uuid:pipeline_id>/stages/<uuid:stage_id>", pipelines.edit_stage),
    path("settings/stages/<uuid:stage_id>/move", pipelines.shift_stage),
    # Quotes
    path("quotes/<uuid:record_id>/lines", quotes.save_lines),
    path("quotes/<uuid:record_id>/pdf", quotes.pdf, name="quote-pdf"),
    path("quotes/<uuid:record_id>/send", quotes.send),
    path("quotes/<uuid:record_id>/answer", quotes.answer),
    path("quotes/<uuid:record_id>/submit", quotes.submit),
    path("quotes/<uuid:record_id>/approve", quotes.approve),
    path("quotes/<uuid:record_id>/revise", quotes.revise),
    path("q/<str:token>", quotes.public_quote, name="public-quote"),
    path("q/<str:token>/pdf", quotes.public_pdf),
    # Accounts and contacts
    path("accounts/<uuid:record_id>/people", accounts.save_link),
    path("accounts/<uuid:record_id>/people/<uuid:link_id>/remove", accounts.remove_link),
    path("contacts/<uuid:record_id>/points", contacts.add_point),
    path("contacts/<uuid:record_id>/points/<uuid:point_id>/prefer", contacts.prefer_point),
    path("contacts/<uuid:record_id>/points/<uuid:point_id>/remove", contacts.remove_point),
    path("contacts/<uuid:record_id>/export", privacy.export),
    path("contacts/<uuid:record_id>/erase", privacy.erase),
    path("<slug:slug>/<uuid:record_id>/merge", merging.merge, name="merge"),
    path("merges/<uuid:merge_id>/undo", merging.undo_merge),
    # Cases, campaigns, price books
    path("cases/<uuid:record_id>/status/<slug:status>", cases.status),
    path("cases/<uuid:record_id>/assign", cases.assign),
    path("cases/<uuid:record_id>/respond", cases.respond),
    path("settings/promises", cases.promises, name="promises"),
    path("campaigns/<uuid:record_id>/members", campaigns.add),
    path("campaigns/<uuid:record_id>/members/<uuid:member_id>", campaigns.set_status),
    path("campaigns/<uuid:record_id>/members/<uuid:member_id>/remove", campaigns.remove),
    path("price-books/<uuid:record_id>/prices", products.save_prices),
    # Forms
    path("forms/<slug:slug>", forms.public_form, name="public-form"),
    path("web-forms/<uuid:record_id>/questions", forms.questions),
    # Reports
    path("reports/win-rate", reports.win_rate, name="win-rate"),
    path("reports/pipeline", reports.pipeline, name="pipeline-report"),
    path("reports/funnel", reports.funnel_page, name="funnel-report"),
]
