"""What a file is, what it may be called, and how it may be shown. Nothing here trusts its sender."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from typing import IO

UNKNOWN = "application/octet-stream"
_OFFICE = "application/vnd.openxmlformats-officedocument"
DOCX = f"{_OFFICE}.wordprocessingml.document"
XLSX = f"{_OFFICE}.spreadsheetml.sheet"
PPTX = f"{_OFFICE}.presentationml.presentation"

# Everything we know, with the ending that says so. What is not here is kept and only ever downloaded.
EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "video/3gpp": "3gp",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/amr": "amr",
    "audio/3gpp": "3gp",
    "audio/aac": "aac",
    "audio/mp4": "m4a",
    "application/pdf": "pdf",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    DOCX: "docx",
    XLSX: "xlsx",
    PPTX: "pptx",
    "text/vcard": "vcf",
}
# Only these play inside the page; a picture is shown there as the thumbnail that we drew ourselves.
PLAYED = frozenset({"video/mp4", "video/3gpp", "audio/ogg", "audio/mpeg", "audio/aac", "audio/mp4"})

_STARTS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"#!AMR", "audio/amr"),
    (b"%PDF-", "application/pdf"),
)
_BRANDS = {
    b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heic", b"msf1": "image/heic",
    b"avif": "image/avif", b"avis": "image/avif", b"M4A ": "audio/mp4", b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
}  # fmt: skip
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_STREAMS = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
}
_ZIPPED = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX, "ppt/presentation.xml": PPTX}
# At the end of an archive: its closing record, which may have a comment of 64 kB behind it, and the sign of
# one with 64-bit sizes, which no document of ours needs.
_ZIP_END, _ZIP64, _ZIP_TAIL = re.compile(rb"(?=PK\x05\x06)"), b"PK\x06\x07", 66_000
MOST_DIRECTORY = 1_000_000  # bytes


def sniff(file: IO[bytes], declared: str = "") -> str:
    """The content type by what is in the file; `UNKNOWN` for what no table here names.

    :param declared: what its sender calls it; decides only whether a container holds film or sound.
    """
    file.seek(0)
    head = file.read(4096)
    file.seek(0)
    for start, content_type in _STARTS:
        if head.startswith(start):
            return content_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return _isobmff(head[8:12], declared)
    return _audio(head) or _office(file, head) or _card(head) or UNKNOWN


def _isobmff(brand: bytes, declared: str) -> str:
    found = "video/3gpp" if brand.startswith((b"3gp", b"3g2")) else _BRANDS.get(brand, "video/mp4")
    sound = found.replace("video/", "audio/")
    return sound if declared.partition(";")[0].strip().lower() == sound else found


def _audio(head: bytes) -> str | None:
    """A bare stream of MPEG frames: eleven set bits, then version and layer."""
    if len(head) < 2 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    layer = head[1] >> 1 & 3
    if layer == 0:
        return "audio/aac" if head[1] & 0xF6 == 0xF0 else None
    return "audio/mpeg"


def _office(file: IO[bytes], head: bytes) -> str | None:
    if head.startswith(_OLE):
        content = file.read(2_000_000)
        file.seek(0)
        found = (kind for name, kind in _OLE_STREAMS.items() if name.encode("utf-16-le") in content)
        return next(found, None)
    return _zipped(file) if head.startswith(b"PK\x03\x04") else None


def _zipped(file: IO[bytes]) -> str | None:
    """By the names inside; nothing is unpacked. With a macro it is no document that we pass on."""
    if not _has_short_directory(file):
        return None
    try:
        names = set(zipfile.ZipFile(file).namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return None
    finally:
        file.seek(0)
    if any(name.endswith("vbaProject.bin") for name in names):
        return None
    return next((kind for name, kind in _ZIPPED.items() if name in names), None)


def _has_short_directory(file: IO[bytes]) -> bool:
    """A list of names is read whole, and 400,000 of them fit into 16 MB: half a gigabyte once read."""
    file.seek(max(0, file.seek(0, io.SEEK_END) - _ZIP_TAIL))
    tail = file.read()
    file.seek(0)
    ends = (end.start() for end in _ZIP_END.finditer(tail))
    sizes = [int.from_bytes(tail[end + 12 : end + 16], "little") for end in ends]
    return bool(sizes) and max(sizes) <= MOST_DIRECTORY and _ZIP64 not in tail


def _card(head: bytes) -> str | None:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:12].upper()
    return "text/vcard" if start.startswith(b"BEGIN:VCARD") else None


# Names

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\s]+')
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def clean_name(name: str, content_type: str = "") -> str:
    """A name that is safe to show and to save under: at most 100 characters, its ending true.

    Invisible and control characters go first, so that no later rule is fooled by them.
    """
    name = unicodedata.normalize("NFKC", name[:4096])
    name = "".join(c for c in name if unicodedata.category(c)[0] != "C")
    name = _FORBIDDEN.sub(" ", name.replace("\\", "/").rpartition("/")[2]).strip(" .") or "file"
    if _RESERVED.match(name):
        name = f"_{name}"
    ending = EXTENSIONS.get(content_type, "")
    stem, dot, given = name.rpartition(".")
    if not dot:
        stem, given = name, ""
    if ending and given.lower() not in (ending, "jpeg" if ending == "jpg" else ending):
        name, given = f"{name}.{ending}", ending
        stem = name[: -len(ending) - 1]
    if len(name) > 100:
        given = given[:10]
        name = f"{stem[: 99 - len(given)]}.{given}" if given else name[:100]
    return name
