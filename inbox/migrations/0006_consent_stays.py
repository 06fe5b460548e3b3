"""A line of the consent ledger is never changed: it moves in a merge, and goes with its contact or channel.

What it points to may go (the message, the person who recorded it); what it says may not change.
"""

from django.db import migrations, models
import django.db.models.deletion
from django.conf import settings

STAYS = """
CREATE FUNCTION inbox_consententry_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.channel_id, NEW.action, NEW.category, NEW.source, NEW.text, NEW.proof, NEW.given_at,
            NEW.created_at)
        IS DISTINCT FROM (OLD.id, OLD.channel_id, OLD.action, OLD.category, OLD.source, OLD.text, OLD.proof,
            OLD.given_at, OLD.created_at)
        OR (NEW.evidence_id IS NOT NULL AND NEW.evidence_id IS DISTINCT FROM OLD.evidence_id)
        OR (NEW.actor_id IS NOT NULL AND NEW.actor_id IS DISTINCT FROM OLD.actor_id)
    THEN
        RAISE EXCEPTION 'A consent entry is written once.' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER inbox_consententry_stays BEFORE UPDATE ON inbox_consententry
    FOR EACH ROW EXECUTE FUNCTION inbox_consententry_stays();

CREATE FUNCTION inbox_consententry_goes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM inbox_contact WHERE id = OLD.contact_id)
        AND EXISTS (SELECT 1 FROM inbox_channel WHERE id = OLD.channel_id)
    THEN
        RAISE EXCEPTION 'A consent entry goes only with its contact or channel.'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER inbox_consententry_goes AFTER DELETE ON inbox_consententry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION inbox_consententry_goes();
"""
MAY_CHANGE = """
DROP TRIGGER inbox_consententry_goes ON inbox_consententry;
DROP FUNCTION inbox_consententry_goes();
DROP TRIGGER inbox_consententry_stays ON inbox_consententry;
DROP FUNCTION inbox_consententry_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0005_consent_categories")]

    operations = [
        migrations.AlterField(
            model_name="consententry",
            name="actor",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="recorded by"),
        ),
        migrations.AlterField(
            model_name="consententry",
            name="evidence",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="inbox.message", verbose_name="evidence"),
        ),
        migrations.RunSQL(STAYS, MAY_CHANGE),
    ]
