from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_whatsapp.simulator import content as phone
from channels_whatsapp.simulator import records
from templates_mgmt import content as kinds
from templates_mgmt import policy
from templates_mgmt.content import Card, Content, Item
from templates_mgmt.policy import Draft

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GOOD = "Hi {{1}}, your order {{2}} left our workshop today."
SAMPLES = {"1": "Eleni", "2": "4711"}
PNG = "https://bramblecart.example/lamp.png"
REPLY = (kinds.reply("Ok", "ok"),)
CARD = Card("Lamp", "Oak", (PNG,), REPLY)


def of(types: dict[str, Any], **changes: Any) -> Draft:
    samples = changes.pop("samples", SAMPLES)
    return replace(Draft("order_shipped", "en", "UTILITY", Content(types, samples)), **changes)


def text(body: str, **changes: Any) -> Draft:
    return of(kinds.text(body), **changes)


def card(**parts: Any) -> Draft:
    return of(kinds.whatsapp_card(GOOD, **parts))


def replies(*titles: str, ids: str = "") -> Draft:
    return of(kinds.quick_reply(GOOD, [(title, ids) for title in titles]))


def actions(*buttons: kinds.Button) -> Draft:
    return of(kinds.call_to_action(GOOD, buttons))


def lines(*items: Item, button: str = "Open") -> Draft:
    return of(kinds.list_picker("Choose one", button, items))


def cards(*all_cards: Card) -> Draft:
    return of(kinds.carousel("Look at these", all_cards))


def link(url: str) -> Draft:
    return actions(kinds.link("See it", url))


def code(**parts: Any) -> Draft:
    return of(kinds.authentication("Copy code", **parts), category="AUTHENTICATION", samples={})


def found(draft: Draft, rule: str, *, for_approval: bool = True) -> list[policy.Finding]:
    return [each for each in policy.check(draft, for_approval=for_approval) if each.rule == rule]


