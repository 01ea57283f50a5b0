"""What holds for all tests."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests analyse; those of the cache say so, and no test leaves results to another one."""
    monkeypatch.setenv("ASYNCGEN_LINT_CACHE_DIR", "none")
