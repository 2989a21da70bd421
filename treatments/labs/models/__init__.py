"""What the laboratory reported, who answered for it, and what each site decided about it."""

from treatments.labs.models.policies import DatedPolicy, MonitoringPolicy
from treatments.labs.models.results import Analyte, LabResult
from treatments.labs.models.reviews import LabReview, NotIndicated

__all__ = ["Analyte", "DatedPolicy", "LabResult", "LabReview", "MonitoringPolicy", "NotIndicated"]
