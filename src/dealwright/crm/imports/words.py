"""What Salesforce, HubSpot, Pipedrive and Zoho write for the choices of our fields."""

from __future__ import annotations

from collections.abc import Mapping

from dealwright.base.transfer.choices import register_words

_LIFECYCLE = {
    "Marketing Qualified Lead": "qualified",
    "Sales Qualified Lead": "qualified",
    "Evangelist": "customer",
    "Other": "lead",
}
_PRIORITY = {"Medium": "normal", "None": "normal"}
_SOURCE = {
    "Web": "web",
    "Website": "web",
    "Web Site": "web",
    "Organic search": "web",
    "Direct traffic": "web",
    "Phone Inquiry": "phone",
    "Cold Call": "outbound",
    "Purchased List": "outbound",
    "Partner Referral": "partner",
    "Employee Referral": "referral",
    "External Referral": "referral",
    "Word of mouth": "referral",
    "Trade Show": "event",
    "Seminar - Internal": "event",
    "Seminar - Partner": "event",
    "Advertisement": "advertising",
    "Paid search": "advertising",
    "Paid social": "advertising",
    "Public Relations": "other",
    "Email marketing": "email",
    "Manually created": "other",
}

WORDS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("account", "kind"): {
        "Customer - Direct": "customer",
        "Customer - Channel": "customer",
        "Channel Partner / Reseller": "partner",
        "Installation Partner": "partner",
        "Technology Partner": "partner",
        "Integrator": "partner",
        "Reseller": "partner",
        "Supplier": "vendor",
        "Analyst": "other",
        "Investor": "other",
        "Press": "other",
    },
    ("account", "lifecycle_stage"): _LIFECYCLE,
    ("contact", "lifecycle_stage"): _LIFECYCLE,
    ("lead", "status"): {
        "Open": "new",
        "Open - Not Contacted": "new",
        "Not Contacted": "new",
        "Working - Contacted": "working",
        "In progress": "working",
        "Contacted": "working",
        "Attempted to contact": "working",
        "Connected": "working",
        "Open deal": "qualified",
        "Pre-Qualified": "qualified",
        "Contact in Future": "nurturing",
        "Bad timing": "nurturing",
        "Closed - Converted": "converted",
        "Closed - Not Converted": "disqualified",
        "Unqualified": "disqualified",
        "Not Qualified": "disqualified",
        "Junk Lead": "disqualified",
        "Lost Lead": "disqualified",
    },
    ("lead", "source"): _SOURCE,
    ("opportunity", "kind"): {
        "New Customer": "new",
        "New": "new",
        "Existing Business": "expansion",
        "Existing Customer - Upgrade": "expansion",
        "Existing Customer - Replacement": "expansion",
        "Existing Customer - Downgrade": "renewal",
    },
    ("opportunity", "forecast_category"): {
        "Not forecasted": "omitted",
        "Most likely": "commit",
        "Closed won": "closed",
    },
    ("product", "billing_period"): {
        "Monthly": "month",
        "Quarterly": "quarter",
        "Annually": "year",
        "Yearly": "year",
    },
    ("activity", "kind"): {
        "To do": "task",
        "Deadline": "task",
        "Other": "task",
        "Cadence": "task",
        "Event": "meeting",
        "Lunch": "meeting",
        "List email": "email",
    },
    ("activity", "status"): {
        "Not Started": "open",
        "In Progress": "open",
        "Waiting on someone else": "open",
        "Waiting": "open",
        "Deferred": "open",
        "To do": "open",
        "Undone": "open",
        "No": "open",
        "False": "open",
        "0": "open",
        "Done": "completed",
        "Yes": "completed",
        "True": "completed",
        "1": "completed",
    },
    ("activity", "priority"): _PRIORITY,
    ("activity", "outcome"): {"Connected": "reached", "Left live message": "voicemail"},
    ("case", "priority"): {**_PRIORITY, "Critical": "urgent"},
    ("case", "status"): {
        "Working": "open",
        "In progress": "open",
        "Escalated": "open",
        "On hold": "waiting",
        "Waiting on contact": "waiting",
        "Waiting on us": "open",
        "Resolved": "solved",
    },
    ("case", "kind"): {
        "Feature Request": "request",
        "Electrical": "problem",
        "Mechanical": "problem",
        "Structural": "problem",
    },
}


def register_all_words() -> None:
    """Make the words known to imports."""
    for (object_key, field_key), words in WORDS.items():
        register_words(object_key, field_key, words)
