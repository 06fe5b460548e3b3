"""The few emoji that support people use; every phone and desktop has all the others on its own keyboard."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EMOJI: tuple[tuple[str, str | Promise], ...] = (
    ("😀", _("grinning")), ("😊", _("smiling")), ("😍", _("heart eyes")), ("😅", _("relieved")),
    ("😕", _("unsure")), ("😢", _("crying")), ("🙏", _("thanks")), ("👍", _("thumbs up")),
    ("👋", _("wave")), ("👏", _("clap")), ("💛", _("yellow heart")), ("❤️", _("red heart")),
    ("🎉", _("party")), ("🎂", _("cake")), ("☀️", _("sun")), ("🌷", _("tulip")),
    ("📦", _("parcel")), ("🚚", _("van")), ("🏠", _("house")), ("🔧", _("spanner")),
    ("📷", _("camera")), ("📍", _("pin")), ("✅", _("done")), ("⏰", _("alarm")),
)  # fmt: skip
