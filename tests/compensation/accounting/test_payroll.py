"""Payroll files in finance's own layout, and squaring what payroll really paid."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compensation.accounting.make import FLAT
from compensation.make import TEST, balance, book, close, make_payee, make_plan, owed
from dealwright.base.errors import Conflict, Invalid, NotAllowed
from dealwright.base.files import StoredFile, read_file
from dealwright.base.people.models import Profile, User
from dealwright.compensation.accounting.payroll_layouts import (
    Layout,
    PayrollFacts,
    PayrollRow,
    from_stored,
    read_layout,
    render,
    stored,
    typed,
)
from dealwright.compensation.accounting.payroll_services import (
    delete_layout,
    import_employee_numbers,
    save_layout,
    set_employee_number,
    use_layout,
)
from dealwright.compensation.accounting.reconciliation import (
    carry_difference,
    explain_difference,
    matches_of,
    reconcile_batch,
    upload_return,
)
from dealwright.compensation.disputes.services import decide_adjustment, propose_adjustment
from dealwright.compensation.ledger.models import PaymentBatch
from dealwright.compensation.ledger.services import balances_to_pay, pay_period
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.statements.queries import statement
from make import acting, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

GERMAN: dict[str, Any] = {
    "per": "component",
    "delimiter": ";",
    "decimal": ",",
    "dates": "31.01.2027",
    "header": True,
    "minor": False,
    "encoding": "cp1252",
    "employee": "number",
    "columns": """
