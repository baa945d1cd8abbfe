"""Environments that nobody expects, with commands that read them."""

from collections.abc import Callable
from random import Random

from tests.fuzz.values import SECRET, anything, number, text

#: addresses where nobody answers, and what is no address
ADDRESSES = [
    *("http://127.0.0.1:9", "http://127.0.0.1:9/api", f"http://me:{SECRET}@127.0.0.1:9/api"),
    *("https://127.0.0.1:9", "http://localhost.invalid/api", "http://[::1]:9/api", "http://[", "http://"),
    *("http:///x", "http://h:99999/", "://", "http://127.0.0.1:x", "ftp://127.0.0.1:9", "x", "/x", "${HOME}"),
    *(
        "file:///proc/nowhere",
        "file:relative",
        "sqlite://",
        "sqlite:///",
        "sqlite:////proc/nowhere/x.db",
        "sqlite:///fifo",
    ),
    *(
        "sqlite:///folder",
        "sqlite:///file",
        "postgresql://127.0.0.1:9/x",
        "postgresql+asyncpg://127.0.0.1:9/x",
    ),
    *(f"postgresql://me:{SECRET}@127.0.0.1:9/x", f"postgresql+asyncpg://me:{SECRET}@127.0.0.1:9/x"),
    *(
        "mysql://127.0.0.1:9/x",
        "mssql://h/x",
        "databricks",
        "uc:x",
        "postgresql+x://127.0.0.1:9/x",
        "sqlite:x",
    ),
    *("http://\x1b[31m/", "http://ß/", "http://a b", "http://" + "a" * 300 + "/", "http://" + "a." * 5000),
    "http://127.0.0.1:9/" + "a" * 20_000,
]
#: all of them lie in the current folder, or nowhere
FOLDERS = [
    *("", " ", "file", "folder", "fifo", "loop", "dangling", "socket", "no/such", "file/below", "loop/below"),
    *(
        "/dev/null",
        "/dev/null/x",
        "/proc/x",
        "~no_such_user/x",
        "ß",
        "a\nb",
        "\x1b[31m",
        "\udc80",
        "=",
        "a=b",
    ),
    *(
        "a?b",
        "a#b",
        "a%20b",
        "a%b",
        "a b",
        "[1,",
        "*",
        "{x}",
        "${X}",
        "'",
        '"',
        "-",
        "--",
        "a:b",
        "a;b",
        "a&b",
    ),
    *("a" * 255, "a" * 256, "a" * 5000, "a/" * 3000, f"https://me:{SECRET}@h/x", "b" * 120 + "/" + "c" * 120),
]


def address(rng: Random) -> str:
    """Write an address of a server or a database."""
    return rng.choice(ADDRESSES) if rng.random() < 0.9 else anything(rng)


def folder(rng: Random) -> str:
    """Name a folder, or what is none."""
    return rng.choice(FOLDERS)


VARIABLES: dict[str, Callable[[Random], str]] = {
    "SEQSTEP_HOME": folder,
    "MLFLOW_TRACKING_URI": address,
    "PREFECT_API_URL": address,
    "PREFECT_API_DATABASE_CONNECTION_URL": address,
    "PREFECT_SERVER_DATABASE_CONNECTION_URL": address,
    "PREFECT_HOME": folder,
    "SEQSTEP_WEBHOOK": address,
    "TMPDIR": folder,
    "HOME": folder,
    "COLUMNS": number,
    "TERM": text,
    "LC_ALL": lambda rng: rng.choice(["C", "POSIX", "de_DE.UTF-8", "xx", text(rng)]),
    "PYTHONIOENCODING": lambda rng: rng.choice(["ascii", "latin-1", "utf-8", "cp1252"]),
    "PREFECT_LOGGING_LEVEL": anything,
    "PREFECT_CLIENT_MAX_RETRIES": number,
    "MLFLOW_HTTP_REQUEST_TIMEOUT": number,
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": number,
    "MLFLOW_EXPERIMENT_NAME": text,
    "MLFLOW_RUN_ID": text,
    "SEQSTEP_ABOVE": text,
}
#: some read a home alone, some a store too, some a server of Prefect's
COMMANDS = [
    *("runs", "runs --json", "plan", "plan --json", "config --json", "stages", "show", "diff --json"),
    *("doctor --dry-run", "gc --dry-run", "backup a.tar", "restore a.tar", "generate --prefix time"),
    *("score --json time", "forecast --horizon 2", "promote --dry-run", "run --until download"),
    *("run --force series --until series --json", "run --force download --until download"),
    *("sweep --grid seed=1,2 --until series --metric x", "up --host 192.0.2.1", "serve --host 192.0.2.1"),
]


def environment(rng: Random) -> dict[str, str]:
    """Set some variables."""
    usual = list(VARIABLES)[:4]
    names = [rng.choice(usual)] if rng.random() < 0.75 else rng.sample(sorted(VARIABLES), rng.randrange(1, 4))
    return {name: _fitting(VARIABLES[name](rng)) for name in names}


def _fitting(value: str) -> str:
    """Leave out what no variable of the environment can hold."""
    return (
        value.replace("\0", "")
        .encode("utf-8", "surrogateescape" if "\ud800" not in value else "replace")
        .decode("utf-8", "surrogateescape")
    )
