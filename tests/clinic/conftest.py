"""What every test of this package needs: nobody has tried to sign in before."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _no_attempts_yet(_no_banner: None) -> None:
    """Empty the cache in which the sign-in pages count requests by address."""
    cache.clear()
    cache.set("reminders.banner", "", None)
