"""What data sets are called."""

from pathlib import Path

import pytest

from seqstep.errors import ConfigError
from seqstep.settings.data_sets import series_name, text_name
from seqstep.settings.resolving import resolve


def test_a_text_is_called_as_the_user_says_or_by_its_address_without_secrets(tmp_path: Path) -> None:
    def name(**corpus: str) -> str:
        return text_name(resolve(changes=[{"corpus": corpus}]).corpus)

    assert name() == "builtin:lighthouse"
    assert name(path=f"{tmp_path}/./my.txt") == f"{tmp_path}/my.txt"
    assert name(path=f"{tmp_path}/my.txt", name="diary") == "diary"
    assert name(path=str(tmp_path)) == str(tmp_path) and name(path=f"{tmp_path}/*.txt") == f"{tmp_path}/*.txt"
    assert name(path=f'["{tmp_path}/a", "{tmp_path}/b/../c"]') == f"{tmp_path}/a, {tmp_path}/c"
    assert (name(path="-"), name(path="~nosuchuser/x")) == ("-", "~nosuchuser/x")
    assert name(url="https://me:pass@example.org/my.txt?token=abc https://b.org/c") == (
        "https://***@example.org/my.txt?token=***"
    )


def test_a_series_is_called_as_the_user_says_or_by_its_address_and_column(tmp_path: Path) -> None:
    def name(**series: str) -> str:
        return series_name(resolve(changes=[{"series": series}]).series)

    assert (name(), name(name="a")) == ("sine", "a")
    assert name(path=f"{tmp_path}/../{tmp_path.name}/d.csv", column="load") == f"{tmp_path}/d.csv:load"
    assert name(path=f"{tmp_path}/d.csv", column="load", only="id=A") == f"{tmp_path}/d.csv:load[id=A]"
    assert name(path="d.csv", column="load", name="plant") == "plant"


@pytest.mark.parametrize("name", ["a\nb", "\x1b[2J", "x" * 201])
def test_names_that_can_not_be_shown_in_a_line_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"series\.name can.t be"):
        resolve(changes=[{"series.name": name}])
