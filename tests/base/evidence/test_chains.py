"""Hash chains: appended, verified, and every way of tampering found."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from dealwright.base.access.actor import change, system
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.evidence import anchor_chains, append_entry, verify_all, verify_chain
from dealwright.base.evidence.anchors import (
    leaf_data,
    prove_consistency,
    prove_inclusion,
    verify_anchors,
)
from dealwright.base.evidence.merkle import leaf_hash, verify_consistency, verify_inclusion
from dealwright.base.evidence.models import EvidenceAnchor, EvidenceEntry, EvidenceLeaf
from dealwright.base.evidence.services import START
from make import acting, make_user

ACTOR = system("test")


def make_chain(key: str = "envelope:1", *, length: int = 5) -> str:
    for number in range(1, length + 1):
        append_entry(key, "step.done", {"number": number, "amount": Decimal("1.50")}, actor=ACTOR)
    return key


@contextmanager
def without_guard(table: str = "base_evidenceentry") -> Iterator[Callable[[str], None]]:
    """What somebody with the database's own rights can do: SQL with the triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(f'alter table "{table}" disable trigger user')
        yield cursor.execute
        cursor.execute(f'alter table "{table}" enable trigger user')


def codes(chain: str = "envelope:1") -> list[tuple[int, str]]:
    return [(problem.seq, problem.code) for problem in verify_chain(chain).problems]


@pytest.mark.django_db
def test_an_entry_says_who_did_what_and_follows_the_one_before() -> None:
    user = make_user("Rita Rep")
    first = append_entry("deal:1", "deal.won", {"amount": Decimal("22700.00")}, actor=acting(user))
    second = append_entry("deal:1", "deal.paid", {}, actor=ACTOR)
    assert (first.seq, first.prev_hash, first.actor_id, first.actor_name, first.via) == (
        1, START, user.id, "Rita Rep", "web",
    )  # fmt: skip
    assert '"payload":{"amount":"22700.00"}' in first.canonical
    assert (second.seq, second.prev_hash) == (2, first.hash)
    result = verify_chain("deal:1")
    assert (result.ok, result.entries, result.head) == (True, 2, second.hash)
    assert result.summary == "deal:1: 2 entries, unbroken."


@pytest.mark.django_db
def test_the_hash_can_be_checked_by_hand() -> None:
    from hashlib import sha256

    entry = append_entry("deal:1", "deal.won", {"à": [1, None, True]}, actor=ACTOR)
    assert entry.hash == sha256(bytes(32) + entry.canonical.encode()).hexdigest()


@pytest.mark.django_db
def test_it_refuses_a_payload_without_an_exact_form() -> None:
    with pytest.raises(Invalid, match="cannot be kept as evidence: Evidence takes no floats"):
        append_entry("deal:1", "deal.won", {"amount": 1.5}, actor=ACTOR)
    assert not EvidenceEntry.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "update base_evidenceentry set kind = 'x'",
        "delete from base_evidenceentry",
        "truncate base_evidenceentry",
    ],
)
def test_the_database_refuses_to_change_what_was_written(statement: str) -> None:
    make_chain()
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            cursor.execute(statement)
    assert verify_chain("envelope:1").ok


@pytest.mark.django_db
@pytest.mark.parametrize(
    "column",
    [
        'payload = \'{"number": 3, "amount": "9.50"}\'',
        "kind = 'step.undone'",
        "at = at + interval '1 second'",
        "actor_name = 'Somebody else'",
        "via = 'api'",
        "canonical = replace(canonical, '1.50', '9.50')",
        f"hash = '{'f' * 64}'",
    ],
)
def test_a_changed_entry_is_found(column: str) -> None:
    make_chain()
    with without_guard() as execute:
        execute(f"update base_evidenceentry set {column} where seq = 3")
    assert (3, "changed") in codes()


@pytest.mark.django_db
def test_an_entry_rewritten_with_its_hash_breaks_the_next_one() -> None:
    from dealwright.base.evidence.services import canonical_entry, hash_entry

    make_chain()
    forged = EvidenceEntry.objects.get(seq=3)
    forged.payload = {"number": 3, "amount": "9.50"}
    forged.canonical = canonical_entry(forged)
    forged.hash = hash_entry(forged.prev_hash, forged.canonical)
    with without_guard():
        forged.save()
    assert codes() == [(4, "reordered")]


@pytest.mark.django_db
def test_a_missing_entry_is_found() -> None:
    make_chain()
    with without_guard() as execute:
        execute("delete from base_evidenceentry where seq in (2, 3)")
    result = verify_chain("envelope:1")
    assert [(each.seq, each.code) for each in result.problems] == [(2, "missing")]
    assert result.summary == "envelope:1: The chain lacks entries 2 to 3."


@pytest.mark.django_db
def test_two_swapped_entries_are_found() -> None:
    make_chain()
    with without_guard() as execute:
        execute("update base_evidenceentry set seq = 99 where seq = 2")
        execute("update base_evidenceentry set seq = 2 where seq = 3")
        execute("update base_evidenceentry set seq = 3 where seq = 99")
    assert {code for _, code in codes()} == {"reordered", "changed"}


