from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from benchmarks.guide_app.models import Contact, Conversation, Message
from benchmarks.installation import AUTH_TOKEN, PUBLIC_BASE_URL


@csrf_exempt
@require_POST
def inbound(request: HttpRequest) -> HttpResponse:
    """The guide's steps in its order, in Django's own words; the reply is left empty, as ours is."""
    params = request.POST
    signature = request.headers.get("X-Twilio-Signature", "")
    if not RequestValidator(AUTH_TOKEN).validate(PUBLIC_BASE_URL + request.path, params, signature):
        return HttpResponse(status=403)
    number = params["From"].replace("whatsapp:", "")
    contact, _ = Contact.objects.get_or_create(phone=number, defaults={"name": params.get("ProfileName", "")})
    conversation = Conversation.objects.filter(contact=contact, channel=params["To"]).first()
    if conversation is None:
        conversation = Conversation.objects.create(contact=contact, channel=params["To"])
    if not Message.objects.filter(provider_message_id=params["MessageSid"]).exists():
        Message.objects.create(
            conversation=conversation,
            content=params["Body"],
            sender=number,
            direction="inbound",
            provider_message_id=params["MessageSid"],
            metadata={"numMedia": params.get("NumMedia", "0")},
        )
        conversation.save()
    return HttpResponse(str(MessagingResponse()), content_type="text/xml")
