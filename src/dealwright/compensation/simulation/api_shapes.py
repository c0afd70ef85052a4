"""Shapes of simulations over the API. Amounts are decimal strings beside their currency."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field

from dealwright.base.api.given import Given
from dealwright.base.api.schemas import DecimalText
from dealwright.compensation.api_shapes import MoneyOut, PlanText, ShortText
from dealwright.compensation.simulation.pay_curve import MOST_DEALS

Figure = Annotated[Decimal, Field(max_digits=15, decimal_places=2)]
Value = ShortText | bool | Annotated[Decimal, Field(max_digits=20, decimal_places=6)] | None


class EstimateLineOut(Schema):
    """A line that is added or, with a negative amount, taken away; ``clause`` is the plan's."""

    component: str
    period: str
    explanation: str
    amount: DecimalText
    clause: int | None


class EstimateRowOut(Schema):
    """What a deal pays a payee under a plan: the year's pay without and with it."""

    payee_id: UUID
    payee: str
    plan_id: UUID
    plan: str
    version: int
    currency: str
    before: DecimalText
    after: DecimalText
    amount: DecimalText
    line_count: int
    lines: list[EstimateLineOut]


class EstimateOut(Schema):
    """An estimate, as far as the caller may see pay; ``hidden`` says that others are concerned
    whom the caller may not see."""

    opportunity_id: UUID
    on: date
    totals: list[MoneyOut]
    hidden: bool
    rows: list[EstimateRowOut]


class ImaginedIn(Given):
    """A deal that is imagined; ``fields`` are what the plan reads of an event."""

    amount: Figure
    on: date
    by: UUID | None = None
    fields: dict[str, Value] = Field(default_factory=dict, max_length=50)


class WhatIfIn(Given):
    """Deals to imagine, and the day that says which year and version are meant."""

    deals: list[ImaginedIn] = Field(default_factory=list, max_length=MOST_DEALS)
    day: date | None = None


class RatePlaceOut(Schema):
    """Reached of a quota, and the pay of the time the quota is for; attainment is a fraction."""

    attainment: DecimalText
    reached: DecimalText
    quota: DecimalText
    pay: DecimalText


class WhatIfOut(Schema):
    """Pay of the year as it is and with the imagined deals."""

    payee_id: UUID
    plan_id: UUID
    version: int
    currency: str
    before: DecimalText
    after: DecimalText
    amount: DecimalText
    now: RatePlaceOut | None
    then: RatePlaceOut | None
    line_count: int
    lines: list[EstimateLineOut]


class CurveOut(Schema):
    """Pay over attainment for the quota of a component."""

    component: str
    currency: str
    points: list[RatePlaceOut]


class BacktestIn(Given):
    """A text to try on past periods, the draft unless given; ``against`` is the number of a
    version, what was active in each period unless given."""

    text: PlanText | None = None
    against: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    starts_on: date
    ends_on: date


class BacktestDifferenceOut(Schema):
    """What was and what would be."""

    name: str
    before: DecimalText
    after: DecimalText
    difference: DecimalText


class PayeeDifferenceOut(BacktestDifferenceOut):
    """The same of a payee."""

    id: UUID


class PercentileOut(Schema):
    """A percentile over the payees, by the nearest rank."""

    percentile: int
    before: DecimalText
    after: DecimalText
    difference: DecimalText


class BacktestOut(Schema):
    """A backtest; figures are there once ``status`` is done."""

    id: UUID
    plan_id: UUID
    status: str
    label: str
    base_label: str
    starts_on: date
    ends_on: date
    currency: str
    text_hash: str
    base_hash: str
    input_hash: str
    engine: str
    created_at: datetime
    finished_at: datetime | None
    before: DecimalText | None
    after: DecimalText | None
    payees: list[PayeeDifferenceOut]
    components: list[BacktestDifferenceOut]
    periods: list[BacktestDifferenceOut]
    percentiles: list[PercentileOut]


class BacktestPayOut(Schema):
    """What a component pays a payee in a period under both texts."""

    payee_id: UUID
    period: str
    component: str
    before: DecimalText
    after: DecimalText


class ForecastIn(Given):
    """Until when, how many draws, and the seed they follow from."""

    ends_on: date
    draws: Literal[100, 200, 500, 1000, 2000] = 500
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1


class ForecastFigureOut(Schema):
    """An expected amount; without payee, plan or period it is of all of them."""

    currency: str
    plan_id: UUID | None
    payee_id: UUID | None
    period: str | None
    certain: DecimalText
    expected: DecimalText
    p10: DecimalText
    p50: DecimalText
    p90: DecimalText
    everything: DecimalText


class PayForecastOut(Schema):
    """A forecast with its method; figures are there once ``status`` is done."""

    id: UUID
    status: str
    as_of: date
    ends_on: date
    draws: int
    seed: int
    deal_count: int
    plans: list[dict[str, Any]]
    left_out: list[dict[str, str]]
    input_hash: str
    engine: str
    created_at: datetime
    finished_at: datetime | None
    figures: list[ForecastFigureOut]


class ForecastDealOut(Schema):
    """What an open deal adds to an expected amount; no opportunity: what no deal alone makes."""

    opportunity_id: UUID | None
    title: str
    amount: DecimalText | None
    currency: str
    probability: DecimalText | None
    closes_on: date | None
    expected: DecimalText
    pay_currency: str
