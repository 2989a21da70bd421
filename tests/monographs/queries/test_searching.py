import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from monographs.queries import Hit, search
from monographs.queries.searching import EXCERPT_LENGTH, MOST_HITS, MOST_WORDS, excerpt, words_in
from tests.monographs.builders import BODY, SEED_TEXT, document, imported, in_force, regimen_yaml

database = pytest.mark.django_db


def text_of(hit: Hit) -> str:
    return "".join(piece.text for piece in hit.excerpt)


def found(text: str) -> list[tuple[str, str]]:
    """Return section and excerpt of every hit."""
    return [(hit.section, text_of(hit)) for hit in search(text).hits]


class TestTheWordsAsked:
    @pytest.mark.parametrize("text", ["", "   ", "%", "** _ --", "…"])
    def test_signs_alone_ask_for_nothing(self, text: str) -> None:
        assert words_in(text) == ()

    def test_each_word_counts_once(self) -> None:
        assert words_in(" low  platelet, low ") == ("low", "platelet")

    def test_numbers_and_joined_words_stay_whole(self) -> None:
        assert words_in("0.2 g/L full-length don’t") == ("0.2", "g", "L", "full-length", "don’t")

    def test_a_very_long_question_is_cut(self) -> None:
        assert len(words_in(" ".join(f"word{n}" for n in range(40)))) == MOST_WORDS


