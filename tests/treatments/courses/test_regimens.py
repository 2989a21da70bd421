"""A regimen on one line."""

from typing import Any

import pytest

from monographs.rules.regimen import regimen_from
from tests.treatments.courses.builders import US_12MG
from treatments.courses.regimens import in_short


def steps(*pairs: tuple[int, str]) -> dict[str, Any]:
    return US_12MG | {"loading": [{"mg": mg, "ml": 5, "after": after} for mg, after in pairs]}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (US_12MG, "12 mg on days 0, 14, 28 and 58, then 12 mg every 4 months"),
        (steps((50, "0 days"), (50, "14 days")), "50 mg on days 0 and 14, then 12 mg every 4 months"),
        (steps((50, "0 days")), "50 mg on day 0, then 12 mg every 4 months"),
        (steps((50, "0 days"), (28, "14 days")), "50 mg on day 0 and 28 mg on day 14, then 12 mg every 4 months"),
        (steps((12, "0 days"), (12, "1 month")), "2 loading doses, then 12 mg every 4 months"),
        (
            US_12MG | {"maintenance": {"mg": 12.5, "ml": 5, "every": "30 days"}},
            "12 mg on days 0, 14, 28 and 58, then 12.5 mg every 30 days",
        ),
    ],
)
def test_it_says_what_is_given_when(data: dict[str, Any], said: str) -> None:
    assert in_short(regimen_from(data, 1)) == said
