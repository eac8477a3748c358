"""Processes that draw side by side."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

import cv2


def drawing_pool() -> ProcessPoolExecutor:
    """Return a pool of as many processes as there are cores, each drawing with one thread.

    They are started afresh, not forked: a fork of a process whose libraries have threads can wait for ever.
    """
    return ProcessPoolExecutor(
        len(os.sched_getaffinity(0)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=cv2.setNumThreads,
        initargs=(1,),
    )
