"""What intelligence brings to the house: segments, and its panels on the CRM's pages."""

from dealwright.base.objects.registry import add_action, add_panel, register
from dealwright.crm.forms.tracker import set_tracker
from dealwright.intelligence.enrichment.panels import SOURCES
from dealwright.intelligence.journeys.pages import journey_action
from dealwright.intelligence.scoring.panels import SCORE
from dealwright.intelligence.segments.object import SEGMENT
from dealwright.intelligence.segments.panel import MEMBERS

register(SEGMENT)
add_panel("segment", MEMBERS)
set_tracker("/t.js")
add_panel("lead", SCORE)
for _key in ("contact", "account"):
    add_panel(_key, SOURCES)
for _key in ("opportunity", "account", "contact", "lead"):
    add_action(_key, journey_action(_key))
