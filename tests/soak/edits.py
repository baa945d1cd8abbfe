"""Edits of a copy of the project, made by the places of its syntax, with what each may change by hand."""

import ast
from pathlib import Path
from typing import NamedTuple

RNNS = "train_rnn_scratch train_rnn"
LANGUAGE = f"{RNNS} evaluate_language"
FORECASTS = "train_mlp evaluate_forecasts"

#: function or constant -> the stages whose result can depend on it, told by reading the code
SITES = {
    "src/seqstep/corpus/finding.py:find": "download",
    "src/seqstep/corpus/finding.py:verify": "verify",
    "src/seqstep/corpus/checksums.py:digest": "download verify",
    "src/seqstep/corpus/checksums.py:_BLOCK": "download verify",
    "src/seqstep/corpus/transfer.py:fetch": "download",
    "src/seqstep/settings/local_files.py:local_file": "download series",
    "src/seqstep/text/reading.py:read_parts": "tokenize",
    "src/seqstep/text/cleaning.py:clean_parts": f"tokenize {LANGUAGE}",
    "src/seqstep/text/numbering.py:encode": "tokenize evaluate_language",
    "src/seqstep/text/id_file.py:IdFile.append": "tokenize evaluate_language",
    "src/seqstep/text/tokens.py:read_tokens": "tokenize",
    "src/seqstep/text/tokens.py:split_line": LANGUAGE,
    "src/seqstep/text/tokens.py:Tokens.save_ids": "tokenize",
    "src/seqstep/text/tokens.py:Tokens.lengths": "evaluate_language",
    "src/seqstep/text/tokens.py:load_tokens": f"vocab ngrams {LANGUAGE}",
    "src/seqstep/text/vocab.py:Vocab.of": "vocab evaluate_language",
    "src/seqstep/text/vocab.py:Vocab.to_json": "vocab",
    "src/seqstep/text/vocab.py:Vocab.from_json": f"ngrams {LANGUAGE}",
    "src/seqstep/text/vocab.py:Vocab.encode": LANGUAGE,
    "src/seqstep/text/vocab.py:Vocab.reader": f"ngrams {LANGUAGE}",
    "src/seqstep/text/vocab.py:UNKNOWN": f"vocab ngrams {LANGUAGE}",
    "src/seqstep/text/ngrams.py:count_ngrams_up_to": "ngrams evaluate_language",
    "src/seqstep/text/counting.py:count_chunks": "ngrams evaluate_language",
    "src/seqstep/text/merging.py:Runs.merged": "ngrams evaluate_language",
    "src/seqstep/text/ngrams.py:fit_zipf": "ngrams",
    "src/seqstep/text/tables.py:frequency_table": "vocab",
    "src/seqstep/text/tables.py:most_common_table": "ngrams",
    "src/seqstep/text/tables.py:zipf_table": "ngrams",
    "src/seqstep/text/smoothing.py:LaplaceTrigram.log_probabilities": "evaluate_language",
    "src/seqstep/text/codec.py:Codec.decode": LANGUAGE,
    "src/seqstep/text/batches.py:sequential_batches": RNNS,
    "src/seqstep/text/batches.py:random_batches": RNNS,
    "src/seqstep/series/sources.py:noisy_sine": "series",
    "src/seqstep/series/reading/reading.py:read_file": "series",
    "src/seqstep/series/reading/numbers.py:read_numbers": "series",
    "src/seqstep/series/reading/layout.py:_SEPARATORS": "series",
    "src/seqstep/series/reading/steps.py:find_step": f"series {FORECASTS}",
    "src/seqstep/series/series_file.py:write_series": "series",
    "src/seqstep/series/series_file.py:read_series": FORECASTS,
    "src/seqstep/series/scaling.py:resolve_scale": "series",
    "src/seqstep/series/scaling.py:Scaling.fit": "train_mlp",
    "src/seqstep/series/forecast.py:k_steps": "evaluate_forecasts",
    "src/seqstep/series/forecast.py:multi_step": "evaluate_forecasts",
    "src/seqstep/series/forecast_errors.py:error_table": "evaluate_forecasts",
    "src/seqstep/series/windows.py:split_windows": "train_mlp",
    "src/seqstep/models/mlp.py:MLP.forward": FORECASTS,
    "src/seqstep/models/mlp.py:predictor": "evaluate_forecasts",
    "src/seqstep/models/rnn_scratch.py:RNNScratch.step": "train_rnn_scratch evaluate_language",
    "src/seqstep/models/recurrence.py:Pass.backward": "train_rnn_scratch evaluate_language",
    "src/seqstep/models/recurrence.py:go_back": "train_rnn_scratch evaluate_language",
    "src/seqstep/models/recurrence_on_gpu.py:walk_back": LANGUAGE,
    "src/seqstep/models/layer_pass.py:LayerPass.backward": "train_rnn evaluate_language",
    "src/seqstep/models/precision.py:precision_name": RNNS,
    "src/seqstep/models/rnn_torch.py:RNNTorch.forward": "train_rnn evaluate_language",
    "src/seqstep/models/rnn_torch.py:_LAYERS": "train_rnn evaluate_language",
    "src/seqstep/models/language.py:LanguageModel.device": LANGUAGE,
    "src/seqstep/training/minibatch.py:Minibatches._train": RNNS,
    "src/seqstep/training/definition.py:find_difference": f"train_mlp {RNNS}",
    "src/seqstep/models/bundle.py:save": f"train_mlp {RNNS}",
    "src/seqstep/models/bundle.py:load_forecaster": "evaluate_forecasts",
    "src/seqstep/training/resumable.py:ResumableTraining.run": f"train_mlp {RNNS}",
    "src/seqstep/training/checkpoint.py:write_checkpoint": f"train_mlp {RNNS}",
    "src/seqstep/training/checkpoint.py:restore_state": f"train_mlp {RNNS}",
    "src/seqstep/generation/along_training.py:Sampler.after": RNNS,
    "src/seqstep/generation/along_training.py:copied_share": "evaluate_language",
    "src/seqstep/metrics.py:rmse": "evaluate_forecasts",
    "src/seqstep/metrics.py:perplexity": LANGUAGE,
    "src/seqstep/metrics.py:bits_per_token": "evaluate_language",
    "src/seqstep/evaluation/train_and_test.py:score": "evaluate_language",
    "src/seqstep/models/scoring.py:log_probabilities": "evaluate_language",
    "src/seqstep/models/scoring.py:_CHUNK": "evaluate_language",
    "src/seqstep/generation/generate.py:generate": LANGUAGE,
    "src/seqstep/report/page.py:render": "report",
    "src/seqstep/plots/series.py:plot_series": "",
    "src/seqstep/plots/zipf.py:plot_zipf": "",
    "src/seqstep/plots/style.py:COLOURS": "",
    "src/seqstep/settings/resolving.py:flatten": "",
    "src/stagecraft/files/artifact.py:sha256_of": "",
    "src/stagecraft/mlflow/record.py:Record.log_file": "",
    "tasks/text.py:tokenize": "tokenize",
    "tasks/text.py:open_tokens": f"vocab ngrams {LANGUAGE}",
    "tasks/sources.py:series": "series",
    "tasks/training.py:_train_language_model": RNNS,
    "tasks/training.py:train_and_log": RNNS,
    "tasks/networks.py:open_networks": "evaluate_language",
    "tasks/evaluation.py:evaluate_forecasts": "evaluate_forecasts",
    "tasks/reporting.py:_picture": "report",
    "tasks/resuming.py:follow": f"train_mlp {RNNS}",
    "tasks/recording.py:package": "",
}

