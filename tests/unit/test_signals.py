from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from libwheel.signals import ENDINGS, held, once, unwinding


@pytest.fixture(autouse=True)
def _handlers_as_before() -> Iterator[None]:
    before = [signal.getsignal(number) for number in ENDINGS]
    yield
    assert [signal.getsignal(number) for number in ENDINGS] == before


def send(number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(0)  # a handler runs between two instructions


@pytest.mark.parametrize("number", ENDINGS)
def test_every_ending_unwinds_the_stack(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt), unwinding():
        send(number)


@pytest.mark.parametrize("number", ENDINGS)
def test_an_ending_is_held_until_the_block_has_ended(number: signal.Signals) -> None:
    steps = []
    with unwinding(), pytest.raises(KeyboardInterrupt):  # noqa: PT012 (what is done is the point)
        with held():
            send(number)
            steps.append("the block goes on")
        steps.append("nothing comes behind it")
    assert steps == ["the block goes on"]


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with unwinding(), held():
            send(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_in_another_thread_everything_stays_as_it_is() -> None:
    before = [signal.getsignal(number) for number in ENDINGS]
    seen = []

    def work() -> None:
        with unwinding(), held():
            seen.append([signal.getsignal(number) for number in ENDINGS])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


def test_the_first_ending_alone_unwinds_the_stack() -> None:
    steps = []
    with unwinding(), once():
        try:
            send(signal.SIGTERM)
        except KeyboardInterrupt:
            send(signal.SIGINT)
            with held():
                send(signal.SIGTERM)
            steps.append("what it begins is done in peace")
    assert steps == ["what it begins is done in peace"]
