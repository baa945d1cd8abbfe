"""MLflow's database, built anew from the files of a home."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock
from mlflow import MlflowClient
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from stagecraft.errors import UsageError
from stagecraft.files.home import Home
from stagecraft.files.identity import database_files, name_home
from stagecraft.files.whole import PART
from stagecraft.mlflow.account import RegisteredVersion, YieldedModel
from stagecraft.mlflow.gathering import Gathered, Lost, flaw_of, gather
from stagecraft.mlflow.promotions import Promotion
from stagecraft.mlflow.reaching import reaching
from stagecraft.mlflow.rows import Row, Rows, alias_of_version, registered_model
from stagecraft.mlflow.tags import Tags

#: a registered version, and the logged model that it is
Registered = tuple[RegisteredVersion, YieldedModel]


def rebuild(home: Home, database: Path) -> Gathered:
    """Build a database from the results' records, the accounts and the promotions, with the old ids.

    It is there whole or not at all, and it and the home get a new id. Artifacts stay as they are.

    Args:
        database: where it is to be; nothing may be there.

    Returns:
        what is in it, and what could not be brought back, stage by stage.

    Raises:
        UsageError: something is there.
        TrackingError: MLflow's tables don't take it.
    """
    found = gather(home)
    part = database.with_name(f"{database.name}-{uuid.uuid4().hex}{PART}")
    with FileLock(home.private / "mlflow.lock"):
        if database.exists():
            raise UsageError(f"expected no database at {database}, got one; set it aside first")
        try:
            with reaching(f"sqlite:///{database}", home.names):
                MlflowClient(f"sqlite:///{part}").search_experiments()
                with writing(part) as session:
                    session.add_all(list(_rows(home, found)))
                name_home(home, part)
            part.rename(database)
        finally:
            for file in database_files(part):
                file.unlink(missing_ok=True)
    found.lost.sort()
    return found


@contextmanager
def writing(database: Path) -> Iterator[Session]:
    """Write rows into a database, all of them or none.

    Raises:
        SQLAlchemyError: it does not take them.
    """
    engine = create_engine(f"sqlite:///{database}")
    try:
        with Session(engine) as session, session.begin():
            yield session
    finally:
        engine.dispose()


def whole_versions(home: Home, found: Gathered) -> Iterator[Registered]:
    """List the versions whose files are what was registered, and note the others as lost.

    Numbers begin anew where a registered model was deleted; then the latest version has its number.
    """
    files, taken = Tags.of(home.names).files, set[tuple[str, int]]()
    versions = [(version, model) for model in found.models.values() for version in model.versions]
    for version, model in sorted(versions, key=lambda each: -each[0].created):
        number, flaw = (version.name, version.number), flaw_of(home, model, version.tags.get(files, ""))
        if not flaw and number not in taken:
            taken.add(number)
            yield version, model
            continue
        why = f"its files are {flaw}" if flaw else "a later one has its number"
        found.lost.append(Lost(model.name, f"version {version.number} of {version.name}: {why}"))


def latest_aliases(found: Gathered) -> dict[tuple[str, str], Promotion]:
    """Find the latest promotion for each alias, by registered model and alias."""
    return {(promotion.model, promotion.alias): promotion for promotion in found.promotions}


def experiment_of(found: Gathered) -> int:
    """Tell the number of the experiment, which addresses of MLflow's pages name."""
    return max((account.experiment for account in found.accounts.values()), default=1)


def _rows(home: Home, found: Gathered) -> Iterator[Row]:
    rows = Rows(experiment_of(found), home.artifacts.as_uri())
    accounts = list(found.accounts.values())
    yield rows.experiment(home.names.project, min((each.started for each in accounts), default=0))
    for account in accounts:
        yield from rows.run(account)
    yield from rows.data(accounts, {})
    for model in found.models.values():
        yield from rows.model(model)
    yield from _registry_rows(rows, list(whole_versions(home, found)), found)


def _registry_rows(rows: Rows, versions: list[Registered], found: Gathered) -> Iterator[Row]:
    """Make the rows of registered models, with the evidence of all promotions and the latest aliases."""
    for name in dict.fromkeys(version.name for version, _ in versions):
        times = [time for version, _ in versions if version.name == name for time in _times(version)]
        yield registered_model(name, min(times), max(times))
    numbers = {(version.name, model.model_id): version.number for version, model in versions}
    for version, model in versions:
        yield from rows.version(_promoted(version, model, found.promotions), model)
    for (name, alias), promotion in latest_aliases(found).items():
        if number := numbers.get((name, promotion.model_id)):
            yield alias_of_version(name, number, alias)
        else:
            what = f"alias {alias} of {name}: version {promotion.version} is not there"
            found.lost.append(Lost("promote", what))


def _times(version: RegisteredVersion) -> tuple[int, int]:
    return version.created, version.updated


def _promoted(
    version: RegisteredVersion, model: YieldedModel, promotions: list[Promotion]
) -> RegisteredVersion:
    """Put onto a version what it was promoted by, the latest last."""
    for each in promotions:
        if (each.model, each.model_id) == (version.name, model.model_id):
            more = {"tags": version.tags | each.evidence, "description": each.description}
            version = version.model_copy(update=more)
    return version
