"""Twilio's error codes: what to do about each, and what to tell whom, in plain words.

Source: Twilio's error pages (twilio.com/docs/api/errors/<code>) and "Rate limits and message queues".
Codes can change without notice (Twilio's OpenAPI files say so), so an unknown one is shown by its number.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from inbox.gateways import Explanation

OPTED_OUT = 21610
NOT_JOINED = 63015


class Act(StrEnum):
    """What follows from a refusal."""

    RETRY = "retry"  # with growing waits
    SLOW = "slow"  # with waits of minutes
    ONCE = "once"  # one more time
    PERMANENT = "permanent"
    FIX = "fix"  # an admin must mend the set-up
    ASK = "ask"  # it may or may not have arrived: a person decides
    IGNORE = "ignore"
    UNKNOWN = "unknown"  # nobody can say whether a message was created


AGAIN = frozenset({Act.RETRY, Act.SLOW, Act.ONCE})
# After these a person may usefully press Retry: by then the reason may be gone.
WORTH_A_RETRY = AGAIN | {Act.FIX, Act.ASK}


@dataclass(frozen=True)
class Entry:
    codes: tuple[int, ...]
    act: Act
    sentence: Promise
    next_step: Promise


@dataclass(frozen=True)
class Decision:
    """What to do after a failed call to create a message."""

    act: Act
    code: int | None
    sentence: str
    next_step: str
    is_known: bool = True

    @property
    def text(self) -> str:
        return f"{self.sentence} {self.next_step}".strip()


ASK_ADMIN = _("Ask an admin to look at the connection to Twilio.")
RETRY_LATER = _("Press Retry in a few minutes.")
WRITE_OTHERWISE = _("Reach this customer another way.")
CHANGE_IT = _("Change the message and send it again.")
OTHER_FILE = _("Attach another file and send it again.")
USE_TEMPLATE = _("Send an approved template.")
REFRESH = _("Refresh the templates and choose another one.")
CHECK_NUMBER = _("Check the number with the customer.")
NOT_SURE = _("Ask the customer whether it arrived before you send it again.")
SENT_AGAIN = _("It is sent again by itself; nothing needs to be done.")

R, S, ONE, P, F, A = Act.RETRY, Act.SLOW, Act.ONCE, Act.PERMANENT, Act.FIX, Act.ASK

TABLE: tuple[Entry, ...] = (
    # The account and the call
    Entry((20003,), F, _("Twilio did not accept the account's token."), ASK_ADMIN),
    Entry((20005, 20006, 20010), F, _("The Twilio account is not active."), ASK_ADMIN),
    Entry((20009,), R, _("Twilio is still delivering this message and cannot delete it yet."), RETRY_LATER),
    Entry((20404,), P, _("Twilio no longer has this message."), CHANGE_IT),
    Entry((20409,), P, _("Twilio already finished with this message."), CHANGE_IT),
    Entry((20429,), R, _("Twilio asked to send more slowly."), SENT_AGAIN),
    Entry((20500, 20503), Act.UNKNOWN, _("Twilio had a fault; it is not sure that this was sent."), NOT_SURE),
    # Who and what
    Entry((21211, 21604), P, _("This customer's number is not valid."), CHECK_NUMBER),
    Entry((21212, 21603, 21606), F, _("Twilio does not accept our number as the sender."), ASK_ADMIN),
    Entry((21408,), F, _("The Twilio account may not write to this country."), ASK_ADMIN),
    Entry((21602, 21619), P, _("There was nothing in this message."), _("Write something and send it.")),
    Entry((21608,), F, _("A trial account may write only to numbers that it has verified."), ASK_ADMIN),
    Entry((21609,), F, _("Twilio cannot use our address for delivery reports."), ASK_ADMIN),
    Entry((OPTED_OUT,), P, _("This customer opted out."), _("Do not write until they write again.")),
    Entry((21611,), R, _("Too many messages are waiting at Twilio for our number."), RETRY_LATER),
    Entry((21612, 21614), P, _("This number cannot be reached."), CHECK_NUMBER),
    Entry((21617,), P, _("This message is longer than 1600 characters."), _("Shorten it and send it again.")),
    Entry((21620, 21623), P, _("The file cannot be sent."), OTHER_FILE),
    Entry((21654, 92005), P, _("Twilio takes only a template here."), USE_TEMPLATE),
    Entry((21655,), P, _("This template was deleted at Twilio."), REFRESH),
    Entry((21656,), P, _("A field of the template is not filled in."), _("Fill every field and send again.")),
    Entry((21658,), P, _("The message is over one of Twilio's limits."), _("Shorten it and send it again.")),
    Entry((21703, 21704, 21705), F, _("The messaging service has no number that can send this."), ASK_ADMIN),
    Entry((21910,), P, _("The customer is not on the same channel as our number."), CHECK_NUMBER),
    # On the way
    Entry((30001,), R, _("Too many messages were waiting to be sent."), RETRY_LATER),
    Entry((30002,), F, _("The Twilio account is suspended."), ASK_ADMIN),
    Entry((30003,), R, _("The customer's phone could not be reached."), RETRY_LATER),
    Entry((30004,), P, _("The customer's phone blocks this message."), WRITE_OTHERWISE),
    Entry((30005, 30006), P, _("This number is unknown or cannot take messages."), CHECK_NUMBER),
    Entry((30007,), P, _("This message was filtered out as unwanted."), CHANGE_IT),
    Entry((30008,), ONE, _("It was not delivered, and nobody says why."), RETRY_LATER),
    Entry((30036,), A, _("It could not be sent in time."), _("Press Retry if it is still true.")),
    Entry((30410,), A, _("WhatsApp gave no answer, so it may not have arrived."), NOT_SURE),
    # WhatsApp's own
    Entry((63001, 63002, 63008), F, _("Twilio is not fully connected with WhatsApp."), ASK_ADMIN),
    Entry((63003,), P, _("This number is not on WhatsApp."), WRITE_OTHERWISE),
    Entry((63005, 63006, 63021), P, _("WhatsApp does not accept what is in this message."), CHANGE_IT),
    Entry((63007,), F, _("Our number does not belong to this Twilio account."), ASK_ADMIN),
    Entry((63009, 63010, 63011, 63012), R, _("WhatsApp or Twilio had a fault."), RETRY_LATER),
    Entry((63013,), P, _("WhatsApp's rules do not allow this message."), CHANGE_IT),
    Entry((63014, 63033), P, _("The customer blocked our number."), WRITE_OTHERWISE),
    Entry((63015,), P, _("This customer has not joined the sandbox."),
          _("Ask them to send “join” and the sandbox's two words to our number.")),
    Entry((63016,), P, _("The 24-hour window is closed, so WhatsApp takes no free text."), USE_TEMPLATE),
    Entry((63017, 63018), S, _("WhatsApp asked us to send more slowly."), RETRY_LATER),
    Entry((63019,), ONE, _("WhatsApp could not fetch the file from us."), RETRY_LATER),
    Entry((63020,), F, _("The business account at Meta is not confirmed or not paid."), ASK_ADMIN),
    Entry((63022, 63023), ONE, _("WhatsApp could not take this message, without saying why."), RETRY_LATER),
    Entry((63024,), P, _("WhatsApp cannot deliver to this customer."),
          _("Ask them to open WhatsApp, update it and accept its terms.")),
    Entry((63025,), Act.IGNORE, _("WhatsApp already had this file."), _("Nothing needs to be done.")),
    Entry((63026,), P, _("WhatsApp took this message for spam."), CHANGE_IT),
    Entry((63027,), P, _("The template does not exist in this language."), REFRESH),
    Entry((63028,), P, _("The number of filled fields does not fit the template."), REFRESH),
    Entry((63029, 63030), P, _("WhatsApp does not accept what this template holds."), REFRESH),
    Entry((63031,), P, _("This would have been a message from our number to itself."), CHECK_NUMBER),
    Entry((63032,), P, _("WhatsApp does not let us write to this customer now."), WRITE_OTHERWISE),
    Entry((63034,), P, _("The file is too large for WhatsApp."), _("Send a smaller file.")),
    Entry((63037,), R, _("WhatsApp could not take the file at once; Twilio tries again."), SENT_AGAIN),
    Entry((63038,), S, _("The account has sent all it may send today."), _("Press Retry tomorrow.")),
    Entry((63040, 63041, 63042, 63046), P, _("WhatsApp rejected or paused this template."), REFRESH),
    Entry((63043, 63044, 63045, 63047), P, _("The sample file of this template is not usable."), REFRESH),
    Entry((63049,), S, _("WhatsApp held this advertising message back to spare the customer."),
          _("Press Retry tomorrow; to numbers in the USA it is never delivered.")),
    Entry((63051,), F, _("Meta has locked our number."), ASK_ADMIN),
    Entry((63062,), F, _("The terms for advertising messages are not accepted yet."), ASK_ADMIN),
    Entry((63100, 63101, 63104, 63110, 63111, 63113, 63114, 63116, 63124), F,
          _("Our number is not fully registered with WhatsApp."), ASK_ADMIN),
    # Our own addresses, as Twilio sees them
    Entry((11200, 11205), F, _("Twilio could not reach our server."), ASK_ADMIN),
    Entry((11220, 11235, 11236, 11237), F, _("Twilio does not trust our server's certificate."), ASK_ADMIN),
    Entry((12100, 12200, 12300), F, _("Twilio could not read our server's answer."), ASK_ADMIN),
    Entry((11750, 11751, 14107), F, _("Our server's answer was more than Twilio takes."), ASK_ADMIN),
)  # fmt: skip

BY_CODE = {code: entry for entry in TABLE for code in entry.codes}


def explain(code: int | None) -> Explanation:
    """A code in the reader's language, with the next step; unknown ones by their number."""
    entry = BY_CODE.get(code or 0)
    if entry:
        return Explanation(str(entry.sentence), str(entry.next_step), entry.act in WORTH_A_RETRY)
    if code:
        sentence = _now("Twilio refused it for a reason that is new to us (code %(code)d).") % {"code": code}
    else:
        sentence = _now("Twilio refused it and gave no reason.")
    return Explanation(sentence, str(ASK_ADMIN), retryable=True)


def decision(http_status: int | None, code: int | None) -> Decision:
    """What follows when `POST Messages` did not succeed.

    429 was never processed (Twilio, 20429). After a 5xx or no answer a message may exist all the
    same (Twilio, 20500), whatever the code beside it says.
    """
    said, entry = explain(code), BY_CODE.get(code or 0)
    act = entry.act if entry else Act.PERMANENT
    if http_status is None or http_status >= 500 or http_status < 400:
        act, said = Act.UNKNOWN, explain(20500)
    elif http_status == 429:
        act, said = Act.RETRY, explain(20429)
    elif act in (Act.UNKNOWN, Act.IGNORE):
        act = Act.PERMANENT
    return Decision(act, code, said.sentence, said.next_step, is_known=entry is not None)
