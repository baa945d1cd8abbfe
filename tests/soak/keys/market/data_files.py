"""Cases of data files: where they lie, times how they are read, times who reads them."""

from collections.abc import Iterator
from functools import partial

from tests.soak.keys.market.case import Case, Kind, steps

_PATHS = "import os.path\nfrom importlib.resources import files\nfrom pathlib import Path\n\nimport shop\n"

#: where the file lies -> its path in the project, from the module that reads it, and the expression of that
PLACES = {
    "own folder": ("HERE/DATA", 'Path(__file__).with_name("DATA")'),
    "own folder by text": ("HERE/DATA", 'Path(os.path.join(os.path.dirname(__file__), "DATA"))'),
    "folder below": ("HERE/data/DATA", 'Path(__file__).parent / "data" / "DATA"'),
    "computed name": ("HERE/DATA", 'Path(__file__).with_name("AT".join("DA"))'),
    "found by glob": ("HERE/DATA", 'next(Path(__file__).parent.glob("DAT*"), Path("none"))'),
    "found in the folder": (
        "HERE/DATA",
        'next((path for path in Path(__file__).parent.iterdir() if path.name == "DATA"), Path("none"))',
    ),
    "package": ("shop/DATA", "Path(shop.__path__[0], 'DATA')"),
    "package's file": ("shop/DATA", "Path(shop.__file__).with_name('DATA')"),
    "other package": ("shop/inner/DATA", "Path(shop.__path__[0]) / 'inner' / 'DATA'"),
    "resources": ("shop/DATA", 'files("shop").joinpath("DATA")'),
    "resources below": ("shop/zz/DATA", 'files("shop").joinpath("zz/DATA")'),
    "resources of a module": ("shop/DATA", 'files(shop) / "DATA"'),
    "resources of another package": ("shop/inner/DATA", 'files("shop.inner") / "DATA"'),
    "flows": ("market/DATA", 'Path(shop.__path__[0]).parent / "market" / "DATA"'),
    "project": ("DATA", 'Path(shop.__path__[0]).parent / "DATA"'),
    "working folder": ("DATA", 'Path("DATA")'),
    "folder of the working folder": ("data/DATA", 'Path("data/DATA").resolve()'),
    "beside the project": ("../DATA", 'Path(shop.__path__[0]).parents[1] / "DATA"'),
    "constant of another module": ("shop/DATA", "places.DATA"),
    "by the line of a list": ("DATA", 'Path([line for line in "NONE DATA".split()][1])'),
}

