"""What somebody does before the script of a page is there is done when it comes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from browser import Live
from crm.make import make_opportunity
from dealwright.base.people.models import Profile
from dealwright.crm.opportunities.models import Pipeline
from make import make_administrator, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Held:
    """Answers for one kind of file, held back until `let_go`."""

    def __init__(self, page: Page, pattern: str) -> None:
        self.is_open = False
        self.routes: list[Route] = []
        page.route(pattern, self._hold)

    def let_go(self) -> None:
        self.is_open = True
        while self.routes:
            self.routes.pop().continue_()

    def _hold(self, route: Route) -> None:
        if self.is_open:
            route.continue_()
        else:
            self.routes.append(route)


def open_without_script(live: Live, path: str) -> Held:
    held = Held(live.page, "**/built/app-*.js")
    live.page.goto(live.url + path, wait_until="commit")
    live.page.locator("main").wait_for()
    return held


def test_a_button_pressed_early_works(live: Live) -> None:
    live.sign_in(make_user())
    held = open_without_script(live, "/tasks")
    create = live.page.get_by_role("button", name="Create").first
    create.click()
    create.click()  # impatient
    expect(live.page.get_by_role("dialog")).to_have_count(0)
    held.let_go()
    expect(live.page.get_by_role("dialog")).to_have_count(1)
    expect(live.page.get_by_role("dialog")).to_be_visible()


def test_a_click_of_long_ago_does_nothing(live: Live) -> None:
    live.sign_in(make_user())
    held = open_without_script(live, "/tasks")
    live.page.get_by_role("button", name="Create").first.click()
    live.page.evaluate("window.dwEarly.acts.forEach((act) => (act.at -= 11000))")
    held.let_go()
    live.ready()
    live.page.wait_for_function(
        "() => window.dwEarly.stage === 'htmx' && !window.dwEarly.acts.length"
    )
    expect(live.page.get_by_role("dialog")).to_have_count(0)


def test_what_was_typed_early_counts(live: Live) -> None:
    rep = make_user()
    live.sign_in(rep)
    make_opportunity(owner=rep, name="Globex")
    make_opportunity(owner=rep, name="Initech")
    held = open_without_script(live, "/opportunities")
    live.page.get_by_role("searchbox").first.fill("Glob")
    held.let_go()
    expect(live.page.get_by_role("link", name="Initech")).to_have_count(0)
    expect(live.page.get_by_role("link", name="Globex").first).to_be_visible()


def test_a_choice_made_early_counts(live: Live) -> None:
    live.sign_in(make_user("Fay Finance", profile=Profile.FINANCE))
    held = open_without_script(live, "/forecast")
    chosen = live.page.get_by_label("Period")
    chosen.select_option(index=1)
    value = chosen.input_value()
    held.let_go()
    live.page.wait_for_url(f"**/forecast?period={value}*")


def test_each_island_does_what_was_meant_for_it(live: Live) -> None:
    """The page's script is there, that of one island not yet."""
    live.sign_in(make_user())
    live.open("/tasks")
    held = Held(live.page, "**/built/theme-*.js")
    live.page.reload(wait_until="commit")
    live.page.wait_for_function("() => window.dwEarly?.stage === 'htmx'")
    live.page.get_by_role("button", name="Your menu").click()
    live.page.get_by_role("button", name="Dark").click()
    expect(live.page.locator("html")).not_to_have_attribute("data-theme", "dark")
    held.let_go()
    expect(live.page.locator("html")).to_have_attribute("data-theme", "dark")


def test_what_cannot_be_taken_back_is_asked_before(live: Live) -> None:
    live.sign_in(make_administrator())
    pipeline = Pipeline.objects.create(name="Second")
    held = open_without_script(live, f"/settings/pipelines/{pipeline.pk}")
    live.page.get_by_role("button", name="Take out of use").click()
    held.let_go()
    question = live.page.get_by_role("dialog")
    expect(question.get_by_text("Take this pipeline out of use?")).to_be_visible()
    pipeline.refresh_from_db()
    assert pipeline.archived_at is None
    question.get_by_role("button", name="Go ahead").click()
    live.page.wait_for_url("**/settings/pipelines")
    pipeline.refresh_from_db()
    assert pipeline.archived_at is not None


def test_without_the_script_forms_still_go_their_way(live: Live) -> None:
    live.ignore("ERR_FAILED")
    live.sign_in(make_user())
    live.page.route("**/built/app-*.js", lambda route: route.abort())
    live.page.goto(live.url + "/forecast")
    chosen = live.page.get_by_label("Period")
    chosen.select_option(index=1)
    chosen.evaluate("field => field.form.requestSubmit()")
    live.page.wait_for_url("**/forecast?period=*")
