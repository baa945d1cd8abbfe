"""What a stage touches and its key does not know: noted at once, not kept, an error of a strict run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stagecraft.key.depends import Code, Files, Opaque
from stagecraft.upkeep import not_kept

pytestmark = pytest.mark.usefixtures("in_prefect")

_START = "    text = Path(config.path)"
_BESIDE = "def helped():\n    return 1\n"


@pytest.fixture
def touching(workshop: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Have the first stage do something more."""
    beside = workshop.folder.parent
    (beside / "data").mkdir()
    (beside / "data" / "extra.csv").write_text("a,b\n1,2\n")
    (beside / f"helper_{workshop.package}.py").write_text(_BESIDE)
    monkeypatch.chdir(beside)

    def touch(code: str) -> None:
        lines = code.format(helper=f"helper_{workshop.package}")
        more = "".join(f"    {line}\n" for line in lines.splitlines())
        workshop.edit("stages", _START, more + _START)

    return touch


def test_the_folder_in_which_a_stage_finds_its_files_may_be_listed_and_a_new_file_there_is_seen(
    workshop: Any, touching: Callable[[str], None]
) -> None:
    data = workshop.folder.parent / "data"
    touching("for each in sorted(Path('data').iterdir()):\n    each.read_text()")
    assert workshop.run()["gather"].key is None
    workshop.reads = lambda **_: [data, *sorted(data.iterdir())]
    assert workshop.run()["gather"].key and set(workshop.states().values()) == {"cached"}
    (data / "new.csv").write_text("1")
    assert workshop.said()["gather"][0] == "would_run"
    workshop.edit("stages", "each.read_text()", "(each.read_text(), Path('data/late.csv').touch())")
    late = workshop.run()["gather"]
    assert (late.state, late.key) == ("completed", None)


def test_what_no_key_knows_is_noted_and_not_kept_and_what_is_declared_is_kept(
    workshop: Any, touching: Callable[[str], None]
) -> None:
    touching("Path('data/extra.csv').read_text()\nimport shutil\nshutil.os.system('true')")
    first = workshop.run()["gather"]
    assert (first.state, first.key) == ("completed", None)
    tags = workshop.tracker.client.get_run(first.run_id).data.tags
    assert tags["seqstep.unkeyed"] == "opened data/extra.csv; started a process by os.system"
    assert not_kept(workshop.tracker) == {"gather": (first.run_id, tags["seqstep.unkeyed"])}
    assert workshop.states() == {"gather": "completed", "add": "cached", "page": "cached"}
    workshop.depends["gather"] = (Files("data/*.csv"), Opaque("a shell", version="1"))
    assert workshop.run()["gather"].key and not_kept(workshop.tracker) == {}
    assert set(workshop.states().values()) == {"cached"}
    (workshop.folder.parent / "data" / "extra.csv").write_text("other")
    assert workshop.said()["gather"] == ("would_run", "file changed: data/extra.csv")


def test_a_module_from_beside_the_project_is_noted_whoever_imported_it_first(
    workshop: Any, touching: Callable[[str], None]
) -> None:
    load = (
        "import operator, pkgutil\n"
        f"operator.methodcaller('import_module', 'helper_{workshop.package}')(pkgutil.importlib)"
    )
    touching(load)
    workshop.edit("sums", "import tomlkit", f"import tomlkit\n{load}")
    for _ in range(2):  # the second time it is there before any stage of that run
        # The page's module imports the sums.
        assert [outcome.key for outcome in workshop.run().values()] == [None] * 3
    helper = (Code(f"helper_{workshop.package}"),)
    workshop.depends |= {"gather": helper, "add": helper, "page": helper}
    workshop.run()
    assert set(workshop.states().values()) == {"cached"}
    (workshop.folder.parent / f"helper_{workshop.package}.py").write_text(_BESIDE + "\n\nMORE = 1\n")
    assert workshop.said()["gather"] == ("would_run", f"code changed: helper_{workshop.package}")


def test_what_was_read_on_import_before_any_stage_is_noted_until_it_is_declared(
    workshop: Any, touching: Callable[[str], None]
) -> None:
    touching("")
    read = "from pathlib import Path\nEXTRA = len(Path('data/extra.csv').read_text())\nfrom typing"
    workshop.edit("settings", "from typing", read)
    assert [outcome.key for outcome in workshop.run().values()] == [None] * 3
    workshop.depends = dict.fromkeys(("gather", "add", "page"), (Files("data/extra.csv"),))
    workshop.run()
    assert set(workshop.states().values()) == {"cached"}


def test_a_strict_run_stops_at_what_is_noted_whatever_the_code_lets_pass(
    workshop: Any, touching: Callable[[str], None], tmp_path: Path
) -> None:
    touching(
        "try:\n    Path('data/extra.csv').read_text()\nexcept Exception:\n    pass\n"
        f"else:\n    Path({str(tmp_path / 'went_on')!r}).touch()"
    )
    workshop.strict = True
    failed = workshop.run()["gather"]
    assert (failed.state, failed.exit_status) == ("failed", 2)
    assert "opened data/extra.csv; declare that in the stage's `depends`" in failed.reason
    assert not (tmp_path / "went_on").exists()
    workshop.depends["gather"] = (Files("data/extra.csv"),)
    assert set(workshop.states().values()) == {"completed"}


def test_a_training_that_touches_what_no_key_knows_leaves_no_checkpoint(workshop: Any) -> None:
    extra = workshop.folder.parent / "extra.csv"
    extra.write_text("1")
    workshop.edit(
        "sums", "        for number in", f"        open({str(extra)!r}).close()\n        for number in"
    )
    assert workshop.run(every=1)["add"].key is None
    assert not list(workshop.home.checkpoints.rglob("total"))
