"""What WhatsApp takes through Twilio, as one table.

Source: Twilio, "Accepted content types for media" and "Guidance on WhatsApp media messages"; where they
disagree, the smaller. Sizes are in decimal megabytes, so that what we let through is never too big.
"""

from __future__ import annotations

from inbox.gateways import FileLimit, Limits

MB = 1_000_000
BODY = 1600

_IMAGE, _VIDEO, _AUDIO, _DOCUMENT = 5 * MB, 16 * MB, 16 * MB, 16 * MB
_OFFICE = "application/vnd.openxmlformats-officedocument"

FILES = {
    "image/jpeg": FileLimit("image", _IMAGE, "jpg", caption=True),
    "image/png": FileLimit("image", _IMAGE, "png", caption=True),
    "video/mp4": FileLimit("video", _VIDEO, "mp4", caption=True),
    "audio/ogg": FileLimit("audio", _AUDIO, "ogg"),
    "audio/mpeg": FileLimit("audio", _AUDIO, "mp3"),
    "audio/amr": FileLimit("audio", _AUDIO, "amr"),
    "audio/3gpp": FileLimit("audio", _AUDIO, "3gp"),
    "audio/aac": FileLimit("audio", _AUDIO, "aac"),
    "application/pdf": FileLimit("document", _DOCUMENT, "pdf"),
    "application/msword": FileLimit("document", _DOCUMENT, "doc"),
    "application/vnd.ms-excel": FileLimit("document", _DOCUMENT, "xls"),
    "application/vnd.ms-powerpoint": FileLimit("document", _DOCUMENT, "ppt"),
    f"{_OFFICE}.wordprocessingml.document": FileLimit("document", _DOCUMENT, "docx"),
    f"{_OFFICE}.spreadsheetml.sheet": FileLimit("document", _DOCUMENT, "xlsx"),
    f"{_OFFICE}.presentationml.presentation": FileLimit("document", _DOCUMENT, "pptx"),
    "text/vcard": FileLimit("contacts", _DOCUMENT, "vcf"),
}

LIMITS = Limits(body=BODY, files=FILES)
