"""What intelligence brings to the house: segments, and its panels on the CRM's pages."""

from dealwright.base.objects.registry import add_action, add_panel, register
from dealwright.crm.forms.tracker import Tracker, set_tracker
from dealwright.intelligence.enrichment.panels import SOURCES
from dealwright.intelligence.journeys.pages import journey_action
from dealwright.intelligence.scoring.panels import SCORE
from dealwright.intelligence.segments.object import SEGMENT
from dealwright.intelligence.segments.panel import MEMBERS
from dealwright.intelligence.tracking import jobs as _jobs  # noqa: F401  makes the schedule known
from dealwright.intelligence.tracking.settings import consent_question, tracking_settings

register(SEGMENT)
add_panel("segment", MEMBERS)


def _tracker() -> Tracker | None:
    stored = tracking_settings()
    return Tracker("/t.js", consent_question(stored)) if stored.is_on else None


set_tracker(_tracker)
add_panel("lead", SCORE)
for _key in ("contact", "account"):
    add_panel(_key, SOURCES)
for _key in ("opportunity", "account", "contact", "lead"):
    add_action(_key, journey_action(_key))
