from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from inbox import clock, consent, consent_file, consent_imports, consent_proof, tasks
from inbox.models import Address, Agent, Channel, ConsentEntry, ConsentImport, Contact, Event, Window
from inbox.refusals import Refused
from tests import world
from tests.inbox.pages import HTMX, words
from tests.jobs import run_due_jobs

HEAD = "phone,channel,action,category,source,text,proof,given_at\n"
GOOD = "+447700900318,Shop UK,opt_in,marketing,web form,Send me offers,form 12,2026-02-14T09:30:00Z\n"
NOW = datetime(2026, 11, 25, tzinfo=UTC)
# The second line would end up in the first one's text.
UNCLOSED = HEAD + GOOD.replace("Send", '"Send') + GOOD.replace("Send me offers", '"x"')


@pytest.fixture
def boss(client: Client, db: None) -> Agent:
    person = world.agent("boss", "admin", is_superuser=True)
    client.force_login(person)
    return person


@pytest.fixture
def over(db: None) -> Channel:
    return world.channel()


def post(client: Client, text: str | bytes, name: str = "fair.csv") -> object:
    data = text.encode() if isinstance(text, str) else text
    return client.post("/consent/import/", {"file": SimpleUploadedFile(name, data, "text/csv")})


def looked_at(client: Client, text: str | bytes) -> tuple[str, str]:
    """The address of the preview, and its words."""
    answer = post(client, text)
    assert answer.status_code == 302, words(answer.content.decode())
    return answer["Location"], words(client.get(answer["Location"]).content.decode())


def record(client: Client, path: str) -> str:
    """Press Record, let the worker work; the words of the page then."""
    assert client.post(path).status_code == 302
    run_due_jobs()
    return words(client.get(path).content.decode())


def rows(text: str) -> list[object]:
    return list(consent_file.read(text.encode(), NOW))


# Looking and recording


def test_nothing_is_written_before_somebody_says_so(client: Client, boss: Agent, over: Channel) -> None:
    known = world.contact("Nour", "whatsapp:+447700900318")
    lines = HEAD + GOOD + GOOD.replace("318", "319").replace("opt_in", "opt_out").replace("marketing", "all")
    path, shown = looked_at(client, lines + GOOD + "07700,Shop UK,opt_in,all,paper,,,2026-02-14\n")
    assert "Opt-ins 1 Opt-outs 1 New contacts 1 There already 1 Left out 1" in shown
    assert "Line 5 “07700” is no number with its country code, like +447700900318." in shown
    assert not ConsentEntry.objects.exists()
    assert Contact.objects.count() == 1
    for _again in range(2):
        shown = record(client, path)
        assert "2 entries were recorded on" in shown and "1 contact is new." in shown
        assert "Line 5 “07700” is no number" in shown
    assert "fair.csv 2 entries were recorded on" in words(client.get("/consent/import/").content.decode())
    opted_in, opted_out = ConsentEntry.objects.order_by("action")
    told = (
        opted_in.contact,
        opted_in.channel,
        opted_in.source,
        opted_in.text,
        opted_in.proof,
        opted_in.actor,
    )
    assert told == (known, over, "web form", "Send me offers", "form 12", boss)
    assert opted_in.given_at == datetime(2026, 2, 14, 9, 30, tzinfo=UTC)
    assert opted_out.contact.phone == "+447700900319"
    event = Event.objects.get(verb="consent.imported")
    assert (event.actor, event.data) == (
        boss, {"file": "fair.csv", "entries": 2, "contacts": 1, "skipped": 1}
    )  # fmt: skip
    assert bytes(ConsentImport.objects.get().content) == b""


def test_the_same_file_again_records_nothing(client: Client, boss: Agent, over: Channel) -> None:
    for expected in (1, 0):
        path, shown = looked_at(client, HEAD + GOOD)
        assert f"There already {1 - expected}" in shown
        record(client, path)
    assert "There is nothing new to record." in shown
    assert ConsentEntry.objects.count() == 1


def test_what_the_product_exports_it_takes_again(client: Client, boss: Agent, over: Channel) -> None:
    talk = world.conversation(world.contact("Nour", "whatsapp:+447700900318"), over)
    consent.opt_in(talk.pk, "=source", category="marketing", text='+a "quoted" \n text', proof="-p",
                   at=datetime(2026, 2, 14, tzinfo=UTC))  # fmt: skip
    found = consent_proof.lines(consent_proof.rows(talk, boss), boss)
    _path, shown = looked_at(client, consent_proof.as_csv(found))
    assert "Opt-ins 0 Opt-outs 0 New contacts 0 There already 1 Left out 0" in shown


