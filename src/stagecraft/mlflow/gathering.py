"""What the files of a home tell of its runs and models, whatever has become of MLflow's database."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from stagecraft.cache.result import Result
from stagecraft.cache.results import read, records
from stagecraft.files.home import Home
from stagecraft.files.regular import read_regular
from stagecraft.mlflow.account import Account, YieldedModel, read_account
from stagecraft.mlflow.accounts import ACCOUNT, address_of_account
from stagecraft.mlflow.machine import results_among
from stagecraft.mlflow.promotions import Promotion, read_promotions
from stagecraft.mlflow.registry import digest_of, files_below
from stagecraft.mlflow.store import param_text
from stagecraft.mlflow.tags import PARENT_TAG, Tags


class Lost(NamedTuple):
    """What can't be brought back of a stage; of what is no stage's, its file or run stands for that."""

    stage: str
    what: str

    def __str__(self) -> str:
        return f"{self.stage}: {self.what}"


@dataclass
class Gathered:
    """What the files tell.

    Attributes:
        accounts: of runs, by their ids, the oldest first.
        lost: what they do not tell.
    """

    accounts: dict[str, Account] = field(default_factory=dict)
    promotions: list[Promotion] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)

    @property
    def models(self) -> dict[str, YieldedModel]:
        """The logged models by their ids, as the newest account has them."""
        return {model.model_id: model for account in self.accounts.values() for model in account.models}


def gather(home: Home) -> Gathered:
    """Read the records of results, the accounts behind them, and all that no record names any more."""
    found, tags = Gathered(), Tags.of(home.names)
    accounts = {account.run_id: account for account in _of_results(home, tags, found.lost)}
    for path in sorted(home.artifacts.glob(f"*/artifacts/{ACCOUNT}")):
        if (run_id := path.parts[-3]) not in accounts:
            accounts |= {account.run_id: account for account in _read(path, run_id, found.lost)}
    for path in sorted(home.accounts.glob("*.json")):
        for account in _read(path, path.stem, found.lost):
            accounts |= {each.run_id: each for each in (account, *account.below)}
    filled = [_filled(account, accounts, tags, found.lost) for account in accounts.values()]
    found.accounts = {each.run_id: each for each in sorted(filled, key=lambda each: each.started)}
    found.lost += _parents(found.accounts, tags)
    found.promotions, flaws = read_promotions(home)
    found.lost += [Lost("promote", flaw) for flaw in flaws]
    return found


def flaw_of(home: Home, model: YieldedModel, expected: str) -> str:
    """Say what is wrong with the files of a logged model: missing, changed or unreadable; or nothing.

    Args:
        expected: the digest of all of them, if it was noted.
    """
    root = home.artifacts / "models" / model.model_id / "artifacts"
    try:
        files = files_below(root, model.model_id)
    except OSError:
        return "unreadable"
    if not files:
        return "missing"
    return "changed" if expected and digest_of(files) != expected else ""


def _of_results(home: Home, tags: Tags, lost: list[Lost]) -> Iterator[Account]:
    """Read the accounts behind the results whose artifacts lie in the home."""
    for path in records(home):
        stage = path.parent.name
        try:
            result = read(path)
        except (OSError, ValueError, RecursionError):
            lost.append(Lost(stage, f"the result {path.name}, whose record can't be read"))
            continue
        if not any(urlsplit(artifact.place).scheme for artifact in result.artifacts):
            yield from _of_result(home, result, tags, lost)


def _of_result(home: Home, result: Result, tags: Tags, lost: list[Lost]) -> Iterator[Account]:
    """Read the account behind a result; where there is none, tell at least what its record knows."""
    path = home.artifacts / result.run_id / "artifacts" / ACCOUNT
    run = f"run {result.run_id[:8]}"
    try:
        kept = address_of_account(result)
        content = read_regular(path) if kept else b""
        if kept and hashlib.sha256(content).hexdigest() == kept.sha256:
            yield read_account(content)
            return
        why = "is changed" if kept else "was never written: a version before made it, and it had no hit since"
    except (OSError, ValueError) as error:
        why = f"can't be read ({error})"
    unknown = "metrics, tags, data, and what its models are registered as"
    lost.append(Lost(result.stage, f"{unknown}, of {run}, for {path.name} {why}"))
    yield _from_record(result, tags)


def _from_record(result: Result, tags: Tags) -> Account:
    """Tell of a run what the record of its result knows."""
    ended = round(datetime.fromisoformat(result.written).timestamp() * 1000)
    started = ended - round(result.seconds * 1000)
    owners = [artifact.uri for artifact in result.artifacts if artifact.uri.startswith("models:/")]
    models = dict.fromkeys(uri.removeprefix("models:/").partition("/")[0] for uri in owners)
    return Account(
        run_id=result.run_id,
        name=result.stage,
        user="",
        experiment=1,
        status="FINISHED",
        started=started,
        ended=ended,
        params={name: param_text(value) for name, value in result.parts.parameters.items()},
        tags={tags.stage: result.stage, **{f"{tags.input}.{name}": uri for name, uri in result.used.items()}},
        models=tuple(
            YieldedModel(
                model_id=model, name=result.stage, run_id=result.run_id, created=started, updated=ended
            )
            for model in models
        ),
    )


def _read(path: Path, run_id: str, lost: list[Lost]) -> Iterator[Account]:
    """Read an account that no record holds; its own digest tells whether it is whole."""
    try:
        yield read_account(read_regular(path))
    except (OSError, ValueError):
        lost.append(Lost(f"run {run_id[:8]}", f"all of it, for {path.name} is damaged or can't be read"))


def _filled(account: Account, known: dict[str, Account], tags: Tags, lost: list[Lost]) -> Account:
    """Fill the account of a cached stage's run from its original; of what did not end, the process died."""
    if account.status == "RUNNING":
        account = account.model_copy(update={"status": "KILLED", "ended": account.ended or account.started})
    if not (source := account.tags.get(tags.cached_from)):
        return account
    if not (original := known.get(source)):
        what = (
            f"parameters, metrics and data of run {account.run_id[:8]}, a copy of {source[:8]}, which is gone"
        )
        lost.append(Lost(account.tags[tags.stage], what))
        return account
    metrics = results_among(original.metrics)
    return account.model_copy(update={"params": original.params, "metrics": metrics, "data": original.data})


def _parents(accounts: dict[str, Account], tags: Tags) -> Iterator[Lost]:
    """Name the runs of whole pipelines that stages belong to and nothing tells of."""
    for account in accounts.values():
        parent = account.tags.get(PARENT_TAG)
        if parent and parent not in accounts:
            stage = account.tags.get(tags.stage, account.name)
            yield Lost(stage, f"run {parent[:8]}, which it was part of: it has no account in the home")
