"""Twelve empty tasks in a Prefect flow, inside an MLflow run: what the two cost with nothing in them.

A plain script; Prefect starts its temporary server, MLflow keeps `mlflow.db` in the current folder.
"""

import mlflow
from prefect import flow, task


@task
def empty() -> None:
    """Do nothing."""


@flow
def twelve() -> None:
    """Do nothing twelve times."""
    for _ in range(12):
        empty()


if __name__ == "__main__":
    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    with mlflow.start_run():
        twelve()
