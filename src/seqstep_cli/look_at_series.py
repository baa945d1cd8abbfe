"""What `look` shows of a series."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from secrecy import quote
from seqstep.errors import SeriesError
from seqstep.settings.local_files import local_file
from seqstep.settings.resolving import resolve
from seqstep_cli.looked import given, present, write_settings
from stagecraft.cli.changes import read_assignments

if TYPE_CHECKING:
    from seqstep.series.looking import LookedAtSeries


def show_series(args: argparse.Namespace) -> int:
    """Show what a run would read of a table.

    Raises:
        SeriesError: it would refuse it.
    """
    from seqstep.series.looking import look_at_series

    config = resolve(changes=[read_assignments(args.assignments), {"series": {"path": args.file}}])
    path = local_file(config.series.path)
    if path is None:
        raise SeriesError(f"expected a file to look at, got {quote(args.file)}")
    found = look_at_series(path, config)
    found = found._replace(fitting={**found.fitting, **given(args)})
    present(args, "series", found, _rows(found))
    return 0


def _rows(found: "LookedAtSeries") -> Mapping[str, str]:
    return {
        "columns": ", ".join(map(quote, found.columns)),
        "read as values": quote(found.column),
        "dates": found.dates or "none, rows are counted",
        "step": found.step,
        "time zone": found.zone,
        "from, to": f"{found.first}, {found.last}",
        "values": f"{found.values:,}, {found.gaps:,} of them missing" if found.gaps else f"{found.values:,}",
        "least, mean, most": f"{found.low:.6g}, {found.mean:.6g}, {found.high:.6g}",
        "season": found.season,
        "sketch": found.sketch,
        "a run would": "; ".join(found.would),
        "settings that fit": write_settings(found.fitting),
    }
