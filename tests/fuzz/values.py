"""Values that nobody expects, drawn by a generator of random numbers."""

from random import Random

#: stands where a secret may stand; must never be seen again
SECRET = "hunter2hunter2"

NUMBERS = [
    *(
        "0",
        "-0",
        "1",
        "-1",
        "2",
        "7",
        "1.5",
        "-1.5",
        "1e3",
        "1e400",
        "-1e400",
        "1e-400",
        "nan",
        "inf",
        "-inf",
    ),
    *(
        "+5",
        "5.",
        ".5",
        "0x10",
        "1_000",
        "１２",
        "٣",
        "²",
        "",
        " ",
        " 3 ",
        "true",
        "None",
        "3,4",
        "1/2",
        "5%",
    ),
    *(
        str(2**31),
        str(2**32),
        str(2**63 - 1),
        str(2**63),
        str(-(2**63) - 1),
        str(2**64),
        "9" * 25,
        "9" * 5000,
    ),
    *("500MB", "2gib", "30d", "99999999999d", "1e9d", "-5h", "0s", "12x"),
]

TEXTS = [
    *(
        "",
        " ",
        "\n",
        "\t",
        "a",
        "time traveller",
        "nan",
        "null",
        "none",
        ".",
        "..",
        "~",
        "-",
        "--",
        "-x",
        "=",
        "==",
    ),
    *(
        "a=b=c",
        "=a",
        "a=",
        "'",
        '"',
        "\\",
        "`x`",
        "$(x)",
        "${HOME}",
        "${NO_SUCH_VARIABLE}",
        "${",
        "%s",
        "%",
        "%(a)s",
    ),
    *(
        "{}",
        "{a=1}",
        "{a={b=2}}",
        "[",
        "[]",
        "[1,",
        "[red]x[/red]",
        "[/]",
        ":smile:",
        "{0}",
        "{",
        "\\u0041",
        "\\x1b",
    ),
    *(
        "ß",
        "é",
        "日本語",
        "😀",
        "\ufeff",
        "\u202eabc",
        "\u2028",
        "\x1b[31m",
        "\x1b]0;t\x07",
        "\x9b2J",
        "\x7f",
        "\r",
        "a\nb",
    ),
    *(
        "\udc80",
        "a\udcffb",
        "\ud800",
        "İ",
        "ŉ",
        "\u0301",
        "＝1",
        "=1+1",
        "@x",
        "-1+1",
        "'; drop table runs; --",
        "<b>&amp;",
    ),
    *(
        f"https://me:{SECRET}@h/?t={SECRET}",
        f"ftp://{SECRET}@h",
        f"http://h/#{SECRET}",
        "http://",
        "://",
        "file:///etc",
    ),
    *(
        "a" * 201,
        "a" * 300,
        "a " * 3000,
        "a" * 70_000,
        "{" * 3000,
        "[" * 3000,
        "=" * 3000,
        ".".join("a" * 3000),
    ),
    *("http://" + "a" * 30_000, "é" * 200, "../" * 2000, "a/" * 3000, "x" * 4096, "\x1b" * 500),
]

_PARTS = [text for text in TEXTS if SECRET not in text]  # a secret that is cut off is none

PATHS = [
    *(
        "file",
        "folder",
        "fifo",
        "loop",
        "dangling",
        "socket",
        "data.csv",
        "text.txt",
        "mine.toml",
        "no/such/file",
    ),
    *(
        "file/below",
        "loop/below",
        "",
        ".",
        "..",
        "/",
        "//",
        "/dev/null",
        "/dev/zero",
        "/dev/full",
        "/dev/urandom",
    ),
    *(
        "/dev/stdin",
        "/dev/fd/0",
        "/dev/fd/99",
        "/dev/tty",
        "/proc/self/cmdline",
        "/proc/self/mem",
        "/proc/nowhere/x",
    ),
    *(
        "~",
        "~no_such_user/x",
        "a" * 255,
        "a" * 256,
        "a" * 5000,
        "a/" * 3000,
        "\udc80",
        "ß",
        "a\nb",
        "\x1b[31m",
        " ",
    ),
    *(
        "builtin:lighthouse",
        "builtin:nothing",
        "builtin:../../x",
        "=",
        "a=b",
        "-",
        "--",
        "-x",
        "a:b",
        "%",
        "#",
        "?",
        "*",
    ),
    f"https://me:{SECRET}@h/x?t={SECRET}",
]


def number(rng: Random) -> str:
    """Write a number, or nearly one."""
    return (
        rng.choice(NUMBERS)
        if rng.random() < 0.7
        else str(rng.choice([1, -1]) * rng.randrange(10 ** rng.randrange(1, 30)))
    )


def text(rng: Random) -> str:
    """Write a text."""
    kind = rng.random()
    if kind < 0.7:
        return rng.choice(TEXTS)
    if kind < 0.85:
        return "".join(rng.choice(_PARTS)[:20] for _ in range(rng.randrange(1, 5)))
    letters = (
        rng.randrange(1, rng.choice([0x80, 0x300, 0x3000, 0x110000])) for _ in range(rng.randrange(1, 30))
    )
    return "".join(map(chr, letters)).encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")


def path(rng: Random) -> str:
    """Name a file, or what is none."""
    return rng.choice(PATHS) if rng.random() < 0.9 else text(rng)


def anything(rng: Random) -> str:
    """Write anything."""
    return rng.choice([number, text, path])(rng)
