"""The benchmark's plan written for one purpose: in pandas and in Polars, without an engine.

What a good programmer would write for this one plan: whole cents in columns, rounding half away
from zero by integers, bands as columns. They keep no explanation, check nothing, and must come to
the same sum to the cent.
"""

from __future__ import annotations

from typing import Any

RATES = (425, 815, 1225, 1635)  # ten-thousandths
STEPS = (0, 50, 100, 125)  # per cent of quota
LEAD_RATES = (50, 75)
LEAD_STEP = 500_000_000  # cents
FAR = 10**17


def closure(payees: int) -> list[tuple[int, int]]:
    """(payee, manager above at any level) of the benchmark's tree."""
    pairs = []
    for payee in range(1, payees):
        above = payee // 8
        pairs.append((payee, above))
        while above:
            above //= 8
            pairs.append((payee, above))
    return pairs


def with_pandas(tables: dict[str, Any], payees: int) -> int:
    """The sum of all pay in cents. ``tables`` are Arrow tables of events, splits and quotas with
    payees as numbers and amounts in cents."""
    import numpy as np
    import pandas as pd

    events = tables["events"].to_pandas()
    splits = tables["splits"].to_pandas()
    own = events[events.payee >= 0]
    shared = splits.merge(events[["event", "month", "day", "cents"]], on="event")
    shared = shared.sort_values(["event", "payee"])
    part = (shared.cents * shared.share * 2 + 100) // 200
    first = ~shared.duplicated("event")
    part_of_first = part.where(first).groupby(shared.event).transform("first").astype("int64")
    shared["cents"] = np.where(first, part, shared.cents - part_of_first)
    columns = ["event", "month", "day", "payee", "cents"]
    credits = pd.concat([own[columns], shared[columns]]).sort_values(["payee", "day", "event"])
    after = credits.groupby("payee").cents.cumsum()
    before = after - credits.cents
    quota = credits.payee.map(tables["quotas"].to_pandas().set_index("payee").cents)
    total = 0
    for place, (step, rate) in enumerate(zip(STEPS, RATES, strict=True)):
        low = (quota * step + 50) // 100
        high = (quota * STEPS[place + 1] + 50) // 100 if place + 1 < len(STEPS) else FAR
        inside = np.minimum(after, high) - np.maximum(before, low)
        inside = np.maximum(inside, 0)
        total += int(((inside * rate * 2 + 10_000) // 20_000).sum())
    pairs = pd.DataFrame(closure(payees), columns=["payee", "above"])
    monthly = credits.groupby(["payee", "month"], as_index=False).agg(
        cents=("cents", "sum"), day=("day", "max")
    )
    rolled = monthly.merge(pairs, on="payee").sort_values(["above", "day", "payee"])
    after = rolled.groupby("above").cents.cumsum()
    before = after - rolled.cents
    for low, high, rate in ((0, LEAD_STEP, LEAD_RATES[0]), (LEAD_STEP, FAR, LEAD_RATES[1])):
        inside = np.maximum(np.minimum(after, high) - np.maximum(before, low), 0)
        total += int(((inside * rate * 2 + 10_000) // 20_000).sum())
    return total


def with_polars(tables: dict[str, Any], payees: int) -> int:
    """The same in Polars."""
    import polars as pl

    def paid(inside: pl.Expr, rate: int) -> pl.Expr:
        return (inside.clip(lower_bound=0) * (rate * 2) + 10_000) // 20_000

    events = pl.from_arrow(tables["events"]).lazy()
    splits = pl.from_arrow(tables["splits"]).lazy()
    quotas = pl.from_arrow(tables["quotas"]).lazy().rename({"cents": "quota"})
    columns = ["event", "month", "day", "payee", "cents"]
    shared = (
        splits.join(events.drop("payee"), on="event")
        .sort("event", "payee")
        .with_columns(part=(pl.col("cents") * pl.col("share") * 2 + 100) // 200)
        .with_columns(
            first=pl.int_range(pl.len()).over("event") == 0,
            of_first=pl.col("part").first().over("event"),
        )
        .with_columns(
            cents=pl.when("first").then("part").otherwise(pl.col("cents") - pl.col("of_first"))
        )
    )
    own = events.filter(pl.col("payee") >= 0)
    credits = pl.concat([own.select(columns), shared.select(columns)]).sort("payee", "day", "event")
    lined = credits.with_columns(after=pl.col("cents").cum_sum().over("payee")).join(
        quotas, on="payee"
    )
    bands = []
    for place, (step, rate) in enumerate(zip(STEPS, RATES, strict=True)):
        low = (pl.col("quota") * step + 50) // 100
        more = place + 1 < len(STEPS)
        high = (pl.col("quota") * STEPS[place + 1] + 50) // 100 if more else pl.lit(FAR)
        before = pl.col("after") - pl.col("cents")
        inside = pl.min_horizontal("after", high) - pl.max_horizontal(before, low)
        bands.append(paid(inside, rate).sum().alias(f"band{place}"))
    total = int(lined.select(bands).collect().sum_horizontal()[0])
    pairs = pl.DataFrame(closure(payees), schema=["payee", "above"], orient="row").lazy()
    pairs = pairs.with_columns(pl.col("payee").cast(pl.Int64))
    rolled = (
        credits.group_by("payee", "month")
        .agg(pl.col("cents").sum(), pl.col("day").max())
        .join(pairs, on="payee")
        .sort("above", "day", "payee")
        .with_columns(after=pl.col("cents").cum_sum().over("above"))
    )
    bands = []
    for low_, high_, rate in ((0, LEAD_STEP, LEAD_RATES[0]), (LEAD_STEP, FAR, LEAD_RATES[1])):
        before = pl.col("after") - pl.col("cents")
        inside = pl.min_horizontal("after", pl.lit(high_)) - pl.max_horizontal(before, pl.lit(low_))
        bands.append(paid(inside, rate).sum().alias(f"band{low_}"))
    return total + int(rolled.select(bands).collect().sum_horizontal()[0])
