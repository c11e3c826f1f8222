"""Write the documents that are made from the code: `make docs`."""

from __future__ import annotations

from tests.documents.made import HOUSE, left_over, made


def main() -> None:
    """Write what differs, and say so."""
    wanted = made(shows=True)
    for name, text in wanted.items():
        path = HOUSE / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"written: {name}")
    for name in left_over(wanted):
        (HOUSE / name).unlink()
        print(f"removed: {name}")


if __name__ == "__main__":
    main()