# rule, draft, the fields it is found in: none where the draft is good
TO_SUBMIT = [
    ("name", text(GOOD), []),
    ("name", text(GOOD, name="a_1"), []),
    ("name", text(GOOD, name="a" * 512), []),
    ("name", text(GOOD, name="a" * 513), ["name"]),
    ("name", text(GOOD, name="Order shipped"), ["name"]),
    ("name", text(GOOD, name="größe"), ["name"]),
    ("name", text(GOOD, name=""), ["name"]),
    ("language", text(GOOD, language="pt_BR"), []),
    ("language", text(GOOD, language="fil"), []),
    ("language", text(GOOD, language=""), ["language"]),
    ("language", text(GOOD, language="English"), ["language"]),
    ("category", text(GOOD, category="MARKETING"), []),
    ("category", text(GOOD, category="utility"), ["category"]),
    ("category", text(GOOD, category=""), ["category"]),
    ("authentication_type", code(), []),
    ("authentication_type", text(GOOD), []),
    ("authentication_type", text(GOOD, category="AUTHENTICATION"), ["type"]),
    ("authentication_type", replace(code(), category="UTILITY"), ["category"]),
    ("authentication_code", code(minutes=90), []),
    ("authentication_code", code(minutes=0), ["type"]),
    ("authentication_code", code(minutes=91), ["type"]),
    ("authentication_code", of({kinds.AUTHENTICATION: {}}), ["buttons"]),
    ("session_only", text(GOOD), []),
    ("session_only", lines(Item("a", "A")), ["type"]),
    ("session_only", of(kinds.location(1, 2, "Here")), ["type"]),
    ("body_missing", of(kinds.media("", [PNG])), []),
    ("body_missing", text(" \n"), ["body"]),
    ("body_missing", of(kinds.quick_reply("", [("Ok", "ok")])), ["body"]),
    ("body_missing", of(kinds.card("")), ["header"]),
    ("body_missing", of(kinds.card("Lamp")), []),
    ("body_length", text("a" * 1600), []),
    ("body_length", text("a" * 1601), ["body"]),
    ("body_length", of(kinds.quick_reply("a" * 1025, [("Ok", "ok")])), ["body"]),
    ("body_length", of(kinds.call_to_action("a" * 640, [])), []),
    ("body_length", of(kinds.call_to_action("a" * 641, [])), ["body"]),
    ("body_length", of(kinds.media("a" * 1601, [PNG])), ["body"]),
    ("body_length", of(kinds.whatsapp_card("a" * 1025)), ["body"]),
    ("body_length", of(kinds.list_picker("a" * 1025, "Open", [])), ["body"]),
    ("body_length", of(kinds.card("a" * 1025)), ["header"]),
    ("approved_length", text("é" * 1024), []),
    ("approved_length", text("é" * 1025), ["body"]),
    ("approved_length", of(kinds.media("a" * 1025, [PNG])), ["body"]),
    ("header_length", card(header="a" * 60), []),
    ("header_length", card(header="a" * 61), ["header"]),
    ("header_length", of(kinds.card("a" * 61)), []),
    ("footer_length", card(footer="a" * 60), []),
    ("footer_length", card(footer="a" * 61), ["footer"]),
    ("footer_length", of(kinds.card("Lamp", "a" * 61)), ["footer"]),
    ("one_header", card(header="Ready"), []),
    ("one_header", card(urls=[PNG]), []),
    ("one_header", card(header="Ready", urls=[PNG]), ["header"]),
    ("media", of(kinds.media("Look", [PNG])), []),
    ("media", of(kinds.media("Look", ["https://a.example/{{1}}"])), []),
    ("media", of(kinds.media("Look", [])), ["media"]),
    ("media", of(kinds.media("Look", [PNG, PNG])), ["media"]),
    ("media", of(kinds.media("Look", ["lamp.png"])), ["media"]),
    ("media", of(kinds.media("Look", ["https://a.example/{{1}}.png"])), ["media"]),
    ("media", of(kinds.media("Look", ["https://a.example/lamp.MP4?v=2"])), []),
    ("media", of(kinds.media("Look", ["https://a.example/files/17"])), []),
    ("media", of(kinds.media("Look", ["https://a.example/lamp.gif"])), ["media"]),
    ("media", of(kinds.media("Look", ["http://a.example/lamp.png"])), ["media"]),
    ("media", of(kinds.media("Look", ["https://localhost/lamp.png"])), ["media"]),
    ("media", of(kinds.media("Look", ["https://files.local/lamp.png"])), ["media"]),
    ("media", of(kinds.media("Look", ["https://192.168.1.2/lamp.png"])), ["media"]),
    ("media", of(kinds.media("Look", ["https://[::1/lamp.png"])), ["media"]),
    ("media", cards(CARD, replace(CARD, media_urls=("https://a.example/lamp.gif",))), ["cards.2"]),
    ("emoji", text("Hi " + "🌷" * 8), []),
    ("emoji", text("Hi " + "🌷" * 9), ["body"]),
    ("emoji", text("Hi " + "👩‍🔧🇵🇹👍🏽" * 2), []),
    ("whatsapp_link", text("Write to us on whatsapp."), []),
    ("whatsapp_link", text("See https://WA.me/4477 now"), ["body"]),
    ("whatsapp_link", link("https://wa.me/4477"), ["buttons.1"]),
    ("whatsapp_link", text("See http://java.me/ now"), []),
    ("short_link", text("See https://bit.ly/x now"), ["body"]),
    ("short_link", link("https://tinyurl.com/x"), ["buttons.1"]),
    ("short_link", text("See https://habit.ly/x now"), []),
    ("braces", text(GOOD), []),
    ("braces", text("Hi {{1}, hello"), ["body"]),
    ("braces", text("Hi {{ 1 }}, hello"), ["body"]),
    ("braces", text("Hi {1}, hello"), ["body"]),
    ("braces", text("Hi {{}}, hello"), ["body"]),
    ("braces", text("Hi {{" + "a" * 16 + "}}, hello"), []),
    ("braces", text("Hi {{" + "a" * 17 + "}}, hello"), ["body"]),
    ("braces", card(footer="{{first name}}"), ["footer"]),
    ("starts_with_variable", text(GOOD), []),
    ("starts_with_variable", text("{{1}}, your order is here"), ["body"]),
    ("starts_with_variable", text("  {{1}} is here now"), ["body"]),
    ("starts_with_variable", text("*{{1}}* is here now"), ["body"]),
    ("starts_with_variable", of(kinds.card("{{1}} is here now")), ["header"]),
    ("starts_with_variable", code(), []),
    ("ends_with_variable", text(GOOD), []),
    ("ends_with_variable", text("We come on {{1}}"), ["body"]),
    ("ends_with_variable", text("We come on {{1}}."), ["body"]),
    ("ends_with_variable", text("We come on {{1}} !? \n"), ["body"]),
    ("ends_with_variable", text("We come on {{1}} 🌷"), ["body"]),
    ("ends_with_variable", text("We come on {{1}} ok"), []),
    ("adjacent", text("Hi {{1}}, {{2}} is here"), []),
    ("adjacent", text("Hi {{1}}{{2}} is here"), ["body"]),
    ("adjacent", text("Hi {{1}}  {{2}} is here"), ["body"]),
    ("adjacent", text("Hi {{1}}\n{{2}} is here"), ["body"]),
    ("numbering", text(GOOD), []),
    ("numbering", text("Hi {{2}}, your order {{1}} is here"), []),
    ("numbering", text("Hi {{1}}, your order {{3}} is here"), ["body"]),
    ("numbering", text("Hi {{2}}, your order is here"), ["body"]),
    ("numbering", text("Hi {{name}}, your order is here"), ["body"]),
    ("numbering", text("Hi {{01}}, your order is here"), ["body"]),
    ("numbering", of(kinds.whatsapp_card("Order {{2}} is here", header="Hi {{1}}")), ["body"]),
    ("numbering", link("https://a.example/{{3}}"), []),
    ("numbering", link("https://a.example/{{4}}"), ["body"]),
    ("few_words", text("Welcome to our workshop"), []),
    ("few_words", text("Hi {{1}} there you"), []),
    ("few_words", text("Hi {{1}} you"), ["body"]),
    ("few_words", text("Hi {{1}} , ! you"), ["body"]),
    ("few_words", text("Hi {{1}}, hi {{1}}, hello"), []),
    ("few_words", text("您好{{1}}，您的订单已发货。", language="zh_CN"), []),
    ("few_words", text("您好{{1}}，好。", language="zh_CN"), ["body"]),
    ("sample", text(GOOD), []),
    ("sample", text(GOOD, samples={"1": "Eleni"}), ["variables.2"]),
    ("sample", text(GOOD, samples={"1": "", "2": " "}), ["variables.1", "variables.2"]),
    ("sample", link("https://a.example/{{3}}"), ["variables.3"]),
    ("sample", code(), []),
    ("value", text(GOOD, samples={"1": "Eleni", "2": "a\nb"}), ["variables.2"]),
    ("value", text(GOOD, samples={"1": "a\tb", "2": "4711"}), ["variables.1"]),
    ("value", text(GOOD, samples={"1": "a     b", "2": "a    b"}), ["variables.1"]),
    ("value", text(GOOD), []),
    ("variable_count", text(" a ".join(f"{{{{{n}}}}}" for n in range(1, 101))), []),
    ("variable_count", text(" a ".join(f"{{{{{n}}}}}" for n in range(1, 102))), ["body"]),
    ("button_count", replies(*"abcdefghij"), []),
    ("button_count", replies(*"abcdefghijk"), ["buttons"]),
    ("button_count", replies(), ["buttons"]),
    ("button_count", actions(), ["buttons"]),
    ("button_count", card(), []),
    ("buttons_of_a_kind", actions(*[kinds.link(title, PNG) for title in "ab"]), []),
    ("buttons_of_a_kind", actions(*[kinds.link(title, PNG) for title in "abc"]), ["buttons"]),
    ("buttons_of_a_kind", actions(*[kinds.call(title, "+442079460000") for title in "ab"]), ["buttons"]),
    ("buttons_of_a_kind", actions(*[kinds.coupon(title, "A1") for title in "ab"]), ["buttons"]),
    ("buttons_of_a_kind", replies(*"abc"), []),
    ("button_titles", replies("a" * 25), []),
    ("button_titles", replies("a" * 26), ["buttons.1"]),
    ("button_titles", replies("ok", " "), ["buttons.2"]),
    ("button_titles", actions(kinds.link("a" * 20, PNG)), []),
    ("button_titles", actions(kinds.link("a" * 21, PNG)), ["buttons.1"]),
    ("button_titles", cards(CARD, replace(CARD, buttons=(kinds.reply("a" * 26),))), ["cards.2"]),
    ("long_replies", replies("a" * 20), []),
    ("long_replies", replies("a" * 21), ["buttons.1"]),
    ("duplicate_titles", replies("Yes", "No"), []),
    ("duplicate_titles", replies("Yes", " yes"), ["buttons.2"]),
    ("duplicate_titles", cards(CARD, CARD), []),
    ("button_ids", replies("Yes", ids="a" * 128), []),
    ("button_ids", replies("Yes", ids="a" * 129), ["buttons.1"]),
    ("button_addresses", link("https://a.example/{{3}}"), []),
    ("button_addresses", link("https://a.example/"), []),
    ("button_addresses", link("https://a.example/{{3}}/x"), ["buttons.1"]),
    ("button_addresses", link("https://{{3}}.example/{{4}}"), ["buttons.1"]),
    ("button_addresses", link("{{3}}"), ["buttons.1"]),
    ("button_addresses", link("a.example"), ["buttons.1"]),
    ("button_addresses", link(""), ["buttons.1"]),
    ("button_phones", actions(kinds.call("Call", "+44 20 7946 0000")), []),
    ("button_phones", actions(kinds.call("Call", "the bench")), ["buttons.1"]),
    ("button_phones", actions(kinds.call("Call", "")), ["buttons.1"]),
    ("list_items", lines(*[Item(n, n) for n in "abcdefghij"]), []),
    ("list_items", lines(*[Item(n, n) for n in "abcdefghijk"]), ["items"]),
    ("list_items", lines(), ["items"]),
    ("list_items", lines(Item("a", "a" * 24, "a" * 72)), []),
    ("list_items", lines(Item("a", "a" * 25)), ["items.1"]),
    ("list_items", lines(Item("a", "a"), Item("b", "b", "a" * 73)), ["items.2"]),
    ("list_items", lines(Item("a" * 201, "a")), ["items.1"]),
    ("list_items", lines(Item("a", "a"), button="a" * 21), ["list_button"]),
    ("list_blanks", lines(Item("a", "a")), []),
    ("list_blanks", lines(Item("a", ""), Item("", "b")), ["items.1", "items.2"]),
    ("list_blanks", lines(Item("a", "a"), button=" "), ["list_button"]),
    ("list_twins", lines(Item("a", "A"), Item("b", "A")), []),
    ("list_twins", lines(Item("a", "A"), Item("b", "B"), Item("a", "C")), ["items.3"]),
    ("place", of(kinds.location(51.5, -0.12, "Shop")), []),
    ("place", of(kinds.location(-90, 180)), []),
    ("place", of({kinds.LOCATION: {"latitude": "{{1}}", "longitude": "{{2}}"}}), []),
    ("place", of(kinds.location("", "", "Shop")), ["latitude", "longitude"]),
    ("place", of(kinds.location(90.1, 2)), ["latitude"]),
    ("place", of(kinds.location(1, "nan")), ["longitude"]),
    ("place", of(kinds.location(1, "180 E")), ["longitude"]),
    ("button_codes", actions(kinds.coupon("Copy", "SPRING15")), []),
    ("button_codes", code(), []),
    ("button_codes", actions(kinds.coupon("Copy", "")), ["buttons.1"]),
    ("carousel_alike", cards(CARD, CARD), []),
    ("carousel_alike", cards(CARD, replace(CARD, buttons=(kinds.link("See", PNG),))), ["cards.2"]),
    ("carousel_alike", cards(CARD, replace(CARD, buttons=REPLY * 2)), ["cards.2"]),
    ("carousel_cards", cards(replace(CARD, body="", buttons=(kinds.reply(""),) * 2), CARD), ["cards.1"]),
    ("button_titles", cards(replace(CARD, buttons=(kinds.reply(""),) * 2), CARD), ["cards.1"]),
    ("starts_with_variable", cards(CARD, replace(CARD, body="{{1}} is here")), ["cards.2"]),
    ("ends_with_variable", cards(CARD, replace(CARD, body="Here is {{1}}!")), ["cards.2"]),
    ("adjacent", cards(CARD, replace(CARD, body="Hi {{1}} {{2}} you")), ["cards.2"]),
    ("adjacent", card(header="Hi {{1}} {{2}}"), ["header"]),
    ("few_words", cards(CARD, replace(CARD, body="Hi {{1}} you")), ["cards.2"]),
    ("carousel_count", cards(CARD, CARD), []),
    ("carousel_count", cards(*[CARD] * 10), []),
    ("carousel_count", cards(CARD), ["cards"]),
    ("carousel_count", cards(*[CARD] * 11), ["cards"]),
    ("carousel_cards", cards(CARD, CARD), []),
    ("carousel_cards", cards(CARD, replace(CARD, body="")), ["cards.2"]),
    ("carousel_cards", cards(replace(CARD, media_urls=()), CARD), ["cards.1"]),
    ("carousel_cards", cards(replace(CARD, buttons=()), CARD), ["cards.1"]),
    ("carousel_cards", cards(replace(CARD, buttons=REPLY * 3), CARD), ["cards.1"]),
]  # fmt: skip
IN_SESSION = [
    ("needs_approval", text(GOOD), []),
    ("needs_approval", lines(Item("a", "A")), []),
    ("needs_approval", cards(CARD, CARD), ["type"]),
    ("needs_approval", code(), ["type"]),
    ("needs_approval", of({"twilio/flows": {"body": "Hi"}}), ["type"]),
    ("session_buttons", replies(*"abc"), []),
    ("session_buttons", replies(*"abcd"), ["buttons"]),
    ("session_replies", replies("a" * 20), []),
    ("session_replies", replies("a" * 21), ["buttons.1"]),
    ("body_length", text("a" * 1600), []),
    ("approved_length", text("a" * 1600), []),
    ("starts_with_variable", text("{{1}} is here"), []),
    ("session_only", lines(Item("a", "A")), []),
]  # fmt: skip


