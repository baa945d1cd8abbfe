"""What the help of the commands says of seqstep: its profiles, its flows, its settings, and examples."""

from seqstep.settings.config import PROFILES
from seqstep_cli import NAMES
from stagecraft.cli.manual import Manual

MANUAL = Manual(
    NAMES,
    profiles=tuple(map(str, PROFILES)),
    flow="pipeline (all), text or series; without it the half that you give data for, if it is one alone",
    settings="change settings, such as rnn.epochs=500; `seqstep config` lists them",
    examples={
        "run": [
            "seqstep run",
            "seqstep run notes --until ngrams",
            "seqstep run compare --until backtest",
            "seqstep run --only train_rnn --force train_rnn",
            "seqstep run --from evaluate_language",
            "seqstep run --set corpus.path=my.txt rnn.epochs=200",
            "seqstep run --set corpus.path=- text.clean=unicode_letters < my.txt",
            "seqstep run --set series.path=data.csv series.column=load --until evaluate_forecasts",
            "seqstep run notes --if-busy skip --log-file seqstep.log --log-format json",
        ],
        "plan": [
            "seqstep plan",
            "seqstep plan notes",
            "seqstep plan --set rnn.epochs=200 --until train_rnn",
        ],
        "stages": ["seqstep stages", "seqstep stages compare", "seqstep stages --code train_rnn_scratch"],
        "runs": ["seqstep runs", "seqstep runs --limit 100 --json"],
        "show": ["seqstep show", "seqstep show latest~1", "seqstep show 3f2a91"],
        "diff": ["seqstep diff", "seqstep diff latest~3 latest"],
        "doctor": ["seqstep doctor", "seqstep doctor --fix", "seqstep doctor --json"],
        "gc": [
            "seqstep gc --dry-run",
            "seqstep gc",
            "seqstep gc --older-than 30d",
            "seqstep gc --max-bytes 2GB",
        ],
        "backup": ["seqstep backup seqstep-2026-11-30.tar"],
        "restore": ["seqstep restore seqstep-2026-11-30.tar"],
        "up": ["seqstep up", "seqstep up --prefect-port 4300 --mlflow-port 5100", "seqstep up --token"],
    },
)
