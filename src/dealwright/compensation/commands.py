"""``comp check``, ``calculate``, ``explain`` and ``backtest`` work without a database; ``comp run``
pays the deals that are in it."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from dealwright.base.errors import Invalid, NotFound
from dealwright.base.spelling import nearest
from dealwright.compensation.engine.inputs import InputInvalid, InputProblem, Inputs, load_csv
from dealwright.compensation.engine.prepared import prepare_inputs
from dealwright.compensation.engine.presenting import chain_of, component_rows
from dealwright.compensation.engine.results import ALL_ENGINES, Result, calculate
from dealwright.compensation.plans.definition import Plan
from dealwright.compensation.plans.english import document, document_text
from dealwright.compensation.plans.reading import read_plan
from dealwright.compensation.plans.source import PlanInvalid
from dealwright.compensation.simulation.command import (
    as_json,
    as_text,
    backtest_files,
    only_period,
)

_FILES = ("events", "people", "quotas", "splits", "hierarchy", "rates", "territories")


def add_commands(commands: Any) -> None:
    """Adds ``comp`` with its verbs."""
    comp = commands.add_parser("comp", help="check and calculate compensation plans")
    verbs = comp.add_subparsers(dest="verb", metavar="VERB", required=True)

    check = verbs.add_parser("check", help="validate a plan and print it in plain English")
    check.add_argument("plan", type=Path, metavar="PLAN.yaml")
    check.set_defaults(run=_telling(run_check), database="none")

    calculation = verbs.add_parser("calculate", help="calculate a plan from CSV files")
    _add_inputs(calculation)
    calculation.set_defaults(run=_telling(run_calculate), database="none")

    explain = verbs.add_parser("explain", help="print everything under one number")
    _add_inputs(explain)
    explain.add_argument("--payee", required=True)
    explain.add_argument("--component", help="one component (default: all)")
    explain.set_defaults(run=_telling(run_explain), database="none")

    backtest = verbs.add_parser("backtest", help="compare what two plans pay on the same files")
    _add_inputs(backtest)
    backtest.add_argument(
        "--against", type=Path, required=True, metavar="OTHER.yaml", help="the plan that paid"
    )
    backtest.set_defaults(run=_telling(run_backtest), database="none")

    run = verbs.add_parser("run", help="pay the deals of the database that were won in some days")
    run.add_argument("plan", type=Path, metavar="PLAN.yaml")
    run.add_argument("--from", dest="first", required=True, type=_day, metavar="DAY")
    run.add_argument("--to", dest="last", required=True, type=_day, metavar="DAY")
    run.add_argument("--quotas", type=Path, help="quotas as CSV: payee, measure, amount, period")
    run.set_defaults(run=_telling(run_over_deals))


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("plan", type=Path, metavar="PLAN.yaml")
    for name in _FILES:
        parser.add_argument(
            f"--{name}",
            type=Path,
            required=name == "events",
            metavar=f"{name.upper()}.csv",
            help="- reads standard input" if name == "events" else None,
        )
    parser.add_argument("--engine", choices=ALL_ENGINES, default="duckdb")
    parser.add_argument("--period", help="only this period, such as 2027-03 or 2027-Q1")


def _telling(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """Tells the problems of a plan or input one to a line."""

    def told(arguments: argparse.Namespace) -> int:
        try:
            return run(arguments)
        except (PlanInvalid, InputInvalid) as error:
            if arguments.json:
                _print_problems(arguments, error)
                return 1
            sys.stderr.write(f"dealwright: {error.message}\n")
            for problem in error.problems:
                place = f"{arguments.plan}: " if isinstance(error, PlanInvalid) else ""
                sys.stderr.write(f"{place}{problem}\n")
            return 1

    return told


def _print_problems(arguments: argparse.Namespace, error: PlanInvalid | InputInvalid) -> None:
    """The error as JSON on standard error, with each problem's file and line."""
    problems: list[dict[str, Any]] = [
        {"file": each.file, "row": each.row, "message": each.message}
        if isinstance(each, InputProblem)
        else {"file": str(arguments.plan), "line": each.line, "message": each.message}
        for each in error.problems
    ]
    told = {"code": error.code, "message": error.message, "fields": error.fields}
    sys.stderr.write(json.dumps({"error": told | {"problems": problems}}, ensure_ascii=False))
    sys.stderr.write("\n")


def run_check(arguments: argparse.Namespace) -> int:
    """Prints the English document, or every problem with its line."""
    plan = _read(arguments.plan)
    if arguments.json:
        _print_json(
            {
                "plan": plan.id,
                "title": plan.title,
                "currency": plan.currency,
                "calendar": plan.calendar,
                "components": [
                    {"id": each.id, "kind": each.kind, "line": each.line}
                    for each in plan.components
                ],
                "document": [asdict(clause) for clause in document(plan)],
            }
        )
    else:
        _print(document_text(plan))
    return 0


