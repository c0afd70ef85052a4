"""Plans with mistakes: each is told with its line, all at once, in words."""

from __future__ import annotations

import textwrap

import pytest

from dealwright.compensation.plans.reading import read_plan
from dealwright.compensation.plans.source import PlanInvalid

HEAD = "plan: p\ncurrency: EUR\ncomponents:\n"


def problems(text: str) -> list[str]:
    with pytest.raises(PlanInvalid) as error:
        read_plan(textwrap.dedent(text))
    return [str(each) for each in error.value.problems]


@pytest.mark.parametrize(
    ("component", "said"),
    [
        (
            "- teired: {id: a, bands: [[0, 1%]]}",
            "line 4: plan › components › teired: “teired” is no kind of component. "
            "Did you mean “tiered”?",
        ),
        (
            "- flat: {id: a, rate: 5%, wen: amount > 5}",
            "line 4: flat “a”: “wen” is not known here. Did you mean “when”?",
        ),
        (
            "- flat: {id: a, rate: five}",
            "line 4: plan › components › flat › rate: “five” is not a number such as 0.05, "
            "5% or 1000.",
        ),
        ("- flat: {id: a}", "line 4: flat “a”: give either a rate or an amount."),
        ("- flat: {rate: 5%}", "line 4: flat: “id” is missing."),
        (
            "- tiered: {id: a, bands: [[0, 1%], [0, 2%]]}",
            "line 4: plan › components › tiered › bands: 0 does not come after 0; "
            "thresholds must ascend.",
        ),
        (
            "- tiered: {id: a, bands: [[0, 1%]], target: 100}",
            "line 4: tiered “a”: a target needs a quota to be the target of.",
        ),
        (
            "- gate: {id: g, on: nothing, at_least: 1}",
            "line 4: gate “g”: there is no component “nothing”.",
        ),
        (
            "- flat: {id: a, rate: 5%, measure: revenu}",
            "line 4: plan › components › flat › measure: “revenu” is none of: bookings.",
        ),
        (
            "- mbo: {id: m, target: 5, objectives: [{name: a, weight: 60%, score: a}]}",
            "line 4: mbo “m”: the weights sum to 60%, not 100%.",
        ),
        (
            "- mbo: {id: m, target: 5, objectives: "
            "[{name: a, weight: 1, at_least: 1, at_most: 2}]}",
            "line 4: plan › components › mbo › objectives “a”: give one of at_least, at_most or "
            "points.",
        ),
        (
            "- flat: {id: a, rate: 33.33333%}",
            "line 4: plan › components › flat › rate: 33.33333% has too many decimals; there may "
            "be 6, or 4 of a percentage.",
        ),
        (
            "- profit_pool: {id: p, amount: 5, share: 5%, by: equal}",
            "line 4: profit_pool “p”: give either a share of a measure or an amount.",
        ),
        (
            "- profit_pool: {id: p, amount: 5, by: eqal}",
            "line 4: plan › components › profit_pool › by: “eqal” is none of: salary, target, "
            "equal, days, bookings. Did you mean “equal”?",
        ),
        (
            "- profit_pool: {id: p, amount: 5, by: equal, cumulate: plan}",
            "line 4: profit_pool “p”: the plan has no end (“until”) at which this could be paid.",
        ),
        (
            "- contest: {id: c, prizes: [5], group: payee.region}",
            "line 4: plan › components › contest › group: “payee.region” is neither manager nor "
            "a text field of payees (payee.position, payee.team).",
        ),
        (
            "- contest: {id: c, prizes: [5]}",
            "line 4: contest “c”: say when it ends: “to” a day, or again each “cumulate” window.",
        ),
        (
            "- contest: {id: c, cumulate: year, prizes: [0.5], unit: trip}",
            "line 4: plan › components › contest › prizes: 0.5 is no whole number of trip.",
        ),
        (
            "- reward: {id: r, quantity: 5}",
            "line 4: reward “r”: “unit” is missing: say what is given, such as points.",
        ),
        (
            "- reward: {id: r, unit: points, quantity: 5}\n  - cap: {id: c, on: r, amount: 5}",
            "line 5: cap “c”: “r” is a reward and no pay.",
        ),
        (
            "- draw: {id: d, amount: 5, at_end: forgive}",
            "line 4: draw “d”: to forgive at the end a draw needs a number of periods.",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(component: str, said: str) -> None:
    assert said in problems(HEAD + f"  {component}\n")


def test_expression_mistakes_name_the_place() -> None:
    (said,) = problems(HEAD + "  - flat: {id: a, rate: 5%, when: amnt > 5}\n")
    assert said.startswith("line 4: plan › components › flat › when: There is no “amnt”.")
    (said,) = problems(HEAD + "  - flat: {id: a, rate: 5%, when: amount + 5}\n")
    assert said == (
        "line 4: plan › components › flat › when: this must be a yes-or-no question, and is money."
    )
    (said,) = problems(HEAD + "  - flat: {id: a, amount: amount * amount}\n")
    assert "Money cannot be multiplied by money" in said


def test_all_mistakes_are_told_at_once() -> None:
    assert len(problems("plan: p\ncurrency: XXX1\ncalendar: week\ncomponents: []\n")) == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: A plan is a mapping such as “plan: name” with one key per line."),
        ("- a\n- b", "line 1: A plan is a mapping such as “plan: name” with one key per line."),
        ("plan: p\n  bad: [", "line 2: This is not YAML: mapping values are not allowed here."),
        ("plan: &a p\ntitle: *a", "line 2: Anchors and aliases are not allowed."),
        ("x" * 200_001, "line 1: A plan may have at most 200,000 characters."),
        ("[" * 5000, "line 1: This is not YAML: "),
    ],
)
def test_text_that_is_no_plan(text: str, said: str) -> None:
    assert problems(text)[0].startswith(said)


def test_key_given_twice() -> None:
    assert "line 3: plan: “currency” is given twice." in problems(
        "plan: p\ncurrency: EUR\ncurrency: USD\ncomponents:\n  - flat: {id: a, rate: 1%}\n"
    )


def test_numbers_stay_decimals() -> None:
    plan = read_plan(HEAD + "  - flat: {id: a, rate: 0.1}\n  - flat: {id: b, rate: 33.333%}\n")
    assert [str(each.rate) for each in plan.earnings] == ["0.1", "0.33333"]  # type: ignore[union-attr]


def test_a_territory_is_named_by_a_text_field() -> None:
    text = """
        plan: p
        currency: EUR
        fields: {region: text, size: number}
        credits:
          territory: {from: territories, by: size}
        components:
          - flat: {id: a, rate: 5%, credit: territory}
        """
    assert problems(text) == ["line 6: plan › credits › territory › by: “size” is none of: region."]


def test_tables_are_checked() -> None:
    text = """
        plan: p
        currency: EUR
        fields: {product: text}
        tables:
          rates: {by: product, rows: {a: 5%, b: five}}
          dated: {by: produkt, rows: {a: 1%}}
        components:
          - flat: {id: a, rate: "lookup(rates, kind)"}
          - flat: {id: b, rate: lookup(nothing)}
        """
    assert problems(text) == [
        "line 6: plan › tables › rates › rows › b: “five” is not a number such as 0.05, 5% or "
        "1000.",
        "line 7: plan › tables › dated › by: “produkt” is none of: currency, event_id, id, kind, "
        "payee, payee.position, payee.team, product, reference, role. Did you mean “product”?",
        "line 9: plan › components › flat › rate: the table “rates” looks up by product.",
        "line 10: plan › components › flat › rate: there is no table “nothing”; there are: rates.",
    ]


def test_a_sum_per_deal_beside_a_measure_of_money_counts_its_deals() -> None:
    """Twenty-five for each deal that the measure counts, not for each euro of it."""
    text = """\
plan: x
currency: EUR
fields: {product: text}
measures:
  revenue: {of: booking, when: "product = 'A'"}
  units: {of: booking, unit: quantity, amount: quantity}
components:
  - spif: {id: push, measure: revenue, amount: 25}
  - per_unit: {id: each, measure: revenue, amount: 3}
  - per_unit: {id: unit, measure: units, amount: 2}
"""
    plan = read_plan(text)
    push, each, unit = plan.components
    for component in (push, each):
        measure = plan.measures[component.basis.measure]  # type: ignore[attr-defined]
        assert (measure.unit, measure.kinds) == ("quantity", ("booking",))
        assert measure.when is not None
    assert unit.basis.measure == "units"  # type: ignore[attr-defined]
