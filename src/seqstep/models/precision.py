"""Choosing in what type a training multiplies matrices."""

from pathlib import Path

from seqstep.settings.config import Precision

# What Linux says of a processor that multiplies bfloat16: Intel's and AMD's, and Arm's.
_FLAGS = {"amx_bf16", "avx512_bf16", "bf16"}
_PROCESSOR = Path("/proc/cpuinfo")


def precision_name(precision: Precision) -> str:
    """Name the type: `auto` takes bfloat16 where the processor multiplies it, else float32."""
    if precision != "auto":
        return precision
    return "bfloat16" if _FLAGS & _processor_flags() else "float32"


def _processor_flags() -> set[str]:
    """List what the first processor can do; nothing where the system does not say it so."""
    try:
        lines = _PROCESSOR.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    named = (line.partition(":") for line in lines)
    return next(
        (set(flags.split()) for name, _, flags in named if name.strip() in {"flags", "Features"}), set()
    )
