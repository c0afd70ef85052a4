"""The one place where systems listen to each other; ``docs/flows.md`` prints the table."""

from dealwright.flows import agreements, deals, engagement, leads, pay

LISTENERS = (leads, engagement, deals, agreements, pay)
