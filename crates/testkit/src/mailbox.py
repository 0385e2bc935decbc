"""A mailbox for tests: prints each mail it takes as a line of JSON.

Ends when standard input closes. A line `answer 451 try later` there changes what it answers to DATA;
`answer` alone makes it take mails again. After `hold` it answers nothing to DATA, says `begun` for each
mail that waits, and goes on after `release`.
"""

import asyncio
import email
import email.policy
import json
import sys
import threading

from aiosmtpd.controller import Controller


def part(message, kind):
    body = message.get_body(preferencelist=(kind,))
    return body.get_content() if body is not None else ""


class Handler:
    answer = ""
    free = threading.Event()

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
        if not self.free.is_set():
            print("begun", flush=True)
            while not self.free.is_set():
                await asyncio.sleep(0.01)
        print(json.dumps(mail), flush=True)
        return self.answer or "250 OK"


handler = Handler()
handler.free.set()
controller = Controller(handler, hostname="127.0.0.1", port=int(sys.argv[1]))
controller.start()
print("ready", flush=True)
for line in sys.stdin:
    if line.startswith("answer"):
        handler.answer = line[len("answer"):].strip()
        print("ready", flush=True)
    elif line.strip() in ("hold", "release"):
        handler.free.clear() if line.strip() == "hold" else handler.free.set()
        print("ready", flush=True)
controller.stop()
