"""Rules that the code itself must keep, read from its syntax."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
APPS = ("inbox", "channels_whatsapp", "templates_mgmt", "config")
# Their rows belong to one team or another: views and API get them from inbox/access.py only.
GUARDED = {
    "Conversation", "Message", "Contact", "Address", "Attachment", "Channel", "Window", "ConsentEntry",
    "Event", "SendAttempt", "Draft", "Receipt", "Sender", "Account",
}  # fmt: skip
# Said where it stands: a row that access.py has already given is read anew, or the door is another one.
ALLOWED = {
    ("inbox/api/views.py", "shown", "Conversation"),
    ("inbox/api/views.py", "with_parts", "Attachment"),
    # Twilio fetches by a signed link; the webhook's door is the signature.
    ("channels_whatsapp/links.py", "attachment_behind", "Attachment"),
    ("channels_whatsapp/webhooks.py", "_take_carefully", "Receipt"),
    # The back office, for admins only (`admin_view`).
    ("channels_whatsapp/pages.py", "send_test", "Sender"),
}
LITERAL_ONLY = {"mark_safe", "SafeString", "format_html", "SafeText"}


def sources(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def doors() -> Iterator[tuple[str, ast.Module]]:
    for name, tree in sources(*APPS):
        if re.search(r"/(views|api)/|/(views|api|webhooks|links|pages)\.py$", name):
            yield name, tree


def managers(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(function, model) for every `Model.objects`."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                is_manager = isinstance(node, ast.Attribute) and node.attr in ("objects", "_default_manager")
                if is_manager and isinstance(node.value, ast.Name):
                    yield function.name, node.value.id


def test_views_get_rows_only_through_the_one_door() -> None:
    found = {
        (name, function, model)
        for name, tree in doors()
        for function, model in managers(tree)
        if model in GUARDED
    }
    assert found - ALLOWED == set(), "ask inbox/access.py instead"
    assert {entry for entry in ALLOWED - found if (ROOT / entry[0]).exists()} == set(), "no longer needed"


# May ask for the role: what the role allows to do, and where a key's channels are looked at beside it.
ROLE_ASKED = {
    ("inbox/access.py", "channels_for"),
    ("templates_mgmt/access.py", "may_manage"),
}


def test_a_role_alone_opens_no_rows() -> None:
    """A lead's API key may be for one channel only: the doors ask `sees_all_channels`."""
    found = {
        (name, function.name)
        for name, tree in sources(*APPS)
        if name.endswith(("access.py", "counts.py"))
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and node.attr == "is_lead"
    }
    assert found - ROLE_ASKED == set()


def calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield name, node


def test_only_literal_text_is_called_safe() -> None:
    found = [
        f"{name}:{call.lineno}"
        for name, tree in sources(*APPS)
        for called, call in calls(tree)
        if called in LITERAL_ONLY and not (call.args and isinstance(call.args[0], ast.Constant))
    ]
    # One place joins nodes that are each escaped or such a literal (tests/inbox/test_formatting.py).
    assert [place.partition(":")[0] for place in found] == ["inbox/formatting.py"]


def test_no_template_switches_escaping_off() -> None:
    words = re.compile(
        r"\|\s*safe\b|\|\s*safeseq\b|autoescape off|\son(?!ly=)[a-z]+=|\sstyle=|javascript:|hx-on"
    )
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text = path.read_text()
        assert not words.search(text), path
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style", text), path


def test_no_form_takes_every_column() -> None:
    for name, tree in sources(*APPS):
        for node in ast.walk(tree):
            is_all = isinstance(node, ast.Assign) and getattr(node.value, "value", None) == "__all__"
            assert not is_all, f"{name}:{getattr(node, 'lineno', 0)}"


@pytest.mark.parametrize("folder", APPS)
def test_sql_is_never_put_together_from_values(folder: str) -> None:
    """`execute` gets a constant, a name of one, or a join of literals of this very code."""
    allowed = {"config/health.py", "inbox/live.py"}
    for name, tree in sources(folder):
        for called, call in calls(tree):
            assert called not in ("raw", "extra", "RawSQL") or "simulator" in name, f"{name}:{call.lineno}"
            if called in ("execute", "execute_query", "execute_query_one") and call.args:
                built = isinstance(call.args[0], ast.JoinedStr | ast.BinOp)
                assert not built or name in allowed, f"{name}:{call.lineno}"


def test_nothing_is_unpickled_evaluated_or_given_to_a_shell() -> None:
    forbidden = {"eval", "exec", "loads_unsafe", "system", "popen", "literal_eval", "yaml_load"}
    for name, tree in sources(*APPS):
        for called, call in calls(tree):
            assert called not in forbidden, f"{name}:{call.lineno}"
            assert not any(k.arg == "shell" for k in call.keywords), f"{name}:{call.lineno}"
        imported = {alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
        assert not imported & {"pickle", "marshal", "shelve"}, name
