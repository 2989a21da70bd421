"""The monograph that is shipped: every fact of the user's document, more from the labels, and the regimens."""

import re
from decimal import Decimal

import pytest

from monographs.rules.document import PrecautionKind, SectionKind, parse
from monographs.rules.dosage import differences
from monographs.rules.regimen import Band, Interval, Regimen, Step, Switch, Unit
from monographs.rules.wording import key_of
from tests.monographs.rules import nusinersen
from tests.monographs.rules.documents import SEED_MONOGRAPH, SEEDS, USER_MONOGRAPH

DOCUMENT = parse(SEED_MONOGRAPH)
BODIES = {section.title: section.body for section in DOCUMENT.sections}
REGIMENS = {regimen.key: regimen for regimen in DOCUMENT.regimens}


def of_kind(kind: SectionKind) -> str:
    """Return the text of the one section of a kind."""
    (section,) = [section for section in DOCUMENT.sections if section.kind is kind]
    return section.body


def days(count: int) -> Interval:
    return Interval(count, Unit.DAYS)


FOUR_MONTHS = Interval(4, Unit.MONTHS)


def test_it_is_titled_and_laid_out_like_the_users_document() -> None:
    assert (DOCUMENT.title, DOCUMENT.layout, DOCUMENT.generic_name) == ("Nusinersen", "minimal-medicine", "Nusinersen")


@pytest.mark.parametrize("kind", nusinersen.SECTION_FACTS)
def test_each_section_gives_every_fact_of_the_users_document(kind: SectionKind) -> None:
    assert nusinersen.missing(of_kind(kind), nusinersen.SECTION_FACTS[kind]) == []


@pytest.mark.parametrize("effect", nusinersen.ALL_EFFECTS)
def test_each_effect_stands_in_its_group_with_its_explanation(effect: tuple[object, ...]) -> None:
    assert effect in [(item.frequency, item.term, item.explanation) for item in DOCUMENT.effects]


def test_there_are_no_other_effects() -> None:
    assert len(DOCUMENT.effects) == 26


@pytest.mark.parametrize("kind", nusinersen.PRECAUTIONS)
def test_each_precaution_gives_every_fact(kind: PrecautionKind) -> None:
    (precaution,) = [item for item in DOCUMENT.precautions if item.kind is kind]

    assert nusinersen.missing(precaution.text, nusinersen.PRECAUTIONS[kind]) == []


def test_there_are_no_other_precautions() -> None:
    assert len(DOCUMENT.precautions) == 4


@pytest.mark.parametrize("number", range(6))
def test_each_answer_gives_every_fact(number: int) -> None:
    assert nusinersen.missing(DOCUMENT.faqs[number].answer, nusinersen.FAQS[number]) == []


def test_there_are_six_questions() -> None:
    assert [faq.question for faq in DOCUMENT.faqs] == [
        "How is nusinersen given?",
        "When do results show?",
        "How should nusinersen be stored?",
        "Does it interact with other medicines?",
        "I have missed a dose. What now?",
        "What do I do about side effects?",
    ]


def test_the_disclaimer_gives_every_fact() -> None:
    assert nusinersen.missing(DOCUMENT.disclaimer, nusinersen.DISCLAIMER) == []


def test_no_sentence_is_taken_from_the_users_document() -> None:
    shared = sentences(SEED_MONOGRAPH) & sentences(USER_MONOGRAPH)
    effects = {key_of(str(effect)) for effect in DOCUMENT.effects}

    assert {sentence for sentence in shared if len(sentence.split()) > 4} <= effects


def sentences(text: str) -> set[str]:
    return {key_of(sentence) for sentence in re.split(r"[.?:!]\s|\n", text)}


def test_the_dosage_statements_are_those_of_the_users_document() -> None:
    assert DOCUMENT.statements == nusinersen.STATEMENTS


def test_the_default_regimen_says_what_the_prose_says() -> None:
    assert differences(DOCUMENT.statements, DOCUMENT.regimens) == ()


def test_the_other_regimens_differ_from_the_prose_where_their_regions_do() -> None:
    assert differences(DOCUMENT.statements, [REGIMENS["nusinersen-12mg-eu"]]) == (
        "Fourth Dose: the text says an interval of 30 days, nusinersen-12mg-eu says 35 days.",
    )
    assert len(differences(DOCUMENT.statements, [REGIMENS["nusinersen-high-dose"]])) == 3


def test_three_regimens_are_shipped_and_the_first_is_the_default() -> None:
    assert [(regimen.key, regimen.is_default) for regimen in DOCUMENT.regimens] == [
        ("nusinersen-12mg-us", True),
        ("nusinersen-12mg-eu", False),
        ("nusinersen-high-dose", False),
    ]


