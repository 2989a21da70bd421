from dataclasses import FrozenInstanceError
from datetime import date, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from clinic.statuses import MONOGRAPH, Tone
from monographs.queries import MonographPage, monograph_page, monographs_in_force
from monographs.queries.pages import SectionRow
from tests.factories import AT
from tests.monographs.builders import BODY, SEED_TEXT, USER_TEXT, document, imported, in_force, regimen_yaml

pytestmark = pytest.mark.django_db
TODAY = AT.date()


def page(slug: str = "examplin", number: int | None = None, *, today: date = TODAY) -> MonographPage:
    found = monograph_page(slug, number, today=today)
    assert found is not None
    return found


def section(title: str, slug: str = "examplin") -> SectionRow:
    (found,) = [row for row in page(slug).sections if row.title == title]
    return found


def reviewed(on: str) -> str:
    return document(front=f"reviewed_on: {on}\nreviewed_by: Dr Adler\n")


class TestTheList:
    def test_it_is_empty_until_something_is_in_force(self) -> None:
        imported(document(), publish=False)
        assert monographs_in_force(today=TODAY) == ()

    def test_a_monograph_is_listed_once_by_its_version_in_force(self) -> None:
        in_force(document(note="One."))
        in_force(document(note="Two."))
        (row,) = monographs_in_force(today=TODAY)
        assert (row.slug, row.title, row.generic_name) == ("examplin", "Examplin", "Examplin")
        assert row.version == "Version 2, in force since 4 Jul 2026"
        assert row.status is MONOGRAPH["published"]

    def test_monographs_stand_in_the_order_of_their_titles(self) -> None:
        for title in ("Bexamplin", "Aexamplin", "Cexamplin"):
            in_force(document(title=title))
        assert [row.title for row in monographs_in_force(today=TODAY)] == ["Aexamplin", "Bexamplin", "Cexamplin"]

    def test_it_takes_one_query_however_long_it_is(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        for title, count in (("Aexamplin", 1), ("Bexamplin", 2), ("Cexamplin", 3)):
            in_force(document(title=title))
            with django_assert_num_queries(1):
                assert len(monographs_in_force(today=TODAY)) == count


class TestTheReview:
    def test_a_text_that_nobody_reviewed_says_so(self) -> None:
        in_force(document())
        review = page().review
        assert review.status is not None
        assert (review.text, review.status.label, review.is_stale) == ("", "Not reviewed by this clinic", False)

    def test_a_review_names_who_and_when(self) -> None:
        in_force(reviewed("2026-01-31"))
        assert page().review.text == "Reviewed by Dr Adler on 31 Jan 2026"
        assert page().review.status is None

    @pytest.mark.parametrize(("today", "stale"), [(date(2027, 1, 31), False), (date(2027, 2, 1), True)])
    def test_a_review_is_stale_from_the_day_after_its_first_year(self, today: date, *, stale: bool) -> None:
        in_force(reviewed("2026-01-31"))
        assert page(today=today).review.is_stale is stale
        (row,) = monographs_in_force(today=today)
        assert (row.review.status is MONOGRAPH["stale"]) is stale

    @pytest.mark.parametrize(("today", "stale"), [(date(2025, 2, 28), False), (date(2025, 3, 1), True)])
    def test_a_review_on_a_leap_day_lasts_until_the_last_of_february(self, today: date, *, stale: bool) -> None:
        in_force(reviewed("2024-02-29"))
        assert page(today=today).review.is_stale is stale


class TestWhichVersion:
    def test_there_is_no_page_without_a_version_in_force(self) -> None:
        assert monograph_page("examplin", None, today=TODAY) is None
        imported(document(), publish=False)
        assert monograph_page("examplin", None, today=TODAY) is None
        assert monograph_page("examplin", 1, today=TODAY) is None

    def test_the_version_in_force_is_shown_unless_another_is_asked_for(self) -> None:
        in_force(document(note="One."))
        in_force(document(note="Two."))
        assert (page().number, page().is_in_force) == (2, True)
        assert (page(number=2).number, page(number=2).is_in_force) == (2, True)

    def test_a_superseded_version_stays_readable_and_says_what_it_is(self) -> None:
        in_force(document(note="One."))
        in_force(document(note="Two."))
        old = page(number=1)
        assert (old.number, old.latest, old.is_in_force) == (1, 2, False)
        assert old.status is MONOGRAPH["superseded"]
        assert "<p>One.</p>" in old.sections[-2].body + old.sections[-1].body

    def test_a_draft_and_a_number_that_never_was_have_no_page(self) -> None:
        in_force(document(note="One."))
        imported(document(note="Two."), publish=False)
        assert monograph_page("examplin", 2, today=TODAY) is None
        assert monograph_page("examplin", 3, today=TODAY) is None

    def test_the_history_lists_what_was_in_force_newest_first(self) -> None:
        in_force(document(note="One."))
        imported(document(note="Two."), at=AT + timedelta(days=30))
        imported(document(note="Three."), publish=False)
        found = [(link.number, link.published, link.is_shown) for link in page(number=1).versions]
        assert found == [(2, "3 Aug 2026", False), (1, "4 Jul 2026", True)]


class TestTheSections:
    def test_they_stand_in_the_documents_order_with_the_regimens_after_the_dosage(self) -> None:
        in_force(document(regimen_yaml(), front="sources:\n  - A label\n"))
        titles = [row.title for row in page().sections]
        assert titles == ["Usage", "Dosage", "Regimens", "Side Effects", "Precautions", "FAQs", "Notes", "Sources"]

    def test_each_has_an_address_of_its_own(self) -> None:
        body = BODY + "\n### Regimens\nIn words.\n\n### Sources\nIn words.\n"
        in_force(document(body=body, front="sources:\n  - A label\n"))
        anchors = [row.anchor for row in page().sections]
        assert len(anchors) == len(set(anchors))
        assert {"side-effects", "regimens", "regimens-2", "sources", "sources-2"} <= set(anchors)

    def test_prose_is_shown_as_html(self) -> None:
        in_force(document())
        assert section("Usage").body == "<p>Examplin treats <em>example disease</em>.</p>\n"

    def test_effects_stand_in_their_groups_with_explanation_and_tone(self) -> None:
        in_force(document())
        row = section("Side Effects")
        assert [(group.heading, group.status.tone, len(group.effects)) for group in row.groups] == [
            ("Common (>10%)", Tone.ACT, 2),
            ("Serious (<1%)", Tone.DANGER, 1),
        ]
        assert (row.groups[0].effects[1].term, row.groups[0].effects[1].explanation) == (
            "Proteinuria",
            "protein in the urine",
        )
        assert (row.body, row.closing) == ("<p>Seen in trials:</p>\n", "<p>Tell somebody about any of them.</p>\n")

    def test_precautions_carry_the_mark_of_their_kind(self) -> None:
        in_force(document())
        found = [(row.label, row.status.key, row.html) for row in section("Precautions").precautions]
        assert found == [
            ("Contraindications", "contraindication", "<p>Known hypersensitivity to examplin.</p>\n"),
            ("Monitoring", "monitoring", "<p>Regular platelet counts.</p>\n"),
        ]

    def test_a_precaution_without_a_label_is_called_one(self) -> None:
        in_force(document(body=BODY.replace("* **Monitoring:** Regular", "* Regular")))
        assert section("Precautions").precautions[1].label == "Precaution"

    def test_questions_stand_with_their_answers(self) -> None:
        in_force(document())
        (faq,) = section("FAQs").faqs
        assert (faq.question, faq.html) == ("How is it stored?", "<p>In the refrigerator.</p>\n")

    def test_two_sections_of_one_kind_show_each_row_once(self) -> None:
        body = BODY + "\n### Adverse Reactions\n**Less common (1-10%):**\n\n* Falls\n\nRare indeed.\n"
        in_force(document(body=body))
        assert [group.heading for group in section("Side Effects").groups][-1] == "Less common (1-10%)"
        second = section("Adverse Reactions")
        assert (second.groups, second.body, second.closing) == ((), "", "<p>Rare indeed.</p>\n")

    def test_the_generic_name_is_not_repeated_below_the_title(self) -> None:
        in_force(USER_TEXT)
        assert "Generic Name" not in [row.title for row in page("nusinersen").sections]

    def test_a_generic_name_with_more_to_say_is_kept(self) -> None:
        in_force(document(body="### Generic Name\nExamplin\n\nAlso called example.\n" + BODY))
        assert "Also called example." in section("Generic Name").body

    def test_the_disclaimer_stands_apart(self) -> None:
        in_force(document())
        assert page().disclaimer == "<p>For education only.</p>\n"
        in_force(document(body=BODY.replace("**Disclaimer:** For education only.", "")))
        assert page().disclaimer == ""

    def test_a_document_without_dosage_shows_its_regimens_last(self) -> None:
        body = BODY.replace("### Dosage", "### Amounts")
        in_force(document(regimen_yaml(), body=body))
        assert page().sections[-1].title == "Regimens"

    def test_nothing_of_a_page_can_be_changed(self) -> None:
        in_force(document())
        with pytest.raises(FrozenInstanceError):
            page().title = "Other"  # type: ignore[misc]


class TestTheRegimens:
    def test_they_are_the_versions_own(self) -> None:
        in_force(SEED_TEXT)
        row = section("Regimens", "nusinersen")
        assert row.body == ""
        assert [table.key for table in row.regimens] == [
            "nusinersen-12mg-us",
            "nusinersen-12mg-eu",
            "nusinersen-high-dose",
        ]

    def test_a_text_without_any_shows_those_that_stay_in_force_and_says_so(self) -> None:
        in_force(SEED_TEXT)
        in_force(USER_TEXT)
        row = section("Regimens", "nusinersen")
        assert "This text carries no regimen as data; those of version 1 stay in force." in row.body
        assert len(row.regimens) == 3

    def test_a_first_text_without_any_says_that_there_is_none(self) -> None:
        in_force(USER_TEXT)
        row = section("Regimens", "nusinersen")
        assert ("carries no regimen as data" in row.body, row.regimens) == (True, ())

    def test_a_superseded_text_shows_its_own_alone(self) -> None:
        in_force(USER_TEXT)
        in_force(SEED_TEXT)
        (row,) = [row for row in page("nusinersen", 1).sections if row.title == "Regimens"]
        assert row.regimens == ()


def test_a_page_takes_as_many_queries_for_a_long_text_as_for_a_short_one(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    in_force(document(regimen_yaml()))
    with django_assert_num_queries(7):
        page()
    in_force(SEED_TEXT)
    with django_assert_num_queries(7):
        page("nusinersen")


def test_a_long_history_costs_no_query_more(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for number in range(5):
        in_force(document(regimen_yaml(), note=f"Number {number}."))
    with django_assert_num_queries(7):
        assert len(page().versions) == 5
