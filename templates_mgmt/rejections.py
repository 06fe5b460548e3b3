"""What to do about a rejected template, from WhatsApp's reason, which is free text. Pure.

Words seen: Meta's rejection codes and error titles, and Twilio's error 63040.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Advice:
    """`edit` is the rule of `policy` whose finding holds the change, or ''."""

    family: str
    steps: tuple[str, ...]
    edit: str = ""


@dataclass(frozen=True)
class Family:
    name: str
    words: re.Pattern[str]
    steps: tuple[Promise, ...]
    edit: str = ""


SUBMIT = _("Make a new version and submit it. A look usually takes under an hour, at most two days.")
APPEAL = _("If the text keeps to the rules, ask for another review in Meta's WhatsApp Manager.")


def _family(name: str, words: str, *steps: Promise, edit: str = "") -> Family:
    return Family(name, re.compile(words, re.IGNORECASE | re.DOTALL), steps, edit)


# The first steps of the family "position", by the rules they mend.
ENDS = ("starts_with_variable", "ends_with_variable")
_VARIABLE = r"(variable|param(eter)?|placeholder)s?"

# The first that matches wins: exact reasons before the codes that wrap them, and before single words that
# others use too ("abusive language", "already exists in this language").
FAMILIES: tuple[Family, ...] = (
    # Variables
    _family("adjacent", rf"next to each other|adjacent|consecutive {_VARIABLE}|{_VARIABLE} in a row",
            _("Put a word or a comma between the two variables, or make them one."), SUBMIT, edit="adjacent"),
    _family("position", rf"leading or trailing|dangling|{_VARIABLE}\b.*\b(start|begin|end)(s|ning|ing)?\b|"
            rf"\b(start|begin|end)s?( or (start|end)s?)? with (a |an )?{_VARIABLE}",
            _("Put a word before the first variable; a greeting works: “Hi {{1}}, …”."),
            _("Put a few words after the last one; a full stop is not enough."), SUBMIT,
            edit="starts_with_variable"),
    _family("few_words", rf"too many {_VARIABLE}|{_VARIABLE}.*\b(ratio|length|density)\b|"
            rf"{_VARIABLE} to (words?|length)",
            _("Write more words around the variables: two for each of them and one more."),
            _("Or make two variables one."), SUBMIT, edit="few_words"),
    _family("sample", r"(missing|without|no|expected|provide|invalid|needs?)\b.*\b(samples?|examples?)\b|"
            r"\b(samples?|examples?)\b.*\b(missing|required|needed)",
            _("Give every variable and every file a sample that could be real."), SUBMIT, edit="sample"),
    _family("numbering", r"sequential|numbered|without gaps|\{\{\d+\}\} (is missing|does not exist)",
            _("Number the variables 1, 2, 3 as they are read, without gaps."), SUBMIT, edit="numbering"),
    _family("braces", r"curly|brace|bracket|malformed|special characters?",
            _("Write each variable as two braces, a number, two braces: {{1}}."), SUBMIT, edit="braces"),
    # What it says
    _family("category", r"TAG_CONTENT_MISMATCH|INCORRECT_CATEGORY|(wrong|incorrect|mismatch\w*).*categor|"
            r"categor\w*.*(match|incorrect|wrong|mismatch)",
            _("Choose the category that the text belongs to: anything that offers or invites is marketing."),
            _("Or take the offer out, so that only the order or booking is left."), SUBMIT,
            edit="promotion"),
    _family("duplicate", r"duplicate|already exists|identical|same (name|content)|name.*(taken|in use)",
            _("Use the approved template that already says this, or say something different."),
            _("Give it another name."), SUBMIT, edit="name"),
    _family("short_link", r"shorten|bit\.ly|tinyurl|goo\.gl",
            _("Replace the short link by the full address on your own site."), SUBMIT, edit="short_link"),
    _family("whatsapp_link", r"wa\.me|whatsapp link|direct link",
            _("Take out the link to WhatsApp; a quick reply button does the same."), SUBMIT,
            edit="whatsapp_link"),
    _family("session_only", r"session only|cannot be approved",
            _("Send this type without approval while the window is open, or choose another type."),
            edit="session_only"),
    _family("scam", r"\bscam|phish|fraud|mislead",
            _("Say plainly who writes and why, with your company's name as customers know it."),
            _("Link only to your own site, and ask for no passwords, card or identity numbers."), SUBMIT,
            APPEAL),
    _family("abusive", r"ABUSIVE|threat|offensive",
            _("Take out anything that could be read as a threat, such as legal steps or telling others."),
            _("Say what happened and what the customer can do next."), SUBMIT, APPEAL),
    _family("language", r"\blanguages?\b|\blocale\b",
            _("Choose the language that the text is written in, and write all of it in that one."), SUBMIT,
            edit="language"),
    _family("promotional", r"promotion|\bmarketing\b|advertis",
            _("Change the category to marketing, or take out the words that sell."), SUBMIT,
            edit="promotion"),
    _family("policy", r"polic(y|ies)|commerce|prohibited|sensitive|violat",
            _("Do not sell what WhatsApp's commerce policy forbids, and ask for no identity numbers."),
            _("Say plainly what the message is about."), SUBMIT, APPEAL),
    # Form, last: the word comes with most of the reasons above
    _family("length", r"too long|character limit|exceeds?\b|max(imum)? length",
            _("Shorten the text, the footer or the buttons to what the editor counts."), SUBMIT,
            edit="approved_length"),
    _family("emoji", r"emoji|newline|line break|formatting characters",
            _("Take emojis, line breaks and markup out of the header, the footer and the buttons."), SUBMIT,
            edit="emoji"),
    _family("format", r"INVALID_FORMAT|format|spelling|grammar|typo",
            _("Look at the checks beside the preview, and correct spelling and punctuation."),
            _("Make sure that every variable has words around it and a sample that could be real."), SUBMIT),
)  # fmt: skip
UNKNOWN = Family(
    "unknown",
    re.compile(""),
    (
        _("Look at the checks beside the preview and make the purpose of the message clear."),
        SUBMIT,
        APPEAL,
    ),
)


def advise(reason: str, broken: Collection[str] = ()) -> Advice:
    """Concrete steps for WhatsApp's reason; sensible ones also for a reason that nobody knows.

    :param broken: the rules of `policy` that the text breaks, so that nobody is sent to an end that is right.
    """
    found = next((family for family in FAMILIES if family.words.search(reason)), UNKNOWN)
    edit = "ends_with_variable" if _only_the_end(found, reason) else found.edit
    steps = found.steps
    if found.name == "position" and (ends := [end for end in ENDS if end in broken]):
        steps = (*(found.steps[ENDS.index(end)] for end in ends), *found.steps[len(ENDS) :])
        edit = ends[0]
    return Advice(found.name, tuple(str(step) for step in steps), edit)


def changes(reason: str, broken: Collection[str] = ()) -> tuple[str, ...]:
    """The steps for whoever writes the new version already."""
    return tuple(step for step in advise(reason, broken).steps if step != str(SUBMIT))


def _only_the_end(family: Family, reason: str) -> bool:
    words = re.search(r"start|begin|leading", reason, re.IGNORECASE)
    return family.name == "position" and not words
