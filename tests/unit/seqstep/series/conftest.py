"""A CSV file for each test of its reading."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from seqstep.series.csv_column import read_column


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., pd.Series]:
    """Write a text or rows of dates and values to a file and read the column `value` of it."""

    def write_and_read(
        content: str | bytes | dict[str, object], column: str = "value", **how: str
    ) -> pd.Series:
        path = tmp_path / "my.csv"
        if isinstance(content, dict):
            rows = "".join(f"{date},{value}\n" for date, value in content.items())
            content = f"date,value\n{rows}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_column(path, column, **how)  # type: ignore[arg-type]

    return write_and_read
