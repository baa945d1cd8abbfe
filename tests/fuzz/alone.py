"""The program in a process of its own, as if it were installed from this checkout, wherever it is started."""

from pathlib import Path

import stagecraft.project
from seqstep_cli.main import program

ROOT = Path(__file__).resolve().parents[2]

if __name__ == "__main__":
    stagecraft.project._checkout = lambda _names: ROOT
    program()
