"""What is called after a project."""

from stagecraft.names import Names, how_to_get_a_project


def test_everything_is_called_after_the_project() -> None:
    names = Names("my-works")
    assert names.folder == ".my-works"
    assert names.variable("HOME") == "MY_WORKS_HOME"
    assert names.tag("stage") == "my-works.stage"
    assert names.model("rnn") == "my-works-rnn"


def test_whoever_has_no_project_is_told_which_table_declares_one() -> None:
    assert "[tool.my-works] project =" in how_to_get_a_project(Names("my-works"))
