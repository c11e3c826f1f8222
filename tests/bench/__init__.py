"""Speed and memory, measured in a real pty beside bare Textual applications: `python -m tests.bench`."""
