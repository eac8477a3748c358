"""Which engines said nothing at all of a view: silence must not look like a view without a finding."""

from __future__ import annotations

from collections.abc import Iterable

from edge_inspector.records.queries import PartDetails
from edge_inspector.records.verdict_record import why_lost


def silent_engines(details: PartDetails, camera: str, engines: Iterable[str]) -> tuple[str, ...]:
    """Return the engines without a judgement of this camera's view.

    None of a view that was missing, which says why itself; none where the verdict is lost, and with it what they said.
    """
    if why_lost(details) or any(view.camera == camera for view in details.missing_views):
        return ()
    heard = {judged.engine for judged in details.judgements if judged.camera == camera}
    return tuple(engine for engine in engines if engine not in heard)


def silence_words(details: PartDetails) -> str:
    """Return what the silence of an engine means for this part."""
    is_over = details.journal_verdict is not None or details.summary.outcome is not None
    return "not judged in time" if is_over else "not judged yet"


def is_all_judged(details: PartDetails, cameras: Iterable[str], engines: Iterable[str]) -> bool:
    """Whether every engine gave every camera's view a score."""
    scored = {(judged.camera, judged.engine) for judged in details.judgements if judged.score is not None}
    named = list(engines)
    return all((camera, engine) in scored for camera in cameras for engine in named)