@pytest.mark.parametrize(
    ("key", "loading", "maintenance"),
    [
        ("nusinersen-12mg-us", [(12, 0), (12, 14), (12, 14), (12, 30)], 12),
        ("nusinersen-12mg-eu", [(12, 0), (12, 14), (12, 14), (12, 35)], 12),
        ("nusinersen-high-dose", [(50, 0), (50, 14)], 28),
    ],
)
def test_each_regimen_has_its_doses(key: str, loading: list[tuple[int, int]], maintenance: int) -> None:
    five = Decimal(5)

    assert REGIMENS[key].loading == tuple(Step(Decimal(mg), five, days(after)) for mg, after in loading)
    assert REGIMENS[key].maintenance == Step(Decimal(maintenance), five, FOUR_MONTHS)


@pytest.mark.parametrize("key", ["nusinersen-12mg-us", "nusinersen-12mg-eu"])
def test_the_twelve_milligram_regimens_have_the_bands_for_late_doses(key: str) -> None:
    late = REGIMENS[key].late

    assert late is not None
    assert late.bands == (
        Band(8, doses=2, apart_days=14, restart=False),
        Band(16, doses=3, apart_days=14, restart=False),
        Band(40, doses=0, apart_days=0, restart=True),
    )


def test_the_high_dose_regimen_has_no_rule_for_late_doses_and_is_switched_to_by_one_dose() -> None:
    high = REGIMENS["nusinersen-high-dose"]

    assert high.late is None
    assert high.switch == Switch(("nusinersen-12mg-us", "nusinersen-12mg-eu"), Step(Decimal(50), Decimal(5), days(0)))


@pytest.mark.parametrize("regimen", DOCUMENT.regimens, ids=lambda regimen: regimen.key)
def test_every_regimen_keeps_fourteen_days_and_names_its_source(regimen: Regimen) -> None:
    assert regimen.minimum_days == 14
    assert regimen.source
    assert regimen.late is None or regimen.late.source


@pytest.mark.parametrize(
    ("title", "facts"),
    [
        (
            "Monitoring Before Each Dose",
            [
                "platelet count",
                "PT and aPTT",
                "quantitative spot urine protein",
                "baseline",
                "before every dose",
                "0.2 g/L",
            ],
        ),
        (
            "Late and Missed Doses",
            [
                *("less than 14 days apart", "late loading dose", "less than 8", "8 to less than 16"),
                *("16 to less than 40", "40 or more", "original date", "European Union", "prescriber for review"),
            ],
        ),
        (
            "Preparation and Administration",
            [
                *("intrathecal use only", "5 mL", "12 mg (2.4 mg/mL)", "28 mg (5.6 mg/mL)", "50 mg (10 mg/mL)"),
                *("within 4 hours", "6 hours", "remove 5 mL of cerebrospinal fluid", "1 to 3 minutes", "imaging"),
            ],
        ),
        (
            "Storage",
            ["2 and 8 °C", "never frozen", "30 °C", "14 days", "30 hours", "25 °C", "28 mg and 50 mg vials"],
        ),
        (
            "High-Dose Regimen",
            ["50 mg after 14 days", "28 mg every 4 months", "takes the place of the next 12 mg dose", "30 March 2026"],
        ),
        (
            "Regional Differences",
            ["day 58", "day 63", "days 0, 14 and 28", "hypersensitivity", "Japan"],
        ),
        (
            "Label and Clinic Policy",
            ["marked as label", "clinic policy", "unreviewed", "confirmed against the current local label"],
        ),
    ],
)
def test_further_sections_give_what_the_labels_say(title: str, facts: list[str]) -> None:
    assert nusinersen.missing(BODIES[title], facts) == []


@pytest.mark.parametrize(
    "kind", [SectionKind.LATE_DOSES, SectionKind.MONITORING, SectionKind.ADMINISTRATION, SectionKind.STORAGE]
)
def test_the_sections_that_other_pages_open_are_there(kind: SectionKind) -> None:
    assert of_kind(kind)


def test_label_and_clinic_policy_are_told_apart_wherever_both_stand() -> None:
    marked = {title for title, body in BODIES.items() if "**Clinic policy" in body}

    assert marked == {
        "Monitoring Before Each Dose",
        "Late and Missed Doses",
        "Preparation and Administration",
        "High-Dose Regimen",
    }
    assert all("**Label" in BODIES[title] for title in marked)


def test_nobody_is_said_to_have_reviewed_it() -> None:
    assert (DOCUMENT.reviewed_on, DOCUMENT.reviewed_by) == (None, "")


def test_its_sources_are_named() -> None:
    assert len(DOCUMENT.sources) == 6
    assert nusinersen.missing(" ".join(DOCUMENT.sources), ["US prescribing information", "EU summary", "Japan"]) == []


def test_the_regimen_in_the_readme_can_be_read() -> None:
    readme = (SEEDS / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)

    document = parse(f"---\ntitle: Examplin\n{example}---\n")

    assert [(regimen.key, regimen.is_default) for regimen in document.regimens] == [("example-12mg", True)]
