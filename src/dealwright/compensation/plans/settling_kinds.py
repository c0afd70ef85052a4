"""The forms of the kinds that change what others pay, and of those that settle it."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_noop as _

from dealwright.compensation.plans.kind_fields import (
    CHANGES,
    CUMULATE,
    FOR,
    LABEL,
    ON,
    PER,
    QUOTA,
    SETTLES,
    WITH_PAY,
    Key,
    Kind,
)

SETTLING: Sequence[Kind] = (
    Kind(
        "gate",
        _("Gate"),
        _("Pays other components only where a measure reaches a threshold."),
        CHANGES,
        (
            LABEL,
            ON,
            QUOTA,
            Key("at_least", _("At least"), "number"),
            Key("at_most", _("or at most"), "number"),
            Key(
                "otherwise",
                _("Else pays"),
                "number",
                _("A part of it, such as 50%; nothing unless given."),
            ),
            CUMULATE,
        ),
        (
            PER,
            Key(
                "any",
                _("or any of several"),
                "lines",
                _("[{measure: revenue, at_least: 1000}, {measure: csat, at_least: 9}]"),
            ),
            *WITH_PAY,
        ),
        {"at_least": "80%", "quota": "bookings"},
    ),
    Kind(
        "multiplier",
        _("Multiplier"),
        _("Multiplies other components by a factor, or by steps of a measure."),
        CHANGES,
        (
            LABEL,
            ON,
            Key("factor", _("Factor"), "number", _("Or steps below.")),
            QUOTA,
            Key("steps", _("Steps"), "pairs", columns=(_("From"), _("Factor"))),
            Key(
                "points",
                _("or points"),
                "pairs",
                _("Straight lines between them."),
                columns=(_("At"), _("Factor")),
            ),
            CUMULATE,
        ),
        (PER, *WITH_PAY),
        {"factor": "1.1"},
    ),
    Kind(
        "floor",
        _("Floor"),
        _("At least so much for some components."),
        CHANGES,
        (
            LABEL,
            Key("amount", _("At least"), required=True),
            Key("per", _("Per"), "choice", options=("period", "deal", "quarter", "year")),
            ON,
        ),
        (FOR,),
        {"amount": "500"},
    ),
    Kind(
        "cap",
        _("Cap"),
        _("At most so much; the rest is lost, or waits for room."),
        CHANGES,
        (
            LABEL,
            Key(
                "amount",
                _("At most"),
                help=_("A sum, or a part such as 200% of target."),
                required=True,
            ),
            Key("per", _("Per"), "choice", options=("period", "deal", "quarter", "year", "plan")),
            Key("excess", _("What is above"), "choice", options=("forfeit", "withhold")),
            ON,
        ),
        (FOR,),
        {"amount": "10000"},
    ),
    Kind(
        "holdback",
        _("Holdback"),
        _("Keeps a part of each deal's pay until the customer pays."),
        SETTLES,
        (
            LABEL,
            Key("share", _("Part kept"), "number", required=True),
            Key("release", _("Released by"), "names", _("Kinds of events; payment unless given.")),
            ON,
        ),
        (FOR,),
        {"share": "40%"},
    ),
    Kind(
        "clawback",
        _("Clawback"),
        _("Takes pay back when a deal ends early."),
        SETTLES,
        (
            LABEL,
            Key(
                "trigger",
                _("When there is"),
                "names",
                _("Kinds of events, such as termination, refund."),
            ),
            Key("schedule", _("Schedule"), "pairs", columns=(_("Within months"), _("Takes back"))),
            Key("months", _("or in equal parts over months"), "number"),
            Key("limit", _("No more than was"), "choice", options=("paid", "earned")),
        ),
        (
            Key(
                "recover_share",
                _("At most of a period's pay"),
                "number",
                _("What is left stays owed."),
            ),
            Key("by_amount", _("Weighed by the part that ends"), "flag", options=("false", "true")),
            ON,
            FOR,
        ),
        {"trigger": "termination", "schedule": "[[3, 100%], [6, 50%], [12, 25%]]"},
    ),
    Kind(
        "draw",
        _("Draw"),
        _("Tops pay up, as an advance or as a guarantee."),
        SETTLES,
        (
            LABEL,
            Key("amount", _("Tops up to"), required=True),
            Key("kind", _("Kind"), "choice", options=("recoverable", "non_recoverable")),
            Key("periods", _("For the first periods"), "number", _("All periods unless given.")),
            Key("recover_from", _("Taken back from period"), "number"),
            Key("recover_share", _("At most of what exceeds it"), "number"),
            Key("at_end", _("What is open at the end"), "choice", options=("owe", "forgive")),
        ),
        (
            ON,
            FOR,
        ),
        {"amount": "2000", "periods": "6"},
    ),
)
