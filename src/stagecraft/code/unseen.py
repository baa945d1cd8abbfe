"""What can't be followed in code, so that whoever uses it must declare what it depends on."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Literal, NamedTuple

UnseenKind = Literal[
    "code",  # it may run or read any code
    "process",  # it starts another process
    "environment",  # it reads a variable of the environment
    "file",  # it reads a file in a way that nothing can witness
    "network",  # it connects in such a way
    "compiled",  # it is code without source, such as a module that was compiled
    "unversioned",  # it is a module from elsewhere that no installed distribution has
    "comment",  # it is a comment that is read as a type
    "left out",  # it is of a module of the project that no key has
    "changed",  # code that is not its own changes it for all that runs in the same process
]

# What of yaml finds objects by their names.
_LOADING = (
    "CFullLoader CLoader CUnsafeLoader Constructor FullConstructor FullLoader Loader UnsafeConstructor"
    " UnsafeLoader full_load full_load_all unsafe_load unsafe_load_all"
)
_CODE = {
    "_thread": "",
    "builtins": "__doc__ compile eval exec globals help",
    "cloudpickle": "",
    "cmd": "",
    "bdb": "",
    "cProfile": "",
    "click": "command group",
    "code": "",
    "codeop": "",
    "copyreg": "",
    "dill": "",
    "dis": "",
    "duckdb": "execute executemany query query_df sql",
    "fire": "",
    "gc": "get_objects get_referents get_referrers",
    "imp": "",
    "doctest": "",
    "importlib": "__import__ _bootstrap _bootstrap_external invalidate_caches machinery reload",
    "importlib.metadata": "EntryPoint distribution distributions entry_points files metadata"
    " packages_distributions requires version",
    "importlib.util": "LazyLoader find_spec module_from_spec spec_from_file_location spec_from_loader",
    "joblib": "load",
    "jinja2.utils": "import_string",
    "logging.config": "",
    "marshal": "load loads",
    "numpy": "info lookfor source",
    "pandas": "eval read_pickle",
    "pandas.compat": "_optional",
    "pdb": "",
    "pickle": "Unpickler load loads",
    "pkgutil": "extend_path find_loader get_importer get_loader iter_modules resolve_name walk_packages",
    "polars": "SQLContext sql",
    "prefect": "",
    "profile": "",
    "pydantic": "ImportString",
    "pydantic.types": "ImportString",
    "pydantic.json_schema": "",
    "pydoc": "",
    "rich": "_inspect inspect traceback",
    "runpy": "",
    "shelve": "",
    "site": "",
    "sys": "_getframe meta_path modules path path_hooks path_importer_cache",
    "timeit": "",
    "trace": "",
    "typer": "",
    "torch.hub": "",
    "torch.package": "",
    "tracemalloc": "Snapshot",
    "unittest": "TestLoader TestProgram TextTestResult TextTestRunner defaultTestLoader main",
    "unittest.mock": "patch",
    "warnings": "formatwarning showwarning",
    "werkzeug.utils": "import_string",
    "xml.sax": "make_parser",
    "xmlrpc.server": "",
    "yaml": _LOADING,
    **dict.fromkeys(("yaml.constructor", "yaml.cyaml", "yaml.loader"), _LOADING),
    "zipimport": "",
}
# These tell of code, or of what other runs left; here stands what of them does not.
_TELLING = {
    "inspect": re.compile(
        "(Bound.*|Parameter|Signature|cleandoc|is.*|signature)"
        "|get(_annotations|attr_static|callargs|fullargspec|generatorstate|members|modulename|mro)"
    ),
    "linecache": re.compile("checkcache|clearcache"),
    "mlflow": re.compile("exceptions|(log|set)_.*"),
    "traceback": re.compile("clear_frames"),
}
_COMPILED = {
    "_ctypes": "",
    "cffi": "",
    "torch._inductor": "",
    "torch.classes": "load_library",
    "torch.ops": "load_library",
    "torch.utils.cpp_extension": "",
    "ctypes": "CDLL LibraryLoader OleDLL PyDLL WinDLL cdll oledll pydll pythonapi util windll",
}
_PROCESS = {
    "asyncio": "create_subprocess_exec create_subprocess_shell",
    "concurrent.futures": "ProcessPoolExecutor",
    "multiprocessing": "Manager Pool Process get_context managers process shared_memory",
    "multiprocessing.pool": "Pool",
    "os": "execl execle execlp execlpe execv execve execvp execvpe fork forkpty popen posix_spawn"
    " posix_spawnp spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe startfile system",
    "pty": "",
    "subprocess": "Popen call check_call check_output getoutput getstatusoutput run",
    "torch.multiprocessing": "Pool Process Queue get_context spawn start_processes",
}
# By name, or each with the variable that it looks at.
_ENVIRONMENT = {
    "os": "environ environb getenv getenvb",
    "os.path": "expandvars",
    "posix": "environ",
    "posixpath": "expandvars",
    "pydantic_settings": "",
    "urllib.request": "ProxyHandler getproxies getproxies_environment",
}
VARIABLES = {
    "getpass.getuser": "USER",
    "os.get_exec_path": "PATH",
    "os.getcwd": "PWD",
    "os.path.expanduser": "HOME",
    "pathlib.Path.cwd": "PWD",
    "pathlib.Path.home": "HOME",
    "shutil.get_terminal_size": "COLUMNS LINES",
    "shutil.which": "PATH",
    "ssl.get_default_verify_paths": "SSL_CERT_FILE SSL_CERT_DIR",
    "tempfile.gettempdir": "TMPDIR",
    "tempfile.gettempdirb": "TMPDIR",
}
# These open files without an audit event: what is listed, and in these libraries whatever has such a name.
_FILE = {
    "PIL.ImageCms": "ImageCmsProfile getOpenProfile",
    "PIL.ImageFont": "FreeTypeFont truetype",
    "duckdb": "connect",
    "pandas": "read_feather read_json read_orc read_parquet",
    "readline": "read_history_file read_init_file",
    "scipy.io": "mminfo mmread",
    "scipy.io._fast_matrix_market": "mminfo mmread",
    "sqlite3": "ATTACH",
    "torch._C": "PyTorchFileReader",
    "torch.jit": "load",
}
_NATIVE = frozenset(
    {
        *("cv2", "duckdb", "faiss", "h5py", "kenlm", "lxml", "netCDF4", "polars", "pyarrow", "safetensors"),
        *("tables", "tokenizers"),
    }
)
_READING = re.compile(
    "(deserialize|im(count|read)|iterparse|load|open|parse|read|safe_open|scan)|from_file$|input_stream$"
    "|memory_map$|(parquet_)?dataset$|(Language)?Model$|VideoCapture$|.*(Dataset|File)$"
)
#: what opens files by methods of objects that it makes
STORES = ("_dbm", "_gdbm", "dbm", "pyarrow.fs")
# Drivers of databases that are compiled, so they connect without an audit event.
_NETWORK = {
    **dict.fromkeys(
        ("MySQLdb", "ibm_db", "mysql.connector", "psycopg2", "pymssql", "pyodbc"), "Connect connect"
    ),
    "connectorx": "",
    "oracledb": "connect connect_async create_pool create_pool_async",
    "psycopg": "AsyncConnection Connection connect",
    "psycopg_pool": "",
}
# These import what a text names.
_IMPORTING = re.compile("(import|load)_(app|class|from_string|module|name|object|script|source|string)")
# Parts of names that lead to the environment from whatever module.
_VARIABLES = frozenset({"environ", "environb", "expandvars", "getenv", "getenvb"})
#: names by which Python finds modules and types, and what stands for a change of them
LEADING = frozenset({"__annotations__", "__package__", "__path__", "__spec__"})
CHANGED_LEADING = "a change of __annotations__, __package__, __path__ or __spec__"
#: in a text these may be such a change
LEADING_TEXTS = frozenset({"__annotations__", "__path__"})
# Keywords by which a path is looked for in a folder that is open, of which no event tells.
FOLDERS = frozenset({"dir_fd", "dst_dir_fd", "src_dir_fd"})
# Attributes that give access to code, or to what it says of itself, by whatever name.
INSIDES = frozenset(
    {"__builtins__", "__closure__", "__code__", "__doc__", "__globals__", "__loader__", "__subclasses__"}
    | {"exec_module", "load_module", "submodule_search_locations", CHANGED_LEADING}
    | {"allow_pickle", "pickle_module", "weights_only"}
    | {"__traceback__", "ag_code", "co_firstlineno", "cr_code", "f_code", "f_globals", "f_lineno", "f_locals"}
    | {"gi_code", "tb_lineno", *FOLDERS}
    | {"json_schema", "model_json_schema", "shortDescription", "use_attribute_docstrings"}
)
# Attributes and keywords by which a log is told of code.
SAID = frozenset({"exc_info", "exception", "stack_info"})
# Who may read what is said to a log, or on standard error.
_LISTENERS = re.compile("Handler$|^(Formatter|basicConfig|redirect_stderr)$")
# What reads attributes by the names in a text.
_TEMPLATES = frozenset({"format", "format_map", "from_string", "get_field", "render", "vformat", "Template"})

_WORDS = {
    "code": ("{} may run or read any code", 'Opaque("why", version="1")'),
    "process": ("{} starts another process", 'Program("name of the program")'),
    "environment": ("{} of the environment is read", 'Env("{}")'),
    "file": ("the file {} is read in a way that nothing else can see", 'Files("{}")'),
    "compiled": ("{} is, or loads, code without source", 'Files("its path")'),
    "network": ("{} connects in a way that nothing else can see", "Network()"),
    "changed": (
        "{} changes, or may, for all that runs in this process, other than by what this stage imports",
        'Opaque("why", version="1")',
    ),
    "comment": ("{} is read by torch.jit (write hints in its place)", 'Opaque("why", version="1")'),
    "left out": (
        "{} is of a module that is left out of what is followed (move it to one that is not)",
        'Opaque("why", version="1")',
    ),
    "unversioned": ("{} is of no installed distribution, so it has no version", 'Code("{}")'),
}
_COMPUTED = {
    "environment": ("a computed variable of the environment is read", 'Opaque("why", version="1")'),
    "file": ("a file is read in a way that nothing else can see", 'Files("its path")'),
}


class Unseen(NamedTuple):
    """Something in code that can't be followed.

    Attributes:
        name: what is used; of the environment the variable, of a file the end of its path as it stands
            there, empty where it is computed.
        module: where it stands.
    """

    kind: UnseenKind
    name: str
    module: str
    line: int

    def __str__(self) -> str:
        what, advice = _WORDS[self.kind]
        if not self.name:
            what, advice = _COMPUTED[self.kind]
        return (
            f"{what.format(self.name)}, so no key can know; declare it: depends=({advice.format(self.name)},)"
        )


def is_listed(module: str) -> bool:
    """Tell whether a module has something that can't be followed."""
    return any(module in table for table in (_CODE, _TELLING, _PROCESS, _ENVIRONMENT))


