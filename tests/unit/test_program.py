"""What is said where the program can't even be imported."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("class CorpusConfig(Section):", "class CorpusConfig(Section:", "can't start: SyntaxError: "),
        ("class CorpusConfig(Section):", "class CorpusConfig(Sction):", "NameError: name 'Sction' is not"),
    ],
)
def test_a_slip_in_the_settings_is_told_in_one_line_with_its_place(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / "src" / "seqstep" / "settings" / "config.py"
    text = file.read_text("utf-8")
    file.write_text(text.replace(before, after), "utf-8")
    line = text.splitlines().index(before) + 1
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'src')!r}); from seqstep_program import program"
    command = [sys.executable, "-c", f"{code}; program()", "plan"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and said in done.stderr
    assert done.stderr.endswith(f"at {file}:{line}; correct that\n") and done.stderr.count("\n") == 1
