"""The question whether offers may be sent: a quick reply for open windows, which WhatsApp need not approve.

It is made once for an account and a language, as the template `ask_opt_in`, so that its words can be
changed with a new version. Whatever the words, its two buttons carry the ids of
inbox/consent_questions.py, by which the answer is known.
"""

from __future__ import annotations

from typing import NoReturn

from django.db import transaction
from django.utils.translation import gettext as _

from channels_whatsapp import sending
from channels_whatsapp.models import Account
from inbox import consent_questions
from inbox.gateways import FilledTemplate
from inbox.models import Agent, ConsentEntry, Conversation
from inbox.refusals import Refused
from templates_mgmt import content, filling
from templates_mgmt.models import Template
from templates_mgmt.sendable import refusal_of

NAME = "ask_opt_in"
MARKETING = str(ConsentEntry.Category.MARKETING)
YES, NO = (consent_questions.button_id(MARKETING, answer) for answer in ("yes", "no"))
# Language: question, yes, no. Twilio takes 20 characters on a button.
WORDS = {
    "en": (
        "May we send you offers and news on WhatsApp from time to time? "
        "You can stop them at any time by writing STOP.",
        "Yes, please",
        "No, thank you",
    ),
    "de": (
        "Dürfen wir Ihnen ab und zu Angebote und Neuigkeiten über WhatsApp schicken? "
        "Mit STOP beenden Sie das jederzeit.",
        "Ja, gern",
        "Nein, danke",
    ),
    "fr": (
        "Pouvons-nous vous envoyer de temps en temps des offres et des nouvelles sur WhatsApp ? "
        "Écrivez STOP pour arrêter à tout moment.",
        "Oui, volontiers",
        "Non, merci",
    ),
    "es": (
        "¿Podemos enviarle de vez en cuando ofertas y novedades por WhatsApp? "
        "Puede pararlo en cualquier momento escribiendo STOP.",
        "Sí, por favor",
        "No, gracias",
    ),
    "pt": (
        "Podemos enviar-lhe de vez em quando ofertas e novidades pelo WhatsApp? "
        "Pode parar a qualquer momento escrevendo STOP.",
        "Sim, por favor",
        "Não, obrigado",
    ),
    "it": (
        "Possiamo inviarle ogni tanto offerte e novità su WhatsApp? "
        "Può fermarle in qualsiasi momento scrivendo STOP.",
        "Sì, grazie",
        "No, grazie",
    ),
    "nl": (
        "Mogen we u af en toe aanbiedingen en nieuws sturen via WhatsApp? "
        "U kunt dit altijd stoppen door STOP te schrijven.",
        "Ja, graag",
        "Nee, bedankt",
    ),
    "tr": (
        "Size ara sıra WhatsApp’tan teklif ve haber gönderebilir miyiz? "
        "İstediğiniz zaman STOP yazarak durdurabilirsiniz.",
        "Evet, lütfen",
        "Hayır, teşekkürler",
    ),
    "ar": (
        "هل يمكننا إرسال العروض والأخبار إليكم عبر واتساب من وقت لآخر؟ يمكنكم إيقافها في أي وقت بكتابة STOP.",
        "نعم، من فضلكم",
        "لا، شكرًا",
    ),
    "he": (
        "אפשר לשלוח לכם מדי פעם מבצעים וחדשות בוואטסאפ? אפשר להפסיק בכל עת בכתיבת STOP.",
        "כן, בבקשה",
        "לא, תודה",
    ),
}
FALLBACK = "en"


class AskOptIn:
    """See `inbox.gateways.OptInQuestion`."""

    def for_conversation(self, conversation: Conversation, by: Agent | None) -> FilledTemplate:
        account = sending.sender_of(conversation.channel).account
        template = _known_or_made(account, language_for(conversation.contact.language), by)
        if template.content_sid and template.submission == Template.Submission.DONE:
            return filling.filled(template, {})
        _still_being_made(template, by)


def language_for(spoken: str) -> str:
    """The one of `WORDS` for a customer's language such as ``pt_BR``."""
    base = spoken.replace("-", "_").partition("_")[0].lower()
    return base if base in WORDS else FALLBACK


def types_for(language: str) -> content.Types:
    body, yes, no = WORDS[language]
    actions = [{"type": "QUICK_REPLY", "title": t, "id": i} for t, i in ((yes, YES), (no, NO))]
    return {content.QUICK_REPLY: {"body": body, "actions": actions}, content.TEXT: {"body": body}}


def is_the_question(template: Template) -> bool:
    return {YES, NO} <= {button.id for button in template.content.buttons} and not template.content.names


@transaction.atomic
def _known_or_made(account: Account, language: str, by: Agent | None) -> Template:
    """The newest that can be sent, else the newest; made and submitted when there is none."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    rows = Template.objects.select_related("family").filter(
        family__account=account, family__name=NAME, language=language, archived_at=None, gone_at=None
    )
    known = [template for template in rows.order_by("-pk")[:20] if is_the_question(template)]
    # Approved, it would be marketing, which asks for the very opt-in; and a rejected one cannot be sent.
    known = [each for each in known if not each.is_approved and refusal_of(each) is None]
    if known:
        done = (t for t in known if t.content_sid and t.submission == Template.Submission.DONE)
        return next(done, known[0])
    template = Template.write(account, NAME, language, by=by, types=types_for(language))
    template.submit(by=by, for_approval=False)
    return template


def _still_being_made(template: Template, by: Agent | None) -> NoReturn:
    """:raises Refused: always. What Twilio refused is handed in again."""
    step = _("Press “Ask for opt-in” again in a minute.")
    if template.submission in (Template.Submission.FAILED, Template.Submission.NONE):
        said = template.submission_error
        template.submit(by=by, for_approval=False)
        if said:
            sentence = _("Twilio did not take the question: %(said)s It is tried again.") % {"said": said}
            raise Refused("preparing", sentence, step)
    raise Refused("preparing", _("The question is being prepared at Twilio for the first time."), step)
