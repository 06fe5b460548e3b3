"""Files out of the storage, so that nothing in them can act.

Whatever a file says it is, it leaves with a type from our own table, is never sniffed, may not run
anything where it is opened, is no script or frame for anybody, and stays in no cache.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from inbox import files

BLOCK = 64 * 1024
_RANGE = re.compile(r"\Abytes=(\d{0,18})-(\d{0,18})\Z")


def serve(
    request: HttpRequest, file: FieldFile, *, content_type: str, name: str, etag: str
) -> HttpResponseBase:
    """The whole file, or the range that a player asks for.

    :param content_type: shown inline only for a thumbnail of ours or what `files.PLAYED` names.
    :raises Http404: it is not in the storage.
    """
    try:
        size = file.size
    except FileNotFoundError:
        raise Http404 from None
    unchanged = get_conditional_response(request, etag=f'"{etag}"')
    if unchanged and unchanged.status_code == 304:
        return _protected(unchanged)
    part = _part(request.headers.get("Range", ""), size)
    if part is None:
        return _protected(HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"}))
    start, end = part
    is_inline = content_type in files.PLAYED or (content_type == "image/webp" and name == "")
    known = content_type if content_type in files.EXTENSIONS else files.UNKNOWN
    response = StreamingHttpResponse(_blocks(file, start, end), content_type=known)
    response["Content-Length"] = str(end - start)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = f'"{etag}"'
    if disposition := content_disposition_header(not is_inline, name):
        response["Content-Disposition"] = disposition
    if end - start < size:
        response.status_code = 206
        response["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return _protected(response)


def _protected(response: HttpResponseBase) -> HttpResponseBase:
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _part(asked: str, size: int) -> tuple[int, int] | None:
    """From and to (excluded). None for a range outside the file; the whole file for what we do not do."""
    found = _RANGE.match(asked)
    if not found or not (found[1] or found[2]):
        return 0, size
    if not found[1]:
        start, end = max(0, size - int(found[2])), size
    else:
        start, end = int(found[1]), min(int(found[2]) + 1, size) if found[2] else size
    return (start, end) if start < end else None


def _blocks(file: FieldFile, start: int, end: int) -> Iterator[bytes]:
    with file.storage.open(file.name, "rb") as stored:
        stored.seek(start)
        while start < end and (block := stored.read(min(BLOCK, end - start))):
            start += len(block)
            yield block
