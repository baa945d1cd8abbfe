"""Stages that get the text's file and make sure that it is the right one."""

from functools import partial

from seqstep.corpus import finding as corpus
from seqstep.corpus.checksums import Checksums
from seqstep.corpus.gathering import save_starts
from seqstep.settings.config import CorpusConfig, Strip
from stagecraft.files.artifact import Artifact
from stagecraft.mlflow import Record
from tasks.outputs import CorpusFile


def download(
    record: Record, config: CorpusConfig, offline: bool = False, strip: Strip = "none"
) -> CorpusFile:
    """Find the text's files, or fetch its file into the cache; what is no plain text becomes one there."""
    found = corpus.find(
        config,
        record.tracker.home.downloads,
        offline,
        lambda done, total: record.progress(done, total, {}),
        strip,
    )
    for notice in found.notices:
        record.notice(notice)
    file = record.hand_on(found.path, "text/plain")
    starts = record.log_file("documents.npy", partial(save_starts, found.starts), "application/x-npy")
    _record_file(record, file, found.source, found.digests)
    return CorpusFile(
        file=file,
        source=found.source,
        sha1=found.digests.sha1,
        original=found.original,
        documents=starts,
    )


def verify(record: Record, found: CorpusFile, config: CorpusConfig) -> CorpusFile:
    """Compute the text's hashes and hold the SHA-1 against the pinned one."""
    digests = corpus.verify(record.open(found.file), config.sha1, found.original)
    _record_file(record, found.file, found.source, digests)
    return found


def _record_file(record: Record, file: Artifact, source: str, digests: Checksums) -> None:
    record.log_metrics({"corpus/bytes": digests.size})
    record.log_dataset(file.name, file, source)
    record.tag({"sha1": digests.sha1, "sha256": digests.sha256})
