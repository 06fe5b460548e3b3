"""The languages of WhatsApp's templates, each by its own name. Pure.

Source: Meta, "Supported languages" of message templates.
"""

from __future__ import annotations

import re

_NAMES = """
af=Afrikaans sq=Shqip ar=العربية az=Azərbaycanca bn=বাংলা bg=Български ca=Català zh_CN=简体中文
zh_HK=繁體中文_(香港) zh_TW=繁體中文_(台灣) hr=Hrvatski cs=Čeština da=Dansk nl=Nederlands en=English
en_GB=English_(UK) en_US=English_(US) et=Eesti fil=Filipino fi=Suomi fr=Français ka=ქართული de=Deutsch
el=Ελληνικά gu=ગુજરાતી ha=Hausa he=עברית hi=हिन्दी hu=Magyar id=Indonesia ga=Gaeilge it=Italiano ja=日本語
kn=ಕನ್ನಡ kk=Қазақ_тілі rw_RW=Kinyarwanda ko=한국어 ky_KG=Кыргызча lo=ລາວ lv=Latviešu lt=Lietuvių
mk=Македонски ms=Melayu ml=മലയാളം mr=मराठी nb=Norsk_bokmål fa=فارسی pl=Polski pt_BR=Português_(Brasil)
pt_PT=Português_(Portugal) pa=ਪੰਜਾਬੀ ro=Română ru=Русский sr=Српски sk=Slovenčina sl=Slovenščina es=Español
es_AR=Español_(Argentina) es_ES=Español_(España) es_MX=Español_(México) sw=Kiswahili sv=Svenska ta=தமிழ்
te=తెలుగు th=ไทย tr=Türkçe uk=Українська ur=اردو uz=Oʻzbek vi=Tiếng_Việt zu=isiZulu
"""
NAMES = {code: name.replace("_", " ") for code, _, name in (entry.partition("=") for entry in _NAMES.split())}
_FROM_RIGHT = frozenset({"ar", "he", "fa", "ur"})


def name_of(code: str) -> str:
    """In the language itself, in another form with its region; a code that is not known here names itself."""
    if known := NAMES.get(code) or NAMES.get(code.replace("-", "_")):
        return known
    name = NAMES.get(known_as(code), "").partition(" (")[0]
    region = re.split("[_-]", code)[-1] if re.search("[_-]", code) else ""
    return (f"{name} ({region})" if name and region else name) or code or "–"


def known_as(code: str) -> str:
    """WhatsApp's code for what a contact's language may say, or ''."""
    codes = {known.casefold(): known for known in NAMES}
    wanted = code.replace("-", "_").casefold()
    base = wanted.partition("_")[0]
    other_form = next((known for known in NAMES if known.startswith(f"{base}_")), "") if base else ""
    return codes.get(wanted) or codes.get(base) or other_form


def direction_of(code: str) -> str:
    """The value of a `dir` attribute."""
    return "rtl" if re.split("[_-]", code)[0] in _FROM_RIGHT else "ltr"


def tag_of(code: str) -> str:
    """As the `lang` attribute of a page wants it."""
    return code.replace("_", "-")
