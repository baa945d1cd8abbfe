"""What `seqstep serve` has uvicorn run, in a process of its own.

uvicorn --factory seqstep_cli.scoring_app:make_app
"""

import os

from fastapi import FastAPI

from seqstep_cli import NAMES
from stagecraft.mlflow import scoring_server
from stagecraft.servers.model_server import model_variable


def make_app() -> FastAPI:
    """Make the server of the model that the environment names."""
    return scoring_server.make_app(os.environ[model_variable(NAMES)])
