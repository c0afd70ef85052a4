"""Reading incentives beside commission: objectives, profit pools, contests, rewards."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from dealwright.compensation.plans.definition import (
    Basis,
    Blocks,
    Component,
    Contest,
    Lookup,
    Mbo,
    Measure,
    Milestones,
    Objective,
    ProfitPool,
    Rated,
    Reward,
    Window,
)
from dealwright.compensation.plans.expressions import credit_scope, event_scope, read_expression
from dealwright.compensation.plans.piece_reading import (
    MOST_AMOUNT,
    MOST_RATE,
    PieceReader,
)
from dealwright.compensation.plans.source import Block, Item, is_number

_ZERO, _ONE = Decimal(0), Decimal(1)
MOST_OBJECTIVES = 20
MOST_PRIZES = 100
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

    def _contest(self, block: Block, shared: dict[str, Any]) -> Component | None:
        """Prizes by rank: between two days, or again in each window."""
        lines = {key: block.line_of(key) for key in ("prizes", "group", "pays", "to")}
        recurring = "cumulate" in block
        lines["quota"] = block.line_of("quota")
        quota = self._name(block, "quota")
        basis = self._basis(block)
        cumulate: Window = "plan"
        if recurring:
            cumulate = self._closed_window(block)
        elif basis.ends is None:
            block.complain("say when it ends: “to” a day, or again each “cumulate” window.")
        rank_by = block.choice("rank_by", ("sum", "average", "count"), "sum")
        best = block.choice("best", ("highest", "lowest"), "highest")
        minimum = block.number("minimum", low=-MOST_AMOUNT, high=MOST_AMOUNT)
        ties = block.choice("ties", ("share", "all", "earliest"), "share")
        budget = block.number("budget", low=_ZERO, high=MOST_AMOUNT)
        shared["reward"] = self._given(block)
        group = self._group(block)
        if quota and (group or rank_by != "sum" or not recurring):
            block.complain(
                "only single payees are ranked by attainment of a quota, by the sum of each "
                "“cumulate” window.",
                lines["quota"],
            )
        pays = block.choice("pays", ("share", "each", "manager"), "share")
        if not group and pays != "share":
            block.complain("“pays” belongs to a contest of groups.", lines["pays"])
        if pays == "manager" and group != "manager":
            block.complain("only groups by manager can pay the manager.", lines["pays"])
        item = block.take("prizes", required=True)
        prizes = []
        for entry in item.items() if item else ():
            prize = entry.number(low=_ZERO, high=MOST_AMOUNT)
            if prize is not None:
                self._whole(entry, prize, shared["reward"])
                prizes.append(prize)
        if len(prizes) > MOST_PRIZES:
            block.complain(f"at most {MOST_PRIZES} prizes are allowed.", lines["prizes"])
        if not prizes:
            return None
        return Contest(
            **shared,
            basis=basis,
            cumulate=cumulate,
            rank_by=cast(Any, rank_by),
            best=cast(Any, best),
            minimum=minimum,
            prizes=tuple(prizes),
            ties=cast(Any, ties),
            group=group,
            pays=cast(Any, pays),
            budget=budget,
            quota=quota,
        )

    def _group(self, block: Block) -> str:
        """``manager``, or a text field of payees such as ``payee.team``."""
        item = block.take("group")
        text = item.text() if item else None
        if item is None or not text:
            return ""
        fields = self.names.texts_of_payees()
        chosen = text.removeprefix("payee.")
        if chosen != "manager" and chosen not in fields:
            item.complain(
                f"“{text[:40]}” is neither manager nor a text field of payees"
                + (f" ({', '.join(f'payee.{name}' for name in fields)})." if fields else ".")
            )
            return ""
        return chosen

    def _given(self, block: Block) -> Reward | None:
        """``unit`` and ``value`` of what is given in place of money."""
        item = block.take("unit")
        line = block.line_of("value")
        value = block.number("value", low=_ZERO, high=MOST_AMOUNT)
        unit = (item.text() or "") if item else ""
        if item is None:
            if value is not None:
                block.complain("a taxable value needs a “unit” that is given.", line)
            return None
        if not unit or len(unit) > 40:
            item.complain("name what is given, such as points, in at most 40 characters.")
        return Reward(unit=unit, value=value or _ZERO)

    def _whole(self, item: Item, value: Decimal, reward: Reward | None) -> None:
        if reward is not None and value != value.to_integral_value():
            item.complain(f"{value} is no whole number of {reward.unit}.")

    def _reward(self, block: Block, shared: dict[str, Any]) -> Component | None:
        """Points, trips, cards: per deal, per full amount, or for steps that are reached."""
        if "unit" not in block:
            block.complain("“unit” is missing: say what is given, such as points.")
        reward = self._given(block) or Reward(unit="points", value=_ZERO)
        shared["reward"] = reward
        if ("quantity" in block) + ("steps" in block) != 1:
            block.complain("give either a quantity or steps.")
        if "steps" in block:
            return self._reward_steps(block, shared, reward)
        item = block.take("quantity")
        text = item.text() if item else None
        if item is None or text is None:
            return None
        if not is_number(text):
            formula = self._expression(item, credit_scope(self.names), "number")
            basis = self._basis(block)
            return Rated(**shared, basis=basis, amount=formula) if formula else None
        quantity = item.number(low=_ZERO, high=MOST_AMOUNT)
        if quantity is None:
            return None
        self._whole(item, quantity, reward)
        if "each" not in block:
            inline = "measure" not in block
            basis = self._basis(block, default=self._counting(block, shared) if inline else "")
            return Rated(**shared, basis=basis, price=quantity)
        line = block.line_of("each")
        each = block.number("each", low=_ZERO, high=MOST_AMOUNT)
        cumulate = self._window(block, "transaction")
        basis = self._basis(block)
        if each is not None and (each == 0 or each != round(each, 4)):
            block.complain("“each” is an amount above 0 with at most 4 decimals.", line)
            return None
        if each is None:
            return None
        return Blocks(**shared, basis=basis, cumulate=cumulate, each=each, quantity=quantity)

    def _reward_steps(
        self, block: Block, shared: dict[str, Any], reward: Reward
    ) -> Component | None:
        line = block.line_of("steps")
        cumulate = self._window(block, "period")
        steps = self._steps(block, "steps", ("quantity", "value"), most=MOST_AMOUNT)
        quota = self._quota(block)
        pays = block.choice("pays", ("each", "highest"), "each")
        basis = self._basis(block)
        if cumulate == "transaction":
            block.complain("steps need a window: period, quarter, year or plan.")
        if any(each.value != each.value.to_integral_value() for each in steps):
            block.complain(f"the steps give whole numbers of {reward.unit} only.", line)
        if not steps:
            return None
        return Milestones(
            **shared,
            basis=basis,
            cumulate=cumulate,
            steps=steps,
            quota=quota,
            pays=cast(Any, pays),
        )

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
