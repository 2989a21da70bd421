from datetime import date

import pytest
from django.http import Http404

from monographs.access import monograph_or_404
from tests.monographs.builders import document, imported, in_force

pytestmark = pytest.mark.django_db
TODAY = date(2026, 7, 4)


def test_without_a_number_the_version_in_force_is_fetched() -> None:
    in_force(document())
    assert monograph_or_404("examplin", None, today=TODAY).number == 1


def test_a_superseded_version_is_fetched_by_its_number() -> None:
    in_force(document(note="One."))
    in_force(document(note="Two."))
    assert monograph_or_404("examplin", "1", today=TODAY).number == 1


@pytest.mark.parametrize("number", ["", "0", "-1", "1.0", "one", "²", "٣", "1 ", "9" * 7, "9" * 400, "2"])
def test_what_is_no_number_of_a_version_answers_404(number: str) -> None:
    in_force(document())
    with pytest.raises(Http404):
        monograph_or_404("examplin", number, today=TODAY)


def test_an_unknown_monograph_answers_404() -> None:
    with pytest.raises(Http404):
        monograph_or_404("examplin", None, today=TODAY)


def test_a_draft_answers_like_a_version_that_never_was() -> None:
    imported(document(), publish=False)
    with pytest.raises(Http404) as draft:
        monograph_or_404("examplin", "1", today=TODAY)
    with pytest.raises(Http404) as unknown:
        monograph_or_404("examplin", "2", today=TODAY)
    assert str(draft.value) == str(unknown.value)
