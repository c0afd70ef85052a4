"""Clauses are written in versions, used in templates and contracts, retired."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from dealwright.base.access.actor import system
from dealwright.base.errors import Conflict, Invalid, NotAllowed
from dealwright.base.people.models import Profile, User
from dealwright.base.records.services import create_record, delete_record, update_record
from dealwright.contracts.agreements.services import edit_clauses
from dealwright.contracts.clauses.models import Clause, ClauseVersion
from dealwright.contracts.clauses.queries import choosable_clauses, contracts_with, templates_with
from dealwright.contracts.clauses.services import (
    as_template_clause,
    collect_clauses,
    retire_clause,
    take_over_clause,
    write_clause,
)
from dealwright.contracts.clauses.texts import Part, compare_texts, paragraphs_of
from dealwright.contracts.library.models import ContractTemplate
from dealwright.contracts.library.services import default_template
from make import acting, make_user

from .make import make_contract

pytestmark = pytest.mark.django_db

CAP = "Liability is limited to [[amount]]."


@pytest.fixture
def lena() -> User:
    return make_user("Lena Legal", profile=Profile.LEGAL)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def make_clause(actor_user: User, **values: str) -> Clause:
    clause: Clause = create_record(
        acting(actor_user), "clause", {"name": "Cap", "text": CAP, "topic": "liability"} | values
    )
    return clause


def with_clause(lena: User, clause: Clause) -> ContractTemplate:
    """The default template, with the clause put into its last section by the editor's form."""
    template = default_template()
    body = template.current.body
    last = len(body["sections"]) - 1
    browser(lena).post(
        f"/contract-templates/{template.pk}/text",
        _as_typed(body) | {f"s{last}c{len(body['sections'][last]['clauses'])}-library": clause.pk},
    )
    return template


def _as_typed(body):
    sent = {"title": body["title"]}
    for n, variable in enumerate(body["variables"]):
        for name in ("key", "label", "kind", "source", "default"):
            sent[f"{name}-{n}"] = variable.get(name, "text" if name == "kind" else "")
        if variable.get("required", True):
            sent[f"required-{n}"] = "on"
    for s, section in enumerate(body["sections"]):
        sent[f"s{s}-heading"] = section["heading"]
        for c, clause in enumerate(section["clauses"]):
            for name in ("heading", "text", "condition"):
                sent[f"s{s}c{c}-{name}"] = clause.get(name, "")
            if clause.get("locked"):
                sent[f"s{s}c{c}-locked"] = "on"
    return sent


def test_another_text_is_another_version_that_says_who_and_why(lena):
    clause = make_clause(lena)
    write_clause(acting(lena), clause.pk, name="Cap", text="Up to twice [[amount]].", note="Asked")
    write_clause(acting(lena), clause.pk, name="Cap", text="Up to twice [[amount]].")
    update_record(acting(lena), "clause", clause.pk, {"guidance": "Large customers."})
    clause.refresh_from_db()
    assert (clause.edition, clause.text) == (2, "Up to twice [[amount]].")
    rows = ClauseVersion.objects.filter(clause=clause).values_list("number", "note", "created_by")
    assert list(rows) == [(2, "Asked", lena.pk), (1, "", lena.pk)]


def test_a_version_never_changes(lena):
    version = make_clause(lena).versions.get()
    with pytest.raises(DatabaseError), transaction.atomic():
        ClauseVersion.objects.filter(pk=version.pk).update(text="Other")


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"text": " "}, "text", "A clause needs a text."),
        ({"name": ""}, "name", "Heading is required."),
        ({"name": "x" * 161}, "name", "160 characters"),
        ({"text": "x" * 20_001}, "text", "20000 characters"),
        ({"text": "Pay [[Fee Total]] now"}, "text", "“[[Fee Total]] now” stands for no value"),
        ({"topic": "cars"}, "topic", "none of"),
    ],
)
def test_wrong_clauses_are_refused_by_name(lena, values, field, sentence):
    with pytest.raises(Invalid) as caught:
        make_clause(lena, **values)
    assert sentence in caught.value.fields[field][0]
    assert not Clause.objects.exists()


