"""The pages of accounting."""

from django.urls import URLPattern, URLResolver, path

from dealwright.compensation.accounting import pages, payroll_pages, settings_pages

_HERE = "compensation/accounting"

urlpatterns: list[URLPattern | URLResolver] = [
    path(_HERE, pages.overview, name="compensation-accounting"),
    path(f"{_HERE}/months/<str:month>/<slug:action>", pages.act),
    path(f"{_HERE}/deals", pages.deals),
    path(f"{_HERE}/deals/<uuid:event_id>", pages.deal),
    path(f"{_HERE}/deals/<uuid:event_id>/schedule.csv", pages.download_schedule),
    path(f"{_HERE}/deals/<uuid:event_id>/<slug:kind>", pages.decide),
    path(f"{_HERE}/decisions/<uuid:decision_id>/withdraw", pages.withdraw),
    path(f"{_HERE}/costs/<uuid:cost_id>", pages.cost),
    path(f"{_HERE}/accruals", pages.accrued),
    path(f"{_HERE}/journal", pages.journal),
    path(f"{_HERE}/files/<slug:name>.csv", pages.download),
    path(f"{_HERE}/settings", settings_pages.settings),
    path(f"{_HERE}/settings/policy", settings_pages.new_policy),
    path(f"{_HERE}/settings/policies/<uuid:policy_id>/delete", settings_pages.remove_policy),
    path(f"{_HERE}/settings/accounts", settings_pages.numbers),
    path(f"{_HERE}/settings/centres", settings_pages.new_centre),
    path(f"{_HERE}/settings/centres/<uuid:centre_id>/delete", settings_pages.remove_centre),
    path(f"{_HERE}/rates", settings_pages.exchange_rates),
    path(f"{_HERE}/rates/import", settings_pages.import_rates),
    path(f"{_HERE}/rates/<uuid:rate_id>/delete", settings_pages.remove_rate),
    path(f"{_HERE}/payroll", payroll_pages.home),
    path(f"{_HERE}/payroll/numbers", payroll_pages.set_number),
    path(f"{_HERE}/payroll/numbers/import", payroll_pages.import_numbers),
    path(f"{_HERE}/payroll/layouts/new", payroll_pages.layout),
    path(f"{_HERE}/payroll/layouts/<uuid:layout_id>", payroll_pages.layout),
    path(f"{_HERE}/payroll/layouts/<uuid:layout_id>/<slug:action>", payroll_pages.layout_action),
    path(f"{_HERE}/payroll/batches/<uuid:batch_id>", payroll_pages.batch),
    path(f"{_HERE}/payroll/batches/<uuid:batch_id>/<slug:action>", payroll_pages.batch_action),
]