def named(cases: list[tuple[str, Draft, list[str]]]) -> list[Any]:
    return [pytest.param(*case, id=f"{case[0]}-{number}") for number, case in enumerate(cases)]


@pytest.mark.parametrize(("rule", "draft", "fields"), named(TO_SUBMIT))
def test_a_rule_is_found_where_it_is_broken(rule: str, draft: Draft, fields: list[str]) -> None:
    assert [finding.field for finding in found(draft, rule)] == fields


@pytest.mark.parametrize(("rule", "draft", "fields"), named(IN_SESSION))
def test_in_an_open_window_other_rules_hold(rule: str, draft: Draft, fields: list[str]) -> None:
    assert [finding.field for finding in found(draft, rule, for_approval=False)] == fields


@pytest.mark.parametrize(
    ("body", "language", "word"),
    [
        pytest.param("Your order left the workshop", "en", "", id="en plain"),
        pytest.param("Our spring Sale is here", "en_GB", "Sale", id="en"),
        pytest.param("Take 15 % today", "en", "15 %", id="percent"),
        pytest.param("Su pedido sale hoy", "es", "", id="sale leaves in Spanish"),
        pytest.param("Una oferta para usted", "es", "oferta", id="es"),
        pytest.param("Um desconto para você", "pt_BR", "desconto", id="pt"),
        pytest.param("Ein Rabattcode für Sie", "de", "Rabattcode", id="de"),
        pytest.param("Une remise pour vous", "fr", "remise", id="fr"),
        pytest.param("Uno sconto per lei", "it", "sconto", id="it"),
        pytest.param("Een korting voor u", "nl", "korting", id="nl"),
        pytest.param("Size özel indirimler", "tr", "indirimler", id="tr"),
        pytest.param("Скидка для вас", "ru", "Скидка", id="ru"),
        pytest.param("احصل على الخصم اليوم", "ar", "خصم", id="ar"),
        pytest.param("ההזמנה שלך מוכנה", "he", "", id="he plain"),
        pytest.param("ההנחה שלך", "he", "הנחה", id="he"),
        pytest.param("您的优惠在这里", "zh_CN", "优惠", id="zh"),
        pytest.param("本日のセールです", "ja", "セール", id="ja"),
        pytest.param("Our sale is here", "xx", "", id="a language without words"),
    ],
)
def test_promotion_in_a_utility_template_is_a_warning(body: str, language: str, word: str) -> None:
    findings = found(text(body, language=language), "promotion")
    assert bool(findings) is bool(word)
    assert all(word in finding.sentence and not finding.is_error for finding in findings)
    assert not found(text(body, language=language, category="MARKETING"), "promotion")