@pytest.mark.parametrize("profile", [Profile.REP, Profile.MANAGER, Profile.FINANCE])
def test_others_read_and_do_not_write(lena, profile):
    clause = make_clause(lena)
    other = make_user(profile=profile)
    page = browser(other).get(f"/clauses/{clause.pk}").content.decode()
    assert "Fee for the term" in page
    assert "Write a new version" not in page
    assert "New clause" not in browser(other).get("/clauses").content.decode()
    with pytest.raises(NotAllowed):
        make_clause(other)
    with pytest.raises(NotAllowed):
        write_clause(acting(other), clause.pk, name="Cap", text="None.")
    assert browser(other).post(f"/clauses/{clause.pk}/retire").status_code == 403


def test_a_template_takes_it_from_the_library_and_the_next_version_when_told(lena):
    clause = make_clause(lena)
    template = with_clause(lena, clause)
    (use,) = templates_with(clause.pk)
    assert (use.template, use.uses[0].version, use.uses[0].is_changed) == (template, 1, False)

    newer = write_clause(acting(lena), clause.pk, name="Cap", text="Up to twice [[amount]].")
    page = browser(lena).get(f"/clauses/{clause.pk}/side").content.decode()
    assert "Take version 2" in page
    browser(lena).post(
        f"/contract-templates/{template.pk}/take-over",
        {"clause": clause.pk, "uid": use.uses[0].uid, "from_clause": "1"},
    )
    (use,) = templates_with(clause.pk)
    assert (use.uses[0].version, use.version.number) == (2, 3)
    assert newer.text in str(template.current.body)


def test_words_changed_in_the_template_are_told(lena):
    clause = make_clause(lena)
    template = with_clause(lena, clause)
    body = template.current.body
    sent = _as_typed(body)
    last = len(body["sections"]) - 1
    place = len(body["sections"][last]["clauses"]) - 1
    sent[f"s{last}c{place}-text"] = "Liability is limited to half of [[amount]]."
    browser(lena).post(f"/contract-templates/{template.pk}/text", sent)
    (use,) = templates_with(clause.pk)
    assert use.uses[0].is_changed


def test_a_template_without_the_value_refuses_the_clause_by_name(lena):
    clause = make_clause(lena, text="Within [[acceptance_days]] days.")
    template = with_clause(lena, clause)
    assert template.current.number == 1
    page = browser(lena).get(f"/clauses/{clause.pk}").content.decode()
    assert "No template has these values yet: acceptance_days." in page


def test_a_templates_own_clauses_go_into_the_library_and_stay_linked(lena):
    template = default_template()
    made = collect_clauses(acting(lena), template.pk)
    assert len(made) == 14
    assert Clause.objects.filter(is_locked=True).count() == 3
    assert {each.name: each.topic for each in made} == {
        "Parties": "parties", "Services": "scope", "Fee": "fees", "Term": "term",
        "Renewal": "term", "No renewal": "term", "Review": "term",
        "End for cause": "termination", "Effect of an early end": "termination",
        "Confidentiality": "confidentiality", "Personal data": "data", "Liability": "liability",
        "Law": "law", "Whole agreement": "general",
    }  # fmt: skip
    assert collect_clauses(acting(lena), template.pk) == []
    assert template.current.number == 2
    assert templates_with(made[0].pk)[0].uses[0].uid == "parties"


def test_contracts_with_a_clause_are_found_also_where_its_words_differ(lena):
    clause = make_clause(lena)
    with_clause(lena, clause)
    contract = make_contract()
    rows, count = contracts_with(acting(lena), clause.pk, limit=5)
    assert (count, rows[0].pk, rows[0].uses[0].is_changed) == (1, contract.pk, False)
    edit_clauses(acting(lena), contract.pk, {rows[0].uses[0].uid: "Nothing is limited."})
    rows, _count = contracts_with(acting(lena), clause.pk, limit=5)
    assert rows[0].uses[0].is_changed
    stranger = make_user()
    assert contracts_with(acting(stranger), clause.pk, limit=5) == ([], 0)


