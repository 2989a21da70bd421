"""The light of the consent to the treatment."""

from datetime import date

import pytest

from treatments.rules.consent import TreatmentConsent, consent_light
from treatments.rules.lights import Light, Signal

DAY, LATER = date(2026, 1, 5), date(2026, 3, 1)
GIVEN = TreatmentConsent(DAY, "Maria Berg")


@pytest.mark.parametrize(
    ("consent", "signal", "reason"),
    [
        (GIVEN, Signal.READY, "Consent was given on 5 Jan 2026 by Maria Berg."),
        (
            TreatmentConsent(DAY, "Maria Berg", withdrawn_on=LATER),
            Signal.NOT_READY,
            "The consent was withdrawn on 1 Mar 2026.",
        ),
        (
            TreatmentConsent(DAY, "Maria Berg", refused=True),
            Signal.NOT_READY,
            "The treatment was refused on 5 Jan 2026 by Maria Berg.",
        ),
    ],
)
def test_only_a_consent_in_force_is_ready(consent: TreatmentConsent, signal: Signal, reason: str) -> None:
    lit = consent_light(consent)
    assert (lit.light, lit.signal, lit.reason, lit.contraindicated) == (Light.CONSENT, signal, reason, False)


@pytest.mark.parametrize("when_missing", [Signal.ATTENTION, Signal.NOT_READY])
@pytest.mark.parametrize("consent", [None, TreatmentConsent(DAY, "Maria", refused=True, withdrawn_on=LATER)])
def test_where_nobody_answered_the_callers_policy_decides(
    consent: TreatmentConsent | None, when_missing: Signal
) -> None:
    lit = consent_light(consent, when_missing=when_missing)
    assert (lit.signal, lit.reason) == (when_missing, "No consent to the treatment is recorded.")


def test_without_a_policy_a_missing_consent_stops_the_dose() -> None:
    assert consent_light(None).signal is Signal.NOT_READY


@pytest.mark.parametrize("when_missing", [Signal.ATTENTION, Signal.NOT_READY])
def test_the_policy_has_no_say_once_there_is_an_answer(when_missing: Signal) -> None:
    assert consent_light(GIVEN, when_missing=when_missing).signal is Signal.READY
    withdrawn = TreatmentConsent(DAY, "Maria", withdrawn_on=LATER)
    assert consent_light(withdrawn, when_missing=when_missing).signal is Signal.NOT_READY
