"""The addresses of simulations, mounted by the system's own."""

from django.urls import URLPattern, URLResolver, path

from dealwright.compensation.simulation import pages, what_if_pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("compensation/simulation", pages.home, name="compensation-simulation"),
    path("compensation/plans/<uuid:plan_id>/backtest", pages.new_backtest),
    path("compensation/backtests/<uuid:backtest_id>", pages.backtest),
    path("compensation/backtests/<uuid:backtest_id>/backtest.<str:kind>", pages.backtest_file),
    path("compensation/backtests/<uuid:backtest_id>/<uuid:payee_id>", pages.backtest_payee),
    path("compensation/forecasts/new", pages.new_forecast),
    path("compensation/forecasts/<uuid:forecast_id>", pages.forecast),
    path("compensation/forecasts/<uuid:forecast_id>/forecast.<str:kind>", pages.forecast_file),
    path("compensation/estimates/<uuid:opportunity_id>", what_if_pages.estimate),
    path("compensation/estimates/<uuid:opportunity_id>/panel", what_if_pages.estimate_in_panel),
    path("compensation/what-if", what_if_pages.mine, name="compensation-what-if"),
    path("compensation/what-if/curve", what_if_pages.curve),
]