def test_a_contract_takes_a_fallback_in_a_clauses_place(lena):
    contract = make_contract()
    fallback = make_clause(lena, name="Softer cap", position="fallback", text="Up to [[amount]].")
    page = browser(lena).get(f"/contracts/{contract.pk}/clauses").content.decode()
    assert "Softer cap (Fallback)" in page
    was = contract.content_hash
    browser(lena).post(f"/contracts/{contract.pk}/clauses", {"library-liability": str(fallback.pk)})
    contract.refresh_from_db()
    assert contract.content_hash != was
    (taken,) = [
        each
        for section in contract.body["sections"]
        for each in section["clauses"]
        if each["uid"] == "liability"
    ]
    assert (taken["text"], taken["position"], taken["clause_version"]) == (
        "Up to [[amount]].", "fallback", 1,
    )  # fmt: skip


def test_a_rep_puts_nothing_in_the_place_of_a_locked_clause(lena):
    rep = make_user()
    contract = make_contract(owner=rep)
    fallback = make_clause(lena)
    with pytest.raises(Invalid, match="locked"):
        edit_clauses(acting(rep), contract.pk, {}, chosen={"liability": fallback})


def test_a_retired_clause_is_offered_no_more_and_stays_where_it_is(lena):
    clause = make_clause(lena)
    template = with_clause(lena, clause)
    client = browser(lena)
    client.post(f"/clauses/{clause.pk}/retire")
    assert choosable_clauses(acting(lena)) == []
    assert CAP in str(template.current.body)
    text = client.get(f"/clauses/{clause.pk}").content.decode()
    assert "Take back into use" in text
    client.post(f"/clauses/{clause.pk}/reinstate")
    assert [each.pk for each in choosable_clauses(acting(lena))] == [clause.pk]


def test_a_used_clause_is_retired_not_deleted(lena):
    clause, unused = make_clause(lena), make_clause(lena, name="Unused")
    with_clause(lena, clause)
    with pytest.raises(Conflict, match="Retire it"):
        delete_record(acting(lena), "clause", clause.pk)
    delete_record(acting(lena), "clause", unused.pk)
    assert list(Clause.objects.all()) == [clause]


def test_the_editor_keeps_what_was_typed_and_names_what_is_wrong(lena):
    clause = make_clause(lena)
    answer = browser(lena).post(
        f"/clauses/{clause.pk}/text", {"name": "New name", "text": "[[Bad", "note": "My note"}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "stands for no value" in page
    assert 'value="New name"' in page
    assert 'value="My note"' in page
    assert clause.versions.count() == 1


def test_the_preview_names_values_and_says_which_nobody_has(lena):
    answer = browser(lena).post(
        "/clauses/preview", {"text": "Pay [[amount]] by [[nobody]].\r\n\r\nSee [[#term]]."}
    )
    page = answer.content.decode()
    assert "Fee for the term" in page
    assert "nobody?" in page
    assert "number of term" in page
    assert page.count('<p class="whitespace-pre-line">') == 2


def test_the_history_shows_what_changed_word_by_word(lena):
    clause = make_clause(lena)
    write_clause(acting(lena), clause.pk, name="Limit", text="Liability is unlimited.", note="Why")
    page = browser(lena).get(f"/clauses/{clause.pk}?tab=versions").content.decode()
    assert "<ins>unlimited.</ins>" in page
    assert "<del>limited to [[amount]].</del>" in page
    assert "Heading was “Cap”." in page


def test_changes_put_together_are_both_texts():
    before, after = "a b  c\nd", "a x c\nd e"
    changes = compare_texts(before, after)
    assert "".join(text for kind, text in changes if kind != "added") == before
    assert "".join(text for kind, text in changes if kind != "removed") == after


def test_a_paragraph_in_parts():
    assert paragraphs_of("To [[a]] and [[b]]\n\n\n\n[[#c]]", {"a": "A"}) == [
        [Part("text", "To "), Part("value", "A"), Part("text", " and "), Part("unknown", "b")],
        [Part("clause", "c")],
    ]


def test_taking_over_what_the_template_has_not_changes_nothing(lena):
    clause = make_clause(lena)
    template = default_template()
    version = take_over_clause(acting(lena), template.pk, "liability", newest=clause)
    assert version.number == 1
    assert as_template_clause(clause)["clause"] == str(clause.pk)
    retire_clause(system(), clause.pk)