@pytest.mark.parametrize(
    ("draft", "rule"),
    [
        pytest.param(text("Hi " + "🌷" * 10), "emoji", id="ten emojis"),
        pytest.param(text("See https://bit.ly/x now"), "short_link", id="short link"),
        pytest.param(of(kinds.media("Look", [PNG, PNG])), "media", id="second file"),
        pytest.param(replies("a" * 25), "long_replies", id="25 characters on a button"),
        pytest.param(replies("Yes", ids="a" * 200), "button_ids", id="ID of 200"),
        pytest.param(text("您好{{1}}，好。", language="zh_CN"), "few_words", id="words without spaces"),
        pytest.param(
            of(kinds.whatsapp_card("Order {{2}} is here", header="Hi {{1}}")), "numbering", id="gap"
        ),
    ],
)
def test_what_may_pass_is_a_warning(draft: Draft, rule: str) -> None:
    assert [finding.is_error for finding in found(draft, rule)] == [False]


@pytest.mark.parametrize(
    ("draft", "rule"),
    [
        pytest.param(text("Hi " + "🌷" * 11), "emoji", id="eleven emojis"),
        pytest.param(replies("Yes", ids="a" * 201), "button_ids", id="ID of 201"),
    ],
)
def test_beyond_the_limit_it_is_an_error(draft: Draft, rule: str) -> None:
    assert [finding.is_error for finding in found(draft, rule)] == [True]


