"""Registered models: their versions, what each holds, and which of them is the champion."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mlflow.exceptions import MlflowException

from secrecy import show_url
from stagecraft.errors import ArtifactError
from stagecraft.files.artifact import Artifact, address, digest, sha256_of
from stagecraft.mlflow.store import Tracker

#: the version that is used unless another one is asked for
CHAMPION = "champion"
#: stands for the newest version; MLflow lets no alias be called so
LATEST = "latest"

#: every file of a logged model, by its path in it
Artifacts = Mapping[str, Artifact]

# What loading a model leaves beside its files, MLflow until 3.17 the second.
_LEFT_BY_LOADING = {"__pycache__", "registered_model_meta"}
_KINDS, _ANY = {".json": "application/json", ".py": "text/x-python"}, "application/octet-stream"


class Version(NamedTuple):
    """A version of a registered model, with the logged model and the run that it came from."""

    name: str
    number: str
    model_id: str
    run_id: str
    aliases: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} version {self.number}"


class Registry:
    """The registered models of a store."""

    def __init__(self, tracker: Tracker) -> None:
        self.tracker, self._client, self._tags = tracker, tracker.client, tracker.tags

    def find(self, name: str, wanted: str = "") -> Version:
        """Find a version of a registered model.

        Args:
            wanted: its number or an alias of it; `latest` for the newest; empty for the champion, or else
                the newest.

        Raises:
            ArtifactError: there is no such model, version or alias.
        """
        versions = {version.number: version for version in self.versions(name)}
        if not versions:
            where, project = show_url(self.tracker.uri), self.tracker.home.names.project
            raise ArtifactError(f"there is no model {name} in {where}; train it with `{project} run`")
        newest = versions[max(versions, key=int)]
        named = {alias: version for version in versions.values() for alias in version.aliases}
        if wanted in ("", LATEST):
            return newest if wanted else named.get(CHAMPION, newest)
        if wanted.isdecimal():
            if wanted not in versions:
                numbers = sorted(map(int, versions))
                raise ArtifactError(f"there is no version {wanted} of {name}; there are: {numbers}")
            return versions[wanted]
        if wanted not in named:
            known = ", ".join([LATEST, *sorted(named)])
            raise ArtifactError(f"no version of {name} is called {wanted}; there are: {known}")
        return named[wanted]

    def champion(self, name: str) -> Version | None:
        """Find the champion of a model, if there is one."""
        return next((version for version in self.versions(name) if CHAMPION in version.aliases), None)

    def versions(self, name: str) -> list[Version]:
        """List the versions of a model that are not set aside; none if there is no such model."""
        search = self._client.search_model_versions
        every = self.tracker.pages(lambda token: search(f"name = '{name}'", page_token=token))
        found = [item for item in every if self._tags.set_aside not in item.tags]
        if not found:
            return []
        with self.tracker.reaching():  # MLflow tells aliases of registered models only
            aliases = self._client.get_registered_model(name).aliases
        return [describe(item, aliases) for item in found]

    def tags(self, version: Version) -> dict[str, str]:
        """Read the tags of a version."""
        with self.tracker.reaching():
            return dict(self._client.get_model_version(version.name, version.number).tags)

    def folder(self, version: Version) -> Path:
        """Find the folder with all of a version's files, fetching it if it is not on this machine.

        Raises:
            ArtifactError: they are gone, or are not what was registered.
        """
        return self._checked(version, self._tags.files, _sums_in)

    def lay_out(self, version: Version, folder: Path) -> None:
        """Copy a version's files to an empty folder, and nothing that lies beside them, such as byte code.

        Raises:
            ArtifactError: they are gone, or are not what was registered.
        """
        ignored = shutil.ignore_patterns(*_LEFT_BY_LOADING)
        shutil.copytree(self.folder(version), folder, ignore=ignored, dirs_exist_ok=True)

    def parts(self, version: Version) -> dict[str, Path]:
        """Find what a version was made of, its weights and their description, by the names of the files.

        Raises:
            ArtifactError: they are gone, or are not what was registered.
        """
        folder = self._checked(version, self._tags.content, _parts_in)
        return {path.name: path for path in (folder / "artifacts").iterdir()}

    def _checked(self, version: Version, tag: str, look: Callable[[Path], Mapping[str, str]]) -> Path:
        """Hold files against what was registered, if that was noted; a damaged copy is fetched again, once.

        Args:
            look: finds the SHA-256 of the files in a folder, by their names.
        """
        folder = self._open(version)
        found = look(folder)
        expected = self.tags(version).get(tag, digest(found))
        if (not found or digest(found) != expected) and self.tracker.drop_copy(version.model_id):
            found = look(folder := self._open(version))
        if not found or digest(found) != expected:
            got, project = digest(found) if found else "nothing", self.tracker.home.names.project
            raise ArtifactError(
                f"expected files with {tag} {expected} for {version} in {folder}, got {got}: some are missing"
                f" or changed; train it again, and `{project} promote` that, or have it set aside"
                f" by `{project} doctor --fix`"
            )
        return folder

    def _open(self, version: Version) -> Path:
        if not version.model_id:
            raise ArtifactError(f"expected {version} to be one of this project's, got one made elsewhere")
        return self.tracker.open_model(version.model_id)

    def newest_of(self, name: str, content: str, code: str) -> Version | None:
        """Find the newest version of a model that holds the same, with the same code."""
        tags = {self._tags.content: content, self._tags.code: code}
        wanted = " and ".join([f"name = '{name}'", *(f"tags.`{tag}` = '{tags[tag]}'" for tag in tags)])
        with self.tracker.reaching():
            found = self._client.search_model_versions(wanted, order_by=["version_number DESC"])
        usable = (item for item in found if self._tags.set_aside not in item.tags)
        return next((describe(item, {}) for item in usable), None)

    def is_intact(self, version: Version, files: Artifacts) -> bool:
        """Tell whether a version's files are those that were registered."""
        return self.tags(version).get(self._tags.files) == digest_of(files)

    def is_usable(self, version: Version) -> bool:
        """Tell whether a version's files are there, and are those that were registered."""
        try:
            self.folder(version)
        except ArtifactError:
            return False
        return True

    def add(
        self,
        name: str,
        model_id: str,
        run_id: str,
        content: str,
        code: str,
        files: Artifacts,
        more: Mapping[str, str] | None = None,
    ) -> None:
        """Make a logged model the newest version of a registered one.

        Args:
            more: tags, such as those that say what it was trained on.
        """
        tags = {self._tags.content: content, self._tags.code: code, self._tags.files: digest_of(files)}
        tags |= more or {}
        self.register(name, model_id, run_id, tags)

    def register(self, name: str, model_id: str, run_id: str, tags: Mapping[str, str]) -> None:
        """Make a logged model the newest version of a registered one, with such tags."""
        with self.tracker.reaching():
            try:
                self._client.create_registered_model(name)
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
            self.tracker.name_to_mlflow()
            self._client.create_model_version(
                name, f"models:/{model_id}", run_id=run_id, tags=dict(tags), model_id=model_id
            )

    def set_alias(self, version: Version, alias: str, evidence: Mapping[str, str], description: str) -> None:
        """Give a version an alias, and note on it why."""
        with self.tracker.reaching():
            for tag, value in evidence.items():
                self._client.set_model_version_tag(version.name, version.number, tag, value)
            self._client.update_model_version(version.name, version.number, description)
            self._client.set_registered_model_alias(version.name, alias, version.number)


