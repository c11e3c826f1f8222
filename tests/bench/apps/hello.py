"""The smallest Textual application: a header, a label, a footer."""

from textual.app import App, ComposeResult
from textual.widgets import Footer, Header, Label


class Hello(App[None]):
    """Says hello."""

    BINDINGS = [("q", "quit", "Quit")]

    def compose(self) -> ComposeResult:
        """Three widgets."""
        yield Header()
        yield Label("Hello, world")
        yield Footer()


if __name__ == "__main__":
    Hello().run()
