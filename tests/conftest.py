"""What tests of several layers share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A slow machine is no failure. On CI, Hypothesis' own profile stands below this one.
settings.register_profile("seqstep", settings(), deadline=None)
settings.load_profile("seqstep")


@pytest.fixture(scope="session")
def corpus_path() -> Path:
    """The notes' text, which is not part of the repository."""
    beside = Path(__file__).parents[2] / "shared" / "data" / "timemachine.txt"
    path = Path(os.environ.get("SEQSTEP_CORPUS") or beside)
    if not path.is_file():
        pytest.skip(f"the notes' text is not at {path}; set SEQSTEP_CORPUS to its path")
    return path
