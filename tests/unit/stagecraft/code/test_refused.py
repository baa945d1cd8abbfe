"""What is refused, for it can't be followed, and what looks like it and is not."""

import pytest

from tests.unit.stagecraft.code.conftest import Project

START = """
import click, cloudpickle, cmd, contextlib, copyreg, ctypes, dis, inspect, io, linecache, logging, operator
import os, rich, shutil, sqlite3, ssl, sys, tempfile, traceback, unittest, warnings, yaml
import importlib.metadata, urllib.request
import pandas as pd
import pyarrow as pa
import PIL.ImageFont, dbm.gnu, polars, prefect.utilities.importtools, pyarrow.dataset, pyarrow.fs, pyarrow.ipc
import numpy as np
import cv2, mlflow, pydantic.types, duckdb, h5py, tokenizers
import pyarrow.orc, safetensors.torch, scipy.io, torch, torch.hub, uvicorn.importer, xml.sax, xmlrpc.server
from safetensors.torch import load_file as read_tensors
from unittest import TestLoader
from yaml.loader import FullLoader
import pyarrow.parquet as pq
from multiprocessing.pool import Pool, ThreadPool
from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema
def f(): ...
"""
CODE = [
    *("importlib.metadata.version(x)", "importlib.metadata.version('a.b')"),
    "copyreg.pickle(int, f)",
    *("vars(f)['__doc__']", "operator.attrgetter('__doc__')(f)", "dict(inspect.getmembers(f))['__doc__']"),
    *(
        "TypeAdapter(int).json_schema()",
        "models_json_schema([])",
        "click.command()(f).help",
        "dis.code_info(f)",
    ),
    *("operator.methodcaller('__subclasses__')(x)", "'{0.__doc__}'.format(f)", "yaml.unsafe_load(x)"),
    *("polars.sql('select * from frame')", "torch.hub.load('b', 'c', source='local')", "xmlrpc.server.f()"),
    *("prefect.utilities.importtools.import_object('b.py:f')", "uvicorn.importer.import_from_string('b:f')"),
    *("np.load(x, allow_pickle=True)", "np.load(x, allow_pickle=y)", "torch.load(x, weights_only=False)"),
    *("torch.load(x, pickle_module=y)", "TestLoader().discover('b')", "xml.sax.make_parser(['b'])"),
    *(
        "inspect.getmodule(f).X",
        "inspect.findsource(f)",
        "inspect.getclosurevars(f)",
        "linecache.getline(x, 1)",
    ),
    *("traceback.print_exc(file=b)", "traceback.print_stack(file=b)", "traceback.format_exc()"),
    *("warnings.formatwarning('m', UserWarning, 'b.py', 1)", "traceback.print_exc", "getattr(inspect, x)"),
    *("x.schema()", "x.schema_json()", "f().gi_code", "f().cr_code.co_consts", "duckdb.sql('from x')"),
    *("prefect.variables.Variable.get('a')", "prefect.runtime.flow_run.parameters", "mlflow.search_runs()"),
    *("mlflow.tracking.MlflowClient()", "f(mlflow)"),
    *("unittest.TestCase().shortDescription()", "cmd.Cmd().onecmd(x)", "rich.inspect(f)", "help(f)"),
    *("unittest.TextTestRunner(b).run(x)", "cloudpickle.dumps(f)", "np.info(f, output=b)"),
    *("TypeAdapter(pydantic.types.ImportString)", "yaml.full_load(x)", "yaml.load(x, Loader=FullLoader)"),
    *("yaml.load_all(x, yaml.CLoader)", "list(map('{0.__doc__}'.format, x))"),
    *("pd == x", "x is None is pd.eval(x)"),
    *("TEXT.format(f)", "sys.modules['torch']", "x in sys.modules", "'torch' in sys.modules"),
]
FILES = {
    "sqlite3.connect(x).execute('ATTACH DATABASE \\'b.db\\' AS b')": "b.db",
    "sqlite3.connect(x).execute('ATTACH ? AS b', ('b.db',))": "b.db",
    "x.execute('attach database :b as c', {'b': 'b.db'})": "b.db",
    "pd.read_json('b.json', lines=True, engine='pyarrow')": "b.json",
    "pd.read_json(path_or_buf='b.json', **{'engine': x})": "b.json",
    "scipy.io._fast_matrix_market.mmread('b.mtx')": "b.mtx",
    "pa.ipc.open_file('b.arrow')": "b.arrow",
    "pa.ipc.open_stream('b.arrow')": "b.arrow",
    "pq.read_metadata('b.parquet')": "b.parquet",
    "pq.read_schema(where='b.parquet')": "b.parquet",
    "pa.orc.ORCFile('b.orc')": "b.orc",
    "pd.read_parquet(engine='pyarrow', path='b.parquet')": "b.parquet",
    "pa.fs.LocalFileSystem().open_input_file(x)": "",
    "pa.fs.FileSystem.from_uri(x)": "",
    "pa.memory_map('b.txt')": "b.txt",
    "pa.dataset.parquet_dataset('b.parquet')": "b.parquet",
    "polars.read_lines('b.txt')": "b.txt",
    "polars.scan_csv('b.csv')": "b.csv",
    "polars.scan_csv([io.BytesIO(), 'b.csv'])": "b.csv",
    "safetensors.safe_open('b.st', 'np')": "b.st",
    "torch.UntypedStorage.from_file('b.bin', False, 4)": "b.bin",
    "torch.jit.load('b.pt')": "b.pt",
    "scipy.io.mmread('b.mtx')": "b.mtx",
    "PIL.ImageFont.truetype('b.ttf', 9)": "b.ttf",
    "dbm.open(x)": "",
    "polars.read_csv({'a': 'b.csv'}['a'])": "",
    "polars.read_csv(f'{TEXT}.csv')": "",
    "os.open('../b.txt', os.O_RDONLY, dir_fd=x)": "",
    "os.link('b.txt', 'c', src_dir_fd=x, dst_dir_fd=x)": "",
    "os.open('b.txt', 0, **{'dir_fd': x})": "",
    "polars.DataFrame.deserialize('b.bin')": "b.bin",
    "polars.LazyFrame.deserialize('b.bin')": "b.bin",
    "x.sql(\"select * from read_csv('b.csv')\")": "b.csv",
    "x.execute(\"select * from 'b.csv'\")": "b.csv",
    "duckdb.connect('b.db')": "b.db",
    "h5py.File('b.h5')": "b.h5",
    "cv2.imread('b.png')": "b.png",
    "tokenizers.Tokenizer.from_file('b.json')": "b.json",
    "dbm.gnu.open('b')": "b",
    "read_tensors('b.st')": "b.st",
    "map(polars.read_csv, x)": "",
    "x(pq.read_table)": "",
}
ENVIRONMENT = {
    "shutil.get_terminal_size()": {"COLUMNS", "LINES"},
    "os.get_exec_path()": {"PATH"},
    "tempfile.gettempdirb()": {"TMPDIR"},
    "ssl.get_default_verify_paths()": {"SSL_CERT_DIR", "SSL_CERT_FILE"},
    "urllib.request.getproxies()": {""},
    "os.environ.setdefault('A', '1')": {"A"},
}
HARMLESS = [
    *("importlib.metadata.version('numpy')", "pq.read_table(os.path.join(tempfile.mkdtemp(), 'b'))"),
    *("inspect.signature(f)", "inspect.isclass(f)", "inspect.cleandoc(x)", "inspect.Parameter.empty"),
    "mlflow.log_metric('a', x)",
    *("ThreadPool(1)", "ctypes.sizeof(ctypes.c_int)", "'set {0.__doc__} here'"),
    *(
        "np.load(x, allow_pickle=False)",
        "torch.load(x, weights_only=True)",
        "np.load('b.npy')",
        "duckdb.connect(':memory:')",
        "\"It is taken from 'b'.\"",
        "pa.schema([])",
        "x.import_b()",
        "yaml.safe_load(x), yaml.load(x, Loader=yaml.CSafeLoader)",
    ),
    *(
        "polars.read_csv(x)",
        "read_tensors(x)",
        "pa.array('b.txt')",
        "safetensors.torch.load(x)",
        "polars.col('b.csv')",
    ),
    *("pd.read_parquet(io.BytesIO(x))", "pd.read_parquet(path=x, columns=['a'])", "'Attach the \\'lid\\'.'"),
    *(
        "pd.read_parquet(engine='pyarrow', path=x)",
        "None if pd is None else pd.Series(x)",
        "sqlite3.connect(':memory:').execute('ATTACH \\':memory:\\' AS b')",
        *("x.execute('ATTACH ? AS b', (x,))", "x.execute('ATTACH ? AS b', (':memory:',))"),
        *("pd.read_json('b.json')", "pd.read_json(x, engine='pyarrow')"),
    ),
]


