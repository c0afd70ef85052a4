"""The addresses of planning, mounted by the system's own."""

from django.urls import URLPattern, URLResolver, path

from dealwright.compensation.planning import insight_pages, pages, row_pages

_HOME = "compensation/planning/<uuid:scenario_id>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("compensation/planning", pages.listing, name="compensation-planning"),
    path("compensation/planning/new", pages.new),
    path(_HOME, pages.show),
    path(f"{_HOME}/settings", pages.settings),
    path(f"{_HOME}/cell", pages.cell),
    path(f"{_HOME}/grid.<str:kind>", pages.download),
    path(f"{_HOME}/import", pages.import_file),
    path(f"{_HOME}/capacity", insight_pages.capacity),
    path(f"{_HOME}/fairness", insight_pages.fairness),
    path(f"{_HOME}/territories", insight_pages.territories),
    path(f"{_HOME}/compare", insight_pages.compare),
    path(f"{_HOME}/adopt", insight_pages.adopt),
    path(f"{_HOME}/undo", insight_pages.undo),
    path(f"{_HOME}/do/<slug:action>", pages.act),
    path(f"{_HOME}/rows/<uuid:row_id>", row_pages.show),
    path(f"{_HOME}/rows/<uuid:row_id>/edit", row_pages.edit),
    path(f"{_HOME}/rows/<uuid:row_id>/<slug:action>", row_pages.act),
]
