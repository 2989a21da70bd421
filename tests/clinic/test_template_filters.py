"""The template library: missing values are named, statuses drawn with word and shape, markup escaped."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.template import Context, Engine

from clinic import template_filters
from clinic.statuses import DOSE, LIGHT

ENGINE = Engine(libraries={"clinic": "clinic.template_filters"}, string_if_invalid="UNDEFINED %s")
TODAY = date(2026, 4, 4)


class Attempt(forms.Form):
    day = forms.DateField()
    complications = forms.ChoiceField(choices=[("y", "Yes"), ("n", "No")], widget=forms.RadioSelect)


def drawn(source: str, **values: Any) -> str:
    return ENGINE.from_string("{% load clinic %}" + source).render(Context(values))


@pytest.mark.parametrize(
    ("source", "values", "expected"),
    [
        ("{{ on|day }}", {"on": TODAY}, "4 Apr 2026"),
        ("{{ on|day }}", {"on": None}, "not recorded"),
        ("{{ on|weekday }}", {"on": TODAY}, "Sat 4 Apr 2026"),
        ("{{ on|weekday }}", {"on": None}, "not recorded"),
        ("{{ on|to_day:last }}", {"on": TODAY, "last": date(2026, 5, 1)}, "4 Apr – 1 May 2026"),
        ("{{ on|between:last }}", {"on": TODAY, "last": date(2026, 5, 1)}, "between 4 Apr and 1 May 2026"),
        ("{{ on|until:today }}", {"on": TODAY, "today": date(2026, 4, 1)}, "in 3 days"),
        ("{{ on|since:today }}", {"on": TODAY, "today": date(2026, 4, 7)}, "3 days ago"),
        ("{{ born|age:on }}", {"born": date(2023, 12, 1), "on": TODAY}, "2 y 4 m"),
        ("{{ mrn|identifier }}", {"mrn": "1297287652"}, "129 728 7652"),
        ('{{ mg|quantity:"mg" }}', {"mg": Decimal("12.00")}, "12 mg"),
        ('{{ mg|quantity:"mg" }}', {"mg": None}, "not recorded"),
    ],
)
def test_a_value_is_written_for_people(source: str, values: dict[str, Any], expected: str) -> None:
    assert drawn(source, **values) == expected


@pytest.mark.parametrize(
    ("at", "expected"), [(datetime(2026, 4, 4, 12, 0, tzinfo=UTC), "4 Apr 2026, 14:00"), (None, "not recorded")]
)
def test_a_moment_is_written_on_the_clock_of_the_zone_given(at: datetime | None, expected: str) -> None:
    assert drawn("{{ at|moment:zone }}", at=at, zone=ZoneInfo("Europe/Berlin")) == expected


def test_a_status_is_drawn_with_its_word_its_tone_and_its_shape() -> None:
    assert drawn("{{ status|tag }}", status=DOSE["overdue"]) == (
        '<span class="tag tone-danger shape-warning">Overdue</span>'
    )


def test_a_status_is_looked_up_by_its_key() -> None:
    assert drawn('{{ key|status:"dose"|tag }}', key="due") == '<span class="tag tone-act shape-dot">Due</span>'


def test_a_word_the_registry_does_not_know_is_an_error() -> None:
    with pytest.raises(KeyError):
        template_filters.status("expired", "dose")


def test_a_light_names_its_state_for_those_who_cannot_see_it() -> None:
    assert drawn("{{ status|light:about }}", status=LIGHT["not_ready"], about="Labs <1>") == (
        '<span class="tone-danger shape-cross">Labs &lt;1&gt;<i>: Not ready</i></span>'
    )


def test_an_error_link_reaches_the_control_itself() -> None:
    form = Attempt()

    assert template_filters.focus_target(form["day"]) == "id_day"


def test_an_error_link_of_a_group_reaches_its_first_choice() -> None:
    form = Attempt()

    assert template_filters.focus_target(form["complications"]) == "id_complications_0"
    assert 'id="id_complications_0"' in str(form["complications"])


def test_a_wide_table_scrolls_in_a_named_region_that_the_keyboard_reaches() -> None:
    region = drawn("{% table_region label %}<table></table>{% endtable_region %}", label='Doses "given"')

    assert region.startswith(
        '<div class="table-region" role="region" tabindex="0" aria-label="Doses &quot;given&quot;">'
    )
    assert region.endswith("><table></table></div>")
