"""Stages that get the text's file and make sure that it is the right one."""

from seqstep.corpus import finding as corpus
from seqstep.settings.config import CorpusConfig
from stagecraft.files.artifact import Artifact
from stagecraft.mlflow import Record
from tasks.outputs import CorpusFile


def download(record: Record, config: CorpusConfig, offline: bool = False) -> CorpusFile:
    """Find the text's file, or fetch it into the cache."""
    found = corpus.find(
        config,
        record.tracker.home.downloads,
        offline,
        lambda done, total: record.progress(done, total, {}),
    )
    if found.notice:
        record.notice(found.notice)
    file = record.hand_on(found.path, "text/plain")
    return _record_file(record, file, found.source, found.digests)


def verify(record: Record, found: CorpusFile, config: CorpusConfig) -> CorpusFile:
    """Compute the text's hashes and hold the SHA-1 against the pinned one."""
    digests = corpus.verify(record.open(found.file), config.sha1)
    return _record_file(record, found.file, found.source, digests)


def _record_file(record: Record, file: Artifact, source: str, digests: corpus.Checksums) -> CorpusFile:
    record.log_metrics({"corpus/bytes": digests.size})
    record.log_dataset(file.name, file, source)
    record.tag({"sha1": digests.sha1, "sha256": digests.sha256})
    return CorpusFile(file=file, source=source, sha1=digests.sha1)
