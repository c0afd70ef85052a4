"""Reading incentives beside commission: objectives, profit pools, contests, rewards."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from dealwright.compensation.plans.definition import (
    Basis,
    Component,
    Lookup,
    Mbo,
    Measure,
    Objective,
    ProfitPool,
    Window,
)
from dealwright.compensation.plans.expressions import event_scope, read_expression
from dealwright.compensation.plans.piece_reading import (
    MOST_AMOUNT,
    MOST_RATE,
    PieceReader,
)
from dealwright.compensation.plans.source import Block, Item

_ZERO, _ONE = Decimal(0), Decimal(1)
MOST_OBJECTIVES = 20
_DIVISORS = ("salary", "target", "equal", "days")


@dataclass
class IncentiveReader(PieceReader):
    """Reads the kinds that look at more than one payee's credits for one rate."""

    def _mbo(self, block: Block, shared: dict[str, Any]) -> Component | None:
        """Objectives with weights that sum to 100 %, each achieved in whole or in part."""
        target = self._amount(block, "target", required=True)
        cumulate = self._window(block, "period")
        threshold = block.number("threshold", low=_ZERO, high=MOST_RATE)
        minimum = block.number("minimum", low=_ZERO, high=MOST_RATE)
        maximum = block.number("maximum", low=_ZERO, high=MOST_RATE)
        line = block.line_of("objectives")
        item = block.take("objectives", required=True)
        objectives = []
        for entry in item.items() if item else ():
            read = self._objective(entry, shared["id"], cumulate)
            if read is not None:
                objectives.append(read)
                if any(each.name == read.name for each in objectives[:-1]):
                    entry.complain(f"the name “{read.name}” is used twice.")
        if cumulate == "transaction":
            block.complain("objectives need a window: period, quarter, year or plan.")
            return None
        if minimum is not None and maximum is not None and maximum < minimum:
            block.complain("the maximum is below the minimum.", block.line_of("maximum"))
        if target is None or item is None or len(objectives) != len(item.items()):
            return None
        total = sum((each.weight for each in objectives), _ZERO)
        if total != 1:
            block.complain(f"the weights sum to {_percent(total)}, not 100%.", line)
        if len(objectives) > MOST_OBJECTIVES:
            block.complain(f"at most {MOST_OBJECTIVES} objectives are allowed.", line)
        return Mbo(
            **shared,
            target=target,
            cumulate=cumulate,
            objectives=tuple(objectives),
            threshold=threshold,
            minimum=minimum,
            maximum=maximum,
        )

    def _profit_pool(self, block: Block, shared: dict[str, Any]) -> Component | None:
        """A sum for all, or a share of a measure of all, divided when its window is over."""
        given = ("share" in block) + ("amount" in block)
        share = block.number("share", low=_ZERO, high=MOST_RATE)
        amount = block.number("amount", low=_ZERO, high=MOST_AMOUNT)
        above = block.number("above", low=-MOST_AMOUNT, high=MOST_AMOUNT)
        cumulate = self._closed_window(block)
        leavers = block.boolean("leavers", False)
        measure = ""
        if "share" in block or share is not None:
            measure = self._basis(block).measure
            if self.measures[measure].aggregate != "sum":
                block.complain("a pool is a share of a sum; this measure is not summed.")
        by, basis = self._divided_by(block)
        if given != 1:
            block.complain("give either a share of a measure or an amount.")
        if above is not None and share is None:
            block.complain("“above” belongs to a share of a measure.", block.line_of("above"))
        if (share is None and amount is None) or not by:
            return None
        return ProfitPool(
            **shared,
            cumulate=cumulate,
            amount=amount,
            share=share or _ZERO,
            measure=measure,
            above=above or _ZERO,
            by=cast(Any, by),
            basis=basis,
            leavers=leavers,
        )

    def _divided_by(self, block: Block) -> tuple[str, Basis | None]:
        """``by: salary``, a measure's name, or a block that describes the credits."""
        item = block.take("by", required=True)
        if item is None:
            return "", None
        if item.is_mapping:
            inner = item.block()
            assert inner is not None
            basis = self._basis(inner)
            inner.close()
            return "credits", basis
        chosen = item.choice((*_DIVISORS, *self._declared()))
        if chosen in _DIVISORS or chosen is None:
            return chosen or "", None
        return "credits", Basis(measure=chosen)

    def _closed_window(self, block: Block) -> Window:
        """A window that has an end, at which it pays."""
        line = block.line_of("cumulate")
        cumulate = self._window(block, "period")
        if cumulate == "transaction":
            block.complain("this needs a window: period, quarter, year or plan.", line)
        if cumulate == "plan" and not self.ends:
            block.complain("the plan has no end (“until”) at which this could be paid.", line)
        return cumulate

    def _objective(self, entry: Item, component: str, cumulate: Window) -> Objective | None:
        block = entry.block()
        if block is None:
            return None
        name_item = block.take("name", required=True)
        name = name_item.name() if name_item else None
        block.place = f"{block.place} “{name or ''}”"
        label = block.text("label") or (name or "").replace("_", " ").capitalize()
        weight = block.number("weight", required=True, low=_ZERO, high=_ONE)
        at_least = block.number("at_least", low=-MOST_AMOUNT, high=MOST_AMOUNT)
        at_most = block.number("at_most", low=-MOST_AMOUNT, high=MOST_AMOUNT)
        points = self._steps(block, "points", ("pays", "value")) if "points" in block else ()
        maximum = block.number("maximum", low=_ZERO, high=MOST_RATE)
        required = block.boolean("required", False)
        if "cumulate" in block:
            cumulate = self._window(block, cumulate)
        if sum((at_least is not None, at_most is not None, bool(points))) > 1:
            block.complain("give one of at_least, at_most or points.")
        if len(points) == 1:
            block.complain("points need at least two to draw a line.", block.line_of("points"))
        score = block.take("score")
        if score is not None:
            kind = score.text()
            test = self._score_of(block, f"{component}__{name}", kind or "score", cumulate)
        else:
            test = self._lookup(block, cumulate, ())
        block.close()
        if name is None or weight is None or test is None:
            return None
        return Objective(
            name=name,
            label=label,
            weight=weight,
            test=test,
            at_least=at_least,
            at_most=at_most,
            points=points,
            maximum=maximum,
            required=required,
        )

    def _score_of(self, block: Block, name: str, kind: str, cumulate: Window) -> Lookup | None:
        """The quantity of the latest event of a kind: 1 (done) unless the event says else."""
        if "measure" in block or "quota" in block:
            block.complain("a score is read from its events; give no measure or quota with it.")
        if cumulate == "transaction":
            block.complain("this needs a window: period, quarter, year or plan.")
        amount = read_expression(
            "quantity",
            block.line,
            event_scope(self.names.fields),
            "number",
            block.complaints,
            block.place,
        )
        if amount is None:
            return None
        self.measures[name] = Measure(
            id=name,
            line=block.line,
            kinds=(kind,),
            amount=amount,
            unit="quantity",
            aggregate="last",
        )
        return Lookup(basis=Basis(measure=name), cumulate=cumulate, thresholds=())


def _percent(value: Decimal) -> str:
    return f"{(value * 100).normalize():f}%"
