"""What the application proposes for the laboratory values of a dose, until a site writes down its own policy.

The table is that of clinical-rules.md, "Monitoring". One figure in it is a label's: urine protein above 0.2 g/L, at
which the US label says to consider repeating. Everything else is a proposal that each site decides on.
"""

from decimal import Decimal
from types import MappingProxyType

from treatments.rules.monitoring_terms import Basis, Group, LabPolicy, Limit, Limits, Place, Young

SOURCE = "The application's proposal; no laboratory policy is written down for this site yet"
LABEL = "US label, Warnings and Precautions: above 0.2 g/L, consider repeating"


def _limit(at: str, *, of_upper: bool = False, or_range: bool = False) -> Limit:
    return Limit(Decimal(at), Basis.POLICY, SOURCE, of_upper=of_upper, or_range=or_range)


def groups(*, platelets: bool, prothrombin: bool, aptt: bool, urine: bool) -> tuple[Group, ...]:
    """Return what a set consists of, each part asked for or not. A dipstick stands in no group: it never counts."""
    return (
        Group("platelets", "Platelets", ("platelets",), platelets),
        Group("prothrombin", "INR or prothrombin time", ("inr", "pt"), prothrombin),
        Group("aptt", "aPTT", ("aptt",), aptt),
        Group("urine", "Quantitative urine protein", ("urine_protein", "urine_pcr"), urine),
    )


DEFAULT = LabPolicy(
    limits=MappingProxyType(
        {
            "platelets": Limits(
                watch=_limit("150", or_range=True),
                sign_off=_limit("100"),
                stop=_limit("50"),
                is_floor=True,
                fall_percent=30,
            ),
            "inr": Limits(watch=_limit("1.2"), sign_off=_limit("1.4"), stop=_limit("1.5")),
            "pt": Limits(watch=_limit("1", of_upper=True)),
            "aptt": Limits(
                watch=_limit("1", of_upper=True),
                sign_off=_limit("1.25", of_upper=True),
                stop=_limit("1.5", of_upper=True),
            ),
            "urine_protein": Limits(
                watch=Limit(Decimal("0.2"), Basis.LABEL, LABEL), stop=_limit("1.0"), on_repeat=True
            ),
            "urine_pcr": Limits(
                watch=_limit("0.2"), sign_off=_limit("0.5"), stop=_limit("2"), young=Young(2, _limit("0.5"))
            ),
        }
    ),
    groups=groups(platelets=True, prothrombin=True, aptt=True, urine=True),
    ages=MappingProxyType({Place.FIRST: 30, Place.LOADING: 14, Place.MAINTENANCE: 30, Place.CATCH_UP: 14}),
    source=SOURCE,
)
