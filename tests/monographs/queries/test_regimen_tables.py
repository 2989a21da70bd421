from dataclasses import replace
from datetime import date
from decimal import Decimal

from monographs.queries.regimen_tables import LateRow, StepRow, regimen_table
from monographs.rules.document import parse
from monographs.rules.regimen import Band, Interval, LateRules, Regimen, Step, Unit
from tests.monographs.builders import SEED_TEXT

US, EU, HIGH = parse(SEED_TEXT).regimens


def steps(regimen: Regimen) -> list[tuple[str, str]]:
    return [(row.label, row.when) for row in regimen_table(regimen).steps]


def test_the_united_states_schedule_reads_as_the_label_has_it() -> None:
    assert steps(US) == [
        ("L1", "first dose (day 0)"),
        ("L2", "14 days after the dose before (day 14)"),
        ("L3", "14 days after the dose before (day 28)"),
        ("L4", "30 days after the dose before (day 58)"),
        ("Maintenance", "every 4 months"),
    ]


def test_the_european_schedule_gives_its_fourth_dose_on_day_63() -> None:
    assert steps(EU)[3] == ("L4", "35 days after the dose before (day 63)")


def test_every_dose_says_its_amount_and_volume_with_units() -> None:
    assert regimen_table(HIGH).steps[1:] == (
        StepRow("L2", "50 mg", "5 mL", "14 days after the dose before (day 14)"),
        StepRow("Maintenance", "28 mg", "5 mL", "every 4 months"),
    )


def test_the_day_of_the_course_is_not_said_once_an_interval_is_in_months() -> None:
    dose = Step(Decimal(12), Decimal(5), Interval(1, Unit.MONTHS))
    after = Step(Decimal(12), Decimal(5), Interval(14, Unit.DAYS))
    found = steps(replace(US, loading=(US.loading[0], dose, after)))
    assert found[1:3] == [("L2", "1 month after the dose before"), ("L3", "14 days after the dose before")]


def test_the_bands_of_a_late_dose_meet_without_a_gap() -> None:
    table = regimen_table(US)
    assert table.late == (
        LateRow("under 8 months", "one dose as soon as possible, then the calendar as before"),
        LateRow("8 to under 16 months", "2 doses, 14 days apart"),
        LateRow("16 to under 40 months", "3 doses, 14 days apart"),
        LateRow("40 months or more", "loading begins again"),
    )
    assert table.late_source == "US label, section on missed doses (2024)"


def test_a_single_catch_up_dose_is_written_in_the_singular() -> None:
    late = LateRules((Band(6, 1, 1, restart=False),), "Label")
    rows = regimen_table(replace(US, late=late)).late
    assert [row.calls_for for row in rows] == [rows[0].calls_for, "1 dose, 1 day apart"]


def test_a_regimen_without_late_rules_has_no_rows_for_them() -> None:
    table = regimen_table(HIGH)
    assert (table.late, table.late_source, table.late_effective) == ((), "", "")


def test_late_rules_say_their_own_first_day_apart_from_the_regimens() -> None:
    assert US.late is not None
    late = replace(US.late, effective_from=date(2026, 1, 12))
    table = regimen_table(replace(US, effective_from=date(2026, 3, 30), late=late))
    assert (table.effective, table.late_effective) == ("30 Mar 2026", "12 Jan 2026")
    assert regimen_table(US).late_effective == ""


def test_a_switch_names_where_from_and_the_first_dose() -> None:
    said = "From nusinersen-12mg-us, nusinersen-12mg-eu: one dose of 50 mg (5 mL) in place of the next dose due."
    assert regimen_table(HIGH).switch == said
    assert regimen_table(US).switch == ""


def test_source_first_day_and_smallest_gap_are_said() -> None:
    table = regimen_table(replace(US, effective_from=date(2026, 3, 30), minimum_days=1))
    assert (table.effective, table.minimum) == ("30 Mar 2026", "1 day")
    assert table.source == US.source
    assert regimen_table(US).effective == ""


def test_the_regimen_proposed_first_is_marked() -> None:
    assert [regimen_table(regimen).is_default for regimen in (US, EU, HIGH)] == [True, False, False]