@pytest.mark.parametrize(
    ("draft", "rule", "edit"),
    [
        pytest.param(text("{{1}}, it is here"), "starts_with_variable", "Hi {{1}}, it is here", id="start"),
        pytest.param(
            text("{{1}} is here", language="pt_BR"), "starts_with_variable", "Olá {{1}} is here", id="pt"
        ),
        pytest.param(
            text("{{1}} is here", language="xx"), "starts_with_variable", "", id="no greeting known"
        ),
        pytest.param(text("See you {{1}}"), "ends_with_variable", "See you {{1}}. Thank you.", id="end"),
        pytest.param(text("See you {{1}}!"), "ends_with_variable", "See you {{1}}! Thank you.", id="mark"),
        pytest.param(text("See you {{1}}", language="xx"), "ends_with_variable", "", id="no thanks known"),
        pytest.param(text("Hi {{1}} {{2}} you"), "adjacent", "Hi {{1}}, {{2}} you", id="adjacent"),
        pytest.param(text("Hi {{a}} and {{7}}"), "numbering", "Hi {{1}} and {{2}}", id="numbering"),
        pytest.param(link("https://a.example/{{4}}"), "numbering", "", id="numbers elsewhere too"),
        pytest.param(text("Hi { 1}, hello"), "braces", "Hi {{1}}, hello", id="braces"),
        pytest.param(text("Hi {{first name}}"), "braces", "", id="braces around words"),
        pytest.param(text(GOOD, name="Bestätigung (neu)"), "name", "bestatigung_neu", id="name"),
        pytest.param(text(GOOD, samples={"1": "a\n b", "2": "x"}), "value", "a b", id="sample"),
    ],
)
def test_a_finding_offers_the_text_that_mends_it(draft: Draft, rule: str, edit: str) -> None:
    assert [finding.edit for finding in found(draft, rule)] == [edit]


