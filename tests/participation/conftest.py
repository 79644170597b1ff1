"""What the tests of requests share: agencies, one dataset TEST_A of MOENV, and a home for the published catalogue."""

from __future__ import annotations

import pytest
from django.utils import timezone

from qingliu.accounts.models import Agency
from qingliu.catalog.models import Dataset
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import PublishedWriter


@pytest.fixture
def agencies(transactional_db: None) -> tuple[Agency, Agency]:
    """MOENV and CHA."""
    ours, _ = Agency.objects.get_or_create(code="MOENV", defaults={"name_zh": "環境部"})
    theirs, _ = Agency.objects.get_or_create(code="CHA", defaults={"name_zh": "化學物質管理署"})
    return ours, theirs


@pytest.fixture
def dataset(agencies: tuple[Agency, Agency], home: LakePaths) -> Dataset:
    """TEST_A, published."""
    PublishedWriter(home.published_db)
    now = timezone.now()
    return Dataset.objects.create(
        code="TEST_A", kind="table", agency=agencies[0], status="published", definition="", definition_hash="",
        created_at=now, updated_at=now,
    )  # fmt: skip
