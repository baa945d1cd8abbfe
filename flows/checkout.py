"""Where the code lies on the machine that runs a deployment: a pull step of Prefect's."""

import os
from pathlib import Path


def enter() -> dict[str, str]:
    """Change to this checkout, wherever its machine has it; return it as Prefect expects."""
    directory = Path(__file__).resolve().parents[1]
    os.chdir(directory)
    return {"directory": str(directory)}
