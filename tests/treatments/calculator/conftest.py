"""The calculator answers from the monograph that ships, published."""

import pytest

from monographs.services import import_document
from tests.factories import AT, BY
from tests.rules.schedule_stage import ROOT


@pytest.fixture
def published(db: None) -> None:
    text = (ROOT / "seeds/monographs/nusinersen.md").read_text(encoding="utf-8")
    import_document(text=text, publish=True, by=BY, at=AT)
