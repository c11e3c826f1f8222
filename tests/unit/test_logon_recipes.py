"""Mistakes of real clients, each made here by lines of the test's own, are explained alone and in pairs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from dropcopy_tui.domain.logon import LogonMessage, encode_secret, parse_message, verify
from dropcopy_tui.domain.logon_mistakes import Candidate, diagnose
from tests.unit.test_logon_mistakes import FIX, KEY, KEYS, NOW, fix_message

# A secret whose text has both characters in which the two alphabets of base64 differ.
SECRET = base64.urlsafe_b64decode("2HlZ7exg8jTKltXnURjKvm3GS5iF5n4ClzHiEm_o-v4=")
TEXT = encode_secret(SECRET)
ID = "oNDxM33uE81ohWuVRtWT"
OWN = Candidate(ID, "B08", SECRET, KEY.expires_at, KEY.created_at)


@dataclass
class Signing:
    """How a client signs; a mistake changes one part of it."""

    values: dict[str, str | None] = field(default_factory=lambda: dict(FIX))
    order: Sequence[str] = tuple(FIX)
    joiner: str = "\n"
    ending: str = ""
    tagged: bool = False
    key: bytes = SECRET
    swapped: bool = False

    def made(self) -> bytes:
        kept = [(tag, self.values[tag]) for tag in self.order if self.values[tag] is not None]
        text = self.joiner.join(f"{tag}={value}" if self.tagged else str(value) for tag, value in kept) + self.ending
        key, data = (text.encode(), self.key) if self.swapped else (self.key, text.encode())
        return hmac.new(key, data, hashlib.sha256).digest()


def value(tag: str, text: str | None) -> Callable[[Signing], None]:
    return lambda signing: signing.values.__setitem__(tag, text)


def part(name: str, text: object) -> Callable[[Signing], None]:
    return lambda signing: setattr(signing, name, text)


def standard(text: str) -> bytes:
    """What a decoder of standard base64 makes of a text, however long it is."""
    text = text[:-1] if len(text) % 4 == 1 else text
    return base64.b64decode(text + "=" * (-len(text) % 4))


# By what is changed: two of one part exclude each other.
MISTAKES: Mapping[str, Mapping[str, tuple[Callable[[Signing], None], str]]] = {
    **{
        tag: {f"{tag} left out": (value(tag, None), f"Tag {tag} was left out of the signed string.")}
        for tag in FIX
        if tag not in ("34", "52", "142", "50")
    },
    "joiner": {
        "|": (part("joiner", "|"), "The values were joined by | instead of LF"),
        "CR LF": (part("joiner", "\r\n"), "The values were joined by CR LF instead of LF"),
        "nothing": (part("joiner", ""), "The values were joined by nothing instead of LF"),
        "SOH": (part("joiner", "\x01"), "The values were joined by SOH instead of LF"),
    },
    "tagged": {"tag=value": (part("tagged", True), "tag=value was signed: only the values are, without their tags.")},
    "order": {
        "reversed": (part("order", tuple(reversed(FIX))), "The values were signed in reverse order."),
        "as text": (part("order", tuple(sorted(FIX))), "The values were signed in alphabetical order."),
        "two": (
            part("order", ("34", "49", "52", "50", *list(FIX)[4:])),
            "Tag 50 and Tag 52 were swapped in the signed string.",
        ),
    },
    "ending": {
        "space": (part("ending", " "), "The signed string ends in a space: nothing may follow its last value."),
        "CR LF": (part("ending", "\r\n"), "The signed string ends in CR LF"),
        "|": (part("ending", "|"), "The signed string ends in |"),
    },
    "52": {
        "52 without ms": (value("52", FIX["52"][:17]), "Tag 52 (SendingTime) was signed without its milliseconds."),
        "52 left out": (value("52", None), "Tag 52 was left out of the signed string."),
    },
    "34": {
        "34 another": (value("34", "2"), "Tag 34 was sent as 1 but signed as 2."),
        "34 padded": (value("34", "000001"), "Tag 34 was sent as 1 but signed as 000001."),
        "34 left out": (value("34", None), "Tag 34 was left out of the signed string."),
    },
    "142": {
        "142 case": (value("142", "us,ny"), "Tag 142 was sent as US,NY but signed as us,ny."),
        "142 quoted": (value("142", '"US,NY"'), 'Tag 142 was sent as US,NY but signed as "US,NY".'),
        "142 another": (value("142", "US,IL"), "Tag 142 was sent as US,NY but signed as US,IL."),
        "142 left out": (value("142", None), "Tag 142 was left out of the signed string."),
    },
    "50": {
        "50 case": (value("50", "msg"), "Tag 50 was sent as MSG but signed as msg."),
        "50 space": (value("50", "MSG "), "Tag 50 was signed with a space after its value."),
        "50 left out": (value("50", None), "Tag 50 was left out of the signed string."),
    },
    "key": {
        "text": (part("key", TEXT.encode()), "The secret was used without decoding it: "),
        "newline": (part("key", f"{TEXT}\n".encode()), "The secret was used without decoding it, with a line feed"),
        "dropped": (
            part("key", standard(TEXT.replace("-", "").replace("_", ""))),
            "The secret was decoded as standard base64 with its - and _ dropped",
        ),
        "replaced": (
            part("key", standard(TEXT.replace("-", "/").replace("_", "+"))),
            "The secret was decoded as standard base64 with / for - and + for _",
        ),
        "hex": (part("key", SECRET.hex().encode()), "The secret was used as hex digits"),
    },
    "swapped": {"swapped": (part("swapped", True), "Key and text were swapped: ")},
}
EVERY = [(group, name) for group, names in MISTAKES.items() for name in names]
PAIRS = [pair for pair in itertools.combinations(EVERY, 2) if pair[0][0] != pair[1][0]]


def explained(*names: tuple[str, str]) -> tuple[str, ...]:
    signing = Signing()
    for group, name in names:
        MISTAKES[group][name][0](signing)
    message = fix_message(signing.made(), OWN.access_key_id)
    assert not verify(message, SECRET)
    return diagnose(message, [OWN, *KEYS], NOW).words


@pytest.mark.parametrize("name", EVERY, ids=lambda name: name[1])
def test_a_mistake_alone(name: tuple[str, str]) -> None:
    (found,) = explained(name)
    assert found.startswith(MISTAKES[name[0]][name[1]][1])


def unclear(first: tuple[str, str], second: tuple[str, str]) -> bool:
    """Whether the two make the same string as another mistake does: a value that is left out has no place."""
    return "order" in (first[0], second[0]) and any("left out" in name for _, name in (first, second))


# Every seventh pair, so that each mistake is there with most of the others.
@pytest.mark.parametrize(("first", "second"), [pair for pair in PAIRS if not unclear(*pair)][::7])
def test_two_mistakes_together(first: tuple[str, str], second: tuple[str, str]) -> None:
    found = explained(first, second)
    assert len(found) == 2, found
    for group, name in (first, second):
        assert any(words.startswith(MISTAKES[group][name][1]) for words in found), found


def test_the_order_in_which_the_fields_were_sent() -> None:
    sent = ("49", "34", "52", *(tag for tag in FIX if tag not in ("49", "34", "52")))
    message = fix_message(Signing(order=sent).made(), OWN.access_key_id)
    fields = [tag for tag in message.raw if tag in FIX]
    assert fields == list(FIX)
    swapped = {tag: FIX[tag] for tag in sent}
    text = "|".join(f"{tag}={text}" for tag, text in {"35": "A", **swapped}.items())
    other = diagnose(_parsed(text, Signing(order=sent).made()), [OWN], NOW)
    assert other.words == ("The values were signed in the order in which they were sent.",)


def _parsed(text: str, signature: bytes) -> LogonMessage:
    return parse_message(f"{text}|355={OWN.access_key_id}|1402={encode_secret(signature)}")


def test_another_millisecond() -> None:
    signing = Signing(values={**FIX, "52": "20261123-14:30:00.123"})
    (found,) = diagnose(fix_message(signing.made(), OWN.access_key_id), [OWN], NOW).words
    assert found == "Tag 52 was sent as 20261123-14:30:00.000 but signed as 20261123-14:30:00.123."


@pytest.mark.parametrize("write", [bytes.hex, lambda made: base64.b64encode(made.hex().encode()).decode().rstrip("=")])
def test_hex_instead_of_base64(write: Callable[[bytes], str]) -> None:
    (found,) = diagnose(fix_message(write(Signing().made()), OWN.access_key_id), [OWN], NOW).words
    assert "hex" in found


@pytest.mark.parametrize(
    "typed", ["ONDxM33uE81ohWuVRtWT", ID[:-1], f"{ID}T", "oNDxM33uEB1ohWuVRtWT", "oNDxM33uE81ohWuVtRWT"]
)
def test_a_mistyped_key_id(typed: str) -> None:
    found = diagnose(fix_message(Signing().made(), typed), [OWN, *KEYS], NOW).words
    assert found[1] == f"Tag 355 is mistyped: it was signed with {ID}, which is active."


def test_what_nothing_explains_is_not_guessed() -> None:
    signing = Signing(values={**FIX, "1603": "QUITE ANOTHER"}, joiner="|", ending=" ")
    (found,) = diagnose(fix_message(signing.made(), OWN.access_key_id), [OWN], NOW).words
    assert found == (
        f"No known mistake explains the signature for key pair {ID}, alone or combined with another: "
        "the client signed a different text or used a different secret."
    )
