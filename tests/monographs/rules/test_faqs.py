import pytest

from monographs.rules.faqs import LONGEST_QUESTION
from tests.monographs.rules.documents import only_problem, problems_of, read, with_body


def faqs(body: str) -> list[tuple[str, str, int]]:
    return [(faq.question, faq.answer, faq.line) for faq in read(f"### FAQs\n\n{body}\n").faqs]


@pytest.mark.parametrize(
    "body",
    [
        "* **Q: Is it safe?**\n    * **A:**  Yes, *mostly*.",
        "- **Q:  Is it safe?**\n  - **A:** Yes, *mostly*.",
        "* **Q:** Is it safe?\n    * **A**: Yes, *mostly*.",
        "* Q: Is it safe?\n    * A: Yes, *mostly*.",
        "* Q: Is it safe?\n\n    A: Yes, *mostly*.",
        "* **q1: Is it safe?**\n            * **a1:** Yes, *mostly*.",
        "* **Question: Is it safe?**\n* **Answer:** Yes, *mostly*.",
        "**Q. Is it safe?**\n\n**A.** Yes, *mostly*.",
        "Q: Is it safe?\n\nA: Yes, *mostly*.",
        "#### Is it safe?\n\nYes, *mostly*.",
        "#### Q: Is it safe?\nA: Yes, *mostly*.",
        "**Is it safe?**\n\nYes, *mostly*.",
    ],
)
def test_questions_and_answers_are_read_in_many_dresses(body: str) -> None:
    assert faqs(body) == [("Is it safe?", "Yes, *mostly*.", 7)]


def test_several_questions_keep_their_order_and_lines() -> None:
    assert faqs("* **Q: One?**\n    * **A:** First.\n\n* **Q: Two?**\n    * **A:** Second.") == [
        ("One?", "First.", 7),
        ("Two?", "Second.", 10),
    ]


def test_an_answer_may_have_paragraphs_and_bullets() -> None:
    assert faqs("* **Q: How?**\n    * **A:** So:\n        * first\n        * then\n\n      And on.") == [
        ("How?", "So:\n\n* first\n\n* then\n\nAnd on.", 7)
    ]


def test_an_answer_may_be_a_list_below_its_tag() -> None:
    assert faqs("* **Q: How?**\n    * **A:**\n        * first") == [("How?", "* first", 7)]


def test_untagged_text_below_a_question_is_its_answer() -> None:
    assert faqs("* **Q: How?**\n\n    Like so.") == [("How?", "Like so.", 7)]


@pytest.mark.parametrize("after", ["Ask us more.", "#### More\n\nAsk us more."])
def test_text_after_the_list_is_prose(after: str) -> None:
    document = read(f"### FAQs\nRead on.\n\n* **Q: How?**\n    * **A:** So.\n\n{after}\n")

    assert [(faq.question, faq.answer) for faq in document.faqs] == [("How?", "So.")]
    assert document.sections[0].body.startswith("Read on.")
    assert document.sections[0].body.endswith(after)


def test_words_that_begin_like_a_tag_are_no_tag() -> None:
    assert faqs("* **Q: How?**\n    * **A:** So.\n    * A word: more") == [("How?", "So.\n\n* A word: more", 7)]


@pytest.mark.parametrize("after", ["", "* **Q: Then?**\n    * **A:** So.", "Prose.", "#### Prose\n"])
def test_a_question_without_an_answer_is_refused(after: str) -> None:
    assert only_problem(f"### FAQs\n* **Q: How?**\n\n{after}\n") == (
        6,
        "The question “How?” has no answer; write it below as A: and the answer.",
    )


def test_an_empty_answer_is_no_answer() -> None:
    assert only_problem("### FAQs\n* **Q: How?**\n    * **A:**\n")[0] == 6


@pytest.mark.parametrize("before", ["", "* **Q: Then?**\n    * **A:** So.\n\nProse.\n\n"])
def test_an_answer_without_a_question_is_refused(before: str) -> None:
    body = f"### FAQs\n{before}* **A:** So.\n"

    assert only_problem(body) == (
        5 + body.count("\n") - 1,
        "This answer has no question before it; write the question as Q: above it.",
    )


def test_an_empty_question_is_refused() -> None:
    assert only_problem("### FAQs\n* **Q:**\n    * **A:** So.\n") == (6, "This question is empty; write it after Q:.")


@pytest.mark.parametrize("second", ["How?", "HOW?", "*How?*"])
def test_a_question_asked_twice_is_refused(second: str) -> None:
    body = f"### FAQs\n* **Q: How?**\n    * **A:** So.\n* Q: {second}\n    * A: Thus.\n"

    number, message = only_problem(body)

    assert number == 8
    assert message.endswith(" is asked twice (first on line 6); keep one.")


def test_a_question_may_be_as_long_as_the_limit() -> None:
    assert len(faqs(f"* Q: {'x' * LONGEST_QUESTION}\n    * A: So.")[0][0]) == LONGEST_QUESTION


def test_a_longer_question_is_refused() -> None:
    assert only_problem(f"### FAQs\n* Q: {'x' * (LONGEST_QUESTION + 1)}\n    * A: So.\n") == (
        6,
        "This question is longer than 500 characters; shorten it.",
    )


def test_all_that_is_wrong_is_reported_together() -> None:
    body = "### FAQs\n* **A:** So.\n* **Q: One?**\n* **Q: Two?**\n"

    assert [line for line, _ in problems_of(with_body(body))] == [6, 7, 8]
