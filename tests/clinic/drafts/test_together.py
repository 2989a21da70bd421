"""Several tabs keep, and one begins afresh, at the very same moment."""

import pytest

from clinic.drafts import queries, services
from clinic.drafts.models import Draft
from clinic.staff.models import User
from clinic.staff.roles import Role
from tests import factories
from tests.clinic.drafts.builders import keep, place
from tests.clinic.records.conftest import several_connections
from tests.clinic.records.test_together import AT_ONCE, at_once
from tests.factories import AT

__all__ = ["several_connections"]
pytestmark = pytest.mark.usefixtures("several_connections")


@pytest.fixture
def nadia(several_connections: None) -> User:
    return factories.user(Role.NURSE, site=factories.site("Northfield"))


def test_of_several_tabs_the_last_one_wins_and_none_is_told_otherwise(nadia: User) -> None:
    def type_in(number: int) -> str:
        keep(place(nadia), {"note": [f"tab {number}"]})
        return "kept"

    assert at_once(type_in) == {"kept": AT_ONCE}
    (draft,) = Draft.objects.all()
    assert draft.data["note"][0] in {f"tab {number}" for number in range(AT_ONCE)}


def test_keeping_and_beginning_afresh_at_once_leave_one_draft_or_none(nadia: User) -> None:
    keep(place(nadia))

    def act(number: int) -> str:
        if number % 2:
            services.drop(place=place(nadia))
            return "dropped"
        keep(place(nadia), {"note": [f"tab {number}"]})
        return "kept"

    assert set(at_once(act)) == {"kept", "dropped"}
    kept = queries.find(place(nadia), AT)
    assert kept is None or kept.data["note"][0].startswith("tab ")
    assert Draft.objects.count() <= 1
