"""A page's slip says where its draft belongs, and cannot be made or bent by anybody else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import signing
from hypothesis import given
from hypothesis import strategies as st

from clinic.drafts.places import KEPT_FOR, Place, Slip
from tests.factories import AT

SLIP = Slip(Place(7, "labs:add", "5"), "/here/", "/above/")
TEXT = st.text(max_size=30)


@given(user_id=st.integers(), form=TEXT, subject=TEXT, here=TEXT, above=TEXT)
def test_a_slip_is_read_as_it_was_issued(user_id: int, form: str, subject: str, here: str, above: str) -> None:
    slip = Slip(Place(user_id, form, subject), here, above)
    assert Slip.read(slip.issue()) == slip


@pytest.mark.parametrize(
    "part", [{"here": "/elsewhere/"}, {"above": "/elsewhere/"}, {"place": Place(8, "labs:add", "5")}]
)
def test_the_signature_of_one_slip_fits_no_other(part: dict[str, Any]) -> None:
    signature, forged = SLIP.issue().split(":", 1)[1], replace(SLIP, **part).issue().split(":", 1)[0]
    with pytest.raises(signing.BadSignature):
        Slip.read(f"{forged}:{signature}")


@pytest.mark.parametrize("place", [0, 10, -1])
def test_a_slip_with_one_letter_changed_is_refused(place: int) -> None:
    letters = list(SLIP.issue())
    letters[place] = "A" if letters[place] != "A" else "B"
    with pytest.raises(signing.BadSignature):
        Slip.read("".join(letters))


@pytest.mark.parametrize("token", ["", "none", "a:b", "a:b:c", ":::", "é:é:é", "0" * 5000])
def test_what_is_no_slip_is_refused(token: str) -> None:
    with pytest.raises(signing.BadSignature):
        Slip.read(token)


def test_a_signature_made_for_another_use_of_the_secret_is_refused() -> None:
    made = signing.dumps([7, "labs:add", "5", "/here/", "/above/"], salt="clinic.records.submission")
    with pytest.raises(signing.BadSignature):
        Slip.read(made)


def test_a_slip_is_good_for_as_long_as_a_draft_and_no_longer() -> None:
    with time_machine.travel(AT, tick=False) as clock:
        token = SLIP.issue()
        clock.shift(KEPT_FOR)
        assert Slip.read(token) == SLIP
        clock.shift(timedelta(seconds=1))
        with pytest.raises(signing.SignatureExpired):
            Slip.read(token)
