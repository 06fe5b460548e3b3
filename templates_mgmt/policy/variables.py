"""Its variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from templates_mgmt import content as kinds
from templates_mgmt import placeholders
from templates_mgmt.content import Content
from templates_mgmt.policy.drafts import MOST_VARIABLES, Draft, Finding, Findings
from templates_mgmt.policy.sharing import parts
from templates_mgmt.policy.words import GREETINGS, THANKS, UNSPACED

_MARKUP = " \t\r\n*_~`"
_BROKEN = re.compile(r"[{}]")
_NEARLY = re.compile(r"\{+\s*(\w{1,16})\s*\}+")
_ADJACENT = re.compile(r"\}\}\s*(?=\{\{)")


def _texts(draft: Draft) -> Iterator[tuple[str, str]]:
    """Those that reviewers read as texts, with their fields: the main one and those of cards."""
    yield draft.main
    yield from ((card.body, f"cards.{number}") for number, card in enumerate(draft.content.cards, 1))


def braces(draft: Draft) -> Findings:
    for field, text in parts(draft.content):
        if _BROKEN.search(placeholders.VARIABLE.sub("", text)):
            mended = _NEARLY.sub(r"{{\1}}", text) if field == draft.main[1] else ""
            is_whole = not _BROKEN.search(placeholders.VARIABLE.sub("", mended))
            sentence = _(
                "A variable is two braces, a number and two braces, and 16 characters at most inside."
            )
            fix = _("Write it as {{1}}.")
            yield Finding("braces", sentence, fix, field, edit=mended if is_whole else "")


def starts_with_variable(draft: Draft) -> Findings:
    greeting = GREETINGS.get(draft.base_language, "")
    for text, field in _texts(draft):
        if found := placeholders.VARIABLE.match(text.lstrip(_MARKUP)):
            words = {"name": found[0], "greeting": greeting or GREETINGS["en"]}
            fix = _("Put a word before %(name)s. A greeting works: “%(greeting)s %(name)s, …”.") % words
            edit = f"{greeting} {text.lstrip()}" if greeting and field == draft.main[1] else ""
            sentence = _("The text cannot start with a variable.")
            yield Finding("starts_with_variable", sentence, fix, field, edit=edit)


def ends_with_variable(draft: Draft) -> Findings:
    thanks = THANKS.get(draft.base_language, "")
    for text, field in _texts(draft):
        if re.search(r"\}\}\W*$", text):
            kept = text.rstrip()
            stop = "" if re.search(r"[.!?…。！？؟।]$", kept) else "."
            fix = _("Put a few words after it; a full stop is not enough. For example: “%(words)s”")
            yield Finding(
                "ends_with_variable",
                _("The text cannot end with a variable."),
                fix % {"words": thanks or THANKS["en"]},
                field,
                edit=f"{kept}{stop} {thanks}" if thanks and field == draft.main[1] else "",
            )


def adjacent(draft: Draft) -> Findings:
    content = draft.content
    fields = {field: text for text, field in _texts(draft)}
    for field, text in ({"header": content.header, "footer": content.footer} | fields).items():
        if _ADJACENT.search(text):
            sentence = _("Two variables cannot stand next to each other, even with a space between them.")
            fix = _("Put a word or a comma between them, or make them one variable.")
            edit = "" if field.startswith("cards.") else _ADJACENT.sub("}}, ", text)
            yield Finding("adjacent", sentence, fix, field, edit=edit)


def numbering(draft: Draft) -> Findings:
    text, field = draft.main
    used, here = draft.content.names, placeholders.names(text)
    if not (_has_gaps(used) or _has_gaps(here)):
        return
    alone = renumbered(draft.content).body if used == here and field == "body" else ""
    if _has_gaps(used):
        sentence = _("Variables must be numbered from {{1}} without gaps.")
        yield Finding("numbering", sentence, _("Number them 1, 2, 3 as they are read."), field, edit=alone)
    else:
        sentence = _("The numbers in the text have a gap that the header or the buttons fill.")
        fix = _("Give the text the first numbers.")
        yield Finding("numbering", sentence, fix, field, is_error=False)


def few_words(draft: Draft) -> Findings:
    for text, field in _texts(draft):
        needed = 2 * len(placeholders.names(text)) + 1
        count = _word_count(text)
        if needed > 1 and count < needed:
            numbers = {"count": count, "needed": needed}
            told = _("There are too many variables for %(count)d words; %(needed)d words are needed.")
            fix = _("Write more around the variables, or use fewer of them.")
            # Without spaces between words the count is an estimate.
            is_error = not UNSPACED.search(text)
            yield Finding("few_words", told % numbers, fix, field, is_error=is_error)


def sample(draft: Draft) -> Findings:
    if draft.content.kind == kinds.AUTHENTICATION:
        return
    for missing in placeholders.missing(draft.content.names, draft.content.variables):
        sentence = _("Variable %(name)s has no sample.") % {"name": missing}
        fix = _("Write one that could be real; reviewers read the message with it.")
        yield Finding("sample", sentence, fix, f"variables.{missing}")


def value(draft: Draft) -> Findings:
    for name, sample in draft.content.variables.items():
        if problem := placeholders.problem(sample):
            fix = _("Change the sample.")
            yield Finding("value", problem, fix, f"variables.{name}", edit=" ".join(sample.split())[:1600])


def variable_count(draft: Draft) -> Findings:
    if (count := len(draft.content.names)) > MOST_VARIABLES:
        sentence = _("There are %(count)d variables; 100 are allowed.") % {"count": count}
        yield Finding("variable_count", sentence, _("Use fewer variables."), draft.main[1])


def renumbered(content: Content) -> Content:
    """The same with variables 1, 2, 3 in reading order, samples moved along."""
    order = {name: str(number) for number, name in enumerate(content.names, 1)}
    swaps = {name: f"{{{{{number}}}}}" for name, number in order.items()}
    samples = {order[name]: value for name, value in content.variables.items() if name in order}
    return Content(_refilled(content.types, swaps), samples)


def _refilled(value: Any, swaps: dict[str, str]) -> Any:
    if isinstance(value, str):
        return placeholders.fill(value, swaps)
    if isinstance(value, dict):
        return {key: _refilled(each, swaps) for key, each in value.items()}
    return [_refilled(each, swaps) for each in value] if isinstance(value, list) else value


def _has_gaps(names: list[str]) -> bool:
    return set(names) != {str(number + 1) for number in range(len(names))}


def _word_count(text: str) -> int:
    plain = placeholders.VARIABLE.sub("", text)
    glued = len(UNSPACED.findall(plain)) // 2  # two characters are about a word
    return glued + sum(bool(re.search(r"\w", word)) for word in UNSPACED.sub(" ", plain).split())
