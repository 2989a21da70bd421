"""The light of the consent to the treatment before a dose ("Words" and "The dose day", clinical-rules.md)."""

from dataclasses import dataclass
from datetime import date

from treatments.rules.lights import Light, Lit, Signal
from treatments.rules.schedule_words import in_words


@dataclass(frozen=True, slots=True)
class TreatmentConsent:
    """The answer that counts: who gave it on which day, whether it was a refusal, and when it was taken back."""

    given_on: date
    given_by: str
    refused: bool = False
    withdrawn_on: date | None = None


def consent_light(consent: TreatmentConsent | None, *, when_missing: Signal = Signal.NOT_READY) -> Lit:
    """Return how the light stands: ready with a consent in force, not ready once it was refused or taken back.

    Where nobody has recorded an answer, the caller's policy decides: attention, or not ready. A refusal that was taken
    back is no consent: nobody has asked again.
    """
    if consent is None or (consent.refused and consent.withdrawn_on is not None):
        return _lit(when_missing, "No consent to the treatment is recorded.")
    if consent.withdrawn_on is not None:
        return _lit(Signal.NOT_READY, f"The consent was withdrawn on {in_words(consent.withdrawn_on)}.")
    said = f"on {in_words(consent.given_on)} by {consent.given_by}."
    if consent.refused:
        return _lit(Signal.NOT_READY, f"The treatment was refused {said}")
    return _lit(Signal.READY, f"Consent was given {said}")


def _lit(signal: Signal, reason: str) -> Lit:
    return Lit(Light.CONSENT, signal, reason)