SAID = [
    *("error('a %s', traceback.format_exc())", "exception('a')", "error('a', exc_info=True)"),
    "warning('a', stack_info=True)",
]


def refused(project: Project, statement: str) -> set[tuple[str, str]]:
    project.write(f"{START}\nTEXT = '{{0.__doc__}}'\ndef target(x):\n  b = io.BytesIO(x)\n  {statement}")
    return {(unseen.kind, unseen.name) for unseen in project.follow().unseen}


@pytest.mark.parametrize("expression", CODE)
def test_what_may_tell_of_code_is_refused(project: Project, expression: str) -> None:
    assert {kind for kind, _ in refused(project, f"return {expression}")} == {"code"}


@pytest.mark.parametrize(("expression", "path"), FILES.items())
def test_a_file_that_a_native_reader_opens_is_refused(project: Project, expression: str, path: str) -> None:
    assert refused(project, f"return {expression}") == {("file", path)}


@pytest.mark.parametrize("call", ["psycopg2.connect", "psycopg.Connection.connect", "connectorx.read_sql"])
def test_a_driver_that_connects_unseen_is_refused(project: Project, call: str) -> None:
    project.write(f"import connectorx, psycopg, psycopg2\ndef target(x): return {call}(x)")
    assert [(unseen.kind, unseen.name) for unseen in project.follow().unseen] == [("network", call)]