def test_stops_silence_and_opt_ins_end_silence_by_when_they_were_said(
    client: Client, boss: Agent, over: Channel
) -> None:
    now = clock.now()
    names = ("quiet", "wrote since", "stranger", "stopped later", "comes back")
    numbers = {name: f"+44770090030{n}" for n, name in enumerate(names)}
    talks = {
        name: world.conversation(world.contact(name, f"whatsapp:{numbers[name]}"), over, left=None)
        for name in names if name != "stranger"
    }  # fmt: skip
    Window.objects.filter(address__value__endswith=numbers["wrote since"]).update(last_inbound_at=now)
    consent.opt_out(talks["stopped later"].pk, "keyword")
    consent.opt_out(talks["comes back"].pk, "keyword", at=now - timedelta(days=400))
    day = (now - timedelta(days=30)).isoformat()
    actions = {"stopped later": "opt_in", "comes back": "opt_in"}
    lines = [f"{numbers[n]},Shop UK,{actions.get(n, 'opt_out')},all,paper,,,{day}\n" for n in names]
    path, _shown = looked_at(client, HEAD + "".join(lines))
    record(client, path)
    silenced = Window.objects.filter(opted_out_at__isnull=False).values_list("address__value", flat=True)
    expected = {f"whatsapp:{numbers[name]}" for name in ("quiet", "stranger", "stopped later")}
    assert set(silenced) == expected


def test_a_marketing_opt_out_silences_nobody(client: Client, boss: Agent, over: Channel) -> None:
    path, _shown = looked_at(client, HEAD + GOOD.replace("opt_in", "opt_out"))
    record(client, path)
    assert not Window.objects.filter(opted_out_at__isnull=False).exists()


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent_imports, "BATCH", 2)


def numbered(count: int) -> str:
    return HEAD + "".join(GOOD.replace("318", f"3{n:02}").replace("marketing", "all") for n in range(count))


def fail_after(monkeypatch: pytest.MonkeyPatch, parts: int, error: BaseException) -> pytest.MonkeyPatch:
    """In the middle of a part, after so many whole ones."""
    calls, real = iter(range(parts)), consent_imports._set_flags

    def fail(contacts: list[int]) -> None:
        if next(calls, None) is None:
            raise error
        real(contacts)

    monkeypatch.setattr(consent_imports, "_set_flags", fail)
    return monkeypatch


def test_a_worker_that_is_killed_in_the_middle_loses_and_doubles_nothing(
    client: Client, boss: Agent, over: Channel, monkeypatch: pytest.MonkeyPatch, in_parts: None
) -> None:
    path, _shown = looked_at(client, numbered(7))
    client.post(path)
    with monkeypatch.context() as killed, pytest.raises(SystemExit):
        fail_after(killed, 2, SystemExit())
        consent_imports.record(ConsentImport.objects.get().pk)
    assert ConsentEntry.objects.count() == Contact.objects.count() == 4
    shown = words(client.get(path).content.decode())
    assert "4 of 7 entries are recorded. You may leave this page" in shown and "Record 3" not in shown
    run_due_jobs()
    assert "7 entries were recorded on" in words(client.get(path).content.decode())
    assert ConsentEntry.objects.count() == ConsentEntry.objects.values("contact").distinct().count() == 7
    assert Event.objects.get(verb="consent.imported").data["contacts"] == 7


def test_a_job_that_is_lost_comes_back(client: Client, boss: Agent, over: Channel) -> None:
    path, _shown = looked_at(client, HEAD + GOOD)
    client.post(path)
    ProcrastinateJob.objects.all().delete()
    tasks.sweep_consent()
    assert run_due_jobs() == 0
    ConsentImport.objects.update(asked_at=clock.now() - timedelta(minutes=3))
    for _again in range(2):
        tasks.sweep_consent()
    assert run_due_jobs() == 1
    assert ConsentEntry.objects.count() == 1


def test_what_stops_it_is_said_and_it_goes_on_when_somebody_says_so(
    client: Client, boss: Agent, over: Channel, monkeypatch: pytest.MonkeyPatch, in_parts: None
) -> None:
    path, _shown = looked_at(client, numbered(3))
    client.post(path)
    with monkeypatch.context() as broken:
        fail_after(broken, 1, ZeroDivisionError())
        run_due_jobs(raising=False)
    shown = words(client.get(path).content.decode())
    assert "after 2 entries. Nothing is lost or doubled: record what is left." in shown
    assert "Record 1 entry" in shown
    assert "3 entries were recorded on" in record(client, path)


