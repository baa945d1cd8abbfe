"""What is declared, and what of code that can't be followed it stands for."""

from pathlib import Path

import pytest

from stagecraft.code import Codebase, CodeError
from stagecraft.key.depends import Files, Network, Opaque
from stagecraft.pipeline.followed import check_followed


def test_a_driver_of_a_database_asks_for_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"shop_of_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text("import psycopg2\ndef read(): psycopg2.connect()\n")
    monkeypatch.syspath_prepend(tmp_path)
    code = Codebase((name,))
    reach = code.follow(f"{name}.read")
    with pytest.raises(CodeError, match=r":2: psycopg2\.connect connects .* depends=\(Network\(\),\)$"):
        check_followed(code, reach, (Files("*"),))
    check_followed(code, reach, (Network(),))
    check_followed(code, reach, (Opaque("why", version="1"),))
