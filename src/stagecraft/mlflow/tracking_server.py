"""MLflow's application, which `mlflow server` serves, for a guard of ours.

Its own checks let pages of every server on this machine change records, and any page post to some paths.
"""

import os
from typing import Any

# As `mlflow server` reads them.
_STORE, _DESTINATION = "MLFLOW_BACKEND_STORE_URI", "MLFLOW_ARTIFACTS_DESTINATION"
_ARTIFACTS = "mlflow-artifacts:/"


def make_tracking_app() -> Any:
    """Make the application, as `mlflow server` does, and the tables of its database.

    MLFLOW_BACKEND_STORE_URI and MLFLOW_ARTIFACTS_DESTINATION say what is served.
    """
    store = os.environ[_STORE]
    os.environ |= {
        "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE": "true",
        # Its consumers of jobs, which nothing here submits, take a tenth of a processor.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    from mlflow.server import constants  # which reads the former

    os.environ |= {
        constants.BACKEND_STORE_URI_ENV_VAR: store,
        constants.REGISTRY_STORE_URI_ENV_VAR: store,
        constants.ARTIFACT_ROOT_ENV_VAR: _ARTIFACTS,
        constants.ARTIFACTS_DESTINATION_ENV_VAR: os.environ[_DESTINATION],
        constants.SERVE_ARTIFACTS_ENV_VAR: "true",
    }
    from mlflow.server.fastapi_app import app
    from mlflow.server.handlers import initialize_backend_stores

    initialize_backend_stores(store, store, _ARTIFACTS)
    return app