pieces = st.sampled_from(
    ["{{1}}", "{{2}}", "{{3}}", "{{x}}", "{1}", " ", ", ", ".", "\n", "Hi", " order ", "*"]
)
bodies = st.lists(pieces, min_size=1, max_size=16).map("".join)


@given(bodies, st.sampled_from(["en", "ar", "es"]))
def test_applying_an_edit_ends_its_finding(body: str, language: str) -> None:
    for finding in policy.check(text(body, language=language)):
        if finding.edit and finding.field == "body":
            assert not found(text(finding.edit, language=language), finding.rule)


@settings(max_examples=400)
@given(bodies, st.dictionaries(st.sampled_from("123"), st.sampled_from(["a", ""])))
def test_whatsapp_takes_what_has_no_errors(body: str, samples: dict[str, str]) -> None:
    content = records.Content("HX0", "a_name", "en", kinds.text(body), samples, NOW, NOW)
    has_errors = any(finding.is_error for finding in policy.check(text(body, samples=samples)))
    assert has_errors or phone.verdict_of_whatsapp(content) == ""


@pytest.mark.parametrize("draft", [text(GOOD), replies("Yes", "No"), card(header="Ready"), code(), link(PNG)])
def test_a_good_template_has_no_findings(draft: Draft) -> None:
    assert policy.check(draft) == []


