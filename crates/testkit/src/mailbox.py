"""A mailbox for tests: prints each mail it takes as a line of JSON.

Ends when standard input closes. A line `answer 451 try later` there changes what it answers to DATA;
`answer` alone makes it take mails again.
"""

import email
import email.policy
import json
import sys

from aiosmtpd.controller import Controller


def part(message, kind):
    body = message.get_body(preferencelist=(kind,))
    return body.get_content() if body is not None else ""


class Handler:
    answer = ""

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        mail = {
            "accepted": not self.answer,
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "subject": str(message["subject"]),
            "message_id": str(message["message-id"]),
            "header_from": str(message["from"]),
            "text": part(message, "plain"),
            "html": part(message, "html"),
            "raw": envelope.content.decode("utf-8", "replace"),
        }
        print(json.dumps(mail), flush=True)
        return self.answer or "250 OK"


handler = Handler()
controller = Controller(handler, hostname="127.0.0.1", port=int(sys.argv[1]))
controller.start()
print("ready", flush=True)
for line in sys.stdin:
    if line.startswith("answer"):
        handler.answer = line[len("answer"):].strip()
        print("ready", flush=True)
controller.stop()