def is_read(told: str, names: Iterable[str]) -> bool:
    """Tell whether what is written into a text, or said, may become a value by what has one of some names."""
    return any(name in _TEMPLATES if told in INSIDES else _LISTENERS.search(name) for name in names)


@cache
def may_read(name: str) -> bool:
    """Tell whether something with this name may be what opens a file without an audit event."""
    return any(name in names.split() for names in _FILE.values()) or bool(_READING.match(name))


def kind_of(name: str) -> UnseenKind | None:
    """Tell why something from outside the project can't be followed, by its dotted name; None if it can."""
    tables: dict[UnseenKind, dict[str, str]] = {
        "code": _CODE,
        "compiled": _COMPILED,
        "process": _PROCESS,
        "environment": _ENVIRONMENT,
        "file": _FILE,
        "network": _NETWORK,
    }
    top, *rest = parts = name.split(".")
    if is_listed(name):  # the module as a value, of which nothing tells what is taken
        return "code"
    if name in VARIABLES or not _VARIABLES.isdisjoint(rest):
        return "environment"
    for kind, table in tables.items():
        for end in range(1, len(parts) + 1):
            module, inner = ".".join(parts[:end]), parts[end:]
            if module in table and (not table[module] or (inner and inner[0] in table[module].split())):
                return kind
    if top in _TELLING and not _TELLING[top].fullmatch(rest[0]):
        return "code"
    if top != "builtins" and _IMPORTING.match(parts[-1]):
        return "code"
    is_native = top in _NATIVE and bool(_READING.match(parts[-1]))
    is_mapped = top == "torch" and parts[-1] == "from_file"
    return "file" if is_native or is_mapped or name.startswith(STORES) else None
