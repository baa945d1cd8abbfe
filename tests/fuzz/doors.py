"""Cases one after the other, in homes in which the pipeline ran."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from stagecraft.files.home import Home
from tests.fuzz.case import case
from tests.fuzz.trying import attempt, attempt_alone, faults, lay_out
from tests.shared import copy_home
from tests.trained import Trained

ROOT = Path(__file__).resolve().parents[2]
# What these change would let later cases find less.
_CHANGING = ("doctor", "gc")


class Doors:
    """Tries cases, each in a folder of its own.

    Args:
        original: the home in which the pipeline ran.
        place: for what is made.

    Attributes:
        tried: how often each command ended with each exit status.
    """

    def __init__(self, original: Home, place: Path, patch: pytest.MonkeyPatch) -> None:
        self._original, self._place, self._patch = original, place, patch
        self._copies = 0
        self.tried: Counter[tuple[str, str]] = Counter()
        self._move_in()

    def attempt(self, names: Iterable[str]) -> list[str]:
        """Try cases; tell of each that ended as it must not."""
        return [told for name in names for told in self._attempt(name)]

    def _attempt(self, name: str) -> Iterator[str]:
        made, folder = case(name), self._place / "here"
        lay_out(folder)
        said = (attempt_alone if made.environ else attempt)(made, folder)
        shutil.rmtree(folder)
        command = made.argv[0] if made.argv and made.argv[0].isalpha() else "none"
        self.tried[command, str(said.status)] += 1
        if found := faults(made, said):
            printed = f"    out: {said.out[:500]!r}\n    err: {said.err[:1000]!r}"
            yield "\n".join([", ".join(found), made.told(), printed])
        if command in _CHANGING and said.status in (0, 1) and "--dry-run" not in made.argv:
            self._move_in()

    def _move_in(self) -> None:
        """Go on in a new copy of the home."""
        home = copy_home(self._original, self._place / f"home-{self._copies}")
        shutil.rmtree(self._place / f"home-{self._copies - 1}", ignore_errors=True)
        self._copies += 1
        self._patch.setenv("SEQSTEP_HOME", str(home.root))
        self._patch.setenv("PREFECT_HOME", str(home.private / "prefect"))


@pytest.fixture(scope="module")
def doors(
    pipeline_run: Trained, tmp_path_factory: pytest.TempPathFactory, tell: Callable[[str], None]
) -> Iterator[Doors]:
    """Try cases on copies of the home in which the pipeline ran, and count them."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    place = tmp_path_factory.mktemp("doors")
    with pytest.MonkeyPatch.context() as patch, temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        patch.setenv("MLFLOW_TRACKING_URI", "")
        # As if it were installed from this checkout: a folder elsewhere belongs to no other project.
        patch.setattr("stagecraft.project._checkout", lambda _names: ROOT)
        patch.setattr("stagecraft.files.opening.PATIENCE_S", 0.1)
        made = Doors(pipeline_run.home, place, patch)
        yield made
    statuses: Counter[str] = Counter()
    for (_, status), count in made.tried.items():
        statuses[status] += count
    commands = len({command for command, _ in made.tried})
    ends = ", ".join(f"{count:,} with {status}" for status, count in sorted(statuses.items()))
    tell(f"doors: {statuses.total():,} cases of {commands} commands ended: {ends}")
