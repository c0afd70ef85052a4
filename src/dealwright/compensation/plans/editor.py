"""The editor of a plan's text: forms for its parts, the text and its English, side by side.

Each button of a form sends the whole editor; the answer is the editor with the text changed.
Nothing is stored before the draft is saved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dealwright.base.errors import Invalid, NotFound
from dealwright.base.web.pages import Form, actor_of, page
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.plans import queries
from dealwright.compensation.plans.english import clause_of
from dealwright.compensation.plans.forms import new_values, pairs_of, title_of, values_of
from dealwright.compensation.plans.kind_fields import Key
from dealwright.compensation.plans.kinds import BY_KEY, HEAD, KINDS, WORDS
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.compensation.plans.reading import read_plan
from dealwright.compensation.plans.rewriting import (
    Part,
    head_of,
    parts_of,
    with_head,
    with_new_part,
    with_part,
    with_part_moved,
    without_part,
)
from dealwright.compensation.plans.source import PlanInvalid

BLANK_PAIRS = 2  # empty rows at the end of a list, for more


@dataclass(frozen=True, slots=True)
class Field:
    """A key as its form asks for it, in the person's language. ``value`` is a text; of a list
    of pairs the pairs, with empty ones at the end for more."""

    name: str
    label: str
    asked: str
    value: Any
    help: str = ""
    options: Sequence[tuple[str, str]] = ()
    columns: Sequence[str] = ()
    required: bool = False

    @property
    def has_value(self) -> bool:
        return bool(self.value) and self.value != [("", "")] * BLANK_PAIRS


@dataclass(frozen=True, slots=True)
class Card:
    """One part in the editor. ``sentence`` is what it says in English, "" while the text has
    mistakes; ``fields`` are there while its form is open."""

    part: Part
    title: str
    kind: str
    says: str
    has_form: bool
    sentence: str
    fields: Sequence[Field] = ()
    more: Sequence[Field] = ()


@page(methods=["POST"])
def change(request: HttpRequest, plan_id: UUID | None = None) -> HttpResponse:
    """Do what a button of the editor asks with the text that was sent along."""
    actor = actor_of(request)
    require_pay_manager(actor)
    plan = queries.get_plan(actor, plan_id) if plan_id else None
    form = Form(request)
    if "beside" in request.GET:
        return editor_page(form, plan, str(form["shown"]), "compensation/plans/beside.html")
    text, shown = typed_text(form), ""
    with form:
        try:
            text, shown = _changed(text, form)
        except PlanInvalid as error:
            raise Invalid(_("Mend the text first: it cannot be read.")) from error
        except NotFound as error:
            raise Invalid(_("The text has changed. Choose the component again.")) from error
    form.values["text"] = text
    return editor_page(form, plan, shown)


def editor_page(
    form: Form, plan: CompensationPlan | None, shown: str = "", template: str = ""
) -> HttpResponse:
    """The editor with the text of the form; ``shown`` is the part whose form is open, "head" or
    "". A button's answer is the editor alone, or what stands beside the text."""
    text = typed_text(form)
    base = f"/compensation/plans/{plan.pk}" if plan else "/compensation/plans/new"
    is_whole = not form.request.headers.get("HX-Request")
    return form.page(
        template or f"compensation/plans/{'edit' if is_whole else 'editor'}.html",
        {
            "tab": "plans",
            "manages": True,
            "plan": plan,
            "title": _("Edit %(name)s") % {"name": plan.name} if plan else _("New plan"),
            "save_url": f"{base}/edit" if plan else base,
            "change_url": f"{base}/change",
            "check": queries.check_text(text),
            "shown": shown,
            "head": _asked(HEAD, head_of(text, [key.key for key in HEAD]), "part.head."),
            "cards": _cards(text, shown),
            "kinds": _by_group(),
        },
    )


def typed_text(form: Form) -> str:
    """A textarea sends line ends of the web; a plan's hash is over those of Unix."""
    return str(form["text"]).replace("\r\n", "\n").replace("\r", "\n")


def _changed(text: str, form: Form) -> tuple[str, str]:
    """The text after a button, and the part whose form is open then."""
    verb, _dot, place = str(form["do"]).partition(":")
    given = {key.removeprefix("part."): str(value) for key, value in form.values.items()}
    match verb:
        case "open":
            return text, place
        case "apply":
            part = _part(text, place)
            kind = BY_KEY.get(part.kind)
            if kind is None:
                raise NotFound("This kind has no form.")
            return with_part(text, place, part.kind, values_of(kind, given, part.values)), ""
        case "head":
            values = {key.key: given.get(f"head.{key.key}", "").strip() for key in HEAD}
            missing = [key for key in HEAD if key.required and not values[key.key]]
            if missing:
                sentence = _("Give the plan a currency.")
                raise Invalid(sentence, fields={f"part.head.{missing[0].key}": [sentence]})
            before = head_of(text, [key.key for key in HEAD])
            default = HEAD[2].options[0]
            if not before["calendar"] and values["calendar"] == default:
                values["calendar"] = ""
            return with_head(text, values), ""
        case "add":
            kind = BY_KEY.get(place or form["kind"])
            if kind is None:
                raise Invalid(_("Choose a kind."), fields={"kind": [_("Choose a kind.")]})
            text = with_new_part(text, kind.key, new_values(text, kind))
            return text, [each.place for each in parts_of(text) if "." not in each.place][-1]
        case "remove":
            return without_part(text, place), ""
        case "up":
            return with_part_moved(text, place, -1), ""
        case "down":
            return with_part_moved(text, place, 1), ""
    return text, ""


def _part(text: str, place: str) -> Part:
    found = next((each for each in parts_of(text) if each.place == place), None)
    if found is None:
        raise NotFound("There is no such component.")
    return found


def _cards(text: str, shown: str) -> list[Card]:
    try:
        definition = read_plan(text)
    except PlanInvalid:
        definition = None
    cards = []
    for part in parts_of(text):
        kind = BY_KEY.get(part.kind)
        name = part.values.get("id") or part.kind
        clause = clause_of(definition, name) if definition is not None else None
        asks = kind is not None and part.place == shown
        cards.append(
            Card(
                part=part,
                title=title_of(part),
                kind=_(kind.label) if kind else part.kind,
                says=_(kind.says) if kind else "",
                has_form=kind is not None,
                sentence=clause.text if clause is not None else "",
                fields=_asked((_ID, *kind.keys), part.values) if kind and asks else (),
                more=_asked(kind.more, part.values) if kind and asks else (),
            )
        )
    return cards


_ID = Key(
    "id",
    gettext_noop("Name in the plan"),
    help=gettext_noop("Lower case, digits and “_”; other components name it so."),
    required=True,
)


def _asked(
    keys: Sequence[Key], values: Mapping[str, str], prefix: str = "part."
) -> Sequence[Field]:
    asked = []
    for key in keys:
        value: Any = values.get(key.key, "")
        if key.asked == "pairs":
            value = [*pairs_of(value), *[("", "")] * BLANK_PAIRS]
        elif key.asked == "names":
            value = value.strip("[]")
        asked.append(
            Field(
                name=prefix + key.key,
                label=_(key.label),
                asked=key.asked,
                value=value,
                help=_(key.help) if key.help else "",
                options=[(each, _(WORDS.get(each, each))) for each in key.options],
                columns=[_(each) for each in key.columns if each],
                required=key.required,
            )
        )
    return asked


def _by_group() -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for kind in KINDS:
        groups.setdefault(_(kind.group), []).append((kind.key, _(kind.label)))
    return list(groups.items())