Personalnummer = employee
Lohnart = pay_code
Betrag = amount
Währung = currency
Zahltag = paid_on
Mandant = "4711"
Bezeichnung = component
""",
    "pay_codes": "default = 2000\nfixed = 1000\nextra = 2010",
}
PAID_AT = datetime(2027, 2, 5, 12, tzinfo=UTC)


def content_of(batch: PaymentBatch) -> bytes:
    return read_file(StoredFile.objects.get(pk=batch.file_id))


def pay(label: str, on: datetime = PAID_AT) -> PaymentBatch:
    return pay_period(TEST, PayPeriod.objects.get(label=label).pk, paid_at=on)


def test_a_file_in_the_layout_of_a_german_payroll() -> None:
    plan = make_plan(FLAT)
    ann = make_payee(plan, "Ann Ärger", salary=36000)
    set_employee_number(TEST, ann, "00815")
    use_layout(TEST, save_layout(TEST, "DATEV", GERMAN).pk)
    book("1234.50", (ann, "1"))
    close("2027-01")
    batch = pay("2027-01")
    assert content_of(batch).decode("cp1252").splitlines() == [
        "Personalnummer;Lohnart;Betrag;Währung;Zahltag;Mandant;Bezeichnung",
        "00815;2000;123,45;EUR;05.02.2027;4711;Commission",
        "00815;2010;12,35;EUR;05.02.2027;4711;Extra",
        "00815;1000;3000,00;EUR;05.02.2027;4711;Salary",
    ]


def test_components_of_a_payment_are_what_came_since_the_last_one() -> None:
    """February's file has the clawback of January's deal and an adjustment, and the parts sum
    to what is paid."""
    plan = make_plan(FLAT)
    ann = make_payee(plan, "Ann", salary=12000)
    book(2000, (ann, "1"), key="first")
    close("2027-01")
    pay("2027-01")
    book(1000, (ann, "1"), on=date(2027, 2, 3))
    from dealwright.compensation.bookings.services import record_termination

    record_termination(TEST, booking="first", on=date(2027, 2, 20))
    maker, checker = (acting(make_user(profile=Profile.FINANCE)) for _ in range(2))
    given = propose_adjustment(
        maker,
        payee_id=ann.pk,
        period_id=PayPeriod.objects.get(label="2027-02").pk,
        plan_id=plan.pk,
        component="extra",
        amount=Decimal("7.77"),
        reason="Promised",
    )
    decide_adjustment(checker, given.pk, approve=True)
    close("2027-02")
    layout = GERMAN | {"employee": "email", "columns": "Code = pay_code\nAmount = amount"}
    layout |= {"pay_codes": "default = 1\nclawback = 9\nadjustment = 8", "decimal": "."}
    use_layout(TEST, save_layout(TEST, "Parts", layout).pk)
    batch = pay("2027-02", datetime(2027, 3, 5, tzinfo=UTC))
    rows = content_of(batch).decode().splitlines()[1:]
    assert sorted(rows) == ["1;10.00", "1;100.00", "1;1000.00", "8;7.77", "9;-200.00"]
    assert sum(Decimal(row.split(";")[1]) for row in rows) == Decimal("917.77")


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"columns": "Betrag amount"}, "columns", "Line 1: write “Header = field”."),
        ({"columns": "A = amount\nB = amuont"}, "columns", "Line 2: there is no field “amuont”."),
        ({"columns": "Nummer = employee"}, "columns", "needs a column with the amount"),
        ({"columns": " \n"}, "columns", "at least one column"),
        ({"columns": "A = amount\n" * 61}, "columns", "At most 60 columns"),
        ({"pay_codes": "fixed 1000"}, "pay_codes", "Line 1: write “component = code”."),
        ({"pay_codes": "\nfixd = 1"}, "pay_codes", "Line 2: there is no component or kind “fixd”"),
        ({"delimiter": "#"}, "delimiter", "Choose one of the list."),
        ({"decimal": ",", "delimiter": ","}, "delimiter", "must differ"),
        ({"dates": "soon"}, "dates", "Choose one of the list."),
    ],
)
def test_a_layout_says_which_line_is_wrong(changed: Any, field: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_layout(GERMAN | {"pay_codes": "fixed = 1"} | changed)
    assert said in " ".join(refused.value.fields[field])


def test_a_missing_number_or_code_is_told_by_name_and_nothing_is_paid() -> None:
    plan = make_plan(FLAT)
    ann = make_payee(plan, "Ann Agent", salary=12000)
    row = save_layout(TEST, "DATEV", GERMAN | {"pay_codes": "fixed = 1000"})
    use_layout(TEST, row.pk)
    book(1000, (ann, "1"))
    close("2027-01")
    with pytest.raises(Conflict, match="no employee number yet: Ann Agent"):
        pay("2027-01")
    set_employee_number(TEST, ann, "7")
    with pytest.raises(Conflict, match="no pay code for: Commission, Extra"):
        pay("2027-01")
    assert balance(ann, "cash_clearing") == "0.00"
    save_layout(TEST, "DATEV", GERMAN, row.pk)
    assert pay("2027-01").payee_count == 1
    with pytest.raises(Conflict, match="in use"):
        delete_layout(TEST, row.pk)
    use_layout(TEST, None)
    delete_layout(TEST, row.pk)


def test_a_letter_that_the_encoding_lacks_is_named() -> None:
    layout = read_layout(
        GERMAN | {"per": "payee", "columns": "N = name\nA = amount", "pay_codes": ""}
    )
    row = PayrollRow(
        payee_id=1, name="Łukasz", email="", number="", job_title="", region="", cost_centre="",
        amount=Decimal(1), currency="EUR",
    )  # fmt: skip
    facts = PayrollFacts("2027-01", date(2027, 1, 1), date(2027, 1, 31), date(2027, 2, 5), "b")
    with pytest.raises(Conflict, match="“Ł” cannot be written in cp1252"):
        render(layout, facts, [row])


def test_formulas_stay_text_and_yen_have_no_minor_units() -> None:
    layout = read_layout(
        GERMAN
        | {"per": "payee", "columns": "N = name\nA = amount", "pay_codes": "", "minor": True,
           "header": False}
    )  # fmt: skip
    facts = PayrollFacts("2027-01", date(2027, 1, 1), date(2027, 1, 31), date(2027, 2, 5), "b")
    rows = [
        PayrollRow(
            payee_id=1, name="=1+1", email="", number="", job_title="", region="",
            cost_centre="", amount=Decimal(amount), currency=currency,
        )
        for amount, currency in (("12.34", "EUR"), ("1234.00", "JPY"))
    ]  # fmt: skip
    assert render(layout, facts, rows).decode() == "'=1+1;1234\r\n'=1+1;1234\r\n"


cells = st.text("Ä bcß-.,;|%=#'\"1", min_size=1).map(str.strip)


@given(
    st.lists(st.tuples(cells, st.sampled_from(["amount", "name", "currency"])), min_size=1),
    st.sampled_from([",", ";", "tab", "|"]),
    st.decimals(min_value=-(10**9), max_value=10**9, places=2),
)
def test_a_layout_is_kept_typed_and_read_as_it_was(
    columns: list[tuple[str, str]], delimiter: str, amount: Decimal
) -> None:
    lines = [f"{header} = {field}" for header, field in columns if header.strip("= ")]
    lines.append("A = amount")
    values = GERMAN | {
        "per": "payee", "delimiter": delimiter, "decimal": ".", "pay_codes": "",
        "columns": "\n".join(lines), "encoding": "utf-8",
    }  # fmt: skip
    layout = read_layout(values)
    assert from_stored(stored(layout)) == layout == read_layout(typed(layout))
    row = PayrollRow(
        payee_id=1, name="Ann", email="", number="", job_title="", region="", cost_centre="",
        amount=amount, currency="EUR",
    )  # fmt: skip
    facts = PayrollFacts("2027-01", date(2027, 1, 1), date(2027, 1, 31), date(2027, 2, 5), "b")
    text = render(layout, facts, [row]).decode()
    sign = "\t" if delimiter == "tab" else delimiter
    heads, read = list(csv.reader(io.StringIO(text), delimiter=sign))
    assert heads == [each.header for each in layout.columns]
    assert Decimal(read[-1]) == amount
    assert isinstance(layout, Layout)


def test_employee_numbers_from_a_file_all_or_none() -> None:
    ann, bob = make_user("Ann"), make_user("Bob")
    assert import_employee_numbers(TEST, f"payee;number\nann;1\n{bob.email};2\n") == 2
    with pytest.raises(Invalid) as refused:
        import_employee_numbers(TEST, "payee,number\nAnn,3\nNobody,4\nBob,3\n")
    assert refused.value.fields["file"] == [
        "Row 3: there is nobody called “Nobody”.",
        "Row 4: Ann has the number 3.",
    ]
    ann.refresh_from_db()
    assert ann.employee_number.number == "1"
    with pytest.raises(Invalid, match="must name the columns: payee, number"):
        import_employee_numbers(TEST, "who,what\nAnn,3\n")


# What payroll paid -----------------------------------------------------------------------


@pytest.fixture
def people() -> list[User]:
    """Five who are paid 100.00, 200.00 … for January."""
    plan = make_plan(FLAT.replace("  - spif: {id: extra, rate: 1%}\n", ""))
    made = [make_payee(plan, name) for name in ("Ann", "Bob", "Cem", "Dag", "Eva")]
    for number, user in enumerate(made, 1):
        book(number * 1000, (user, "1"))
        set_employee_number(TEST, user, f"E{number}")
    close("2027-01")
    return made


RETURN = b"""employee,amount,currency,date
E1,100.00,EUR,2027-02-05
E2,150.00,EUR,2027-02-05
E3,310.00,EUR,2027-02-05
Eva,500,EUR,2027-02-05
E9,20.00,EUR,2027-02-05
"""


def test_every_payee_is_matched_short_over_missing_or_unknown(people: list[User]) -> None:
    batch = pay("2027-01")
    assert matches_of(batch) == []
    upload_return(TEST, batch.pk, name="paid.csv", content=RETURN)
    found = [
        (m.payee.name if m.payee else m.given, m.state, m.difference) for m in matches_of(batch)
    ]
    assert found == [
        ("Bob", "short", -50),
        ("Cem", "over", 10),
        ("Dag", "missing", -400),
        ("E9", "unknown", 20),
        ("Ann", "matched", 0),
        ("Eva", "matched", 0),
    ]


def test_differences_are_carried_or_explained_and_a_person_reconciles(people: list[User]) -> None:
    _ann, bob, cem, dag, _eva = people
    batch = pay("2027-01")
    january = batch.period
    with pytest.raises(Conflict, match="Take in what payroll paid first"):
        reconcile_batch(TEST, batch.pk)
    upload_return(TEST, batch.pk, name="paid.csv", content=RETURN)
    keys = {m.payee.name if m.payee else m.given: m.key for m in matches_of(batch)}
    with pytest.raises(Conflict, match="4 differences are open"):
        reconcile_batch(TEST, batch.pk)
    for name in ("Bob", "Cem", "Dag"):
        carry_difference(TEST, batch.pk, keys[name])
    with pytest.raises(Conflict, match="settled already"):
        carry_difference(TEST, batch.pk, keys["Bob"])
    with pytest.raises(Conflict, match="Nobody here is called “E9”"):
        carry_difference(TEST, batch.pk, keys["E9"])
    with pytest.raises(Invalid, match="Say why"):
        explain_difference(TEST, batch.pk, keys["E9"], " ")
    explain_difference(TEST, batch.pk, keys["E9"], "A contractor, paid by mistake")
    # The ledger says what was paid, and owes or takes off the rest.
    paid = {u.name: statement(TEST, u.pk, january.pk).paid.get("EUR") for u in (bob, cem, dag)}
    assert paid == {"Bob": 150, "Cem": 310, "Dag": 0}
    assert (balance(bob, "payable"), balance(cem, "payable"), balance(dag, "payable")) == (
        "-50.00",
        "10.00",
        "-400.00",
    )
    assert owed(bob, "2027-01") == "200.00"  # what was earned is as it was
    reconcile_batch(TEST, batch.pk)
    with pytest.raises(Conflict, match="reconciled already"):
        upload_return(TEST, batch.pk, name="more.csv", content=RETURN + b"\n")
    # The matches stay as they were, though the ledger moved.
    assert {m.state for m in matches_of(batch)} == {
        "matched", "short", "over", "missing", "unknown",
    }  # fmt: skip
    # What was short is in the next payment; what was too much is less.
    due = {row["payee__name"]: row["balance"] for row in balances_to_pay(january)}
    assert due == {"Bob": 50, "Cem": -10, "Dag": 400}
    assert content_of(pay("2027-01")).count(b"\r\n") == 3


def test_a_file_twice_is_noticed(people: list[User]) -> None:
    batch = pay("2027-01")
    upload_return(TEST, batch.pk, name="paid.csv", content=RETURN)
    with pytest.raises(Conflict, match=r"This file was taken in already, as “paid\.csv” on "):
        upload_return(TEST, batch.pk, name="again.csv", content=RETURN)
    upload_return(
        TEST, batch.pk, name="rest.csv", content=b"payee,amount,date\nBob,50,2027-02-08\n"
    )
    states = {m.payee.name: m.state for m in matches_of(batch) if m.payee}
    assert states["Bob"] == "matched"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"employee,amount\nE1,1\n", "must name the columns: payee, amount, currency, date"),
        (b"employee,amount,date\n", "between 1 and 20,000 rows"),
        (b"", "must name the columns"),
        (b"employee,amount,date\nE1,12x,2027-02-05\n", "Row 2: “12x” is not an amount."),
        (b"employee,amount,date\nE1,NaN,2027-02-05\n", "Row 2: “NaN” is not an amount."),
        (b"employee,amount,date\nE1,1.005,2027-02-05\n", "Row 2: “1.005” is not an amount."),
        (b"employee,amount,date\n\nE1,1,soon\n", "Row 3: “soon” is not a day such as"),
        (b"employee,amount,currency,date\nE1,1,XX,2027-02-05\n", "Row 2:"),
        (b"\xff\xfe", "not text in UTF-8"),
    ],
)
def test_a_bad_file_names_its_row(people: list[User], content: bytes, said: str) -> None:
    batch = pay("2027-01")
    with pytest.raises(Invalid) as refused:
        upload_return(TEST, batch.pk, name="paid.csv", content=content)
    assert said in " ".join(refused.value.fields["file"])
    assert not batch.returns.exists()


def test_payrolls_way_of_writing_is_read_as_the_layout_says(people: list[User]) -> None:
    columns = "Nr = employee\nBetrag = amount"
    row = save_layout(TEST, "DATEV", GERMAN | {"columns": columns, "per": "payee", "pay_codes": ""})
    use_layout(TEST, row.pk)
    batch = pay("2027-01")
    upload_return(
        TEST, batch.pk, name="x.csv", content=b"employee;amount;date\nE1;1.100,50;05.02.2027\n"
    )
    match = next(m for m in matches_of(batch) if m.payee == people[0])
    assert (match.state, match.paid) == ("over", Decimal("1100.50"))


def test_only_finance_and_administrators_may(people: list[User]) -> None:
    batch = pay("2027-01")
    actor = acting(people[0])
    for verb in (
        lambda: upload_return(actor, batch.pk, name="x", content=RETURN),
        lambda: save_layout(actor, "x", GERMAN),
        lambda: set_employee_number(actor, people[0], "1"),
        lambda: reconcile_batch(actor, batch.pk),
    ):
        with pytest.raises(NotAllowed):
            verb()
