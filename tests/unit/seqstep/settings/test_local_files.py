"""Files that a user names."""

from pathlib import Path

import pytest

from seqstep.errors import ConfigError
from seqstep.settings.local_files import local_file


def test_a_path_below_the_users_home_or_the_current_folder_becomes_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    monkeypatch.chdir(tmp_path)
    assert local_file("~/a.txt") == tmp_path / "me" / "a.txt"
    assert local_file("a.txt") == tmp_path / "a.txt"
    assert local_file("") is None


def test_a_path_below_the_home_of_no_user_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match="expected a file, got '~nosuchuser/x': there is no such user"):
        local_file("~nosuchuser/x")
