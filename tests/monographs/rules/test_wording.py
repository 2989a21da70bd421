import pytest

from monographs.rules.wording import LeadIn, anchor_for, key_of, lead_in, plain
from tests.monographs.rules.documents import bounded_time


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("Headache", "Headache"),
        ("**Common** side *effects*", "Common side effects"),
        ("__Common__ _side_ effects", "Common side effects"),
        ("the `code` of\n  it", "the code of it"),
        ("snake_case stays", "snake_case stays"),
        ("2 * 3 stays", "2 * 3 stays"),
        (r"\*not emphasis\*", "*not emphasis*"),
        (r"\> 10 %", "> 10 %"),
        ("&gt;10&#37; &lt;script&gt;", ">10% <script>"),
        ("&#10;one&nbsp;line", "one line"),
        ("AT&T &unknown; stays", "AT&T &unknown; stays"),
        ("", ""),
    ],
)
def test_plain_words_lose_their_marks_and_nothing_else(markdown: str, words: str) -> None:
    assert plain(markdown) == words


@pytest.mark.parametrize(
    "text", ["&#" + "9" * 5000 + ";", "_" * 100_000 + "a", "a" + "_" * 100_000 + "a", "*" * 100_000]
)
def test_hostile_marks_cost_little_time(text: str) -> None:
    with bounded_time():
        words = plain(text)

    assert len(words) <= len(text)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("**Monitoring:** Check blood.", LeadIn("Monitoring", "Check blood.", colon=True)),
        ("**Monitoring**: Check blood.", LeadIn("Monitoring", "Check blood.", colon=True)),
        ("__Monitoring:__ Check blood.", LeadIn("Monitoring", "Check blood.", colon=True)),
        ("*Monitoring:* Check blood.", LeadIn("Monitoring", "Check blood.", colon=True)),
        ("***Monitoring:***\nCheck blood.", LeadIn("Monitoring", "Check blood.", colon=True)),
        ("**Monitoring:**", LeadIn("Monitoring", "", colon=True)),
        ("  **Monitoring**  ", LeadIn("Monitoring", "", colon=False)),
        ("**Label : ** text: more", LeadIn("Label", "text: more", colon=True)),
        ("**A *very* long label:** text", LeadIn("A very long label", "text", colon=True)),
    ],
)
def test_a_lead_in_is_an_emphasised_label_and_the_text_after_it(markdown: str, expected: LeadIn) -> None:
    assert lead_in(markdown) == expected


@pytest.mark.parametrize(
    "markdown", ["", "Plain: text", "*SMN2* gene", "**Bold** and more", "** spaced ** : x", "**open"]
)
def test_other_texts_have_no_lead_in(markdown: str) -> None:
    assert lead_in(markdown) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Side Effects", "side  effects:"),
        ("Warnings & Precautions", "warnings and precautions"),
        ("**Usage**", "Usage"),
    ],
)
def test_names_that_differ_in_dress_only_are_the_same(one: str, other: str) -> None:
    assert key_of(one) == key_of(other)


def test_names_of_other_words_are_different() -> None:
    assert key_of("Meningitis") != key_of("Aseptic meningitis")


@pytest.mark.parametrize(
    ("title", "taken", "anchor"),
    [
        ("Side Effects", [], "side-effects"),
        ("Side Effects", ["side-effects"], "side-effects-2"),
        ("Side Effects", ["side-effects", "side-effects-2"], "side-effects-3"),
        ("効能・効果", [], "効能-効果"),
        ("???", [], "section"),
        ("word " * 40, [], "-".join(["word"] * 16)),
    ],
)
def test_an_anchor_is_short_and_unlike_those_taken(title: str, taken: list[str], anchor: str) -> None:
    assert anchor_for(title, taken) == anchor