#: ways to edit a place; only the first is one that a result can depend on
KINDS = ("code", "comment", "docstring", "formatting", "unrelated", "description")


class Edit(NamedTuple):
    """A change of one file, and the stages that must run after it."""

    name: str
    file: str
    text: str
    stages: frozenset[str]


def make(root: Path, site: str, kind: str) -> Edit:
    """Write an edit that changes no result."""
    file, _, name = site.partition(":")
    source = (root / file).read_text(encoding="utf-8")
    stages = frozenset(SITES[site].split()) if kind == "code" else frozenset()
    if kind == "description":
        file, name = "src/seqstep/settings/config.py", "descriptions"
        source = (root / file).read_text(encoding="utf-8")
        return Edit(f"{file}: {kind}", file, source.replace('description="', 'description="now '), stages)
    return Edit(f"{site}: {kind}", file, _edited(source, _find(source, name), kind), stages)


def _find(source: str, name: str) -> ast.stmt:
    """Find a function, a method or an assignment by its dotted name."""
    body: list[ast.stmt] = ast.parse(source).body
    for part in name.split("."):
        found = next(node for node in body if part in _names(node))
        body = getattr(found, "body", [])
    return found


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
    return [getattr(node, "name", "")]


def _edited(source: str, node: ast.stmt, kind: str) -> str:
    lines = source.splitlines()
    start = min([node.lineno, *(part.lineno for part in getattr(node, "decorator_list", []))]) - 1
    match kind:
        case "comment":
            lines.insert(start, " " * node.col_offset + "# Something new about this.")
        case "unrelated":
            lines += ["", "", "def unrelated_to_all() -> int:", '    """Return one."""', "    return 1"]
        case "formatting":
            lines[start:start] = ["", ""]
            lines[-1] += "  "
        case "docstring" | "code" if isinstance(node, ast.FunctionDef):
            first = node.body[0]
            has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            indent = " " * first.col_offset
            if kind == "docstring":
                new = f'{indent}"""Say something else."""'
                lines[first.lineno - 1 : (first.end_lineno or 0) if has_docstring else first.lineno - 1] = [
                    new
                ]
            else:
                lines.insert((first.end_lineno or 0) if has_docstring else first.lineno - 1, f"{indent}_ = 0")
        case "code":
            value = node.value  # type: ignore[attr-defined]
            old = ast.get_source_segment(source, value)
            return source.replace(f"= {old}", f"= ({old} if True else None)", 1)
        case _:
            lines.insert(start, "# A constant has no docstring.")
    return "\n".join(lines) + "\n"
