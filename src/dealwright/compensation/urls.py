"""The pages of this system; the site mounts them at the root."""

from django.urls import URLPattern, URLResolver, path

from dealwright.compensation.acceptance import pages as acceptance
from dealwright.compensation.accounting.urls import urlpatterns as accounting
from dealwright.compensation.analytics import pages as analytics
from dealwright.compensation.bookings import pages as bookings
from dealwright.compensation.disputes import pages as disputes
from dealwright.compensation.holds import pages as holds
from dealwright.compensation.periods import pages as periods
from dealwright.compensation.planning.urls import urlpatterns as planning
from dealwright.compensation.plans import editor
from dealwright.compensation.plans import pages as plans
from dealwright.compensation.quotas import pages as quotas
from dealwright.compensation.relationships import pages as relationships
from dealwright.compensation.simulation.urls import urlpatterns as simulation
from dealwright.compensation.statements import pages as statements
from dealwright.compensation.territories import pages as territories

_VERSION = "compensation/plans/<uuid:plan_id>/versions/<int:number>"
_STATEMENT = "compensation/statements/<uuid:payee_id>/<uuid:period_id>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("compensation", statements.home, name="compensation"),
    path("compensation/statements/<uuid:payee_id>", statements.latest),
    path(_STATEMENT, statements.show, name="statement"),
    path(f"{_STATEMENT}/why", statements.why_all),
    path(f"{_STATEMENT}/statement.pdf", statements.as_pdf),
    path(f"{_STATEMENT}/statement.xlsx", statements.as_xlsx),
    path(f"{_STATEMENT}/<uuid:plan_id>/<slug:component>", statements.component),
    path(f"{_STATEMENT}/<uuid:plan_id>/<slug:component>/why", statements.why),
    path("compensation/lines/<int:line_id>", statements.line),
    path("compensation/plans", plans.listing, name="compensation-plans"),
    path("compensation/plans/new", plans.new),
    path("compensation/plans/new/change", editor.change),
    path("compensation/plans/<uuid:plan_id>", plans.show),
    path("compensation/plans/<uuid:plan_id>/edit", plans.edit),
    path("compensation/plans/<uuid:plan_id>/change", editor.change),
    path("compensation/plans/<uuid:plan_id>/assign", plans.assign),
    path("compensation/plans/<uuid:plan_id>/run", plans.run),
    path("compensation/plans/<uuid:plan_id>/versions/<int:number>", plans.version),
    path("compensation/plans/<uuid:plan_id>/versions/<int:number>/activate", plans.activate),
    path("compensation/assignments/<uuid:assignment_id>/end", plans.end),
    path("compensation/quotas", quotas.listing, name="compensation-quotas"),
    path("compensation/quotas/new", quotas.new),
    path("compensation/quotas/import", quotas.import_file),
    path("compensation/quotas/quotas.csv", quotas.download),
    path("compensation/quotas/<uuid:quota_id>", quotas.edit),
    path("compensation/quotas/<uuid:quota_id>/delete", quotas.delete),
    path("compensation/territories", territories.listing),
    path("compensation/territories/new", territories.new),
    path("compensation/territories/import", territories.import_file),
    path("compensation/territories/territories.csv", territories.download),
    path("compensation/territories/events", territories.events),
    path("compensation/territories/<uuid:holder_id>", territories.change),
    path("compensation/territories/<uuid:holder_id>/end", territories.end),
    path("compensation/territories/<uuid:holder_id>/remove", territories.remove),
    path("compensation/relationships", relationships.listing),
    path("compensation/relationships/new", relationships.new),
    path("compensation/relationships/import", relationships.import_file),
    path("compensation/relationships/hierarchy.csv", relationships.download),
    path("compensation/relationships/<uuid:relationship_id>", relationships.change),
    path("compensation/relationships/<uuid:relationship_id>/end", relationships.end),
    path("compensation/relationships/<uuid:relationship_id>/remove", relationships.remove),
    path("compensation/periods", periods.listing, name="compensation-periods"),
    path("compensation/periods/open", periods.open_period),
    path("compensation/periods/<uuid:period_id>", periods.show),
    path("compensation/periods/<uuid:period_id>/<slug:action>", periods.act),
    path("compensation/runs/<uuid:run_id>", periods.run),
    path("compensation/runs/<uuid:run_id>/compare", periods.compare),
    path("compensation/plans/<uuid:plan_id>/acceptance", acceptance.show),
    path("compensation/plans/<uuid:plan_id>/acceptance/card", acceptance.card),
    path("compensation/plans/<uuid:plan_id>/acceptance/policy", acceptance.policy),
    path(f"{_VERSION}/ask", acceptance.ask),
    path(f"{_VERSION}/remind", acceptance.remind),
    path(f"{_VERSION}/document/<uuid:payee_id>", acceptance.preview),
    path("compensation/acceptances/<uuid:acceptance_id>/document.pdf", acceptance.document),
    path("compensation/events", bookings.listing),
    path("compensation/events/preview", bookings.preview),
    path("compensation/events/import", bookings.import_file),
    path("compensation/holds", holds.listing),
    path("compensation/holds/new", holds.new),
    path("compensation/holds/<uuid:hold_id>/release", holds.release),
    path("compensation/analysis", analytics.analysis, name="compensation-analysis"),
    path("compensation/analysis/<slug:section>", analytics.analysis),
    path("compensation/analysis/<slug:section>/<slug:table>.csv", analytics.download),
    path("compensation/contests", analytics.contests),
    path(
        "compensation/contests/<uuid:plan_id>/<slug:component>/<uuid:period_id>",
        analytics.contest,
    ),
    path("compensation/disputes", disputes.listing, name="compensation-disputes"),
    path("compensation/disputes/new", disputes.new),
    path("compensation/disputes/<uuid:dispute_id>", disputes.show),
    path("compensation/disputes/<uuid:dispute_id>/resolve", disputes.resolve),
    path("compensation/adjustments/new", disputes.new_adjustment),
    path("compensation/adjustments/<uuid:adjustment_id>/<slug:decision>", disputes.decide),
    *planning,
    *simulation,
    *accounting,
]
