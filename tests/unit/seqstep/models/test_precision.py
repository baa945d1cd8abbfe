from pathlib import Path

import pytest

from seqstep.models import precision
from seqstep.models.precision import precision_name
from seqstep.settings.config import Precision

INTEL = "processor\t: 0\nflags\t\t: fpu sse2 avx512f amx_bf16 amx_tile\n\nprocessor\t: 1\nflags\t\t: fpu\n"
AMD = "processor\t: 0\nflags\t\t: fpu avx512f avx512_bf16\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd bf16 i8mm\n"
OLD = "model name\t: bf16 avx512_bf16\nflags\t\t: fpu sse2 avx2\nbugs\t\t: bf16\n"


@pytest.mark.parametrize(
    "asked, processor, taken",
    [
        ("auto", INTEL, "bfloat16"),
        ("auto", AMD, "bfloat16"),
        ("auto", ARM, "bfloat16"),
        ("auto", OLD, "float32"),
        ("auto", "", "float32"),
        ("auto", None, "float32"),
        ("float32", INTEL, "float32"),
        ("bfloat16", OLD, "bfloat16"),
    ],
)
def test_auto_takes_bfloat16_where_the_processor_multiplies_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, asked: Precision, processor: str | None, taken: str
) -> None:
    if processor is not None:
        (tmp_path / "cpuinfo").write_text(processor)
    monkeypatch.setattr(precision, "_PROCESSOR", tmp_path / "cpuinfo")
    assert precision_name(asked) == taken
