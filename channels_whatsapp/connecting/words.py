"""What Twilio's failures mean to somebody who sets things up."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from channels_whatsapp import errors
from channels_whatsapp.client import TOO_MANY, CallFailed
from inbox.refusals import Refused

NO_ACCOUNT = 20404
_REGISTERING = {
    63100: noop("Twilio does not take these details."),
    63101: noop("The WhatsApp Business Account (WABA) does not fit this Twilio account."),
    63104: noop("This account has as many WhatsApp numbers as it may have."),
    63110: noop("This number is already registered on WhatsApp."),
    63111: noop("Twilio does not know this number."),
    63113: noop("The verification failed."),
    63114: noop("The verification code is wrong or too old."),
    63116: noop("There were too many tries to verify this number."),
    63124: noop("WhatsApp declined this display name."),
}
# Where Twilio's own words say more than ours.
_VAGUE = {63100, 63101, 63113}
_STEPS = {
    63100: noop("Compare number, name and WABA with the Twilio Console."),
    63101: noop("Meta's Business Manager shows the right number under WhatsApp accounts."),
    63104: noop("Confirm the business at Meta, or remove a number that is not used."),
    63110: noop("Delete its WhatsApp account on the phone, or move it by Meta's migration, then try again."),
    63111: noop("Use a number of this account, or one that you can verify by SMS or a call."),
    63113: noop("Ask for a new code."),
    63114: noop("Ask for a new code, and enter it within ten minutes."),
    63116: noop("WhatsApp allows ten tries in 72 hours. Wait, then ask for a new code."),
    63124: noop("Choose a name that shows the business, by Meta's display name rules."),
}


def refusal(failure: CallFailed) -> Refused:
    """In words, with the next step. Of an unknown outcome it says that it is unknown."""
    if failure.status == 401:
        return Refused(
            "token_refused",
            _("Twilio does not accept this account's token."),
            _("Copy it once more from the front page of the Twilio Console and enter it here."),
        )
    if failure.status == TOO_MANY:
        return Refused("throttled", _("Twilio asks for fewer calls."), _("Wait a minute, then try again."))
    if failure.is_refusal:
        return _refused_by_twilio(failure)
    if not failure.was_sent:
        return Refused(
            "unreachable",
            _("Twilio cannot be reached from here, so nothing was changed."),
            _("Check this server's way to the internet, its DNS and its proxy, and status.twilio.com."),
        )
    return Refused(
        "no_answer",
        _("Twilio gave no answer, so nobody knows yet whether it was done."),
        _("Look at the state below in a minute before you try again."),
    )


def _refused_by_twilio(failure: CallFailed) -> Refused:
    code = failure.code or 0
    if code in _REGISTERING:
        more = failure.detail if code in _VAGUE else ""
        return Refused(f"twilio_{code}", _sentences(_(_REGISTERING[code]), more), _(_STEPS[code]))
    if failure.status == 404:
        return Refused("gone", _("Twilio does not have this any more."), _("Look at the list at Twilio."))
    said = errors.explain(code) if code in errors.BY_CODE else None
    sentence = said.sentence if said else _("Twilio refused it.")
    step = _("Compare what you entered with the Twilio Console.")
    return Refused(f"twilio_{code or failure.status}", _sentences(sentence, failure.detail), step)


def _sentences(ours: str, twilios: str) -> str:
    return f"{ours} {twilios.strip().rstrip('.')}." if twilios.strip() else ours