@database
class TestWhatIsFound:
    @pytest.fixture(autouse=True)
    def examplin(self) -> None:
        in_force(document(regimen_yaml(), note="Kept *cold*, never frozen; 100 % of the time."))

    def test_nothing_asked_finds_nothing(self) -> None:
        results = search("  ")
        assert (results.words, results.hits, results.is_cut) == ((), (), False)

    def test_a_section_is_found_by_its_prose(self) -> None:
        assert found("treats") == [("Usage", "Usage Examplin treats example disease.")]

    def test_a_section_is_found_by_its_title(self) -> None:
        assert ("Dosage", "Dosage Loading Dose: 12 mg") in [(title, text[:26]) for title, text in found("dosage")]

    def test_an_effect_is_found_by_term_by_explanation_and_by_group(self) -> None:
        said = "Proteinuria (protein in the urine) · Common (>10%)"
        assert ("Side Effects", said) in found("proteinuria")
        assert ("Side Effects", said) in found("urine")
        assert ("Side Effects", said) in found("common protein")

    def test_a_precaution_is_found_by_label_and_text(self) -> None:
        assert found("hypersensitivity") == [("Precautions", "Contraindications: Known hypersensitivity to examplin.")]
        assert found("monitoring platelet") == [("Precautions", "Monitoring: Regular platelet counts.")]

    def test_a_precaution_without_a_label_is_found_by_its_text(self) -> None:
        in_force(document(body=BODY.replace("* **Monitoring:** Regular", "* Regular")))
        assert found("regular") == [("Precautions", "Regular platelet counts.")]

    def test_a_question_is_found_by_its_answer(self) -> None:
        assert found("refrigerator") == [("FAQs", "How is it stored? In the refrigerator.")]

    def test_text_after_the_rows_of_a_section_is_found_too(self) -> None:
        assert [title for title, _ in found("tell somebody")] == ["Side Effects"]

    def test_case_does_not_matter(self) -> None:
        assert found("HEADACHE") == found("headache") != []

    def test_case_does_not_matter_outside_ascii_either(self) -> None:
        in_force(document(note="Gegen Ödeme."))
        assert found("ödeme") == found("ÖDEME") != []

    def test_all_words_must_stand_in_the_same_place(self) -> None:
        assert found("headache refrigerator") == []

    def test_signs_between_the_words_are_passed_over(self) -> None:
        assert found("%") == []
        assert [title for title, _ in found("100 %")] == ["Notes"]

    def test_marks_of_the_text_are_no_part_of_its_words(self) -> None:
        assert found("cold never") == [("Notes", "Notes Kept cold, never frozen; 100 % of the time.")]

    def test_the_address_of_a_link_is_no_part_of_the_words(self) -> None:
        in_force(document(note="See [the label](https://example.org/hidden)."))
        assert found("hidden") == []
        assert [title for title, _ in found("label")] == ["Notes"]

    def test_a_hit_leads_to_its_section_on_the_page(self) -> None:
        urls = {hit.section: hit.url for hit in search("platelet").hits + search("refrigerator").hits}
        assert urls == {"Precautions": "/monographs/examplin/#precautions", "FAQs": "/monographs/examplin/#faqs"}

    def test_only_what_is_in_force_is_searched(self) -> None:
        in_force(document(note="Second."))
        imported(document(note="Third."), publish=False)
        assert found("frozen") == []
        assert found("third") == []
        assert [title for title, _ in found("second")] == ["Notes"]

    def test_hits_stand_by_monograph(self) -> None:
        in_force(document(title="Aexamplin"))
        titles = [hit.title for hit in search("refrigerator").hits]
        assert titles == ["Aexamplin", "Examplin"]

    def test_more_hits_than_a_reader_wants_are_cut_and_said(self) -> None:
        effects = "\n".join(f"* Sign number {n}" for n in range(MOST_HITS + 1))
        in_force(document(body=BODY.replace("* Headache", effects)))
        results = search("sign")
        assert (len(results.hits), results.is_cut) == (MOST_HITS, True)

    def test_as_many_hits_as_are_shown_are_not_called_cut(self) -> None:
        effects = "\n".join(f"* Sign number {n}" for n in range(MOST_HITS))
        in_force(document(body=BODY.replace("* Headache", effects)))
        results = search("sign")
        assert (len(results.hits), results.is_cut) == (MOST_HITS, False)

    def test_the_number_of_queries_does_not_grow_with_what_is_found(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(5):
            few = search("examplin")
        in_force(SEED_TEXT)
        with django_assert_num_queries(5):
            many = search("e")
        assert len(many.hits) > len(few.hits) > 0


@database
def test_a_row_in_a_second_section_of_its_kind_leads_to_the_one_that_shows_it() -> None:
    in_force(document(body=BODY + "\n### Adverse Reactions\n**Less common (1-10%):**\n\n* Falls\n"))
    (hit,) = search("falls").hits
    assert hit.url.endswith("#side-effects")


class TestTheExcerpt:
    def test_a_short_text_is_shown_whole_with_its_words_marked(self) -> None:
        pieces = excerpt("Low platelet count", ["platelet"])
        assert [(piece.text, piece.found) for piece in pieces] == [
            ("Low ", False),
            ("platelet", True),
            (" count", False),
        ]

    def test_every_place_of_a_word_is_marked_as_it_is_written(self) -> None:
        marked = [piece.text for piece in excerpt("Dose after dose: a DOSE", ["dose"]) if piece.found]
        assert marked == ["Dose", "dose", "DOSE"]

    def test_the_longer_of_two_words_is_marked_where_one_begins_the_other(self) -> None:
        assert [piece.text for piece in excerpt("doses", ["dose", "doses"]) if piece.found] == ["doses"]

    def test_a_long_text_is_cut_between_words_around_the_first_hit(self) -> None:
        text = "before " * 60 + "platelets " + "after " * 60
        shown = "".join(piece.text for piece in excerpt(text, ["platelets"]))
        assert shown.startswith("… before")
        assert shown.endswith("after …")
        assert "platelets" in shown

    def test_a_text_without_any_gap_is_cut_and_still_shows_the_hit(self) -> None:
        shown = "".join(piece.text for piece in excerpt("x" * 500 + "needle" + "y" * 500, ["needle"]))
        assert "needle" in shown
        assert len(shown) <= EXCERPT_LENGTH + 20

    @given(st.text(max_size=600), st.sampled_from(["a", "ab", "0", "é"]))
    def test_whatever_the_text_the_first_hit_is_shown_and_marked(self, text: str, word: str) -> None:
        whole = f"{text} {word} {text}"
        pieces = excerpt(whole, [word])
        assert any(piece.found for piece in pieces)
        shown = "".join(piece.text for piece in pieces).removeprefix("… ").removesuffix(" …")
        assert shown in whole
