"""Reading components: one method per kind, each says what the kind's keys are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from dealwright.compensation.plans.definition import (
    DIRECT,
    ROLLUP,
    Cap,
    Clawback,
    Component,
    Curve,
    Draw,
    Fixed,
    Floor,
    Gate,
    Holdback,
    Matrix,
    Milestones,
    Multiplier,
    Rated,
    Settlement,
    Tiered,
)
from dealwright.compensation.plans.expressions import (
    credit_scope,
    payee_scope,
)
from dealwright.compensation.plans.incentive_reading import IncentiveReader
from dealwright.compensation.plans.piece_reading import MOST_AMOUNT, MOST_RATE, Reference
from dealwright.compensation.plans.source import Block, Item, hint, is_number

_ZERO, _ONE = Decimal(0), Decimal(1)
_NOT_EARNING = ("gate", "multiplier", "floor", "cap", "holdback", "clawback", "draw")


@dataclass
class ComponentReader(IncentiveReader):
    """Reads the entries of ``components`` one after the other."""

    def read_entry(self, entry: Item) -> None:
        """One list item: a mapping with the kind as its only key."""
        block = entry.block()
        if block is None:
            return
        found = list(block.entries())
        if len(found) != 1:
            block.complain("a component is one kind with its keys, such as “- flat: {id: …}”.")
            return
        kind, item = found[0]
        self.read(kind, item)

    def read(self, kind: str, item: Item, default_id: str = "") -> None:
        self.entries += 1
        reader = self._kinds().get(kind)
        if reader is None:
            item.complain(f"“{kind}” is no kind of component.{hint(kind, list(self._kinds()))}")
            return
        block = item.block()
        if block is None:
            return
        block.place = f"{kind}"
        id_item = block.take("id", required=not default_id)
        name = (id_item.name() if id_item else None) or default_id or f"unnamed_{item.line}"
        block.place = f"{kind} “{name}”"
        if any(each.id == name for each in self.components):
            block.complain(f"the id “{name}” is used twice.")
        for_item = block.take("for")
        payees = None
        if for_item is not None:
            payees = self._expression(for_item, payee_scope(self.names), "bool")
        shared = {
            "id": name,
            "kind": kind,
            "line": item.line,
            "label": block.text("label") or name.replace("_", " ").capitalize(),
            "payees": payees,
        }
        if kind not in ("profit_pool", "contest", *_NOT_EARNING):
            line = block.line_of("paid")
            chosen = block.choice("paid", ("period", "quarter", "year"), "period")
            shared["paid"] = "" if chosen == "period" else chosen
            if shared["paid"] == "quarter" and self.calendar == "year":
                block.complain("a plan that pays by year cannot pay by quarter.", line)
        component = reader(block, shared)
        block.close()
        if component is not None:
            self.components.append(component)

    def finish(self, root: Block) -> None:
        """Check what components say of each other."""
        known = {each.id: each for each in self.components}
        for reference in self.references:
            self._check_reference(reference, known)
        if not self.entries:
            root.complain("there are no components, so nothing would be paid.")
        if len(self.components) > 60:
            root.complain("a plan may have at most 60 components.")

    @staticmethod
    def _check_reference(reference: Reference, known: Mapping[str, Component]) -> None:
        block, line = reference.block, reference.line
        rewards = []
        for name in reference.names:
            if name not in known:
                said = f"there is no component “{name}”.{hint(name, list(known))}"
                block.complain(said, line)
            elif isinstance(known[name], Settlement) and not reference.settled:
                block.complain(f"“{name}” is settled later and cannot be named here.", line)
            elif known[name].reward is not None:
                rewards.append(name)
        if rewards and not reference.rewards:
            block.complain(f"“{rewards[0]}” is a reward and no pay.", line)
        elif rewards and len(rewards) < len(reference.names):
            block.complain("name either rewards or pay, not both.", line)

    def _kinds(self) -> Mapping[str, Callable[[Block, dict[str, Any]], Component | None]]:
        return {
            "fixed": self._fixed,
            "flat": self._flat,
            "per_unit": self._per_unit,
            "margin": self._margin,
            "tiered": self._tiered,
            "bonus_milestone": self._milestones,
            "curve": self._curve,
            "matrix": self._matrix,
            "mbo": self._mbo,
            "profit_pool": self._profit_pool,
            "contest": self._contest,
            "reward": self._reward,
            "spif": self._spif,
            "override": self._override,
            "gate": self._gate,
            "multiplier": self._multiplier,
            "floor": self._floor,
            "cap": self._cap,
            "holdback": self._holdback,
            "clawback": self._clawback,
            "draw": self._draw,
        }

    # Earnings

    def _fixed(self, block: Block, shared: dict[str, Any]) -> Component | None:
        amount = self._amount(block, "amount", required=True)
        chosen = block.choice("prorate", ("true", "false", "calendar", "working"), "true")
        days = "working" if self.prorate == "working" else "calendar"
        prorate = {"true": days, "false": ""}.get(chosen, chosen)
        if not amount:
            return None
        return Fixed(**shared, amount=amount, prorate=cast(Any, prorate))

    def _flat(self, block: Block, shared: dict[str, Any]) -> Component | None:
        """A rate of each credit, or an amount by formula."""
        given = ("rate" in block) + ("amount" in block)
        rate, found = self._rate(block)
        formula = self._formula(block, "amount") or found
        basis = self._basis(block)
        if given != 1:
            block.complain("give either a rate or an amount.")
        if rate is None and formula is None:
            return None
        return Rated(**shared, basis=basis, rate=rate, amount=formula)

    def _per_unit(self, block: Block, shared: dict[str, Any]) -> Component | None:
        price = block.number("amount", required=True, low=-MOST_AMOUNT, high=MOST_AMOUNT)
        inline = "measure" not in block
        basis = self._basis(block, default=self._counting(block, shared) if inline else "")
        if price is None:
            return None
        return Rated(**shared, basis=self._per_deal(block, shared, basis), price=price)

    def _margin(self, block: Block, shared: dict[str, Any]) -> Component | None:
        rate, formula = self._rate(block, required=True)
        cost = block.text("cost", "cost")
        revenue = block.text("revenue", "amount")
        name = self._inline(block, shared, f"({revenue}) - ({cost})", "money")
        basis = self._basis(block, default=name)
        if rate is None and formula is None:
            return None
        return Rated(**shared, basis=basis, rate=rate, amount=formula)

    def _spif(self, block: Block, shared: dict[str, Any]) -> Component | None:
        """Extra pay in a window of days: a rate, an amount per deal, or a formula."""
        given = ("rate" in block) + ("amount" in block)
        rate, formula = self._rate(block)
        budget = block.number("budget", low=_ZERO, high=MOST_AMOUNT)
        price = None
        item = block.take("amount")
        if item is not None and (text := item.text()):
            if is_number(text):
                price = item.number(low=-MOST_AMOUNT, high=MOST_AMOUNT)
            else:
                formula = self._expression(item, credit_scope(self.names), "number")
        if given != 1:
            block.complain("give either a rate or an amount.")
        if rate is None and price is None and formula is None:
            return None
        inline = price is not None and "measure" not in block
        basis = self._basis(block, default=self._counting(block, shared) if inline else "")
        if price is not None:
            basis = self._per_deal(block, shared, basis)
        return Rated(**shared, basis=basis, rate=rate, price=price, amount=formula, budget=budget)

    def _override(self, block: Block, shared: dict[str, Any]) -> Component | None:
        """A manager's pay on the credits of everybody below: flat, or by bands of their sum."""
        if "bands" in block:
            return self._tiered(block, shared, rules=(ROLLUP,))
        rate, formula = self._rate(block, required=True)
        basis = self._basis(block, rules=(ROLLUP,))
        if rate is None and formula is None:
            return None
        return Rated(**shared, basis=basis, rate=rate, amount=formula)

    def _tiered(
        self, block: Block, shared: dict[str, Any], rules: tuple[str, ...] = (DIRECT,)
    ) -> Component | None:
        mode = block.choice("mode", ("marginal", "retroactive", "per_transaction"), "marginal")
        cumulate = self._window(block, "transaction" if mode == "per_transaction" else "period")
        if mode == "per_transaction":
            mode, cumulate = "marginal", "transaction"
        boundary = block.choice("boundary", ("upper", "lower"), "upper")
        quota = self._quota(block)
        target = self._amount(block, "target")
        basis = self._basis(block, rules=rules)
        priced = self.measures[basis.measure].unit == "quantity" and target is None
        most = MOST_AMOUNT if priced else MOST_RATE
        bands = self._steps(block, "bands", ("rate", "amount", "multiplier", "value"), most)
        if target is not None and not quota:
            block.complain("a target needs a quota to be the target of.")
        if quota and cumulate == "transaction":
            block.complain("a quota needs a window: cumulate over period, quarter, year or plan.")
        if not bands:
            return None
        return Tiered(
            **shared,
            basis=basis,
            cumulate=cumulate,
            mode=cast(Any, mode),
            boundary=cast(Any, boundary),
            bands=bands,
            quota=quota,
            target=target,
        )

    def _milestones(self, block: Block, shared: dict[str, Any]) -> Component | None:
        cumulate = self._window(block, "period")
        steps = self._steps(block, "milestones", ("amount", "pays", "value"), most=MOST_AMOUNT)
        quota = self._quota(block)
        pays = block.choice("pays", ("each", "highest"), "each")
        basis = self._basis(block)
        if cumulate == "transaction":
            block.complain("a milestone needs a window: period, quarter, year or plan.")
            return None
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

    def _curve(self, block: Block, shared: dict[str, Any]) -> Component | None:
        cumulate = self._window(block, "period")
        quota = self._quota(block, required=True)
        target = self._amount(block, "target", required=True)
        points = self._steps(block, "points", ("factor", "pays", "value"))
        basis = self._basis(block)
        if cumulate == "transaction":
            block.complain("a curve needs a window: period, quarter, year or plan.")
            return None
        if not points or target is None or not quota:
            return None
        if len(points) < 2:
            block.complain("a curve needs at least two points.", block.line_of("points"))
            return None
        return Curve(
            **shared, basis=basis, cumulate=cumulate, quota=quota, target=target, points=points
        )

    def _matrix(self, block: Block, shared: dict[str, Any]) -> Component | None:
        target = self._amount(block, "target", required=True)
        cumulate = self._window(block, "period")
        rows = self._lookup_block(block, "rows", cumulate)
        columns = self._lookup_block(block, "columns", cumulate)
        item = block.take("table", required=True)
        table: list[tuple[Decimal, ...]] = []
        for row in item.items() if item else ():
            values = [each.number(low=-MOST_RATE, high=MOST_RATE) for each in row.items()]
            table.append(tuple(each for each in values if each is not None))
        if rows is None or columns is None or target is None or item is None:
            return None
        if len(table) != len(rows.thresholds) or any(
            len(row) != len(columns.thresholds) for row in table
        ):
            item.complain(
                f"the table must have {len(rows.thresholds)} rows of "
                f"{len(columns.thresholds)} values, as rows and columns have steps."
            )
            return None
        return Matrix(**shared, rows=rows, columns=columns, table=tuple(table), target=target)

    # Modifiers

    def _gate(self, block: Block, shared: dict[str, Any]) -> Component | None:
        """Pay only where a measure reaches something, or one of several does (``any``)."""
        on = self._on(block, rewards=True)
        cumulate = self._window(block, "period")
        otherwise = block.number("otherwise", _ZERO, low=_ZERO, high=MOST_RATE)
        item = block.take("any")
        if item is None:
            tests = [self._test(block, cumulate)]
        else:
            tests = []
            for entry in item.items():
                inner = entry.block()
                if inner is not None:
                    tests.append(self._test(inner, self._window(inner, cumulate)))
                    inner.close()
        found = [each for each in tests if each is not None]
        if not on or not found or len(found) < len(tests):
            return None
        first, *others = found
        return Gate(**shared, on=on, test=first, others=tuple(others), otherwise=otherwise or _ZERO)

    def _multiplier(self, block: Block, shared: dict[str, Any]) -> Component | None:
        on = self._on(block, rewards=True)
        factor = block.number("factor", low=_ZERO, high=MOST_RATE)
        if factor is not None:
            return Multiplier(**shared, on=on, test=None, factors=(), factor=factor)
        cumulate = self._window(block, "period")
        is_curve = "points" in block
        key = "points" if is_curve else "steps"
        line = block.line_of(key)
        steps = self._steps(block, key, ("factor", "value"))
        test = self._lookup(block, cumulate, tuple(each.threshold for each in steps))
        if not on or not steps:
            return None
        if steps[0].threshold != 0 and not is_curve:
            block.complain("the first step must be from 0.", line)
        if is_curve and len(steps) < 2:
            block.complain("a line needs at least two points.", line)
        factors = tuple(each.value for each in steps)
        return Multiplier(**shared, on=on, test=test, factors=factors, is_curve=is_curve)

    def _floor(self, block: Block, shared: dict[str, Any]) -> Component | None:
        on = self._on(block, default_all=True)
        per = block.choice("per", ("deal", "period", "quarter", "year"), "period")
        amount = self._amount(block, "amount", required=True)
        return Floor(**shared, on=on, per=cast(Any, per), amount=amount) if amount and on else None

    def _cap(self, block: Block, shared: dict[str, Any]) -> Component | None:
        on = self._on(block, default_all=True)
        per = block.choice("per", ("deal", "period", "quarter", "year", "plan"), "period")
        amount = self._amount(block, "amount", required=True)
        excess = block.choice("excess", ("forfeit", "withhold"), "forfeit")
        if excess == "withhold" and per != "period":
            block.complain("excess can be withheld per period only.", block.line_of("excess"))
        if not amount or not on:
            return None
        return Cap(**shared, on=on, per=cast(Any, per), amount=amount, excess=cast(Any, excess))

    # Settlement

    def _holdback(self, block: Block, shared: dict[str, Any]) -> Component | None:
        on = self._on(block, default_all=True)
        share = block.number("share", required=True, low=_ZERO, high=_ONE)
        release = self._kinds_of_events(block, "release", ("payment",))
        if share is None or not on:
            return None
        return Holdback(**shared, on=on, share=share, release=release)

    def _clawback(self, block: Block, shared: dict[str, Any]) -> Component | None:
        on = self._on(block, default_all=True)
        trigger = self._kinds_of_events(block, "trigger", ("termination",))
        months = block.integer("months", 0, low=1, high=600) if "months" in block else 0
        schedule = self._schedule(block)
        by_amount = block.boolean("by_amount", False)
        limit = block.choice("limit", ("paid", "earned"), "paid")
        base_item = block.take("base")
        if base_item is not None:
            limit = base_item.choice(("paid", "earned")) or limit
        block.choice("rate", ("original",), "original")
        recover_share = block.number("recover_share", low=_ZERO, high=_ONE)
        if months and schedule:
            block.complain("give either a schedule or months.")
        if not months and not schedule:
            schedule = ((600, _ONE),)
        if not on:
            return None
        return Clawback(
            **shared,
            on=on,
            trigger=trigger,
            schedule=schedule,
            months=months,
            by_amount=by_amount,
            limit=cast(Any, limit),
            recover_share=recover_share,
        )

    def _draw(self, block: Block, shared: dict[str, Any]) -> Component | None:
        amount = self._amount(block, "amount", required=True)
        kind = block.choice("kind", ("recoverable", "non_recoverable"), "recoverable")
        periods = block.integer("periods", 0, low=0, high=600)
        recover_from = block.integer("recover_from", 1, low=1, high=600)
        share = block.number("recover_share", low=_ZERO, high=_ONE)
        percent = block.number("recover_pct", low=_ZERO, high=_ONE)
        at_end = block.choice("at_end", ("owe", "forgive"), "owe")
        on = self._on(block, default_all=True, settled=True)
        if at_end == "forgive" and not periods:
            block.complain("to forgive at the end a draw needs a number of periods.")
        if amount is None or not on:
            return None
        chosen = share if share is not None else percent
        return Draw(
            **shared,
            on=on,
            amount=amount,
            periods=periods,
            recoverable=kind == "recoverable",
            recover_from=recover_from,
            recover_share=_ONE if chosen is None else chosen,
            at_end=cast(Any, at_end),
        )
