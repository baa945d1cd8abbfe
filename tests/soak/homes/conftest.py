"""What is tried on homes with the command line in this process."""

from tests.flows.conftest import seqstep

__all__ = ["seqstep"]