@pytest.mark.django_db
def test_a_cut_end_is_found_by_the_head() -> None:
    make_chain()
    with without_guard() as execute:
        execute("delete from base_evidenceentry where seq > 3")
    assert codes() == [(5, "truncated")]


@pytest.mark.django_db
def test_a_cut_end_with_its_head_set_back_is_found_by_the_anchor() -> None:
    make_chain()
    anchor_chains()
    with without_guard() as execute:
        execute("delete from base_evidenceentry where seq > 3")
        execute(
            "update base_evidencechain set length = 3,"
            " head = (select hash from base_evidenceentry where seq = 3)"
        )
    assert codes() == [(5, "truncated")]


@pytest.mark.django_db
def test_a_chain_rewritten_whole_is_found_by_the_anchor() -> None:
    make_chain()
    anchor_chains()
    with without_guard() as execute:
        execute("delete from base_evidenceentry")
        execute("delete from base_evidencechain")
    make_chain()
    assert codes() == [(5, "anchor")]


@pytest.mark.django_db
def test_a_chain_that_vanished_is_found_by_the_anchor() -> None:
    make_chain()
    anchor_chains()
    with without_guard() as execute:
        execute("delete from base_evidenceentry")
        execute("delete from base_evidencechain")
    (result,) = verify_all()
    assert [each.code for each in result.problems] == ["missing", "truncated"]


@pytest.mark.django_db
def test_an_unknown_chain_is_not_called_sound() -> None:
    with pytest.raises(NotFound, match="no evidence chain “nothing”"):
        verify_chain("nothing")


@pytest.mark.django_db
def test_anchors_take_what_moved_and_prove_it() -> None:
    make_chain("a", length=2)
    make_chain("b", length=1)
    first = anchor_chains()
    assert anchor_chains() is None
    make_chain("b", length=1)
    make_chain("c", length=3)
    second = anchor_chains()
    assert first and second and (first.size, second.size) == (2, 4)
    assert [leaf_data(leaf) for leaf in EvidenceLeaf.objects.filter(anchor=second)][1] == (
        f'{{"chain":"c","hash":"{verify_chain("c").head}","seq":3}}'
    )
    assert [each.anchored for each in verify_all()] == [2, 2, 3]
    assert verify_anchors() == []

    proof = prove_inclusion("a")
    assert verify_inclusion(
        leaf_hash(proof.data.encode()),
        proof.index,
        proof.size,
        [bytes.fromhex(each) for each in proof.path],
        bytes.fromhex(second.root),
    )
    assert verify_consistency(
        first.size,
        bytes.fromhex(first.root),
        second.size,
        bytes.fromhex(second.root),
        [bytes.fromhex(each) for each in prove_consistency(first, second)],
    )


@pytest.mark.django_db
def test_a_chain_begun_later_is_not_in_an_older_anchor() -> None:
    make_chain("a")
    first = anchor_chains()
    make_chain("b")
    anchor_chains()
    with pytest.raises(NotFound, match="“b” is not anchored yet"):
        prove_inclusion("b", first)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            f"update base_evidenceleaf set hash = '{'f' * 64}' where index = 0",
            "root does not match",
        ),
        ("delete from base_evidenceleaf where index = 1", "leaves are missing"),
    ],
)
def test_a_tampered_tree_is_found(statement: str, found: str) -> None:
    for key in "abc":
        make_chain(key, length=1)
    anchor_chains()
    with without_guard("base_evidenceleaf") as execute:
        execute(statement)
    assert found in verify_anchors()[0].message


@pytest.mark.django_db
def test_a_removed_anchor_is_found() -> None:
    make_chain("a")
    anchor_chains()
    make_chain("b")
    last = anchor_chains()
    assert last
    with connection.cursor() as cursor:
        cursor.execute(
            "select conname from pg_constraint where contype = 'f'"
            " and conrelid = 'base_evidenceleaf'::regclass"
        )
        (name,) = cursor.fetchone()
    with without_guard("base_evidenceanchor") as execute:
        execute(f'alter table base_evidenceleaf drop constraint "{name}"')
        execute(f"delete from base_evidenceanchor where id = '{last.id}'")
    assert verify_anchors()[-1].message == "An anchor is missing: leaves have none."
    assert EvidenceAnchor.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_at_once_write_one_unbroken_chain() -> None:
    start = threading.Barrier(6)

    def work(worker: int) -> None:
        try:
            start.wait()
            for turn in range(20):
                try:
                    with transaction.atomic(), change(ACTOR):
                        append_entry("busy", "step", {"worker": worker, "turn": turn}, actor=ACTOR)
                        if (worker + turn) % 4 == 0:
                            raise ZeroDivisionError
                except ZeroDivisionError:
                    continue
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result = verify_chain("busy")
    assert (result.ok, result.entries) == (True, 90)