@pytest.mark.parametrize(("expression", "names"), ENVIRONMENT.items())
def test_the_environment_by_other_doors_is_refused(
    project: Project, expression: str, names: set[str]
) -> None:
    assert refused(project, f"return {expression}") == {("environment", name) for name in names}


@pytest.mark.parametrize(
    "statement",
    [
        *(
            "__path__.append('x')",
            "__path__ = ['x']",
            "__path__ += ['x']",
            "__path__[0] = 'x'",
            "x = __path__; x.append('x')",
        ),
        *("__path__: list = ['x']", "__package__ = 'x'", "__spec__ = None", "PKG.__path__ = ['x']"),
        *(
            "PKG.__path__.append('x')",
            "print(PKG.__path__)",
            "setattr(PKG, '__path__', ['x'])",
            "f(PKG.__path__)",
        ),
        *("vars(PKG)['__path__'].append('x')", "__spec__.submodule_search_locations.append('x')"),
        *("import pkgutil; pkgutil.extend_path('x', 'y')", "del __path__"),
    ],
)
def test_a_change_of_where_modules_are_looked_for_is_refused(project: Project, statement: str) -> None:
    project.write(
        {
            "__init__.py": "",
            "a/__init__.py": f"import PKG\n{statement}",
            "main.py": "import PKG.a\ndef target(): ...",
        }
    )
    assert {unseen.kind for unseen in project.follow().unseen} == {"code"}


@pytest.mark.parametrize(
    "statement",
    [
        *(
            "f.__annotations__ = {'x': 'K'}",
            "f.__annotations__['x'] = 'K'",
            "f.__annotations__.update(x='K')",
        ),
        *("setattr(f, '__annotations__', x)", "return type('A', (), {'__annotations__': x})"),
        "class A: __annotations__ = x",
    ],
)
def test_a_change_of_what_hints_say_is_refused(project: Project, statement: str) -> None:
    assert {kind for kind, _ in refused(project, statement)} == {"code"}


@pytest.mark.parametrize(
    "reading",
    [
        "f.__annotations__",
        "f.__annotations__['x']",
        "f.__annotations__.items()",
        "getattr(f, '__annotations__')",
    ],
)
def test_to_read_them_is_not(project: Project, reading: str) -> None:
    assert refused(project, f"return {reading}") == set()


@pytest.mark.parametrize(
    ("reader", "comment", "lines"),
    [
        ("torch.jit.script(show)", "# type: (int) -> int", [4]),
        ("torch.jit.trace(show, 1)", "#  type : int", [4]),
        ("torch.jit.script(show)", "# type: ignore[arg-type]", []),
        ("torch.compile(show)", "# type: (int) -> int", []),
    ],
)
def test_a_comment_that_is_read_as_a_type_is_refused(
    project: Project, reader: str, comment: str, lines: list[int]
) -> None:
    project.write(f"import torch\ndef target(): return {reader}\ndef show(x):\n  {comment}\n  return x")
    unseen = project.follow().unseen
    assert [one.line for one in unseen] == lines
    assert all("`# type:` is read by torch.jit (write hints in its place)" in str(one) for one in unseen)


@pytest.mark.parametrize("place", ["__path__[0]", "PKG.__path__[0]", "__package__", "__spec__.name"])
def test_to_read_where_modules_are_looked_for_is_not(project: Project, place: str) -> None:
    project.write(
        {
            "a/__init__.py": f"import PKG\nX = {place}",
            "main.py": "from PKG.a import X\ndef target(): return X",
        }
    )
    assert project.follow().unseen == ()


@pytest.mark.parametrize("expression", HARMLESS)
def test_what_only_looks_like_it_is_not_refused(project: Project, expression: str) -> None:
    assert refused(project, f"return {expression}") == set()


@pytest.mark.parametrize(
    "statement",
    [
        *("os.environ.setdefault('A', '1')", "return pd.read_parquet(path=b)", "os.environ['A'] = '1'"),
        *(f"logging.getLogger('a').{call}" for call in SAID),
        *("traceback.print_exc()", "x.exception()"),
    ],
)
def test_a_statement_that_only_looks_like_it_is_not_refused(project: Project, statement: str) -> None:
    assert refused(project, statement) == set()


@pytest.mark.parametrize("call", SAID)
def test_what_tells_a_log_of_code_is_refused_where_code_that_counts_may_read_that(
    project: Project, call: str
) -> None:
    listening = "log = logging.Logger('a'); log.addHandler(logging.StreamHandler(b))"
    assert {kind for kind, _ in refused(project, f"{listening}; log.{call}")} == {"code"}
    assert refused(project, "with contextlib.redirect_stderr(b): traceback.print_exc()") == {
        ("code", "traceback")
    }


def test_another_thing_of_such_a_name_is_followed(project: Project) -> None:
    project.write(
        {
            "traceback.py": "def format_exc(x): return x",
            "main.py": "from PKG import traceback\ndef target(x, log): log.error(traceback.format_exc(x))",
        }
    )
    assert project.definitions().keys() == {"main.target", "traceback.format_exc"}
