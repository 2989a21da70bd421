import pytest

from monographs.rules.document import PrecautionKind
from monographs.rules.precautions import LONGEST_LABEL, kind_of
from tests.monographs.rules.documents import only_problem, read

CONTRAINDICATION, RISK, PREGNANCY, MONITORING, OTHER = PrecautionKind


def precautions(body: str) -> list[tuple[PrecautionKind, str, str, int]]:
    document = read(f"### Precautions\n{body}\n")
    return [(item.kind, item.label, item.text, item.line) for item in document.precautions]


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("Contraindications", CONTRAINDICATION),
        ("Contra-indicated in", CONTRAINDICATION),
        ("Do not use", CONTRAINDICATION),
        ("Increased Risk", RISK),
        ("Warning", RISK),
        ("CAUTION", RISK),
        ("Pregnancy and Breastfeeding", PREGNANCY),
        ("Risk in pregnancy", PREGNANCY),
        ("Lactation", PREGNANCY),
        ("Fertility", PREGNANCY),
        ("Monitoring", MONITORING),
        ("How to monitor risks", MONITORING),
        ("Driving", OTHER),
        ("", OTHER),
    ],
)
def test_a_precaution_is_known_by_the_words_of_its_label(label: str, kind: PrecautionKind) -> None:
    assert kind_of(label) is kind


def test_bullets_with_a_label_are_precautions_in_their_order() -> None:
    assert precautions("* **Monitoring:** Check *blood*.\n- **Driving**: Take care.") == [
        (MONITORING, "Monitoring", "Check *blood*.", 6),
        (OTHER, "Driving", "Take care.", 7),
    ]


def test_a_bullet_without_a_label_is_kept_as_another_precaution() -> None:
    assert precautions("* Take care.\n* **Do not use when ill**") == [
        (OTHER, "", "Take care.", 6),
        (CONTRAINDICATION, "", "Do not use when ill", 7),
    ]


def test_what_is_nested_below_a_bullet_belongs_to_it() -> None:
    assert precautions(
        "* **Monitoring:** Check:\n\n  at first\n    * platelets\n    * urine\n* Rest.\n    * Much."
    ) == [
        (MONITORING, "Monitoring", "Check:\n\nat first\n\n* platelets\n\n* urine", 6),
        (OTHER, "", "Rest.\n\n* Much.", 11),
    ]


def test_a_label_with_nothing_but_nested_bullets_has_their_text() -> None:
    assert precautions("* **Monitoring:**\n    * platelets") == [(MONITORING, "Monitoring", "* platelets", 6)]


def test_bold_paragraphs_are_precautions_and_own_the_list_below() -> None:
    assert precautions("**Monitoring:** Check:\n\n* platelets\n\n**Pregnancy**\n\nNot established.\n\nMore prose.") == [
        (MONITORING, "Monitoring", "Check:\n\n* platelets", 6),
        (PREGNANCY, "Pregnancy", "Not established.", 10),
    ]


def test_sub_headings_are_labels_for_all_below_them() -> None:
    body = "#### Monitoring\nCheck blood.\n\n* platelets\n\nOften.\n#### Particular\n* **Driving:** Take care."

    assert precautions(body) == [
        (MONITORING, "Monitoring", "Check blood.\n\n* platelets\n\nOften.", 6),
        (OTHER, "Driving", "Take care.", 13),
    ]


def test_plain_paragraphs_stay_prose() -> None:
    document = read("### Precautions\nRead all of it.\n\n* **Monitoring:** Check blood.\n\nThat is all.\n")

    assert [item.text for item in document.precautions] == ["Check blood."]
    assert document.sections[0].body.startswith("Read all of it.")
    assert document.sections[0].body.endswith("That is all.")


def test_a_deeply_nested_label_is_part_of_the_text_above_it() -> None:
    assert precautions("* **Monitoring:** Check:\n    * **Platelets:** often") == [
        (MONITORING, "Monitoring", "Check:\n\n* **Platelets:** often", 6)
    ]


@pytest.mark.parametrize("body", ["* **Monitoring:**\n* **Driving:** Take care.", "**Monitoring:**\n\n**Driving:** x"])
def test_a_label_without_text_is_refused(body: str) -> None:
    assert only_problem(f"### Precautions\n{body}\n") == (6, "“Monitoring” has no text; write it after the label.")


def test_a_label_may_be_as_long_as_the_limit() -> None:
    assert len(precautions(f"* **{'x' * LONGEST_LABEL}:** text")[0][1]) == LONGEST_LABEL


def test_a_longer_label_is_refused() -> None:
    assert only_problem(f"### Precautions\n* **{'x' * (LONGEST_LABEL + 1)}:** text\n") == (
        6,
        "This label is longer than 200 characters; shorten it.",
    )


def test_precautions_of_two_sections_are_joined() -> None:
    document = read("### Warnings\n* **Risk:** Some.\n### Precautions\nProse.\n\n* **Monitoring:** Check.\n")

    assert [item.kind for item in document.precautions] == [RISK, MONITORING]
