from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChannelsWhatsAppConfig(AppConfig):
    name = "channels_whatsapp"
    verbose_name = _("WhatsApp")

    def ready(self) -> None:
        from channels_whatsapp.alarms import alarms
        from channels_whatsapp.carrier import WhatsAppCarrier
        from inbox import gateways

        gateways.register("whatsapp", WhatsAppCarrier())
        gateways.register_alarms(alarms)
