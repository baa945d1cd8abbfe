"""Where files lie that need no key: those of installed distributions, of the system, of the mechanism."""

import mimetypes
import os
import re
import site
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator
from getpass import getuser
from pathlib import Path

import secrecy

# Of the system: users and addresses, certificates, time zones, locales, fonts; devices without memory.
_ETC = (
    *("ca-certificates", "fonts", "group", "host.conf", "hosts", "ld.so.cache", "ld.so.conf"),
    *("ld.so.conf.d", "locale.alias", "locale.conf", "localtime", "lsb-release", "nsswitch.conf"),
    *("os-release", "passwd", "pki", "protocols", "resolv.conf", "services", "ssl", "timezone"),
)
# The processor, the memory and this process; not its environment.
_PROC = ("cpuinfo", "diskstats", "filesystems", "loadavg", "meminfo", "stat", "uptime", "version", "vmstat")
_OWN_PROC = ("cgroup", "fd", "io", "limits", "maps", "mountinfo", "mounts", "net", "stat", "statm", "status")
_SYSTEM: tuple[Path | str, ...] = (
    *(f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty")),
    *(f"/etc/{name}" for name in _ETC),
    *(f"/proc/{name}" for name in _PROC),
    *("/sys/devices/system/cpu", "/sys/devices/system/node", "/sys/fs/cgroup"),
    *("/usr/share/ca-certificates", "/usr/local/share/ca-certificates", "/usr/lib/ssl", "/System/Library"),
    *("/usr/lib/locale", "/usr/share/locale", "/usr/share/zoneinfo", "/var/db/timezone"),
    *("/usr/share/fonts", "/usr/local/share/fonts", "/usr/X11", "/usr/X11R6", "/Library/Fonts"),
    *("~/.fonts", "~/.local/share/fonts", "~/Library/Fonts", "/var/cache/fontconfig"),
    *map(str, mimetypes.knownfiles),
)
# Of a virtual environment.
_ENVIRONMENT = ("bin", "include", "lib", "lib64", "pyvenv.cfg", "share", "Include", "Lib", "Scripts")
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")
_UP = f"{os.sep}..{os.sep}"
_SHARED = re.compile(r"\.(so(\.[\d.]+)?|dylib)$")


class Places:
    """Folders, and single files, that need no key.

    Args:
        kept: what the mechanism keeps.
    """

    def __init__(self, kept: Iterable[Path | str]) -> None:
        self._whole = _real((*_installed(), *_caches(), *_SYSTEM, *_of_this_process(), *kept))
        self._starts = tuple(f"{folder}{os.sep}" for folder in self._whole)
        self._libraries = tuple(f"{folder}{os.sep}" for folder in _real(_LIBRARIES))

    def hold(self, path: str) -> bool:
        """Tell whether a file or folder, by its real path, is one of these or lies in one.

        One that goes up on its way does not, wherever it begins.
        """
        is_held = (
            path in self._whole
            or path.startswith(self._starts)
            or (path.startswith(self._libraries) and _SHARED.search(path) is not None)
        )
        return is_held and _UP not in path


def _real(folders: Iterable[Path | str]) -> dict[str, None]:
    """Follow paths, in the order in which they are given: what most events are about comes first."""
    return dict.fromkeys(os.path.realpath(Path(folder).expanduser()) for folder in folders)


def _of_this_process() -> Iterator[str]:
    """List what the system tells of this process."""
    yield from (f"/proc/{os.getpid()}/{name}" for name in _OWN_PROC)


def _installed() -> Iterator[str]:
    """List where Python, its distributions and this mechanism are installed."""
    paths = sysconfig.get_paths()
    yield from (paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    yield from site.getsitepackages()
    if sys.prefix != sys.base_prefix:
        # A project may be its own virtual environment.
        yield from (str(Path(sys.prefix, name)) for name in _ENVIRONMENT)
    yield sys.executable
    yield str(Path(__file__).parents[1])
    yield str(Path(secrecy.__file__).parent)


def _caches() -> Iterator[Path]:
    """List where those distributions keep their caches that may start children; see `stack`."""
    variables, home = os.environ, Path("~").expanduser()
    config = Path(variables.get("XDG_CONFIG_HOME") or home / ".config")
    cache = Path(variables.get("XDG_CACHE_HOME") or home / ".cache")
    yield from (
        config / "matplotlib" / "matplotlibrc",
        config / "matplotlib" / "stylelib",
        cache / "matplotlib",
        home / ".matplotlib",
        cache / "torch" / "kernels",
    )
    yield Path(tempfile.gettempdir(), f"torchinductor_{getuser()}")
    yield home / ".triton"
    named = ("MPLCONFIGDIR", "TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR")
    yield from (Path(variables[name]) for name in named if variables.get(name))
