"""Twilio's refusals: the number, the sentence and the HTTP status of each."""

from __future__ import annotations

from typing import Any

REFUSALS: dict[int, tuple[int, str]] = {
    20001: (400, "Invalid parameter"),
    20003: (401, "Authenticate"),
    20009: (409, "Cannot delete message because delivery has not been completed."),
    20404: (404, "The requested resource was not found"),
    20405: (405, "Method not allowed"),
    20409: (409, "The resource is in a state that does not allow this"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    21211: (400, "The 'To' number is not a valid phone number."),
    21212: (400, "The 'From' number is not a valid phone number, shortcode, or alphanumeric sender ID."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number provided is not a valid message-capable Twilio phone number."),
    21609: (400, "The 'StatusCallback' URL is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
    21619: (400, "A text message body or media urls must be specified."),
    21620: (400, "Invalid media URL(s)"),
    21623: (400, "Number of media files exceeds allowed limit"),
    21655: (400, "The ContentSid is Invalid"),
    21656: (400, "The Content Variables parameter is invalid."),
    21703: (400, "The Messaging Service does not contain a phone number."),
    21705: (400, "The Messaging Service Sid is invalid."),
    21910: (400, "Invalid 'From' and 'To' pair. 'From' and 'To' should be of the same channel"),
    35111: (400, "SendAt must be between 15 minutes and 35 days from now"),
    35114: (400, "The SendAt parameter is required to schedule a message"),
    35118: (400, "MessagingServiceSid is required to schedule a message"),
    63007: (400, "Twilio could not find a Channel with the specified From address"),
    63018: (429, "Rate limit exceeded for Channel"),
    63031: (400, "Channels message cannot have same From and To"),
    63100: (400, "Sender validation failed"),
    63104: (400, "The account has reached its limit of WhatsApp senders"),
    63114: (400, "The verification code is invalid or expired"),
    63116: (429, "Too many verification attempts"),
    63124: (400, "The display name violates WhatsApp guidelines"),
    63110: (409, "This number is already registered on WhatsApp"),
}


class TwilioError(Exception):
    """A refusal in the shape of Twilio's error answers: `code`, `message`, `more_info`, `status`."""

    def __init__(self, code: int, message: str = "", status: int | None = None) -> None:
        known_status, known_message = REFUSALS.get(code, (400, f"Error {code}"))
        self.code = code
        self.message = message or known_message
        self.status = status or known_status
        super().__init__(f"{code}: {self.message}")

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
