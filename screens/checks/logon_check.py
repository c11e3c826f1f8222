"""Logon check: would the gateway accept this logon, is there something to look at, or which mistake was made?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual import events, on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static, TextArea

from dropcopy_tui.domain.logon import FIX_SIGNED, LogonMessage, parse_message
from dropcopy_tui.domain.logon_mistakes import SignedLine, lines_of
from dropcopy_tui.domain.logon_text import shown, tidy
from dropcopy_tui.domain.logon_verdict import Level, Verdict
from screens.frame import DeskScreen
from screens.jobs import job, off_thread
from screens.terminal.values import clip, facts, paragraphs, value
from screens.wording import TONES

# A signed logon has some 400 characters; Textual wraps the whole text at every key.
LONGEST_PASTE = 16_384
_HINT = "Paste a FIX logon, or type Negotiate or Establish fields as name=value lines.\nCtrl-R checks it."
_LABEL = 6
_TAG = 27
_LEFT_OUT = "(left out)"
# The three answers, each in its tone.
_ANSWERS = {
    Level.REFUSED: ("Refused: a gateway would reject this logon.", "$error bold"),
    Level.NOTED: ("Accepted, but check the notes: a gateway would accept this logon.", "$warning bold"),
    Level.ACCEPTED: ("Accepted: a gateway would accept this logon.", "$success bold"),
}


class LogonText(TextArea):
    """The logon as it was pasted or typed: quiet, capped, and it stays out of clipboards."""

    takes_letters = True

    class Pasted(Message):
        """A logon was pasted."""

    class TooLong(Message):
        """A paste that is too long for a logon was rejected."""

        def __init__(self, length: int) -> None:
            super().__init__()
            self.length = length

    def __init__(self) -> None:
        super().__init__(soft_wrap=True, show_line_numbers=False, tab_behavior="focus", highlight_cursor_line=False)
        self.cursor_blink = False

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        if len(event.text) > LONGEST_PASTE:
            self.post_message(self.TooLong(len(event.text)))
            return
        text = shown(tidy(event.text))
        if text.startswith("{") or text.count("=") > 1:
            self.load_text(text)
            self.move_cursor(self.document.end)
        else:
            self.insert(text)
        self.post_message(self.Pasted())

    def action_copy(self) -> None:
        """A logon may carry a password."""
        raise SkipAction

    def action_cut(self) -> None:
        """Not this text."""
        raise SkipAction


class LogonCheckScreen(DeskScreen[None]):
    """A logon above, the answer below: words, and the signed string beside what was signed."""

    CSS_PATH = "../../styles/logon_check.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "check", "Check", id="logons.check", tooltip="Check the logon again."),
        Binding("ctrl+n", "clear", "New", id="logons.clear", tooltip="Clear the logon and start another."),
        Binding(
            "tab", "app.focus_next", "Answer", id="logons.answer", tooltip="Move between the logon and the result."
        ),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._checked: tuple[LogonMessage, Verdict | None] | None = None
        self._text = ""

    def body(self) -> ComposeResult:
        """The logon, and what is said about it."""
        yield Static(paragraphs(_HINT), id="hint")
        yield LogonText()
        with VerticalScroll(id="answer"):
            yield Static("", id="told", markup=False)

    def place(self) -> tuple[str, ...]:
        """It stands beside the menus."""
        return ("Request Center", "Logon check")

    def on_mount(self) -> None:
        """Focus the field; a logon that was left here is restored."""
        field = self.query_one(LogonText)
        field.focus()
        if self.desk_app.unfinished_logon:
            field.load_text(self.desk_app.unfinished_logon)
            field.move_cursor(field.document.end)
            self.action_check()

    def on_resize(self) -> None:
        """The columns follow the width."""
        self._show()

    # -- what is typed

    @on(LogonText.Pasted)
    def _pasted(self, event: LogonText.Pasted) -> None:
        event.stop()
        self.action_check()

    @on(LogonText.TooLong)
    def _too_long(self, event: LogonText.TooLong) -> None:
        event.stop()
        self.say(
            f"{event.length:,} characters were pasted: that is too long for a logon. Nothing was inserted.", "failed"
        )

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        """An answer about another text would mislead."""
        event.stop()
        # In memory alone, and only for this person: a logon may carry a password.
        self.desk_app.unfinished_logon = event.text_area.text
        if event.text_area.text != self._text and self._checked is not None:
            self._checked = None
            self._show()

    # -- the check

    @job(exclusive=True, group="check")
    async def action_check(self) -> None:
        """Check the current text."""
        self.quiet()
        self._text, self._checked = self.query_one(LogonText).text, None
        self._show()
        message = parse_message(tidy(self._text))
        verdict = None
        if message.signature is not None:
            desk = await self.desk()
            verdict = await off_thread(desk.logons.verify, self.actor, message)
        self._checked = message, verdict
        self._show()
        self.query_one("#answer", VerticalScroll).scroll_home(animate=False)

    def action_clear(self) -> None:
        """An empty field."""
        self.quiet()
        self._checked = None
        self.query_one(LogonText).load_text("")
        self.query_one(LogonText).focus()
        self._show()

    def _show(self) -> None:
        # Two cells of padding, and one for the scroll bar, which must not move the columns.
        width = self.size.width - 4
        for told in self.query("#told").results(Static):
            told.update(Content("\n").join(_told(self._checked, width)) if self._checked else "")


def _told(checked: tuple[LogonMessage, Verdict | None], width: int) -> Iterator[Content]:
    message, verdict = checked
    if verdict is None:
        yield value("The logon has no signature. This is the string to sign:", "$warning")
        yield from _compared(message, lines_of(message), None, width)
        return
    yield from _verdict(verdict, width)
    yield from _compared(message, verdict.lines, verdict, width)


def _verdict(verdict: Verdict, width: int) -> Iterator[Content]:
    yield value(*_ANSWERS[verdict.level])
    state = verdict.key_state
    key = ", ".join(part for part in (verdict.access_key_id or "none named", state.words if state else "") if part)
    whose = f", of session {verdict.session_id}" if verdict.session_id else ", not of a session that you manage"
    rows = [("Key", key + whose, f"${_tone(TONES[state])}" if state else "")]
    rows += [("" if number else "Why", f"! {why}", "") for number, why in enumerate(verdict.explanations)]
    rows += [("" if number else "Note", note, "") for number, note in enumerate(verdict.notes)]
    yield facts(rows, _LABEL, width)


def _tone(tone: str) -> str:
    return "text-muted" if tone == "muted" else tone


def _compared(
    message: LogonMessage, lines: tuple[SignedLine, ...], verdict: Verdict | None, width: int
) -> Iterator[Content]:
    """The signed string value by value, with what was signed instead where that is known."""
    differs = any(line.differs for line in lines)
    room = (width - _TAG - 4) // 2 if differs else width - _TAG - 4
    titles = f"  {'Signed value':<{_TAG}} {'expected':<{room}} {'as signed' if differs else ''}"
    yield value(titles.rstrip(), "$text-muted")
    for line in lines:
        name = clip(f"{line.tag} {FIX_SIGNED.get(line.tag, '')}".rstrip() if message.is_fix else line.tag, _TAG)
        expected = f"{name:<{_TAG}} {clip(line.expected, room):<{room}}"
        if line.differs:
            signed = clip(line.signed or _LEFT_OUT, room)
            yield Content.assemble(value(f"! {expected} ", "$warning"), value(signed, "$warning bold"))
        else:
            yield value(f"  {expected} {clip(line.signed or '', room) if differs else ''}".rstrip())
    yield value(_remark(lines, verdict, differs), "$text-muted")


def _remark(lines: tuple[SignedLine, ...], verdict: Verdict | None, differs: bool) -> str:
    if verdict is None or verdict.valid or differs:
        return "␊ is a line feed: one between values, none after the last."
    if all(line.signed is None for line in lines):
        return "The string that was actually signed is unknown."
    return "The signed string is correct; the difference is elsewhere."