def test_every_finding_has_a_sentence_and_a_next_step() -> None:
    for _rule, draft, _fields in TO_SUBMIT:
        for finding in policy.check(draft):
            assert finding.sentence.endswith(".") and finding.fix.rstrip("”").endswith(".")


def test_every_rule_has_a_passing_and_a_failing_case() -> None:
    rules = {rule.__name__ for rule in (*policy.ALWAYS, *policy.TO_SUBMIT, *policy.IN_SESSION)}
    cases = [*TO_SUBMIT, *IN_SESSION]
    tried = rules - {"promotion"}
    assert {rule for rule, _, fields in cases if fields} >= tried
    assert {rule for rule, _, fields in cases if not fields} >= tried
    assert set().union(*(names for _, names in policy.CHECKS)) <= rules


def test_renumbering_moves_the_samples_along() -> None:
    types = kinds.whatsapp_card(
        "Order {{5}} for {{name}}", header="Hi {{name}}", urls=["https://a.example/{{2}}"]
    )
    content = policy.renumbered(Content(types, {"name": "Eleni", "5": "4711", "2": "x.png", "9": "gone"}))
    assert (content.header, content.body) == ("Hi {{1}}", "Order {{2}} for {{1}}")
    assert content.media_urls == ("https://a.example/{{3}}",)
    assert content.variables == {"1": "Eleni", "2": "4711", "3": "x.png"}
