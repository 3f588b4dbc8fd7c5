from __future__ import annotations

from pathlib import Path

from libwheel.several.order import Build, State, awaited, in_order, lost, startable


def build(name: str, *after: str, target: str = "native") -> Build:
    return Build(name, Path(name), target, frozenset((Path(other), target) for other in after))


LOWER = build("lower")
MIDDLE = build("middle", "lower")
UPPER = build("upper", "lower", "middle")
ALONE = build("alone")
ALL = (ALONE, UPPER, MIDDLE, LOWER)


def states(**given: State) -> dict[tuple[Path, str], State]:
    return {one.key: given.get(one.name, State.WAITING) for one in ALL}


def test_what_others_wait_for_comes_first_and_the_longest_chain_before_all() -> None:
    assert in_order(ALL) == (LOWER, MIDDLE, ALONE, UPPER)


def test_otherwise_the_order_is_that_in_which_it_was_asked_for() -> None:
    several = [build(name, target=target) for target in ("b", "a") for name in ("y", "x")]
    assert in_order(several) == tuple(several)


def test_a_build_waits_for_those_of_its_own_target_alone() -> None:
    other = build("middle", "lower", target="x86_64-windows")
    builds = [LOWER, MIDDLE, build("lower", target="x86_64-windows"), other]
    going = {one.key: State.WAITING for one in builds} | {LOWER.key: State.BUILT}
    assert startable(builds, going) == [MIDDLE, builds[2]]


def test_what_can_begin_is_what_all_is_there_for() -> None:
    builds = in_order(ALL)
    assert startable(builds, states()) == [LOWER, ALONE]
    assert startable(builds, states(lower=State.RUNNING)) == [ALONE]
    assert startable(builds, states(lower=State.BUILT)) == [MIDDLE, ALONE]
    assert startable(builds, states(lower=State.BUILT, middle=State.FAILED)) == [ALONE]
    assert startable(builds, states(lower=State.BUILT, middle=State.BUILT)) == [ALONE, UPPER]


def test_a_failure_takes_with_it_what_needs_it() -> None:
    failed = states(lower=State.FAILED)
    assert lost(in_order(ALL), failed, keep_going=True) == {
        MIDDLE.key: "it needs lower",
        UPPER.key: "it needs lower and middle",
    }


def test_a_refusal_does_so_too() -> None:
    refused = states(lower=State.BUILT, middle=State.REFUSED)
    assert lost(in_order(ALL), refused, keep_going=True) == {UPPER.key: "it needs middle"}


def test_without_keep_going_nothing_new_begins_after_a_failure() -> None:
    failed = states(lower=State.RUNNING, alone=State.FAILED)
    assert lost(in_order(ALL), failed, keep_going=False) == {
        MIDDLE.key: "alone native failed",
        UPPER.key: "it needs middle",
    }
    assert lost(in_order(ALL), failed, keep_going=True) == {}


def test_nothing_is_lost_as_long_as_nothing_fails() -> None:
    assert lost(ALL, states(lower=State.BUILT, alone=State.RUNNING), keep_going=False) == {}


def test_what_is_waited_for_is_named_until_it_is_there() -> None:
    assert awaited(UPPER, in_order(ALL), states()) == ["lower", "middle"]
    assert awaited(UPPER, in_order(ALL), states(lower=State.BUILT)) == ["middle"]
    assert awaited(ALONE, in_order(ALL), states()) == []
