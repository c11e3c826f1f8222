"""How a program is called that makes a filled store."""

from __future__ import annotations

import argparse


def parser(program: str, about: str | None) -> argparse.ArgumentParser:
    """What it asks for: the path of the store. `about` is what its module says of itself."""
    found = argparse.ArgumentParser(
        prog=f"python -m tests.bench.{program}", description=about, formatter_class=argparse.RawTextHelpFormatter
    )
    found.add_argument("store", metavar="PATH", help="where the store is made; nothing may be there yet")
    return found
