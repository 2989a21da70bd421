"""The registry of status words, and the style sheet that draws them."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from clinic import statuses
from clinic.patients.choices import CareStatus
from clinic.statuses import Shape, Status, Tone

ROOT = Path(__file__).parents[2]
STYLE = (ROOT / "static/css/clinic.css").read_text()
SPRITE = (ROOT / "static/img/shapes.svg").read_text()
EVERY = [(name, status) for name, registry in statuses.REGISTRIES.items() for status in registry.values()]


@pytest.mark.parametrize(("name", "registry"), statuses.REGISTRIES.items())
def test_a_status_is_found_under_its_own_key(name: str, registry: Mapping[str, Status]) -> None:
    assert [status.key for status in registry.values()] == list(registry), name


@pytest.mark.parametrize(("name", "registry"), statuses.REGISTRIES.items())
def test_no_two_statuses_of_a_registry_can_be_confused(name: str, registry: Mapping[str, Status]) -> None:
    words = {status.label for status in registry.values()}
    signs = {(status.tone, status.shape) for status in registry.values()}

    assert len(words) == len(signs) == len(registry), name


def test_a_registry_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        statuses.DOSE["due"] = statuses.DOSE["overdue"]  # type: ignore[index]


def test_every_status_of_a_dose_has_a_word() -> None:
    assert list(statuses.DOSE) == [
        "not_started",
        "upcoming",
        "due",
        "overdue",
        "interrupted",
        "restart",
        "review",
        "on_hold",
        "stopped",
    ]


@pytest.mark.parametrize(
    ("key", "tone"),
    [
        ("upcoming", Tone.NEUTRAL),
        ("due", Tone.ACT),
        ("review", Tone.ATTENTION),
        ("overdue", Tone.DANGER),
        ("interrupted", Tone.DANGER),
        ("restart", Tone.DANGER),
        ("stopped", Tone.DONE),
    ],
)
def test_the_tone_of_a_dose_says_what_to_do(key: str, tone: Tone) -> None:
    assert statuses.DOSE[key].tone is tone


@pytest.mark.parametrize("care", CareStatus)
def test_care_statuses_are_called_what_the_record_calls_them(care: CareStatus) -> None:
    assert statuses.CARE[care.value].label == care.label


def test_a_mail_is_handed_over_and_never_called_delivered() -> None:
    assert statuses.REMINDER["handed_over"].label == "Handed to mail server"
    assert not [status.label for _, status in EVERY if "deliver" in status.label.lower()]


@pytest.mark.parametrize("tone", Tone)
def test_the_style_sheet_knows_every_tone(tone: Tone) -> None:
    assert f".tone-{tone} {{" in STYLE


@pytest.mark.parametrize("shape", Shape)
def test_the_style_sheet_knows_every_shape(shape: Shape) -> None:
    assert f".shape-{shape} {{" in STYLE


def test_the_shapes_lie_in_the_picture_in_the_order_the_style_sheet_counts_them() -> None:
    for place, shape in enumerate(Shape):
        assert f".shape-{shape} {{ --shape: {place}; }}" in STYLE
        assert f'<g id="{shape}" transform="translate(0 {16 * place})">' in SPRITE


@pytest.mark.parametrize("shape", [shape for shape in Shape if shape is not Shape.INFORMATION])
def test_every_shape_means_something(shape: Shape) -> None:
    assert [status for _, status in EVERY if status.shape is shape]
