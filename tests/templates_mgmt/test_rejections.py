from __future__ import annotations

import pytest

from templates_mgmt import policy, rejections

RULES = {rule.__name__ for rule in (*policy.ALWAYS, *policy.TO_SUBMIT, *policy.IN_SESSION)}


@pytest.mark.parametrize(
    ("reason", "family", "edit"),
    [
        pytest.param(
            "INVALID_FORMAT: variable parameters cannot be placed at the start or end of the message body.",
            "position", "starts_with_variable", id="start or end, with its code"),
        pytest.param("Variables can't be at the start or end of the template.",
            "position", "starts_with_variable", id="start or end"),
        pytest.param("Leading or trailing params not allowed",
            "position", "starts_with_variable", id="leading or trailing"),
        pytest.param("Template body cannot start or end with a placeholder.",
            "position", "starts_with_variable", id="placeholder"),
        pytest.param("The body ends with a variable", "position", "ends_with_variable", id="end only"),
        pytest.param("Variables can't stand next to each other.", "adjacent", "adjacent", id="adjacent"),
        pytest.param("INVALID_FORMAT: adjacent parameters", "adjacent", "adjacent", id="adjacent, with code"),
        pytest.param("This template has too many variables for its length.",
            "few_words", "few_words", id="too many"),
        pytest.param("The parameters to words ratio exceeds the limit", "few_words", "few_words", id="ratio"),
        pytest.param("Variable 2 has no sample.", "sample", "sample", id="no sample"),
        pytest.param("component of type BODY is missing expected field(s) (example)",
            "sample", "sample", id="missing example"),
        pytest.param("Variables must be numbered from {{1}} without gaps.",
            "numbering", "numbering", id="gaps"),
        pytest.param("Variable parameters are not sequential. For example {{1}}, {{3}}",
            "numbering", "numbering", id="not sequential"),
        pytest.param("Variable parameters have mismatched curly braces", "braces", "braces", id="braces"),
        pytest.param("TAG_CONTENT_MISMATCH", "category", "promotion", id="tag mismatch"),
        pytest.param("INCORRECT_CATEGORY", "category", "promotion", id="category"),
        pytest.param("The category you chose doesn't match the content", "category", "promotion", id="match"),
        pytest.param("ABUSIVE_CONTENT", "abusive", "", id="abusive"),
        pytest.param("It contains abusive language", "abusive", "", id="abusive language"),
        pytest.param("SCAM", "scam", "", id="scam"),
        pytest.param("PROMOTIONAL", "promotional", "promotion", id="promotional"),
        pytest.param("Content in this language already exists", "duplicate", "name", id="content exists"),
        pytest.param("Template content is identical to another", "duplicate", "name", id="same content"),
        pytest.param("Template name is a duplicate", "duplicate", "name", id="same name"),
        pytest.param("The text is not in the language selected", "language", "language", id="language"),
        pytest.param("Do not use a URL shortener", "short_link", "short_link", id="shortener"),
        pytest.param("Links to wa.me are not allowed", "whatsapp_link", "whatsapp_link", id="wa.me"),
        pytest.param("This type works in a session only and cannot be approved.",
            "session_only", "session_only", id="session only"),
        pytest.param("Violates the WhatsApp Commerce Policy", "policy", "", id="commerce policy"),
        pytest.param("Asks for sensitive identifiers", "policy", "", id="sensitive"),
        pytest.param("The footer is too long", "length", "approved_length", id="length"),
        pytest.param("Headers can't have emojis", "emoji", "emoji", id="emoji"),
        pytest.param("INVALID_FORMAT", "format", "", id="format only"),
        pytest.param("Quelque chose", "unknown", "", id="unknown"),
        pytest.param("NONE", "unknown", "", id="none"),
        pytest.param("", "unknown", "", id="nothing"),
    ],
)  # fmt: skip
def test_a_reason_leads_to_steps(reason: str, family: str, edit: str) -> None:
    advice = rejections.advise(reason)
    assert (advice.family, advice.edit) == (family, edit)
    assert advice.steps and all(step.endswith(".") for step in advice.steps)


@pytest.mark.parametrize("case", ["upper", "lower"])
def test_case_does_not_matter(case: str) -> None:
    assert rejections.advise(getattr("Tag_Content_Mismatch", case)()).family == "category"


def test_every_edit_is_a_rule_of_the_policy() -> None:
    assert {family.edit for family in rejections.FAMILIES} - {""} <= RULES


@pytest.mark.parametrize(("broken", "count"), [
    ((), 2),
    ({"starts_with_variable"}, 1),
    ({"ends_with_variable", "sample"}, 1),
    ({"starts_with_variable", "ends_with_variable"}, 2),
])  # fmt: skip
def test_nobody_is_sent_to_an_end_that_is_right(broken: set[str], count: int) -> None:
    reason = "Variables can't be at the start or end of the template."
    steps = rejections.changes(reason, broken)
    assert len(steps) == count
    assert any("before the first" in step for step in steps) == (broken != {"ends_with_variable", "sample"})
    assert any("after the last" in step for step in steps) == (broken != {"starts_with_variable"})
    assert rejections.advise(reason, broken).steps == (*steps, str(rejections.SUBMIT))
