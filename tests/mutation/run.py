"""Mutation check: would the tests notice a careless change? `python tests/mutation/run.py`.

Each mutant is one small change, such as `<` to `<=` or a missing filter. The program makes the
change in a temporary copy of the repository, and runs the tests of the changed file there until one
fails. A mutant that no test notices shows a missing test. Examples:

    python tests/mutation/run.py pipelines/llm_stats/fetch/cache.py sql/marts/offers.sql
    python tests/mutation/run.py sql/marts/offers.sql:35      # one line
    python tests/mutation/run.py sql/marts/offers.sql:35 --tests tests/sql/test_golden_cases.py
    python tests/mutation/run.py --changed                    # lines that differ from HEAD
    python tests/mutation/run.py --changed main --count 10    # at most 10 mutants of each area
    python tests/mutation/run.py --count 20 --seed 7          # 20 random mutants of each area

`equivalent.toml` lists changes that change no result. They are left out.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from mutation import selection
from mutation.areas import AREAS, area_of, related_tests
from mutation.mutants import Mutant
from mutation.trial import Copy, Trial, temporary_copy

RESULTS = ("noticed", "survived", "timed out")


def main() -> int:
    arguments = _parse()
    mutants = selection.select(
        arguments.paths, arguments.changed, count=arguments.count, seed=arguments.seed
    )
    if not mutants:
        print("nothing to change")
        return 0
    # Background processes ignore SIGINT. With this handler, both signals end the tests and delete
    # the copy.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tests = [arguments.tests or _tests(mutant) for mutant in mutants]  # before later files exist
    with temporary_copy() as copy:
        print(f"{len(mutants)} mutants", flush=True)
        trials = [
            _try(copy, mutant, files, arguments.seconds)
            for mutant, files in zip(mutants, tests, strict=True)
        ]
        failing = _failing_without_mutant(copy, trials)
    _report(trials)
    if failing:
        print(f"\n{failing} also fails without a mutant; repair it, and run the check again")
        return 2
    return 1 if any(trial.result == "survived" for trial in trials) else 0


def _failing_without_mutant(copy: Copy, trials: list[Trial]) -> str:
    """Without a mutant, rerun all failed tests; return the first that fails again, or ""."""
    failed = (trial.failed_test for trial in trials if "::" in trial.failed_test)
    functions = sorted({test.partition("[")[0] for test in failed})
    return copy.failing_test(functions) if functions else ""


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="*", help="file, folder, file:line or name of an area")
    parser.add_argument(
        "--changed", nargs="?", const="HEAD", metavar="REV", help="only lines of `git diff REV`"
    )
    parser.add_argument("--count", type=int, help="number of random mutants of each area")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other random mutants")
    parser.add_argument("--seconds", type=float, default=300, help="time limit of each mutant")
    parser.add_argument("--tests", nargs="+", help="run these instead of the tests of the area")
    return parser.parse_args()


def _tests(mutant: Mutant) -> list[str]:
    return [str(test) for test in related_tests(mutant.path)]


def _try(copy: Copy, mutant: Mutant, tests: list[str], seconds: float) -> Trial:
    trial = copy.try_mutant(mutant, tests, seconds)
    print(
        f"{trial.result:9} {trial.seconds:5.0f} s  {mutant.path}:{mutant.line} "
        f"{mutant.change.kind}  {trial.failed_test}",
        flush=True,
    )
    if trial.result != "noticed":
        print(*(f"    {line}" for line in mutant.diff), sep="\n", flush=True)
    return trial


def _report(trials: list[Trial]) -> None:
    """Print the number of mutants by area and result, and the share noticed or timed out."""
    numbers = Counter((area_of(trial.mutant.path), trial.result) for trial in trials)
    print(f"\n{time.strftime('%Y-%m-%d %H:%M')}\n{'area':30}{''.join(f'{r:>11}' for r in RESULTS)}")
    for area in AREAS:
        row = [numbers[area, result] for result in RESULTS]
        if any(row):
            rate = f"{(row[0] + row[2]) / sum(row):8.0%}"
            print(f"{area:30}{''.join(f'{number:11}' for number in row)}{rate}")


if __name__ == "__main__":
    sys.exit(main())
