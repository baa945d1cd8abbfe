"""Nothing that is loaded runs code of whoever saved it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Lists what may not be used in a stage.
NAMING = ROOT / "src" / "stagecraft" / "code" / "unseen.py"
FOLDERS = ("src", "tasks", "flows")
FILES = sorted({path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")} - {NAMING})

#: loads what it is given by pickle, or can be told to
MODULES = {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
LOADERS = {
    *("torch.load", "torch.save", "torch.jit.load", "pd.read_pickle", "pandas.read_pickle", "np.fromfile"),
    *("mlflow.pytorch.load_model", "mlflow.sklearn.load_model", "yaml.load", "yaml.unsafe_load"),
}


def dangers(source: str) -> Iterator[str]:
    """Name what a file uses that loads by pickle."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            yield str(node.module)
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in LOADERS:
            yield ast.unparse(node)
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            if not (isinstance(node.value, ast.Constant) and node.value.value is False):
                yield "allow_pickle"
        elif isinstance(node, ast.Constant) and node.value == "pickle":
            yield "a serializer by name"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_code_loads_or_saves_by_pickle(path: Path) -> None:
    assert list(dangers(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "torch.load(path)",
        "pd.read_pickle(path)",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=flag)",
        "Task(result_serializer='pickle')",
    ],
)
def test_each_way_to_pickle_is_seen(source: str) -> None:
    assert list(dangers(source))
