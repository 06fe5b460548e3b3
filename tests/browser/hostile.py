"""A hundred and twenty texts that try to become more than text, in every field that strangers fill."""

from __future__ import annotations

import itertools
import json
import uuid

from tests.browser.stack import Stack

# Each tries to say so: window.pwned, or a dialog.
_ACT = "pwned=1"
_TAGS = (
    "<script>{}</script>", "<img src=x onerror={}>", "<svg onload={}>", "<body onload={}>", "<iframe srcdoc='<script>parent.{}</script>'>",
    "<details open ontoggle={}>", "<input autofocus onfocus={}>", "<video><source onerror={}>", "<math href=javascript:{}>x",
    "<a href=javascript:{}>x</a>", "<form action=javascript:{}><button>x", "<object data=javascript:{}>", "<embed src=javascript:{}>",
    "<link rel=stylesheet href=javascript:{}>", "<meta http-equiv=refresh content='0;url=javascript:{}'>", "<base href=//evil.example>{}",
    "<template><script>{}</script></template>", "<style>@import'javascript:{}'</style>", "<marquee onstart={}>", "<x onclick={} tabindex=0>y",
)  # fmt: skip
_OUT_OF = ("", '">', "'>", "</textarea>", "--></script>", "</title></bdi>")
_HTMX = (
    '<b hx-get="/logout/" hx-trigger="load">x</b>', "<b hx-on:load='pwned=1'>x</b>", '<b data-hx-post="/logout/" data-hx-trigger=load>',
    '<b hx-swap-oob="true" id="thread">x</b>', '" hx-on::load="pwned=1" x="', "' data-quote='1' x='", '<b sse-connect="//evil.example">',
    '<b hx-vals="js:{a: pwned=1}" hx-get="/" hx-trigger=load>', '<b hx-ext="hx-sse" hx-boost=true>', "<b data-opens=shortcuts autofocus>",
)  # fmt: skip
_OTHER = (
    "{{ 7|add:7 }}{% load static %}", "${pwned=1}", "javascript:pwned=1", "data:text/html,<script>pwned=1</script>",
    "https://x.example/\"onmouseover=pwned=1//", "https://x.example/'><svg/onload=pwned=1>", "http://javascript:pwned=1",
    "*<b>bold</b>* _<i>x</i>_ ~<s>y</s>~", "`<img src=x onerror=pwned=1>`", "```<svg onload=pwned=1>```", "> <img src=x onerror=pwned=1>",
    "- <svg onload=pwned=1>", "&lt;script&gt;pwned=1&lt;/script&gt;", "&#60;svg onload=pwned=1&#62;", "\u202e<svg onload=pwned=1>\u202c",
    "\u2066evil\u2067\u200f\u200bexe.gpj", "\ufeff<\u200bscript>", "＜script＞pwned=1＜/script＞", "%3Cscript%3Epwned=1%3C/script%3E",
    "\\u003cscript\\u003e", "<!--<img src='--><svg onload=pwned=1>'>", "<svg><style><img src=x onerror=pwned=1>", "<a href='\x01javascript:pwned=1'>",
    "<<script>pwned=1//<</script>", "<img/src=`x`onerror=pwned=1>", "<svg\tonload\n=pwned=1>", "]]><script>pwned=1</script>", "<plaintext>",
    "https://x.example/*a*_b_~c~", "<noscript><p title='</noscript><img src=x onerror=pwned=1>'>",
)  # fmt: skip


def texts() -> list[str]:
    tagged = [out + tag.format(_ACT) for out, tag in itertools.product(_OUT_OF, _TAGS)]
    # Every tag, and every way out of where the text stands.
    others = [text for n, text in enumerate(tagged[20:]) if n % 5 < 3]
    return [*tagged[:20], *others, *_HTMX, *_OTHER]


FIELDS = (
    "Body",
    "ButtonText",
    "ListTitle",
    "ListDescription",
    "Label",
    "Address",
    "answer",
    "file",
    "referral",
    "ProfileName",
)
_FILL = """
import json
from channels_whatsapp import inbound
from channels_whatsapp.models import Sender
from inbox.models import Agent, Conversation, Tag
from inbox import uploads
words = json.load(open({path!r}))
sender = Sender.objects.select_related("account").first()
agent = Agent.objects.get(username="lead")
import hashlib
def tell(number, customer, **params):
    sid = "SM" + hashlib.md5(f"{{number}} {{customer}} {{sorted(params)}} {run}".encode()).hexdigest()
    fixed = dict(MessageSid=sid, AccountSid=sender.account.sid, To=sender.address, From=customer, ProfileName="")
    return inbound.apply(fixed | params, account_sid=sender.account.sid).conversation_id
for kind in ("text", "button", "list", "place", "form", "file", "ad"):
    for n, text in enumerate(words):
        params = {{
            "text": dict(Body=text), "button": dict(ButtonText=text, ButtonPayload=text),
            "list": dict(ListId="1", ListTitle=text, ListDescription=text),
            "place": dict(Latitude="1", Longitude="2", Label=text, Address=text, Body=text),
            "form": dict(FlowData=json.dumps({{text: text, "b": [text]}})),
            "file": dict(MediaUrl0="https://api.twilio.com/x", MediaContentType0="application/pdf", MessageType="document", Body=text),
            "ad": dict(Body=text, ReferralSourceId="1", ReferralHeadline=text, ReferralBody=text, ReferralSourceUrl=text),
        }}[kind]
        made = tell(n, {address!r} + str(["text", "button", "list", "place", "form", "file", "ad"].index(kind)), **params)
    print("made", kind, made)
for n, text in enumerate(words):
    made = tell(n, {address!r} + "9" + f"{{n:03d}}", Body=text, ProfileName=text)
    if n == 0: print("made names", made)
    talk = Conversation.objects.get(pk=made)
    talk.add_note(text, by=agent)
    talk.tag(Tag.objects.get_or_create(name=text[:40])[0], by=agent)
    talk.contact.rename(text[:160], conversation=talk, by=agent)
"""


class Flood:
    """The texts, in conversations of their own: kind → its conversation."""

    def __init__(self, live: Stack) -> None:
        self.address = f"whatsapp:+4470{uuid.uuid4().int % 10**4:04d}"
        path = live.data_dir / "hostile.json"
        path.write_text(json.dumps(texts()))
        code = _FILL.format(path=str(path), address=self.address, run=uuid.uuid4().hex)
        done = live.manage("shell", "-v0", "-c", code)
        assert done.returncode == 0, done.stderr
        lines = [line.split() for line in done.stdout.splitlines() if line.startswith("made ")]
        self.talks = {kind: int(pk) for _made, kind, pk in lines}
