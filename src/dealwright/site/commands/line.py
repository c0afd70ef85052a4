"""Reads the command line, opens the database for the command's time, tells errors in a sentence.

A room adds its own commands by a module ``commands`` with ``add_commands(subparsers)``. Each
parser says ``set_defaults(run=function)``; the function gets the parsed arguments (with
``json`` and ``data_dir`` among them), prints what it has to say, and returns the exit status.
A command that needs no migrated database says ``set_defaults(database="running")`` or
``database="none"``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from dealwright import __version__
from dealwright.base.database.known_state import is_known_current
from dealwright.base.errors import DealwrightError
from dealwright.base.loaded import keep_what_is_loaded

CHECKOUT = Path(__file__).resolve().parents[4]
# What keeps the installation going is found without loading Django: it must work, and make no
# secrets of its own, where there is no database yet.
OWN = ["up", "operations", "users"]
ROOMS = [
    "dealwright.base.people.commands",
    "dealwright.base.transfer.commands",
    "dealwright.base.evidence.commands",
    "dealwright.base.files.commands",
    "dealwright.base.messaging.commands",
    "dealwright.base.jobs.commands",
    "dealwright.base.search.commands",
    "dealwright.crm.commands",
    "dealwright.signing.commands",
    "dealwright.contracts.commands",
    "dealwright.intelligence.commands",
    "dealwright.acceleration.commands",
    "dealwright.compensation.commands",
    "dealwright.flows.commands",
    "dealwright.site.demo.commands",
]


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence and where help is."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}. See `{self.prog} --help`.\n")


def build_parser(command: str = "") -> argparse.ArgumentParser:
    """The command line; the rooms' commands are left out when ``command`` is one of ours."""
    parser = _Parser(prog="bin/dealwright", description="Dealwright's command line.")
    parser.add_argument("--version", action="store_true", help="print the release")
    _add_general_options(parser)
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, title="commands"
    )
    for name in OWN:
        import_module(f"dealwright.site.commands.{name}").add_commands(commands)
    if command not in commands.choices:
        import django

        django.setup()
        for name in ROOMS:
            if _exists(name):
                import_module(name).add_commands(commands)
    for sub in _leaves(commands):
        _add_general_options(sub, again=True)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command: 0 when it succeeded, 1 when it could not, 2 when it was not understood."""
    argv = sys.argv[1:] if argv is None else argv
    early = argparse.ArgumentParser(add_help=False)
    early.add_argument("--version", action="version", version=f"Dealwright {__version__}")
    _add_general_options(early)
    known, others = early.parse_known_args(argv)
    data_dir = data_folder(known.data_dir)
    os.environ["DEALWRIGHT_DATA_DIR"] = str(data_dir)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dealwright.site.settings")
    command = next((word for word in others if not word.startswith("-")), "")
    arguments = build_parser(command).parse_args(argv)
    arguments.data_dir = data_dir
    try:
        with open_database(data_dir, getattr(arguments, "database", "ready")):
            return int(arguments.run(arguments) or 0)
    except DealwrightError as error:
        return fail(error.message, error, json_wanted=arguments.json)
    except BrokenPipeError:  # `| head` has read enough
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - nothing flushes at exit
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        return fail(_unexpected(error, data_dir), error, json_wanted=arguments.json)


def _add_general_options(parser: argparse.ArgumentParser, *, again: bool = False) -> None:
    """``--data-dir`` and ``--json``; ``again`` lets them stand after the command as well."""
    given = {word for action in parser._actions for word in action.option_strings}
    default = argparse.SUPPRESS if again else None
    if "--data-dir" not in given:
        parser.add_argument(
            "--data-dir",
            type=Path,
            default=default,
            help=argparse.SUPPRESS
            if again
            else "the data folder (default: DEALWRIGHT_DATA_DIR, else ./data)",
        )
    if "--json" not in given:
        parser.add_argument(
            "--json",
            action="store_true",
            default=default or False,
            help=argparse.SUPPRESS if again else "print results as JSON",
        )


def data_folder(given: Path | None) -> Path:
    """``--data-dir``, else ``DEALWRIGHT_DATA_DIR``, else ``data`` in the checkout."""
    chosen = given or os.environ.get("DEALWRIGHT_DATA_DIR") or CHECKOUT / "data"
    return Path(chosen).expanduser().resolve()


@contextlib.contextmanager
def open_database(data_dir: Path, need: str) -> Iterator[None]:
    """Django with the database at hand for as long as a command runs.

    Args:
        need: ``none``; ``running`` (the server answers); ``ready`` (and its tables are those
            of this release: an older database is backed up and migrated first).
    """
    if need == "none":
        yield
        return
    with contextlib.ExitStack() as stack:
        if not os.environ.get("DATABASE_URL"):
            from dealwright.base.database.server import EmbeddedServer

            stack.enter_context(EmbeddedServer(data_dir))
        import django

        django.setup()
        from django.db import connections

        stack.callback(connections.close_all)
        if need == "ready" and not is_known_current(data_dir):
            from dealwright.base.database.upgrade import bring_up_to_date

            bring_up_to_date(data_dir)
        keep_what_is_loaded()
        yield


def fail(sentence: str, error: BaseException, *, json_wanted: bool) -> int:
    """Tells what went wrong on standard error; machine-readable where JSON was asked for."""
    fields = getattr(error, "fields", {})
    if json_wanted:
        code = getattr(error, "code", "error")
        told = {"error": {"code": code, "message": sentence, "fields": fields}}
        sys.stderr.write(json.dumps(told, ensure_ascii=False) + "\n")
    else:
        details = "".join(
            f" {key}: {each}" for key, said in fields.items() for each in said if each != sentence
        )
        sys.stderr.write(f"dealwright: {sentence}{details}\n")
    return 1


def _unexpected(error: Exception, data_dir: Path) -> str:
    """A sentence about an error nobody foresaw; the whole of it goes to the log."""
    from psycopg import OperationalError

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OperationalError):
            return f"The database does not answer: {str(cause).strip().splitlines()[0]}."
        cause = cause.__cause__
    if os.environ.get("DEALWRIGHT_DEBUG"):
        traceback.print_exc()
    log = data_dir / "logs" / "commands.log"
    with contextlib.suppress(OSError):
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with log.open("a") as file:
            file.write(f"{datetime.now(UTC).isoformat()} {' '.join(sys.argv[1:2])}\n")
            traceback.print_exception(error, file=file)
    return f"Unexpected {type(error).__name__}: {error} ({log} has the details)"


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _leaves(commands: Any) -> Iterator[argparse.ArgumentParser]:
    """Every parser that runs something, those of sub-subcommands included."""
    for parser in commands.choices.values():
        nested = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
        if nested:
            for action in nested:
                yield from _leaves(action)
        else:
            yield parser
