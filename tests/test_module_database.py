"""Tests of one module may share rows: each finds them as the module made them, whatever the others did."""

import pytest

from clinic.staff.models import Site
from tests import factories


@pytest.fixture(scope="module")
def shared(module_database: None) -> Site:
    return factories.site("Eastfield")


@pytest.mark.parametrize("turn", ["first", "second"])
def test_every_test_finds_them_and_leaves_them_as_they_were(db: None, shared: Site, turn: str) -> None:
    assert [place.name for place in Site.objects.all()] == ["Eastfield"]
    Site.objects.update(name=f"Changed in the {turn}")
    factories.site("Westfield")
