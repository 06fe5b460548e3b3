from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TemplatesMgmtConfig(AppConfig):
    name = "templates_mgmt"
    verbose_name = _("Templates")

    def ready(self) -> None:
        from channels_whatsapp import checklist, events, troubles
        from inbox.gateways import register_opt_in_question, register_templates
        from templates_mgmt import approvals, health
        from templates_mgmt.filling import KnownTemplates
        from templates_mgmt.optin import AskOptIn

        register_templates(KnownTemplates())
        register_opt_in_question(AskOptIn())
        events.listen(approvals.EVENTS, approvals.hear)
        troubles.listen({*approvals.TROUBLES, approvals.DELETED}, approvals.note_trouble)
        checklist.register(health.checks)
