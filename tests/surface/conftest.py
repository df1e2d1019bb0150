"""A second project, for what must stay apart."""

import pytest

import make
from installation import Installation, Project


@pytest.fixture
def other(installation: Installation) -> Project:
    return make.project(installation)
