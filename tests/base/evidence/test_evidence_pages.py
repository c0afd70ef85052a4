"""The evidence in the browser and on the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from base.evidence.test_chains import make_chain, without_guard
from dealwright.base.access.actor import system
from dealwright.base.evidence import anchor_chains
from dealwright.base.evidence.subjects import subjects_of
from dealwright.site.commands.line import build_parser
from make import make_administrator, make_user
from signing.make import make_sent_envelope

pytestmark = pytest.mark.django_db


def browser(profile: str = "administrator") -> Client:
    client = Client()
    client.force_login(make_user(profile=profile) if profile == "rep" else make_administrator())
    return client


def run(*words: str) -> int:
    arguments = build_parser(words[0]).parse_args(list(words))
    return int(arguments.run(arguments))


def test_a_sound_chain_says_so() -> None:
    make_chain("envelope:1", length=3)
    anchor_chains()
    page = browser().get("/evidence/envelope:1").content.decode()
    assert "3 entries, unbroken." in page and "Anchored up to entry 3." in page
    assert "step.done" in page
    listed = browser().get("/evidence?q=envelope:").content.decode()
    assert "/evidence/envelope%3A1" in listed or "/evidence/envelope:1" in listed
    checked = browser().get("/evidence?verify=1").content.decode()
    assert "Every anchor and time stamp is sound." in checked


def test_a_broken_chain_says_where() -> None:
    make_chain("envelope:1", length=3)
    with without_guard() as execute:
        execute("update base_evidenceentry set kind = 'x' where seq = 2")
    page = browser().get("/evidence/envelope:1").content.decode()
    assert "This chain is not sound." in page
    assert "Entry 2 was changed: its columns do not say what was hashed." in page


def test_long_chains_come_page_by_page() -> None:
    make_chain("long", length=105)
    page = browser().get("/evidence/long").content.decode()
    assert "?before=6" in page
    assert browser().get("/evidence/long?before=6").status_code == 200


def test_the_evidence_is_for_administrators() -> None:
    make_chain("envelope:1", length=1)
    assert browser("rep").get("/evidence/envelope:1").status_code == 403
    assert browser("rep").get("/evidence").status_code == 403
    assert browser().get("/evidence/nothing").status_code == 404


def test_the_command_tells_by_its_status(capsys: Any) -> None:
    make_chain("a", length=2)
    assert run("evidence", "anchor") == 0
    assert run("evidence", "verify") == 0
    assert "1 chains with 2 entries and every anchor are sound." in capsys.readouterr().out
    assert run("evidence", "verify", "a") == 0
    assert capsys.readouterr().out == "a: 2 entries, unbroken, anchored up to entry 2.\n"
    with without_guard() as execute:
        execute("delete from base_evidenceentry where seq = 2")
    assert run("evidence", "verify", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert {each["code"] for each in told["broken"][0]["problems"]} == {"truncated"}


def test_the_command_prints_a_proof(capsys: Any) -> None:
    make_chain("a", length=1)
    run("evidence", "anchor", "--json")
    root = json.loads(capsys.readouterr().out)["root"]
    assert run("evidence", "prove", "a") == 0
    assert json.loads(capsys.readouterr().out)["root"] == root


def test_a_chain_is_named_by_its_record_and_leads_to_it() -> None:
    envelope = make_sent_envelope(title="Order of Foxglove")
    make_chain("envelope:nothing", length=1)
    make_chain("compensation:month", length=1)
    listed = browser().get("/evidence").content.decode()
    assert ">Order of Foxglove</a>" in listed
    assert f'href="/envelopes/{envelope.pk}"' in listed
    assert ">Envelope nothing</a>" in listed
    assert ">Closed pay periods, monthly</a>" in listed
    assert 'href="/compensation/periods"' in listed
    shown = browser().get(f"/evidence/{envelope.chain}").content.decode()
    assert "<title>Order of Foxglove" in shown
    assert f'<a href="/envelopes/{envelope.pk}">Envelope</a>' in shown
    assert envelope.chain in shown


def test_a_chain_is_found_by_the_name_of_its_record() -> None:
    make_sent_envelope(title="Order of Foxglove")
    make_sent_envelope(title="Order of Dovetail")
    found = browser().get("/evidence?q=foxg").content.decode()
    assert "Order of Foxglove" in found and "Order of Dovetail" not in found


def test_naming_chains_takes_one_statement_per_kind(django_assert_num_queries: Any) -> None:
    keys = [make_sent_envelope(title=f"Order {n}").chain for n in range(3)]
    with django_assert_num_queries(1):
        subjects = subjects_of(system(), [*keys, "other:1"])
    assert [subjects[key].name for key in keys] == ["Order 0", "Order 1", "Order 2"]
    assert subjects["other:1"].name == "other:1"
