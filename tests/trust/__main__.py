"""`python -m tests.trust [ROW ...]`: run the programme, or the rows that are named; one JSON line a row.

The exit code says whether every promise held and every control failed. With `--keep`, the lines of rows go to
`results.jsonl`, from which `make docs` makes the table of SECURITY.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys

from tests.trust.programme import run
from tests.trust.results import keep
from tests.trust.table import ROWS


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--quick", action="store_true", help="the small numbers of `make test`")
    parser.add_argument("--trials", type=int, help="so many of each, instead of the programme's numbers")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", action="store_true", help="write the results down")
    asked = parser.parse_args()
    unknown = set(asked.rows) - ROWS.keys()
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    failed = []
    for name in asked.rows or ROWS:
        row = ROWS[name]
        trials = asked.trials or (row.quick if asked.quick else row.target)
        line = run(row, trials, processes=asked.processes)
        sys.stdout.write(json.dumps(line.document()) + "\n")
        sys.stdout.flush()
        if not line.holds:
            failed.append(name)
        if asked.keep:
            keep(line.document(), ROWS)
    sys.stdout.write(f"{'All promises hold' if not failed else 'Failed: ' + ', '.join(failed)}.\n")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
