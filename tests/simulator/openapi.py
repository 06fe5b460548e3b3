"""Check answers and requests against Twilio's own OpenAPI files, where they are at hand.

The files lie beside the clone (`../shared/twilio-openapi`), or where FANLIGHT_SHARED says.
They are older than the SDK and describe success only, see their README: error answers are not
checked, and fields that the SDK knows and the files do not are not held against anybody.
"""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "/2010-04-01/": "twilio_api_v2010.json",
    "/v1/Content": "twilio_content_v1.json",
    "/v2/Content": "twilio_content_v2.json",
    "/v1/Services": "twilio_messaging_v1.json",
    "/v2/Channels": "twilio_messaging_v2.json",
    "/v2/Indicators": "twilio_messaging_v2.json",
    "/v3/Indicators": "twilio_messaging_v3.json",
}


def folder() -> Path:
    return Path(os.environ.get("FANLIGHT_SHARED", ROOT.parent / "shared")) / "twilio-openapi"


def available() -> bool:
    return (folder() / "twilio_api_v2010.json").is_file()


def validate_response(method: str, path: str, status: int, body: Any) -> None:
    """Raise AssertionError when the files do not describe this status, or the body differs."""
    if not available():
        return
    document, operation = find(method, path)
    described = operation["responses"].get(str(status))
    assert described is not None, f"{method} {path} never answers {status}"
    content = described.get("content")
    assert bool(content) == bool(body), f"{method} {path} {status}: body expected: {bool(content)}"
    if content:
        _check(document, next(iter(content.values()))["schema"], body)


def validate_request(method: str, path: str, data: str | bytes | dict[str, Any] | None) -> None:
    """Check query parameters of `path`, and a body: a form as text or bytes, JSON as a dict."""
    if not available():
        return
    document, operation = find(method, path)
    known = {_resolved(document, p)["name"] for p in operation.get("parameters", [])}
    unknown = set(parse_qs(urlsplit(path).query, keep_blank_values=True)) - known
    assert not unknown, f"{method} {path} has no parameters {unknown}"
    content = operation.get("requestBody", {}).get("content", {})
    if isinstance(data, dict):
        _check(document, content["application/json"]["schema"], data)
    elif data:
        _check_form(document, content["application/x-www-form-urlencoded"]["schema"], data)


def _check_form(document: dict[str, Any], schema: dict[str, Any], data: str | bytes) -> None:
    text = data.decode() if isinstance(data, bytes) else data
    properties = _resolved(document, schema).get("properties", {})
    for name, values in parse_qs(text, keep_blank_values=True).items():
        assert name in properties, f"the form has no field {name}"
        allowed = _resolved(document, properties[name]).get("enum")
        assert not allowed or values[0] in allowed, f"{name} may not be {values[0]!r}"


def find(method: str, path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The document and the operation behind a call."""
    bare = urlsplit(path).path
    name = next((file for prefix, file in FILES.items() if bare.startswith(prefix)), None)
    assert name, f"no file describes {bare}"
    document = _loaded(name)
    for template, operations in document["paths"].items():
        if _pattern(template).fullmatch(bare) and method.lower() in operations:
            return document, operations[method.lower()]
    raise AssertionError(f"{name} has no {method} {bare}")


@cache
def _loaded(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder() / name).read_text())
    return loaded


@cache
def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{\w+\}", template)
    return re.compile("[^/.]+".join(re.escape(part) for part in parts))


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: Any = document
    for step in schema["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return _resolved(document, found)


def _check(document: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    try:
        jsonschema.validate(value, _plain(document, schema))
    except jsonschema.ValidationError as mistake:
        raise AssertionError(f"{mistake.json_path}: {mistake.message}") from mistake


def _plain(document: dict[str, Any], schema: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema: references followed, `nullable` spelled out, nothing unnamed allowed."""
    if not isinstance(schema, dict):
        return schema
    nullable = schema.get("nullable", False) or "$ref" in schema
    schema = _resolved(document, schema)
    plain = {
        key: value
        for key, value in schema.items()
        if key in {"type", "enum", "pattern", "minLength", "maxLength", "required"}
    }
    for key in ("oneOf", "anyOf", "allOf"):
        if key in schema:
            plain[key] = [_plain(document, each) for each in schema[key]]
    if "properties" in schema:
        plain["properties"] = {name: _plain(document, each) for name, each in schema["properties"].items()}
    if "items" in schema:
        plain["items"] = _plain(document, schema["items"])
    return {"anyOf": [plain, {"type": "null"}]} if nullable or schema.get("nullable") else plain
