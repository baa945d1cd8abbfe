"""A CSV file for each test of its reading."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from seqstep.series.reading.reading import read_file
from seqstep.settings.config import SeriesConfig


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., pd.Series]:
    """Write a text or rows of dates and values to a file and read the column `value` of it."""

    def write_and_read(
        content: str | bytes | dict[str, object], column: str = "value", **how: Any
    ) -> pd.Series:
        path = tmp_path / "my.csv"
        if isinstance(content, dict):
            rows = "".join(f"{date},{value}\n" for date, value in content.items())
            content = f"date,value\n{rows}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_file(path, SeriesConfig(path=str(path), column=column, **how)).series

    return write_and_read