def run_calculate(arguments: argparse.Namespace) -> int:
    """Prints what each payee earns per period and component."""
    result, present = _calculate(arguments)
    rows = [
        row
        for row in component_rows(result, present)
        if not arguments.period or row["period"] == arguments.period
    ]
    if not rows:
        sys.stderr.write("dealwright: there are no events and nobody is on the plan.\n")
    if arguments.json:
        _print_json(rows)
        return 0
    for row in rows:
        _print(
            f"{row['payee']:<20} {row['period']:<10} {row['component']:<20} "
            f"{row['amount']:>16} {row['currency']}" + (f"  {row['why']}" if "why" in row else "")
        )
    return 0


def run_explain(arguments: argparse.Namespace) -> int:
    """Prints the chain of one payee's numbers: component, lines, credits, clause."""
    result, present = _calculate(arguments)
    chains = []
    for row in component_rows(result, present):
        if row["payee"] != arguments.payee:
            continue
        if arguments.period and row["period"] != arguments.period:
            continue
        if arguments.component and row["component"] != arguments.component:
            continue
        number = next(each.number for each in result.periods if each.label == row["period"])
        chains.append(chain_of(result, row["payee"], number, row["component"]))
    if not chains:
        near = nearest(arguments.payee, sorted({each for each, _ in present}))
        hint = f" Did you mean “{near}”?" if near else ""
        raise NotFound(f"Nothing was calculated for “{arguments.payee}” there.{hint}")
    if arguments.json:
        _print_json(chains)
        return 0
    for chain in chains:
        _print_chain(chain)
    return 0


def run_backtest(arguments: argparse.Namespace) -> int:
    """Prints what was and what would be: payees from winners to losers, components, totals."""
    found = backtest_files(
        _read(arguments.plan), _read(arguments.against), _paths(arguments), engine=arguments.engine
    )
    if arguments.period:
        found = only_period(found, arguments.period)
    if arguments.json:
        _print_json(as_json(found))
    else:
        _print(as_text(found))
    return 0


def run_over_deals(arguments: argparse.Namespace) -> int:
    """Make the plan known and active, put the sales reps on it, set quotas, book what was won,
    calculate; prints what each payee earns. Running it again changes nothing."""
    from dealwright.compensation.bookings.whole_runs import run_for_all_reps

    quotas = _text(arguments.quotas) if arguments.quotas else ""
    rows = run_for_all_reps(_text(arguments.plan), arguments.first, arguments.last, quotas)
    if arguments.json:
        _print_json(rows)
        return 0
    for row in rows:
        _print(f"{row['payee']:<24} {row['period']:<10} {row['amount']:>14} {row['currency']}")
    return 0


def _print_chain(chain: Mapping[str, Any]) -> None:
    _print(
        f"{chain['payee']}, {chain['period']}, {chain['component']}: "
        f"{chain['amount']} {chain['currency']}"
    )
    if chain["clause"]:
        _print(f"  Clause {chain['clause']['number']}: {chain['clause']['text']}")
    if "why" in chain:
        _print(f"  {chain['why']}")
    for line in chain["lines"]:
        named = [line[key] for key in ("event", "cause", "via") if key in line]
        about = f" [{', '.join(named)}]" if named else ""
        _print(f"  {line['payout']:>14}  {line['explanation']}{about}")
    for credit in chain["credits"]:
        _print(
            f"    credit of {credit['amount']} ({credit['share']} of {credit['event']}, "
            f"measure {credit['measure']}, {credit['rule']})"
        )
    _print("")


def _calculate(arguments: argparse.Namespace) -> tuple[Result, set[tuple[str, int]]]:
    plan = _read(arguments.plan)
    inputs = prepare_inputs(load_csv(plan, _paths(arguments)))
    result = calculate(inputs, arguments.engine)
    for notice in result.notices:
        sys.stderr.write(f"dealwright: {notice}\n")
    if arguments.period and arguments.period not in {each.label for each in result.periods}:
        labels = ", ".join(each.label for each in result.periods)
        raise Invalid(f"There is no period “{arguments.period}” here; there are {labels}.")
    return result, _present(inputs)


def _paths(arguments: argparse.Namespace) -> dict[str, Path]:
    """The given files; ``-`` is what comes in, kept in a file as long as the arguments are."""
    paths = {name: path for name in _FILES if (path := getattr(arguments, name)) is not None}
    piped = [name for name, path in paths.items() if str(path) == "-"]
    if len(piped) > 1:
        raise Invalid(f"Only one file can come from standard input, not {' and '.join(piped)}.")
    for name in piped:
        arguments.kept = tempfile.TemporaryDirectory(prefix="dealwright-")
        paths[name] = Path(arguments.kept.name) / f"{name}.csv"
        with paths[name].open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
    return paths


def _present(inputs: Inputs) -> set[tuple[str, int]]:
    return set(inputs.rows("SELECT payee, period FROM grid"))


def _read(path: Path) -> Plan:
    return read_plan(_text(path))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise NotFound(f"The file {path} cannot be read: it is not there.") from None
    except IsADirectoryError:
        raise NotFound(f"The file {path} cannot be read: it is a folder.") from None
    except UnicodeDecodeError:
        raise NotFound(f"The file {path} cannot be read: it is no text in UTF-8.") from None
    except OSError as error:
        raise NotFound(f"The file {path} cannot be read: {error.strerror}.") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is not a day like 2017-01-31") from None


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write("\n")