def test_the_page_follows_while_it_is_recorded(client: Client, boss: Agent, over: Channel) -> None:
    path, _shown = looked_at(client, HEAD + GOOD)
    client.post(path)
    part = client.get(path, headers=HTMX).content.decode()
    assert 'id="consent-progress"' in part and "The file is read…" in part and "<html" not in part
    run_due_jobs()
    assert client.get(path, headers=HTMX)["HX-Refresh"] == "true"


def constraints_now(contacts: list[int]) -> None:
    """Those that the database looks at when the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_customer_who_is_merged_meanwhile_is_looked_for_again(
    client: Client, boss: Agent, over: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _shown = looked_at(client, HEAD + GOOD)
    gone = world.contact()
    pk, real = gone.pk, consent_imports._owners
    gone.delete()
    stale = iter([{"whatsapp:+447700900318": pk}])
    monkeypatch.setattr(consent_imports, "_owners", lambda found: next(stale, None) or real(found))
    monkeypatch.setattr(consent_imports, "_set_flags", constraints_now)
    assert "1 entry was recorded on" in record(client, path)
    assert ConsentEntry.objects.get().contact.phone == "+447700900318"


def test_many_lines_take_few_queries(
    client: Client, boss: Agent, over: Channel, django_assert_max_num_queries: object
) -> None:
    lines = [GOOD.replace("+447700900318", f"+4477{n:08}") for n in range(5_000)]
    path, _shown = looked_at(client, HEAD + "".join(lines))
    client.post(path)
    with django_assert_max_num_queries(60):
        run_due_jobs()
    assert ConsentEntry.objects.count() == 5_000 == Address.objects.count()


@pytest.mark.django_db(transaction=True)
def test_two_who_import_the_same_at_once_record_it_once(over: Channel) -> None:
    boss = world.agent("boss", "admin")
    uploads = [consent_imports.upload("a.csv", (HEAD + GOOD).encode(), by=boss) for _each in range(2)]
    for upload in uploads:
        consent_imports.ask(upload, by=boss)

    def record(upload: ConsentImport) -> None:
        try:
            consent_imports.record(upload.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=record, args=[upload]) for upload in uploads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ConsentImport.objects.values_list("count", flat=True)) == [0, 1]
    assert ConsentEntry.objects.count() == 1


# Who may


@pytest.mark.parametrize("role", ["agent", "lead"])
def test_it_is_for_admins(client: Client, over: Channel, role: str) -> None:
    upload = consent_imports.upload("a.csv", (HEAD + GOOD).encode(), by=world.agent("boss", "admin"))
    client.force_login(world.agent("other", role))
    for path in ("/consent/import/", f"/consent/import/{upload.pk}/"):
        assert client.get(path).status_code == client.post(path).status_code == 404
    assert not ConsentEntry.objects.exists()


def test_what_nobody_recorded_goes_after_a_day(client: Client, boss: Agent, over: Channel) -> None:
    path, _shown = looked_at(client, HEAD + GOOD)
    record(client, path)
    post(client, HEAD + GOOD)
    ConsentImport.objects.update(created_at=clock.now() - timedelta(days=2))
    post(client, HEAD + GOOD)
    tasks.sweep_consent()
    assert ConsentImport.objects.count() == 2
    assert ConsentImport.objects.filter(recorded_at=None).count() == 1


# Files as they come


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encodings_and_separators(
    client: Client, boss: Agent, over: Channel, encoding: str, separator: str
) -> None:
    lines = (HEAD + GOOD.replace("offers", "Lámpara 🪔")).replace(",", separator).replace("\n", "\r\n")
    path, shown = looked_at(client, lines.encode(encoding))
    assert "Opt-ins 1" in shown
    record(client, path)
    assert ConsentEntry.objects.get().text == "Send me Lámpara 🪔"


@pytest.mark.parametrize(
    ("data", "code", "sentence"),
    [
        (b"", "columns", "phone, channel"),
        (b"phone;action\n", "columns", "lacks these columns: channel, category, source, given_at."),
        (HEAD.encode() + b"\xff\xfe\xfa", "unreadable", "letters of this file"),
        (b"\x89PNG\r\n\x1a\n\0\0", "unreadable", "letters of this file"),
        (HEAD.encode() + b'"' + b"x" * 200_000, "unreadable", "Line 2 cannot be read"),
        (UNCLOSED.encode(), "unreadable", "Line 2 cannot be read"),
        (b"x" * 5_000_001, "too_large", "larger than 5 MB"),
        ((HEAD + "a\n" * 50_001).encode(), "too_many_lines", "more than 50,000 lines"),
    ],
)  # fmt: skip
def test_what_is_no_such_file_is_refused_with_the_way_out(
    client: Client, boss: Agent, data: bytes, code: str, sentence: str
) -> None:
    with pytest.raises(Refused) as refused:
        list(consent_file.read(data, NOW))
    assert refused.value.code == code
    answer = post(client, data)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert refused.value.next_step in words(answer.content.decode())
    assert not ConsentImport.objects.exists()


def test_no_file_at_all(client: Client, boss: Agent) -> None:
    assert "Choose a CSV file." in client.post("/consent/import/").content.decode()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("+447700900318", "07700900318", "no number"),
        ("+447700900318", "=cmd|' /C calc'!A0", "no number"),
        ("+447700900318", "", "no number"),
        ("opt_in", "maybe", "Write opt_in or opt_out"),
        ("marketing", "authentication", "Write all, service, utility or marketing"),
        ("web form", "", "Say where they said it"),
        ("web form", "taken back", "Only an undo in the inbox has"),
        ("web form", "x" * 41, "41 characters, and 40 are kept"),
        ("form 12", "x" * 301, "301 characters"),
        ("Send me offers", "x" * 4001, "4001 characters"),
        ("2026-02-14T09:30:00Z", "14/02/2026", "Write it as 2026-02-14"),
        ("2026-02-14T09:30:00Z", "2026-02-30", "Write it as 2026-02-14"),
        ("2026-02-14T09:30:00Z", "", "Write it as 2026-02-14"),
        ("2026-02-14T09:30:00Z", "0001-01-01", "Write it as 2026-02-14"),
        ("2026-02-14T09:30:00Z", "2199-01-01", "has not come yet"),
        ("form 12", "form\0 12", "holds a character"),
    ],
)
def test_a_line_that_makes_no_sense_has_a_sentence(old: str, new: str, sentence: str) -> None:
    good, bad = rows(HEAD + GOOD + "\n" + GOOD.replace(old, new, 1))
    assert isinstance(good, consent_file.Row)
    assert isinstance(bad, consent_file.BadLine)
    assert (bad.line, sentence in bad.sentence) == (4, True), bad.sentence


def test_all_that_is_wrong_with_a_line_is_said() -> None:
    [bad] = rows(HEAD + "12,,maybe,news,,,,\n")
    assert isinstance(bad, consent_file.BadLine)
    told = ("no number", "Write opt_in", "Write all, service", "Say where they said it", "Write it as 2026")
    assert [word for word in told if word not in bad.sentence] == []


@pytest.mark.parametrize(
    "number",
    ["+44 7700 900318", "'+447700900318", "whatsapp:+447700900318", "00447700900318", "+44-(7700)900318"],
)
def test_a_number_is_known_however_it_is_written(number: str) -> None:
    [row] = rows(HEAD + GOOD.replace("+447700900318", number, 1))
    assert row.phone == "+447700900318"


@pytest.mark.parametrize("name", ["shop uk", world.SHOP, world.SHOP.partition(":")[2], ""])
def test_a_channel_is_found_by_name_and_number(client: Client, boss: Agent, over: Channel, name: str) -> None:
    _path, shown = looked_at(client, HEAD + GOOD.replace("Shop UK", name))
    assert "Opt-ins 1" in shown


def test_a_channel_that_is_not_there_is_said(client: Client, boss: Agent, over: Channel) -> None:
    world.channel("Second", "whatsapp:+447700900143")
    lines = GOOD.replace("Shop UK", "<b>Elsewhere</b>") + GOOD.replace("Shop UK", "")
    _path, shown = looked_at(client, HEAD + lines)
    assert "Line 2 There is no channel “<b>Elsewhere</b>”" in shown
    assert "Line 3 The column channel is empty" in shown


def test_a_name_that_two_channels_have_decides_nothing(client: Client, boss: Agent, over: Channel) -> None:
    world.channel("Shop UK", "whatsapp:+447700900143")
    _path, shown = looked_at(client, HEAD + GOOD + GOOD.replace("Shop UK", "+447700900143"))
    assert "Line 2 More than one channel is called “Shop UK”. Write its number." in shown
    assert "Opt-ins 1" in shown


def test_hostile_text_stays_text(client: Client, boss: Agent, over: Channel) -> None:
    evil = '<script>alert(1)</script>{{ 7|add:"7" }}'
    path, _shown = looked_at(
        client, HEAD + GOOD.replace("Send me offers", f'"{evil.replace(chr(34), chr(34) * 2)}"')
    )
    record(client, path)
    assert ConsentEntry.objects.get().text == evil
    talk = world.conversation(Contact.objects.get(), over)
    for end in ("", "proof/"):
        shown = client.get(f"/conversations/{talk.pk}/consent/{end}").content.decode()
        assert "&lt;script&gt;alert" in shown
        assert "<script>alert" not in shown
