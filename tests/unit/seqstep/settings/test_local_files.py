"""Files that a user names."""

import os
from pathlib import Path

import pytest

from seqstep.errors import ConfigError
from seqstep.settings.local_files import called, local_file


def test_a_path_below_the_users_home_or_the_current_folder_becomes_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    monkeypatch.chdir(tmp_path)
    assert local_file("~/a.txt") == tmp_path / "me" / "a.txt"
    assert local_file("a.txt") == tmp_path / "a.txt"
    assert local_file("") is None and called("") == ""


@pytest.mark.parametrize(
    "spelling",
    [
        "story.txt",
        "./story.txt",
        "texts/../story.txt",
        "{}/story.txt",
        "{}//texts/./../story.txt",
        "~/story.txt",
        "story.txt/",
        "link.txt",
        "linked/story.txt",
        "../here/story.txt",
    ],
)
def test_every_spelling_of_a_path_and_every_link_leads_to_the_same_file(
    spelling: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = (tmp_path / "here").resolve()
    (here / "texts").mkdir(parents=True)
    (here / "story.txt").write_text("Once upon a time.")
    (here / "link.txt").symlink_to("story.txt")
    (here / "linked").symlink_to(here, target_is_directory=True)
    monkeypatch.setenv("HOME", str(here))
    monkeypatch.chdir(here)
    assert local_file(spelling.format(here)) == here / "story.txt"
    assert called(spelling.format(here)) == "story.txt"


def test_a_carried_text_is_called_otherwise_than_a_file_of_that_name() -> None:
    assert called("builtin:lighthouse") == "builtin:lighthouse" != called("lighthouse.txt")


def test_what_can_be_no_path_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match=r"expected a file, got 'a.x00b': embedded null"):
        local_file("a\0b")


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/null", "/dev/stdin", "pipe"])
def test_a_device_and_a_pipe_are_no_files(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("link").symlink_to(place)
    for path in (place, "link"):
        with pytest.raises(ConfigError, match=f"expected a file, got '{path}': it is a device or a pipe"):
            local_file(path)


def test_what_is_not_there_is_left_to_whoever_opens_it(tmp_path: Path) -> None:
    assert local_file(f"{tmp_path}/no") == tmp_path / "no"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a" * 300, "File name too long; name another"),
        ("a/" * 3000, "File name too long; name another"),
        (".", "it is a folder; name a file in it"),
        ("file/x", "Not a directory; name another"),
    ],
)
def test_what_can_be_no_file_is_refused_in_words(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=f"expected a file, got '.*: {said}"):
        local_file(f"{tmp_path}/{name}")


def test_a_path_below_the_home_of_no_user_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match="expected a file, got '~nosuchuser/x': there is no such user"):
        local_file("~nosuchuser/x")
