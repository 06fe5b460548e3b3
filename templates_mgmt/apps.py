from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TemplatesMgmtConfig(AppConfig):
    name = "templates_mgmt"
    verbose_name = _("Templates")

    def ready(self) -> None:
        from inbox.gateways import register_templates
        from templates_mgmt.filling import KnownTemplates

        register_templates(KnownTemplates())
