"""What is used of Prefect and MLflow though neither promises it: it is private, or stands in no manual.

A test looks up every entry in the releases that are installed and fails with its name if it is gone, and
another one finds what is used and not listed. So whoever raises a bound reads here what may break, and what
for it is needed; `make test-versions` tries the oldest and the newest release that the bounds allow.
"""

from typing import NamedTuple

#: the oldest and the newest release of each that all of this was tried with
TRIED = {"prefect": ("3.8.8", "3.9.1"), "mlflow": ("3.17.0", "3.17.2")}


class Private(NamedTuple):
    """Something that the next release may take away, or change, without a word.

    Attributes:
        name: `module:attribute`.
        used_in: the module of this package that relies on it.
        purpose: what for.
        takes: names of parameters that it must have.
        value: what it must be, where our code says the same once more.
    """

    name: str
    used_in: str
    purpose: str
    takes: tuple[str, ...] = ()
    value: object = None


PREFECT = (
    Private(
        "prefect.filesystems:LocalFileSystem._resolve_path",
        "prefect/cache.py",
        "finds the file of a key; Prefect looks for this method too, by its name",
        ("path",),
    ),
    Private(
        "prefect.blocks.core:Block._block_type_slug",
        "prefect/cache.py",
        "keeps our folder of records from being taken for a LocalFileSystem",
    ),
    Private(
        "prefect.tasks:Task",
        "prefect/stage_task.py",
        "is given its `result_storage` once it is made: made with it, it takes no block that was never saved",
        ("result_storage",),
    ),
    Private(
        "prefect.transactions:Transaction.write_on_commit",
        "prefect/stage_run.py",
        "lets a stage that has run say that its result is not to be kept",
    ),
    Private(
        "prefect.events.worker:EventsWorker.drain_all",
        "prefect/reaching.py",
        "waits until the server was told of what happened, before it is let go of",
        ("timeout",),
    ),
    Private(
        "prefect.server.api.server:create_app",
        "prefect/app.py",
        "makes what `up` and a run's temporary server serve: behind a guard of ours (servers/guard.py), for"
        " Prefect's settings let foreign pages post without a content type, and open WebSockets",
        ("ephemeral", "final"),
    ),
    Private(
        "prefect.states:logger.name",
        "prefect/discretion.py",
        "logs errors with tracebacks, from which secrets are taken",
        value="prefect.states",
    ),
    Private(
        "prefect.utilities.engine:engine_logger.name",
        "prefect/discretion.py",
        "logs errors with tracebacks, from which secrets are taken",
        value="prefect.engine",
    ),
)

#: the classes of the tables that a lost database is built of
_TABLES = {
    "mlflow.store.tracking.dbmodels.models": (
        *("SqlDataset", "SqlExperiment", "SqlInput", "SqlLatestMetric", "SqlMetric", "SqlParam", "SqlRun"),
        *("SqlTag", "SqlLoggedModel", "SqlLoggedModelMetric", "SqlLoggedModelParam", "SqlLoggedModelTag"),
    ),
    "mlflow.store.model_registry.dbmodels.models": (
        *("SqlModelVersion", "SqlModelVersionTag", "SqlRegisteredModel", "SqlRegisteredModelAlias"),
    ),
}

MLFLOW = (
    *(
        Private(
            f"{module}:{name}",
            "mlflow/rows.py",
            "makes rows with the old ids, which no function of the API takes; a column that is renamed or"
            " added without a default fails the tests of a database that is built anew",
        )
        for module, names in _TABLES.items()
        for name in names
    ),
    Private(
        "mlflow.utils.workspace_utils:DEFAULT_WORKSPACE_NAME",
        "mlflow/rows.py",
        "is a part of what rows of the registry are found by",
        value="default",
    ),
    Private(
        "mlflow.utils.requirements_utils:_MODULES_TO_PACKAGES",
        "mlflow/run_model.py",
        "spares a search through all distributions while a model is logged; without it that takes longer",
    ),
    Private(
        "mlflow.tracking.registry:UnsupportedModelRegistryStoreURIException",
        "mlflow/store.py",
        "tells that MLFLOW_TRACKING_URI is no address of a store, and which are",
        ("supported_uri_schemes",),
    ),
    Private(
        "mlflow.system_metrics.system_metrics_monitor:SystemMetricsMonitor",
        "mlflow/machine.py",
        "records what the machine is busy with, for a run that is not MLflow's active one",
        ("run_id", "sampling_interval", "tracking_uri"),
    ),
    Private(
        "mlflow.system_metrics.metrics.disk_monitor:DiskMonitor",
        "mlflow/machine.py",
        "is taken out of the monitor's `monitors`",
    ),
    Private(
        "mlflow.system_metrics.metrics.network_monitor:NetworkMonitor",
        "mlflow/machine.py",
        "is taken out of the monitor's `monitors`",
    ),
    Private(
        "mlflow.store.db.utils:_logger.name",
        "mlflow/store.py",
        "logs the traceback of an error that is raised too; it is kept quiet",
        value="mlflow.store.db.utils",
    ),
    Private(
        "mlflow.pyfunc.scoring_server:invocations",
        "mlflow/scoring_server.py",
        "answers to a request as MLflow's own server of models does",
        ("data", "content_type", "model", "input_schema"),
    ),
    Private(
        "mlflow.server.fastapi_app:app",
        "mlflow/tracking_server.py",
        "is what `mlflow server` serves: behind a guard of ours (servers/guard.py), for MLflow's own checks"
        " let pages of other servers on this machine change records, and any page post to some paths",
    ),
    Private(
        "mlflow.server.handlers:initialize_backend_stores",
        "mlflow/tracking_server.py",
        "makes the tables before the server's processes begin, as `mlflow server` does",
        ("backend_store_uri", "registry_store_uri", "default_artifact_root"),
    ),
    *(
        Private(
            f"mlflow.server.constants:{name}",
            "mlflow/tracking_server.py",
            "tells the server's processes what to serve, as `mlflow server` does",
        )
        for name in (
            *("BACKEND_STORE_URI_ENV_VAR", "REGISTRY_STORE_URI_ENV_VAR", "ARTIFACT_ROOT_ENV_VAR"),
            *("ARTIFACTS_DESTINATION_ENV_VAR", "SERVE_ARTIFACTS_ENV_VAR"),
        )
    ),
    Private(
        "mlflow.models.model:MLMODEL_FILE_NAME",
        "mlflow/inventory.py",
        "describes a logged model; where it is missing, the model is damaged",
        value="MLmodel",
    ),
    Private(
        "mlflow.pyfunc.model:CONFIG_KEY_ARTIFACTS",
        "mlflow/inventory.py",
        "lists the files of a logged model in its description; their folder is called so too",
        value="artifacts",
    ),
    Private(
        "mlflow.pyfunc.model:CONFIG_KEY_ARTIFACT_RELATIVE_PATH",
        "mlflow/inventory.py",
        "says in that list where a file lies",
        value="path",
    ),
    Private(
        "mlflow.models.utils:SERVING_INPUT_FILENAME",
        "servers/model_server.py",
        "holds the example that `serve` shows a request with",
        value="serving_input_example.json",
    ),
    Private(
        "mlflow.store.tracking.sqlalchemy_store:SqlAlchemyStore.MODELS_FOLDER_NAME",
        "upkeep/disk.py",
        "is the folder of all logged models among the artifacts",
        value="models",
    ),
)