def content_of(parts: Mapping[str, str]) -> str:
    """Digest what a model is made of, from the SHA-256 of its files by their names."""
    return digest(dict(parts))


def code_of(code: Path, modules: Mapping[str, Path]) -> str:
    """Digest the code of a model: its own file, and the modules behind it by their paths."""
    return digest({code.name: sha256_of(code), **{path: sha256_of(file) for path, file in modules.items()}})


def describe(item: Any, aliases: Mapping[str, Any]) -> Version:
    """Describe MLflow's version of a registered model."""
    scheme, _, source = str(item.source).partition(":")
    model_id = source.strip("/").partition("/")[0] if scheme == "models" else ""
    named = tuple(sorted(alias for alias, number in aliases.items() if str(number) == str(item.version)))
    return Version(item.name, str(item.version), model_id, str(item.run_id or ""), named)


def files_of(tracker: Tracker, model_id: str) -> dict[str, Artifact]:
    """Describe every file of a logged model; see `files_below`."""
    return files_below(tracker.open_model(model_id), model_id)


def files_below(root: Path, model_id: str) -> dict[str, Artifact]:
    """Describe every file of a logged model, as it was logged: loading it may leave other files beside.

    Raises:
        OSError: one can't be read.
    """
    return {
        str(path.relative_to(root)): address(
            path, f"models:/{model_id}/{path.relative_to(root)}", _KINDS.get(path.suffix, _ANY)
        )
        for path in sorted(_below(root))
        if path.is_file() and _LEFT_BY_LOADING.isdisjoint(path.relative_to(root).parts)
    }


def _sums_in(folder: Path) -> dict[str, str]:
    return {path: file.sha256 for path, file in files_below(folder, "").items()}


def _parts_in(folder: Path) -> dict[str, str]:
    parts = folder / "artifacts"
    return {path.name: sha256_of(path) for path in parts.iterdir()} if parts.is_dir() else {}


def digest_of(files: Artifacts) -> str:
    """Digest all files of a logged model."""
    return digest({path: file.sha256 for path, file in files.items()})


def _below(root: Path) -> Iterator[Path]:
    """List the files below a folder; one that can't be read is no empty one."""

    def refuse(error: OSError) -> None:
        raise error

    for folder, _, names in os.walk(root, onerror=refuse) if root.is_dir() else ():
        yield from (Path(folder) / name for name in names)