#: how it is read -> statements that write `path`, and the expression of its value
READERS = {
    "read_text": ("", "PATH.read_text()"),
    "read_bytes": ("", "PATH.read_bytes()"),
    "open": ("", "open(PATH).read()"),
    "Path.open": ("", "[*PATH.open()]"),
    "io.open": ("", "__import__('io').open(PATH).read()"),
    "os.open": ("", "os.read(os.open(PATH, os.O_RDONLY), 9)"),
    "codecs": ("", "codecs.open(PATH).read()"),
    "linecache": ("", "linecache.getline(str(PATH), 1)"),
    "fileinput": ("", "list(fileinput.input(str(PATH)))"),
    "mmap": ("", "bytes(mmap.mmap(os.open(PATH, os.O_RDONLY), 0, prot=mmap.PROT_READ))"),
    "listdir": (
        "path.parent.joinpath('DATA«1|2»').write_text('')\npath.write_text('')",
        "sorted(name for name in os.listdir(PATH.parent) if 'DATA' in name)",
    ),
    "scandir": (
        "path.parent.joinpath('DATA«1|2»').write_text('')\npath.write_text('')",
        "sorted(entry.name for entry in os.scandir(PATH.parent) if 'DATA' in entry.name)",
    ),
    "walk": (
        "path.parent.joinpath('DATA«1|2»').write_text('')\npath.write_text('')",
        "sorted(name for *_, names in os.walk(PATH.parent) for name in names if 'DATA' in name)",
    ),
    "copied": ("", "Path(shutil.copy(PATH, tempfile.mkdtemp())).read_text()"),
    "json": ("", "json.load(open(PATH))"),
    "tomllib": ("path.write_text('a = «1|2»')", "tomllib.loads(PATH.read_text())"),
    "configparser": ("path.write_text('[a]\\nb = «1|2»')", "_configured(PATH)"),
    "csv": ("", "list(csv.reader(open(PATH)))"),
    "yaml": ("", "yaml.safe_load(PATH.read_bytes())"),
    "pandas csv": ("path.write_text('n\\n«1|2»')", "pandas.read_csv(PATH).n.sum()"),
    "pandas csv by arrow": (
        "path.write_text('n\\n«1|2»')",
        "pandas.read_csv(PATH, engine='pyarrow').n.sum()",
    ),
    "pandas json": ("path.write_text('[«1|2»]')", "pandas.read_json(PATH, typ='series').sum()"),
    "pandas parquet": (
        "import pandas\n\npandas.DataFrame({'n': [«1|2»]}).to_parquet(path)",
        "pandas.read_parquet(PATH).n.sum()",
    ),
    "arrow csv": ("path.write_text('n\\n«1|2»')", "pyarrow.csv.read_csv(str(PATH)).to_pydict()"),
    "arrow parquet": (
        "import pandas\n\npandas.DataFrame({'n': [«1|2»]}).to_parquet(path)",
        "pyarrow.parquet.read_table(str(PATH)).to_pydict()",
    ),
    "arrow memory map": ("", "pyarrow.memory_map(str(PATH)).read()"),
    "numpy load": (
        "import numpy\n\nwith path.open('wb') as file:\n    numpy.save(file, [«1|2»])",
        "numpy.load(PATH)",
    ),
    "numpy loadtxt": ("", "numpy.loadtxt(PATH)"),
    "numpy fromfile": ("", "numpy.fromfile(PATH, 'u1')"),
    "numpy memmap": ("", "list(numpy.memmap(PATH, 'u1', 'r'))"),
    "safetensors": (
        "import numpy\nfrom safetensors.numpy import save_file\n\n"
        "save_file({'a': numpy.array([«1|2»])}, path)",
        "safetensors.numpy.load_file(PATH)",
    ),
    "sqlite": (
        "import sqlite3\n\nwith sqlite3.connect(path) as made:\n"
        "    made.execute('create table a as select «1|2» n')\nmade.close()",
        "sqlite3.connect(PATH).execute('select * from a').fetchall()",
    ),
    "zip": (
        "import zipfile\n\nwith zipfile.ZipFile(path, 'w') as made:\n    made.writestr('a', '«1|2»')",
        "zipfile.ZipFile(PATH).read('a')",
    ),
    "gzip": ("import gzip\n\npath.write_bytes(gzip.compress(b'«1|2»'))", "gzip.open(PATH).read()"),
    "pickle": ("import pickle\n\npath.write_bytes(pickle.dumps(«1|2»))", "pickle.load(open(PATH, 'rb'))"),
    "exec": ("path.write_text('NUMBER = «1|2»')", "exec(PATH.read_text()) or locals()['NUMBER']"),
    "template": ("", "string.Template(PATH.read_text()).substitute()"),
    "digest": ("", "hashlib.file_digest(open(PATH, 'rb'), 'sha256').hexdigest()"),
    "child": ("", "subprocess.check_output(['cat', str(PATH)])"),
    "url": ("", "urllib.request.urlopen(Path(PATH).resolve().as_uri()).read()"),
    "pkgutil": ("", "pkgutil.get_data('shop', os.path.relpath(PATH, shop.__path__[0]))"),
}

_MODULES = (
    *("codecs", "csv", "configparser", "fileinput", "gzip", "hashlib", "json", "linecache", "mmap", "numpy"),
    *("os", "pandas", "pickle", "pkgutil", "pyarrow", "pyarrow.csv", "pyarrow.parquet", "safetensors.numpy"),
    *(
        "shutil",
        "sqlite3",
        "string",
        "subprocess",
        "tempfile",
        "tomllib",
        "urllib.request",
        "yaml",
        "zipfile",
    ),
)
_CONFIGURED = """

def _configured(path):
    made = configparser.ConfigParser()
    made.read(path)
    return dict(made["a"])
"""

#: who reads it -> the module, and what the stage's module says to reach it
WHO = {
    "stage": ("stalls/steps.py", ""),
    "helper": ("shop/reader.py", "from shop import reader"),
    "inner helper": ("shop/inner/reader.py", "from shop.inner import reader"),
}


def data_files() -> Iterator[Kind]:
    """All of them, by reader."""
    for reader in READERS:
        yield Kind(f"{reader} of a file", (PLACES, WHO), partial(_case, reader))


def _case(reader: str, place: str, who: str) -> Case:
    statements, value = READERS[reader]
    path, expression = PLACES[place]
    module, top = WHO[who]
    used = [name for name in _MODULES if f"{name}." in value or name in _used_besides(value)]
    imports = _PATHS + "".join(f"import {name}\n" for name in used)
    imports += "from shop import places\n" if "places." in expression else ""
    imports += _CONFIGURED if "_configured" in value else ""
    files = {
        "shop/inner/__init__.py": "",
        "shop/places.py": 'from pathlib import Path\n\nDATA = Path(__file__).with_name("DATA")\n',
    }
    read = value.replace("PATH", f"({expression})")
    if top:
        files[module] = f"{imports}\n\ndef told():\n    return {read}\n"
        files["stalls/steps.py"] = steps(top, "reader.told()")
    else:
        files[module] = steps(imports, read)
    where = path.replace("HERE", module.rpartition("/")[0])
    made = {where: statements or "path.write_text('«1|2»')"}
    return Case(f"{reader} of a file", f"{place}, {who}", files, made)


def _used_besides(value: str) -> tuple[str, ...]:
    if "_configured" in value:
        return ("configparser",)
    return ("os", "mmap") if "mmap" in value else ("os",) if "os." in value else ()
