from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.files import DOCX, UNKNOWN, XLSX, clean_name, sniff


def zipped(*names: str) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return output.getvalue()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xff\xd8\xff\xe0 JFIF", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"GIF89a/*<script>*/=1;alert(1)", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x18ftypisom", "video/mp4"),
        (b"\x00\x00\x00\x18ftyp3gp4", "video/3gpp"),
        (b"\x00\x00\x00\x18ftypheic", "image/heic"),
        (b"\x00\x00\x00\x18ftypqt  ", "video/quicktime"),
        (b"OggS\x00\x02", "audio/ogg"),
        (b"ID3\x03", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "audio/aac"),
        (b"#!AMR\n", "audio/amr"),
        (b"%PDF-1.7", "application/pdf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "application/msword"),
        (zipped("[Content_Types].xml", "word/document.xml"), DOCX),
        (zipped("xl/workbook.xml"), XLSX),
        (b"BEGIN:VCARD\r\nFN:x", "text/vcard"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", UNKNOWN),
        (b"<!doctype html><script>alert(1)</script>", UNKNOWN),
        (b"alert(1)", UNKNOWN),
        (b"MZ\x90\x00", UNKNOWN),
        (zipped("word/document.xml", "word/vbaProject.bin"), UNKNOWN),
        (zipped("evil.js"), UNKNOWN),
        (b"PK\x03\x04 broken", UNKNOWN),
        (b"", UNKNOWN),
    ],
)
def test_it_says_what_a_file_is_by_its_content(content: bytes, expected: str) -> None:
    assert sniff(io.BytesIO(content)) == expected


@pytest.mark.parametrize(
    ("given_name", "content_type", "cleaned"),
    [
        ("holiday.JPG", "image/jpeg", "holiday.JPG"),
        ("photo.jpeg", "image/jpeg", "photo.jpeg"),
        ("\u200b.htaccess", "", "htaccess"),
        ("../../etc/passwd", "", "passwd"),
        ("C:\\temp\\x.pdf", "application/pdf", "x.pdf"),
        ("a\r\nSet-Cookie: b.pdf", "application/pdf", "aSet-Cookie b.pdf"),
        ("invoice\u202efdp.exe", "application/pdf", "invoicefdp.exe.pdf"),
        ("nul\0.pdf", "application/pdf", "_nul.pdf"),
        ("CON", "", "_CON"),
        ("", "application/pdf", "file.pdf"),
        ("...", "", "file"),
        ("page.html", "image/png", "page.html.png"),
        ("ﬁle.pdf", "application/pdf", "file.pdf"),
        ("文档.pdf", "application/pdf", "文档.pdf"),
    ],
)
def test_it_cleans_names(given_name: str, content_type: str, cleaned: str) -> None:
    assert clean_name(given_name, content_type) == cleaned


def test_a_name_of_four_kilobytes_becomes_one_of_a_hundred_characters() -> None:
    name = clean_name("x" * 4096 + ".pdf", "application/pdf")
    assert len(name) == 100
    assert name.endswith(".pdf")


@given(st.text(max_size=300), st.sampled_from(["", "application/pdf", "image/jpeg"]))
def test_any_name_comes_out_short_visible_and_without_a_path(name: str, content_type: str) -> None:
    cleaned = clean_name(name, content_type)
    assert 0 < len(cleaned) <= 100
    assert cleaned.isprintable()
    assert not set(cleaned) & set('/\\:*?"<>|')
    assert not cleaned.startswith(".")
