"""The tags of runs and of registered versions: MLflow's own, and those that are called after the project."""

from typing import NamedTuple, Self

from stagecraft.names import Names

#: MLflow lists a run below the one that this names
PARENT_TAG = "mlflow.parentRunId"
#: MLflow shows it as a run's description, in Markdown
NOTE_TAG = "mlflow.note.content"


class Tags(NamedTuple):
    """A project's tags by their full names, such as `weather.stage`.

    Attributes:
        stage: the stage that a run is of.
        key: the key of its result, for machines that share a store.
        reason: why the stage ran.
        error: why the run failed.
        unkeyed: what the stage touched that its key does not know, so that its result was not kept.
        cached_from: the run that computed the result of a cached stage.
        resumed_from: the run whose training was resumed.
        input: with a name behind it, an address that the run was given under that name.
        digest: with the name of an input behind it, or of a file of a run that has no result, its SHA-256.
        infinite: with a metric behind it, its value, for MLflow shows it as 1.8e308.
        session: the run in progress (see `stagecraft.cache.sessions`) that a run belongs to.
        pipeline: the pipeline and the profile that a run is of.
        sweep: what a sweep asks for, on its run.
        pinned: set by a user who wants to keep a run.
        freed: when the files of a run were freed.
        data: of a version, what the data set is called that it was trained on; with a stage behind it,
            the same on the run of a pipeline.
        data_id: the same with a stage behind it, as a digest.
        asked_in: the home in which a person started the run of a pipeline.
        evaluated: with a part behind it, the model that the run measured (see `content_of`).
        evaluated_on: with a part behind it, a digest of the data that it was measured on.
        content: of a version, what it holds: weights and specification.
        code: of a version, the code that answers for it.
        files: of a version, every file.
        set_aside: of a version that is not to be used, the repair that found so.
        promoted: of a champion, with a name behind it, a fact that it was promoted by.
    """

    stage: str
    key: str
    reason: str
    error: str
    unkeyed: str
    cached_from: str
    resumed_from: str
    input: str
    digest: str
    infinite: str
    session: str
    pipeline: str
    sweep: str
    pinned: str
    freed: str
    data: str
    data_id: str
    asked_in: str
    evaluated: str
    evaluated_on: str
    content: str
    code: str
    files: str
    set_aside: str
    promoted: str

    @classmethod
    def of(cls, names: Names) -> Self:
        """Name the tags after a project."""
        return cls(*map(names.tag, cls._fields))

    @property
    def reused(self) -> str:
        """Names the registered model that a training in progress yields once more."""
        return f"{self.input}.registered"
