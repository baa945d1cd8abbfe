"""Files that a user may name: settings, series and texts, most of them wrong in some way."""

from random import Random

from seqstep.settings.config import Config
from seqstep.settings.resolving import flatten
from tests.fuzz.values import anything, number, text

SETTINGS = flatten(Config())
GROUPS = sorted({name.partition(".")[0] for name in SETTINGS if "." in name})


def setting(rng: Random) -> str:
    """Name a setting, or nearly one."""
    name = rng.choice(list(SETTINGS)) if rng.random() < 0.8 else rng.choice(GROUPS)
    if rng.random() < 0.15:
        place = rng.randrange(len(name) + 1)
        name = (
            name[:place] + rng.choice(["", ".", " ", "x", "..", "=", "_"]) + name[place + rng.randrange(2) :]
        )
    return name if rng.random() < 0.93 else text(rng)


def assignment(rng: Random) -> str:
    """Write an assignment as it follows `--set`."""
    if rng.random() < 0.1:
        return rng.choice(GROUPS) + "=" + inline(rng, rng.choice([1, 2, 5, 500]))
    return f"{setting(rng)}={anything(rng)}" if rng.random() < 0.97 else text(rng)


def toml_text(rng: Random) -> str:
    """Write a value that TOML has for a text."""
    escaped = text(rng)[:5000].encode("utf-8", "replace").decode()
    quoted = "".join(f"\\u{ord(c):04x}" if ord(c) < 32 or c in '"\\\x7f' else c for c in escaped)
    return f'"{quoted}"' if rng.random() < 0.9 else f'"{quoted}\\u0000"'


def inline(rng: Random, depth: int) -> str:
    """Write a value of TOML, down to a depth."""
    if depth > 6:
        return rng.choice(["[", "{a="]) * depth + "1" + rng.choice(["]" * depth, "}" * depth, ""])
    simple = [
        lambda: number(rng) or "0",
        lambda: toml_text(rng),
        lambda: rng.choice(["true", "false", "nan", "inf", "1979-05-27", "07:32:00", "1979-05-27T07:32:00Z"]),
        lambda: rng.choice(
            ["0xdeadbeef", "1_000", "9" * 30, "9" * 5000, "-0.0", "'''a\nb'''", '"\\ud800"', "1e999"]
        ),
    ]
    nested = [
        lambda: "[" + ", ".join(inline(rng, depth - 1) for _ in range(rng.randrange(4))) + "]",
        lambda: "{" + ", ".join(f"a{n} = {inline(rng, depth - 1)}" for n in range(rng.randrange(3))) + "}",
        lambda: f"{{{rng.choice(GROUPS)} = {inline(rng, depth - 1)}}}",
    ]
    return rng.choice(simple if depth < 1 else [*simple, *nested])()


def toml(rng: Random) -> bytes:
    """Write a file of settings."""
    kind = rng.random()
    if kind < 0.1:
        return rng.choice(
            [b"", b"\xff\xfe\x00", b"\x00" * 100, b"\xef\xbb\xbfseed = 1", b"\r\r", b"= 1", b"[" * 5000]
        )
    if kind < 0.2:
        depth = rng.choice([30, 300, 1500, 5000])
        deep = [
            "x = " + "[" * depth + "]" * depth,
            "x = " + "{a=" * depth + "1" + "}" * depth,
            ".".join("a" * depth) + " = 1",
            f"[{'.'.join('a' * depth)}]\nb = 1",
            "seed = " + "[" * depth + "]" * depth,
            "rnn = " + "{a=" * depth + "1" + "}" * depth,
        ]
        return rng.choice(deep).encode()
    lines = []
    for _ in range(rng.randrange(1, 6)):
        if rng.random() < 0.3:
            lines.append(
                rng.choice([f"[{rng.choice(GROUPS)}]", f"[[{rng.choice(GROUPS)}]]", '["a\\u001bb"]', "[x.y]"])
            )
        name = setting(rng) if rng.random() < 0.9 else toml_text(rng)
        lines.append(f"{name} = {inline(rng, rng.randrange(4))}")
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def series(rng: Random) -> bytes:
    """Write a CSV file with a column `load`, most of the time."""
    separator = rng.choice([",", ",", ";", "\t", "|", ":", " "])
    names = ["date", "load", text(rng)[:200], rng.choice(["forecast", "time", "load", "=x", "", "\x1b[31m"])]
    rng.shuffle(names)
    rows = rng.choice([0, 1, 2, 3, 10, 60, 60, 60])
    lines = [separator.join(names)] if rng.random() < 0.95 else []
    day = rng.choice(
        [
            "2020-01-{:02}",
            "{:02}.01.2020",
            "1/{}/2020",
            "2020-01-01T{:02}:00",
            "{}",
            "9999-12-{:02}",
            "1677-09-{:02}",
        ]
    )
    for row in range(rows):
        fields = []
        for name in names:
            if name == "date":
                fields.append(day.format(row % (28 if rows < 30 else 10**6) + 1))
            elif rng.random() < 0.02:
                fields.append(text(rng)[:100])
            else:
                fields.append(f"{rng.gauss(0, 1):.3f}" if rng.random() < 0.97 else number(rng)[:100])
        if rng.random() < 0.01:
            fields = fields[: rng.randrange(5)] or fields * 2
        lines.append(separator.join(fields))
    end = rng.choice(["\n", "\n", "\r\n", "\r"])
    content = end.join(lines) + rng.choice(["", end, end * 3])
    encoding = rng.choice(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1"])
    data = content.encode(encoding, "replace" if encoding != "utf-8" else "surrogatepass")
    kind = rng.random()
    if kind < 0.05:
        return data[: rng.randrange(len(data) + 1)]
    if kind < 0.1:
        place = rng.randrange(len(data) + 1)
        return (
            data[:place]
            + rng.choice([b"\x00", b"\xff", b'"', b"\n", b"," * 5000, b"\x1b[31m"])
            + data[place:]
        )
    return data


def plain(rng: Random) -> bytes:
    """Write a text."""
    words = [text(rng)[:200] for _ in range(rng.randrange(1, 8))] + ["the time traveller"] * rng.choice(
        [0, 1, 300]
    )
    rng.shuffle(words)
    data = (
        rng.choice([" ", "\n", "\r\n", "\r", ""])
        .join(words)
        .encode("utf-8", rng.choice(["surrogatepass", "replace"]))
    )
    if rng.random() < 0.15:
        data = rng.choice(
            [
                b"",
                b"\x00" * 50,
                b"\xff\xfe" + data,
                b"\xef\xbb\xbf" + data,
                bytes(range(256)),
                b"\n" * 500,
                b"a" * 10**6,
            ]
        )
    return data
