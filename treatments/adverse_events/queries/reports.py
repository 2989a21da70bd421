"""How often each adverse event followed a dose at a site: events and doses counted, and the rate per 100 doses."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import OuterRef, Subquery

from clinic.staff.models import Site
from treatments.adverse_events.models import AdverseEvent
from treatments.adverse_events.queries.lines import WITH_DRUG
from treatments.courses.models import Administration
from treatments.rules.adverse_events import RELATED
from treatments.rules.event_terms import folded


@dataclass(frozen=True, slots=True)
class TermRate:
    """One term: how many events and patients, how many serious or caused by the drug, and the rate per 100 doses."""

    term: str
    listed: str
    events: int
    patients: int
    serious: int
    related: int
    rate: str


@dataclass(frozen=True, slots=True)
class Report:
    """A site's events of a period over its doses. `left_out` events began before any dose, or after one elsewhere."""

    doses: int
    events: int
    left_out: int
    all_rate: str
    rows: tuple[TermRate, ...]


def report(site: Site, first: date, last: date) -> Report:
    """Return what began at a site between two days, both included, over the doses given there then. Two queries.

    An event counts when the last dose before it was given at the site, so that both numbers speak of the same doses.
    """
    doses = _doses(site, first, last)
    rows = list(_began(site, first, last))
    counted = [row for row in rows if row.last_elsewhere is False]  # type: ignore[attr-defined]
    by_term: dict[str, list[AdverseEvent]] = {}
    for row in counted:
        by_term.setdefault(folded(row.term), []).append(row)
    rates = [_rate(found, doses) for found in by_term.values()]
    return Report(
        doses=doses,
        events=len(counted),
        left_out=len(rows) - len(counted),
        all_rate=per_hundred(len(counted), doses),
        rows=tuple(sorted(rates, key=lambda rate: (-rate.events, folded(rate.term)))),
    )


def per_hundred(events: int, doses: int) -> str:
    """Return the rate per 100 doses with one decimal; a dash where no dose was given."""
    return f"{100 * events / doses:.1f}" if doses else "–"


def _doses(site: Site, first: date, last: date) -> int:
    here = Administration.objects.standing().filter(site=site, elsewhere=False, outcome__in=WITH_DRUG)
    return here.filter(given_on__gte=first, given_on__lte=last).count()


def _began(site: Site, first: date, last: date) -> Iterable[AdverseEvent]:
    """Return the events with `last_elsewhere`: where the dose before was given, None where there was none."""
    before = Administration.objects.standing().filter(
        patient=OuterRef("patient"), outcome__in=WITH_DRUG, given_on__lte=OuterRef("onset_on")
    )
    where = Subquery(before.order_by("-given_on", "-created_at").values("elsewhere")[:1])
    rows = AdverseEvent.objects.standing().filter(site=site, onset_on__gte=first, onset_on__lte=last)
    return rows.annotate(last_elsewhere=where).order_by("-onset_on", "-created_at")


def _rate(rows: list[AdverseEvent], doses: int) -> TermRate:
    newest = rows[0]
    return TermRate(
        term=newest.term,
        listed=newest.get_frequency_display() if newest.listed else "Not listed",
        events=len(rows),
        patients=len({row.patient_id for row in rows}),
        serious=sum(row.is_serious for row in rows),
        related=sum(row.causality_drug in RELATED for row in rows),
        rate=per_hundred(len(rows), doses),
    )
