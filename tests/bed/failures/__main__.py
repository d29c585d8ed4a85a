"""Record failing deployments on the bed into tests/data/failures: python -m tests.bed.failures [NAME…]."""

import sys

from tests.bed.failures.running import run_all
from tests.bed.places import Places
from tests.failures import save

with run_all(Places.from_environment(), tuple(sys.argv[1:])) as running:
    for name, each in running.items():
        case, recorded = each.case, each.recorded.result()
        save(name, recorded)
        found = recorded.explained()
        fits = (found.step, found.cause) == (case.step, case.cause) and case.says in f"{found.message} {found.lines}"
        sys.stdout.write(f"{'as expected' if fits else 'OTHERWISE'}\t{name}\t{found}\n")
