"""Processes that draw side by side, and judge what they draw."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import cv2


def drawing_pool(begin: Callable[..., None] | None = None, *arguments: object) -> ProcessPoolExecutor:
    """Return a pool of as many processes as there are cores, each drawing with one thread; each calls `begin` first.

    They are started afresh, not forked: a fork of a process whose libraries have threads can wait for ever. Where one of
    them ends, what is asked of the pool raises BrokenProcessPool.
    """
    return ProcessPoolExecutor(
        len(os.sched_getaffinity(0)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(begin, arguments),
    )


def _begin(begin: Callable[..., None] | None, arguments: tuple[object, ...]) -> None:
    cv2.setNumThreads(1)
    if begin is not None:
        begin(*arguments)
