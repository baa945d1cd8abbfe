"""Changes of settings as a command line has them: assignments, groups in braces, and a file."""

from pathlib import Path
from typing import Any

import pytest

from stagecraft.cli.changes import read_assignments, read_file
from stagecraft.errors import UsageError


def test_assignments_make_a_tree_and_a_value_may_hold_an_equals_sign() -> None:
    tree = read_assignments(["rnn.epochs=5", "rnn.clip=2", "corpus.url=http://a/?b=c", "seed=1"])
    assert tree == {"rnn": {"epochs": "5", "clip": "2"}, "corpus": {"url": "http://a/?b=c"}, "seed": "1"}


@pytest.mark.parametrize(
    ("group", "tree"),
    [
        ("{epochs=500}", {"epochs": 500}),
        ('{"epochs": 500}', {"epochs": 500}),
        (' { epochs = 500, cell = "gru" } ', {"epochs": 500, "cell": "gru"}),
        ('{"horizons": [1, 2], "path": "a,b.csv"}', {"horizons": [1, 2], "path": "a,b.csv"}),
        ("{deep.epochs=5}", {"deep": {"epochs": 5}}),
    ],
)
def test_a_group_in_braces_is_read_as_toml_or_json(group: str, tree: dict[str, Any]) -> None:
    assert read_assignments([f"rnn={group}"]) == {"rnn": tree}


@pytest.mark.parametrize("text", ["{epochs=500", "{epochs}", "[1, 2]", "{a=1}\nb=2", "${TOKEN}", "a{b=1}"])
def test_what_is_no_group_stays_the_text_that_it_is(text: str) -> None:
    assert read_assignments([f"rnn={text}"]) == {"rnn": text}


@pytest.mark.parametrize(
    ("assignments", "tree"),
    [
        (["rnn={epochs=5, clip=1}", "rnn.epochs=7"], {"epochs": "7", "clip": 1}),
        (["rnn.epochs=7", "rnn={epochs=5, clip=1}"], {"epochs": 5, "clip": 1}),
        (["rnn=5", "rnn.epochs=7"], {"epochs": "7"}),
        (["rnn.epochs=7", "rnn=5"], "5"),
    ],
)
def test_the_later_assignment_wins_and_leaves_the_others(assignments: list[str], tree: object) -> None:
    assert read_assignments(assignments) == {"rnn": tree}


@pytest.mark.parametrize("assignment", ["rnn.epochs", "=5", " =5"])
def test_something_else_than_an_assignment_is_refused(assignment: str) -> None:
    with pytest.raises(UsageError, match=f"expected KEY=VALUE, such as rnn.epochs=500, got '{assignment}'"):
        read_assignments([assignment])


@pytest.mark.parametrize("times", [1, 2])
def test_a_key_that_is_deeper_than_any_is_refused(times: int) -> None:
    with pytest.raises(UsageError, match="got a key of 2999 points"):
        read_assignments([f"{'.'.join('a' * 3000)}=1"] * times)


@pytest.mark.parametrize("group", ["{a=" * 3000 + "1" + "}" * 3000, '{"a":' * 3000 + "1" + "}" * 3000])
def test_a_group_that_is_nested_too_deeply_is_no_group(group: str) -> None:
    assert read_assignments([f"rnn={group}"]) == {"rnn": group}


def test_a_device_is_no_file_of_settings() -> None:
    with pytest.raises(UsageError, match="the configuration /dev/zero can't be read: it is no regular file"):
        read_file(Path("/dev/zero"))


def test_what_is_refused_is_shown_without_its_secret() -> None:
    with pytest.raises(UsageError, match=r"expected KEY=VALUE.*got 'https://\*\*\*@host/'"):
        read_assignments(["https://me:SECRET@host/"])


def test_a_file_is_read_as_toml(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text('seed = 3\n[rnn]\nepochs = 5\n[corpus]\npath = "größe.txt"', encoding="utf-8")
    assert read_file(path) == {"seed": 3, "rnn": {"epochs": 5}, "corpus": {"path": "größe.txt"}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "can't be read: No such file"),
        (b"rnn: 5", "is not TOML"),
        (b"a = '\xff'", "is not TOML: .*0xff"),
        (b"a = " + b"[" * 1500 + b"]" * 1500, "is not TOML: it is nested too deeply"),
        (b"a = " + b"{a=" * 1500 + b"1" + b"}" * 1500, "is not TOML: it is nested too deeply"),
        (b"#" * (1 << 20) + b"#", "can't be read: it is larger than 1,048,576 bytes"),
    ],
)
def test_a_file_that_is_missing_or_no_toml_is_named(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "my.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=rf"my\.toml {message}"):
        read_file(path)
