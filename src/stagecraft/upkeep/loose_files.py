"""What no record of a result names: the latest results' keys, promotions, pages of whole runs, links."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from stagecraft.cache.checks import Checks
from stagecraft.cache.result import Kept
from stagecraft.cache.results import read_latest
from stagecraft.files.home import Home
from stagecraft.files.kept import is_kept
from stagecraft.files.set_aside import SetAside
from stagecraft.mlflow.inventory import Inventory
from stagecraft.mlflow.promotions import mend_promotions, read_promotions
from stagecraft.mlflow.store import Tracker
from stagecraft.upkeep.finding import Finding
from stagecraft.upkeep.kept_files import leads_nowhere


def damaged_latest(tracker: Tracker, aside: SetAside) -> Iterator[Finding]:
    """Find what tells the latest result of a stage, and is not what its own digest says."""
    for path in sorted(tracker.home.latest.glob("*.json")):
        if _is_damaged(path):
            what = f"{path.relative_to(tracker.home.root)}: it is damaged"
            remedy = "set it aside; the next result of its stage is noted anew"
            yield Finding("latest result unknown", what, remedy, partial(_set_latest_aside, path, aside))


def _is_damaged(path: Path) -> bool:
    """Tell whether a file is not what it should be; one that is gone or can't be read may be whole."""
    try:
        read_latest(path)
    except OSError:
        return False
    except ValueError:
        return True
    return False


def _set_latest_aside(path: Path, aside: SetAside) -> bool:
    if _is_damaged(path):
        aside.take(path)
    return True


def damaged_promotions(tracker: Tracker, aside: SetAside) -> Iterator[Finding]:
    """Find lines of the file of promotions that are not what their own digests say."""
    _, flaws = read_promotions(tracker.home)
    if flaws:
        remedy = "write them anew of what MLflow knows; the damaged file is set aside"
        mend = partial(_mend_promotions, tracker, aside)
        yield Finding("promotion damaged", "; ".join(flaws), remedy, mend)


def _mend_promotions(tracker: Tracker, aside: SetAside) -> bool:
    mend_promotions(tracker, aside.take)
    return True


def astray_links(home: Home, aside: SetAside) -> Iterator[Finding]:
    """Find links in the place of what a home keeps that lead nowhere; no backup holds one."""
    for path in sorted(home.private.rglob("*")):
        if leads_nowhere(path) and is_kept(home, path) and home.aside not in path.parents:
            what = f"{path.relative_to(home.root)}: a link to {path.readlink()}, where nothing is"
            yield Finding("link to nowhere", what, "set it aside", partial(_set_link_aside, path, aside))


def _set_link_aside(path: Path, aside: SetAside) -> bool:
    if leads_nowhere(path):
        aside.take(path)
    return True


def changed_pages(tracker: Tracker, aside: SetAside) -> Iterator[Finding]:
    """Find files of runs without a result, such as reports of whole runs, that are not what was recorded."""
    if tracker.artifact_folder() != tracker.home.artifacts:
        return
    checks = Checks(tracker.home, tracker.fetch)
    for page in _pages(tracker):
        if checks.flaw(page) == "changed":
            mend = partial(_set_page_aside, checks, page, aside)
            yield Finding("page changed", f"{page.uri}: it is not what was recorded", "set it aside", mend)


def _set_page_aside(checks: Checks, page: Kept, aside: SetAside) -> bool:
    if checks.flaw(page) == "changed":
        aside.take(checks.path(page))
    return True


def _pages(tracker: Tracker) -> Iterator[Kept]:
    """Describe the files that runs without a result hold; a run of a stage holds its inputs so."""
    tags = tracker.tags
    for run in Inventory(tracker).all_runs():
        held = {tag: sha256 for tag, sha256 in run.data.tags.items() if tag.startswith(f"{tags.digest}.")}
        for tag, sha256 in ({} if tags.stage in run.data.tags else held).items():
            uri = f"runs:/{run.info.run_id}/{tag.removeprefix(f'{tags.digest}.')}"
            place = Path(tracker.place(uri))
            size = place.stat().st_size if place.is_file() else 0
            yield Kept(uri=uri, sha256=sha256, bytes=size, kind="", place=str(place))
