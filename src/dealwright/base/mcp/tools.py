"""The tools of the house: what a program that speaks the Model Context Protocol may call.

A room offers its tools in its ``registration``: of its API's operations (see ``operations``), or
of functions by ``@tool``. What a tool may do is decided where it is done, by the services and
queries that serve the pages as well; the list only leaves out what a token's scopes rule out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from pydantic import ValidationError

from dealwright.base.access.actor import Actor
from dealwright.base.api.given import Given
from dealwright.base.api.problems import WRONG_FORM, sentences_by_place
from dealwright.base.errors import Invalid


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls a tool. ``credential`` names the token, see ``authentication``."""

    actor: Actor
    credential: str
    request: HttpRequest


class Refused(Exception):
    """A problem (RFC 9457) that the API answered a tool with."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("detail", "")))
        self.problem = problem


class Arguments(Given):
    """What a tool takes; unknown names are refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool.

    ``description()`` says in plain words what it does and what it gives back.
    ``run(caller, arguments)`` does it and returns what JSON can hold; it raises the house's own
    errors, or Refused. ``schema()`` is the JSON Schema of the arguments. ``offered_to`` leaves it
    out of the list of those whose token cannot use it. The hints tell a client what to ask a
    person about: ``destructive`` acts cannot be taken back by another call, ``idempotent`` ones
    change nothing the second time, and what ``reaches_out`` is felt outside of the company.
    """

    name: str
    title: str
    description: Callable[[], str]
    schema: Callable[[], Mapping[str, Any]]
    run: Callable[[Caller, Mapping[str, Any]], Any]
    offered_to: Callable[[Actor], bool] = lambda actor: True
    reads: bool = False
    destructive: bool = False
    idempotent: bool = False
    reaches_out: bool = False


_tools: dict[str, Tool] = {}


def offer(offered: Tool) -> Tool:
    """Make a tool known; its name must be new."""
    if offered.name in _tools:
        raise RuntimeError(f"Tool {offered.name!r} is offered twice.")
    _tools[offered.name] = offered
    return offered


def tools_for(actor: Actor) -> Sequence[Tool]:
    """The tools that the actor's token could use, in the order in which they were offered."""
    return [each for each in _tools.values() if each.offered_to(actor)]


def find_tool(name: str) -> Tool | None:
    """The tool by name."""
    return _tools.get(name)


def tool[A: Arguments](
    title: str,
    takes: type[A],
    *,
    offered_to: Callable[[Actor], bool] = lambda actor: True,
    **hints: bool,
) -> Callable[[Callable[[Caller, A], Any]], Callable[[Caller, A], Any]]:
    """Offer a function as a tool: its name and docstring are the tool's."""

    def offered(function: Callable[[Caller, A], Any]) -> Callable[[Caller, A], Any]:
        def run(caller: Caller, arguments: Mapping[str, Any]) -> Any:
            return function(caller, _read(takes, arguments))

        offer(
            Tool(
                name=function.__name__,
                title=title,
                description=lambda: " ".join((function.__doc__ or "").split()),
                schema=takes.model_json_schema,
                run=run,
                offered_to=offered_to,
                **hints,
            )
        )
        return function

    return offered


def _read[A: Arguments](takes: type[A], arguments: Mapping[str, Any]) -> A:
    try:
        return takes.model_validate(dict(arguments))
    except ValidationError as error:
        fields = sentences_by_place([dict(each) for each in error.errors(include_url=False)])
        raise Invalid(WRONG_FORM, fields=fields) from None
