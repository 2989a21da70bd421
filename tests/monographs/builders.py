"""Documents in the user's format, small and whole, and imports of them through the service."""

from datetime import datetime
from pathlib import Path

from monographs import services
from monographs.models import Version
from monographs.services import Imported
from tests.factories import AT, BY

USER_FILE = Path(__file__).parent / "rules" / "data" / "user-nusinersen.md"
SEED_FILE = Path(__file__).parents[2] / "seeds" / "monographs" / "nusinersen.md"
USER_TEXT = USER_FILE.read_text(encoding="utf-8")
SEED_TEXT = SEED_FILE.read_text(encoding="utf-8")

BODY = """
# Examplin

### Usage
Examplin treats *example disease*.

### Dosage
* **Loading Dose:** 12 mg is given once every 14 days for a total of two doses.
* **Maintenance Dose:** 12 mg is given once every 4 months.

### Side Effects
Seen in trials:

**Common (>10%):**

* Headache
* Proteinuria (protein in the urine)

**Serious (<1%):**

* Rash

Tell somebody about any of them.

### Precautions
* **Contraindications:** Known hypersensitivity to examplin.
* **Monitoring:** Regular platelet counts.

### FAQs
* **Q: How is it stored?**
    * **A:** In the refrigerator.

**Disclaimer:** For education only.
"""


def regimen_yaml(key: str = "examplin-12mg", *, mg: str = "12", default: bool = True) -> str:
    """Return one regimen as front matter: two loading doses 14 days apart, then every 4 months."""
    return f"""  - key: {key}
    name: Regimen {key}
    default: {str(default).lower()}
    source: Example label
    effective_from: 2026-03-30
    minimum_interval: 14 days
    loading:
      - {{mg: {mg}, ml: 5, after: 0 days}}
      - {{mg: {mg}, ml: 5, after: 14 days}}
    maintenance: {{mg: {mg}, ml: 5, every: 4 months}}
"""


def document(*regimens: str, title: str = "Examplin", front: str = "", body: str = BODY, note: str = "") -> str:
    """Return a whole document; `front` is more front matter, `note` one more paragraph to tell two texts apart."""
    carried = "regimens:\n" + "".join(regimens) if regimens else ""
    return f"---\nlayout: minimal-medicine\ntitle: {title}\n{front}{carried}---\n{body}\n### Notes\n{note or 'None.'}\n"


def imported(text: str, *, publish: bool = True, at: datetime = AT) -> Imported:
    """Import a document through the service, as a process of the test."""
    return services.import_document(text=text, publish=publish, by=BY, at=at)


def in_force(text: str) -> Version:
    """Import a document and put it in force."""
    return imported(text).version
