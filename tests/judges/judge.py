"""Checks signed requests with a library that is not ours.

`judge.py standardwebhooks|svix` reads an array of {"headers", "body_base64", "secret"} from standard
input and prints a line for each: `ok`, or `fail` and why.
"""

import base64
import json
import sys

import standardwebhooks
import svix

LIBRARIES = {
    "standardwebhooks": standardwebhooks.Webhook,
    "svix": svix.Webhook,
}

for question in json.load(sys.stdin):
    body = base64.b64decode(question["body_base64"])
    webhook = LIBRARIES[sys.argv[1]](question["secret"])
    try:
        webhook.verify(body, question["headers"])
        print("ok")
    except Exception as error:
        print(f"fail {type(error).__name__}: {error}")
