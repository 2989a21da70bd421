"""What is kept, for whom and for how long."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.audit.models import Entry
from clinic.drafts import queries, services
from clinic.drafts.models import Draft
from clinic.drafts.places import KEPT_FOR, Place
from clinic.staff.models import User
from tests.clinic.drafts.builders import TYPED, keep, place
from tests.factories import AT

SECOND = timedelta(seconds=1)
# Whatever a browser can send: any letter of any script but the one that no database takes.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=60)
NAMES = TEXTS.filter(services.is_kept)


def found(where: Place) -> dict[str, list[str]] | None:
    kept = queries.find(where, AT)
    return None if kept is None else kept.data


class TestKeeping:
    def test_what_is_kept_is_found_with_its_time(self, nadia: User) -> None:
        keep(place(nadia))
        kept = queries.find(place(nadia), AT)
        assert kept is not None
        assert (kept.data, kept.saved_at) == (TYPED, AT)

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.dictionaries(NAMES, st.lists(TEXTS, max_size=4), max_size=6))
    def test_whatever_is_kept_is_what_comes_back(self, nadia: User, data: dict[str, list[str]]) -> None:
        keep(place(nadia), data)
        assert found(place(nadia)) == data

    def test_the_character_that_no_database_takes_is_left_out(self, nadia: User) -> None:
        keep(place(nadia), {"note": ["a\x00b"]})
        assert found(place(nadia)) == {"note": ["ab"]}

    def test_the_last_one_wins_and_there_is_only_one(self, nadia: User) -> None:
        keep(place(nadia), {"note": ["first"]})
        keep(place(nadia), {"reason": ["second"]}, at=AT + SECOND)
        assert Draft.objects.count() == 1
        kept = queries.find(place(nadia), AT)
        assert kept is not None
        assert (kept.data, kept.saved_at) == ({"reason": ["second"]}, AT + SECOND)

    @pytest.mark.parametrize(("form", "subject"), [("labs:correct", "5"), ("labs:add", "6"), ("labs:add", "")])
    def test_another_form_or_record_has_a_draft_of_its_own(self, nadia: User, form: str, subject: str) -> None:
        keep(place(nadia))
        assert found(place(nadia, form, subject)) is None
        keep(place(nadia, form, subject), {"note": ["other"]})
        assert (found(place(nadia)), Draft.objects.count()) == (TYPED, 2)

    def test_another_person_finds_nothing_in_the_same_place(self, nadia: User, person: Callable[..., User]) -> None:
        keep(place(nadia))
        assert found(place(person())) is None

    def test_it_takes_the_same_few_queries_each_time(self, nadia: User) -> None:
        taken = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as asked:
                keep(place(nadia))
            taken.append(len([query for query in asked if "SAVEPOINT" not in query["sql"]]))
        assert taken == [2, 2]

    def test_a_draft_leaves_no_trail(self, nadia: User) -> None:
        before = Entry.objects.count()
        keep(place(nadia))
        services.drop(place=place(nadia))
        assert Entry.objects.count() == before

    def test_a_draft_names_its_form_and_not_a_word_of_what_was_typed(self, nadia: User) -> None:
        keep(place(nadia))
        assert str(Draft.objects.get()) == "labs:add, kept 2026-07-04 12:00"


class TestWhatIsNeverKept:
    @pytest.mark.parametrize(
        "name",
        [
            "csrfmiddlewaretoken",
            "draft",
            "look",
            "confirmed",
            "seen",
            "another_person",
            "matches_seen",
            "password",
            "new_password1",
            "oldPassword",
        ],
    )
    def test_a_field_that_has_to_be_given_anew(self, nadia: User, name: str) -> None:
        keep(place(nadia), TYPED | {name: ["x"]})
        assert found(place(nadia)) == TYPED

    @pytest.mark.parametrize("name", ["submission", "version", "unseen", "confirmed_on", "draft_of_air", "passwort"])
    def test_a_field_that_only_sounds_alike_is_kept(self, nadia: User, name: str) -> None:
        keep(place(nadia), {name: ["x"]})
        assert found(place(nadia)) == {name: ["x"]}


class TestSize:
    @staticmethod
    def filling(count: int, letter: str = "x") -> dict[str, list[str]]:
        """Return data of which the stored text has this many bytes."""
        rest = count - len(json.dumps({"note": [""]}))
        return {"note": [letter * (rest // len(letter.encode()))]}

    def test_what_is_as_large_as_allowed_is_kept(self, nadia: User) -> None:
        data = self.filling(services.MOST_BYTES)
        keep(place(nadia), data)
        assert found(place(nadia)) == data

    @pytest.mark.parametrize("letter", ["x", "é"])
    def test_one_byte_more_is_refused_and_what_was_kept_stays(self, nadia: User, letter: str) -> None:
        keep(place(nadia))
        data = self.filling(services.MOST_BYTES + len(letter.encode()), letter)
        with pytest.raises(services.TooLarge, match="more than can be kept for later"):
            keep(place(nadia), data, at=AT + SECOND)
        assert found(place(nadia)) == TYPED

    def test_what_is_not_kept_does_not_count(self, nadia: User) -> None:
        keep(place(nadia), TYPED | {"seen": ["x" * services.MOST_BYTES]})
        assert found(place(nadia)) == TYPED


class TestAge:
    def test_a_draft_is_found_for_seven_days_and_no_longer(self, nadia: User) -> None:
        keep(place(nadia))
        assert timedelta(days=7) == KEPT_FOR
        assert queries.find(place(nadia), AT + KEPT_FOR) is not None
        assert queries.find(place(nadia), AT + KEPT_FOR + SECOND) is None

    @pytest.mark.parametrize(("age", "left"), [(KEPT_FOR, 2), (KEPT_FOR + SECOND, 1)], ids=["seven days", "older"])
    def test_keeping_one_deletes_what_is_older_of_whomever(
        self, nadia: User, person: Callable[..., User], age: timedelta, left: int
    ) -> None:
        keep(place(person()), at=AT - age)
        keep(place(nadia))
        assert Draft.objects.count() == left

    def test_an_old_draft_kept_again_is_new(self, nadia: User) -> None:
        keep(place(nadia), at=AT - KEPT_FOR - SECOND)
        keep(place(nadia))
        assert found(place(nadia)) == TYPED


class TestDropping:
    def test_a_dropped_draft_is_gone(self, nadia: User) -> None:
        keep(place(nadia))
        services.drop(place=place(nadia))
        assert not Draft.objects.exists()

    def test_drafts_elsewhere_and_of_others_stay(self, nadia: User, person: Callable[..., User]) -> None:
        other = person()
        for where in (place(nadia), place(nadia, subject="6"), place(nadia, form="labs:correct"), place(other)):
            keep(where)
        services.drop(place=place(nadia))
        left = set(Draft.objects.values_list("user", "form", "subject"))
        assert left == {(nadia.pk, "labs:add", "6"), (nadia.pk, "labs:correct", "5"), (other.pk, "labs:add", "5")}

    def test_dropping_nothing_is_no_fault(self, nadia: User) -> None:
        services.drop(place=place(nadia))
        assert not Draft.objects.exists()

    def test_a_draft_goes_with_the_account(self, nadia: User) -> None:
        keep(place(nadia))
        user = User.objects.create(username="passing", email="passing@example.org")
        keep(place(user))
        user.delete()
        assert list(Draft.objects.values_list("user", flat=True)) == [nadia.pk]
