"""Numbers without gaps."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from django.db import connection, transaction
from django.utils import timezone

from dealwright.base.access.actor import change, system
from dealwright.base.numbering import NumberSeries, next_number

ACTOR = system("test")


@pytest.mark.django_db
def test_numbers_count_up_per_series_and_year() -> None:
    year = timezone.localdate().year
    assert next_number("quote", "Q", ACTOR) == f"Q-{year}-00001"
    assert next_number("quote", prefix="Q", actor=ACTOR) == f"Q-{year}-00002"
    assert next_number("contract", "C", ACTOR) == f"C-{year}-00001"
    assert next_number("quote", "Q", ACTOR, on=date(2017, 5, 1)) == "Q-2017-00001"
    assert next_number("quote", "Q", ACTOR, on=date(2017, 6, 1), width=3) == "Q-2017-002"


@pytest.mark.django_db
def test_a_failed_transaction_gives_its_number_back() -> None:
    next_number("quote", "Q", ACTOR, on=date(2017, 1, 1))
    with pytest.raises(ZeroDivisionError), transaction.atomic(), change(ACTOR):
        assert next_number("quote", "Q", ACTOR, on=date(2017, 1, 1)) == "Q-2017-00002"
        raise ZeroDivisionError
    assert next_number("quote", "Q", ACTOR, on=date(2017, 1, 1)) == "Q-2017-00002"


@pytest.mark.django_db(transaction=True)
def test_threads_get_every_number_once_though_some_fail() -> None:
    taken: list[str] = []
    start = threading.Barrier(8)

    def work(worker: int) -> None:
        try:
            start.wait()
            for turn in range(25):
                try:
                    with transaction.atomic(), change(ACTOR):
                        number = next_number("invoice", "I", ACTOR, on=date(2017, 1, 1))
                        if (worker + turn) % 5 == 0:
                            raise ZeroDivisionError
                except ZeroDivisionError:
                    continue
                taken.append(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 160
    assert sorted(taken) == [f"I-2017-{number:05d}" for number in range(1, 161)]
    assert NumberSeries.objects.get(series="invoice", year=2017).last == 160
