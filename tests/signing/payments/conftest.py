from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .provider import KEY, SECRET, Provider, running_provider


@pytest.fixture
def provider(db: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider that the company has an account at."""
    from dealwright.signing.payments.accounts import save_payment_settings
    from make import acting, make_administrator

    monkeypatch.setenv("DEALWRIGHT_WEBHOOKS_ALLOW_PRIVATE", "1")
    with running_provider() as made:
        save_payment_settings(
            acting(make_administrator()),
            provider="stripe",
            url=made.url,
            key=KEY,
            webhook_secret=SECRET,
        )
        made.asked.clear()
        yield made
