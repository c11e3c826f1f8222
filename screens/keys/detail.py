"""A session beside its list: where it is, and every key pair that it has or had."""

from __future__ import annotations

from textual.content import Content

from dropcopy_tui.domain.keypairs import KeyState
from dropcopy_tui.services.views import KeyView, SessionView
from screens.keys.session_table import HIDDEN_KEY_ID
from screens.terminal.values import facts, value
from screens.wording import SESSION_KINDS, TONES, key_words, utc

_LABEL = 12
# Of pairs that no gateway accepts now, the latest.
_PAST = 3


def session_detail(view: SessionView, shows_key_ids: bool, width: int) -> Content:
    """The session in `width` cells. Public key ids are shown where the list shows them."""
    rows = [
        ("Kind", SESSION_KINDS[view.kind], ""),
        ("Entity", view.entity, ""),
        ("Market", view.market_name, ""),
        ("Gateway", " ".join([view.gateway.upper(), *view.segments]), ""),
        ("Status", view.status, ""),
        *((("Group", view.group, ""),) if view.group else ()),
    ]
    parts = [value(view.session_id, "bold"), facts(rows, _LABEL, width)]
    past = [pair for pair in view.keys if not pair.state.living][-_PAST:]
    for title, pairs in (("Key pairs", view.living), ("Earlier key pairs", past)):
        if pairs or title == "Key pairs":
            parts += [Content(""), value(title, "bold"), *(_pair(pair, shows_key_ids, width) for pair in pairs)]
            parts += [] if pairs else [value("  none: no one can log on", "$text-muted")]
    return Content("\n").join(parts)


def pair_rows(view: SessionView) -> list[tuple[str, str, str]]:
    """A session's key pairs in a line each."""
    if not view.living:
        return [("", "no active key pair", "$warning")]
    return [("", f"{key_words(pair)}, expires {pair.when}", _tone(pair)) for pair in view.living]


def _pair(pair: KeyView, shows_key_ids: bool, width: int) -> Content:
    rows = [
        ("  Key id", pair.access_key_id if shows_key_ids else HIDDEN_KEY_ID, ""),
        ("  State", key_words(pair), _tone(pair)),
        ("  Created", utc(pair.created_at), ""),
        ("  Expires", f"{pair.when}, {pair.left}" if pair.state.living else pair.when, ""),
    ]
    if pair.state is KeyState.DELETED and pair.deleted_at is not None:
        rows.append(("  Deleted", f"{utc(pair.deleted_at)} by {pair.deleted_by}", ""))
    return facts(rows, _LABEL, width)


def _tone(pair: KeyView) -> str:
    tone = TONES[pair.state]
    return "$text-muted" if tone == "muted" else f"${tone}"
