"""Our themes. TCSS names their variables and never a colour.

The colours of the dark and the light theme sit on or next to xterm's 256, so that hardly anything moves where
true colour is missing; `desk-16` has only the sixteen of the VGA palette, which is what Rich compares with;
`desk-mono` is black and white, and the mono filter turns its bright grounds into reverse video.
"""

from __future__ import annotations

from textual.theme import Theme

TONES = ("primary", "secondary", "warning", "error", "success", "accent")


def desk_theme(name: str, colours: dict[str, str], *, dark: bool, extra: dict[str, str] | None = None) -> Theme:
    """A theme whose every text colour is explicit: no alpha that some terminal would round away."""
    c = colours
    variables = {
        "text": c["foreground"],
        "text-muted": c["muted"],
        "text-disabled": c["disabled"],
        "foreground-muted": c["muted"],
        "foreground-disabled": c["disabled"],
        **{f"text-{tone}": c[tone] for tone in TONES},
        **{f"{tone}-muted": c["panel"] for tone in TONES},
        "block-cursor-background": c["cursor"],
        "block-cursor-foreground": c["on-cursor"],
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": c["cursor-blurred"],
        "block-cursor-blurred-foreground": c["on-cursor-blurred"],
        "block-cursor-blurred-text-style": "none",
        "block-hover-background": c["panel"],
        "surface-active": c["panel"],
        "border": c["border"],
        "border-blurred": c["border-blurred"],
        "input-cursor-background": c["foreground"],
        "input-cursor-foreground": c["background"],
        "input-cursor-text-style": "none",
        "input-selection-background": c["cursor"],
        "input-selection-foreground": c["on-cursor"],
        "screen-selection-background": c["cursor"],
        "screen-selection-foreground": c["on-cursor"],
        "footer-background": c["panel"],
        "footer-foreground": c["foreground"],
        "footer-item-background": c["panel"],
        "footer-key-background": c["panel"],
        "footer-key-foreground": c["primary"],
        "footer-description-background": c["panel"],
        "footer-description-foreground": c["foreground"],
        "scrollbar": c["border"],
        "scrollbar-hover": c["border"],
        "scrollbar-active": c["primary"],
        "scrollbar-background": c["surface"],
        "scrollbar-background-hover": c["surface"],
        "scrollbar-background-active": c["surface"],
        "scrollbar-corner-color": c["surface"],
        "link-color": c["primary"],
        "link-background": c["background"],
        "link-background-hover": c["cursor"],
        "link-color-hover": c["on-cursor"],
        "button-foreground": c["foreground"],
        "button-color-foreground": c["background"],
        "button-focus-text-style": "bold reverse",
    }
    return Theme(
        name=name,
        dark=dark,
        boost=c["panel"],
        primary=c["primary"],
        secondary=c["secondary"],
        warning=c["warning"],
        error=c["error"],
        success=c["success"],
        accent=c["accent"],
        foreground=c["foreground"],
        background=c["background"],
        surface=c["surface"],
        panel=c["panel"],
        variables=variables | (extra or {}),
    )


DARK_COLOURS = {
    "background": "#121212",
    "surface": "#1c1c1c",
    "panel": "#262626",
    "foreground": "#d0d0d0",
    "muted": "#a8a8a8",
    "disabled": "#949494",
    "primary": "#87afd7",
    "secondary": "#afafd7",
    "accent": "#87d7d7",
    "warning": "#d7af5f",
    "error": "#ff8787",
    "success": "#87d787",
    "cursor": "#005f87",
    "on-cursor": "#ffffff",
    "cursor-blurred": "#303030",
    "on-cursor-blurred": "#d0d0d0",
    "border": "#5f87af",
    "border-blurred": "#444444",
}
DARK = desk_theme("desk-dark", DARK_COLOURS, dark=True)

LIGHT_COLOURS = {
    "background": "#eeeeee",
    "surface": "#ffffff",
    "panel": "#e8e8e8",
    "foreground": "#262626",
    "muted": "#4e4e4e",
    "disabled": "#585858",
    "primary": "#005f87",
    "secondary": "#5f005f",
    "accent": "#005f5f",
    "warning": "#875f00",
    "error": "#af0000",
    "success": "#005f00",
    "cursor": "#005f87",
    "on-cursor": "#ffffff",
    "cursor-blurred": "#d0d0d0",
    "on-cursor-blurred": "#262626",
    "border": "#005f87",
    "border-blurred": "#bcbcbc",
}
LIGHT = desk_theme("desk-light", LIGHT_COLOURS, dark=False)

# Ratios of 7 and more, the highest level of WCAG, on 256 colours as well.
CONTRAST = desk_theme(
    "desk-contrast",
    {
        "background": "#000000",
        "surface": "#000000",
        "panel": "#000000",
        "foreground": "#ffffff",
        "muted": "#e4e4e4",
        "disabled": "#d0d0d0",
        "primary": "#87d7ff",
        "secondary": "#ffafff",
        "accent": "#87ffff",
        "warning": "#ffff5f",
        "error": "#ffafaf",
        "success": "#87ff87",
        "cursor": "#0000af",
        "on-cursor": "#ffffff",
        "cursor-blurred": "#303030",
        "on-cursor-blurred": "#ffffff",
        "border": "#ffffff",
        "border-blurred": "#d0d0d0",
    },
    dark=True,
)

SIXTEEN = desk_theme(
    "desk-16",
    {
        "background": "#000000",
        "surface": "#000000",
        "panel": "#000000",
        "foreground": "#aaaaaa",
        "muted": "#aaaaaa",
        "disabled": "#aaaaaa",
        "primary": "#00aaaa",
        "secondary": "#aaaaaa",
        "accent": "#55ffff",
        "warning": "#ffff55",
        "error": "#ff5555",
        "success": "#55ff55",
        "cursor": "#00aaaa",
        "on-cursor": "#000000",
        # Backgrounds from the first eight only: the Linux console has no others.
        "cursor-blurred": "#0000aa",
        "on-cursor-blurred": "#ffffff",
        "border": "#00aaaa",
        "border-blurred": "#aaaaaa",
    },
    dark=True,
    extra={"scrollbar": "#aaaaaa", "scrollbar-hover": "#aaaaaa", "scrollbar-active": "#00aaaa"},
)

MONO = desk_theme(
    "desk-mono",
    {
        **dict.fromkeys((*TONES, "foreground", "muted", "disabled", "border", "border-blurred"), "#ffffff"),
        **dict.fromkeys(("background", "surface", "panel", "cursor-blurred", "on-cursor"), "#000000"),
        "cursor": "#ffffff",
        "on-cursor-blurred": "#ffffff",
    },
    dark=True,
    extra={"block-cursor-blurred-text-style": "underline"},
)

THEMES = {theme.name: theme for theme in (DARK, LIGHT, CONTRAST, SIXTEEN, MONO)}
