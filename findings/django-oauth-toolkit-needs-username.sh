#!/usr/bin/env bash
# Django OAuth Toolkit 3.4.1 (PyPI, with Django 5.2 and REST framework 3.18) as a resource server with
# introspection: without `username` in the answer a good token has no user, and `aud` must be a URL.
#
# Guess: `sub` names the user. RFC 7662 makes `username` optional, and Spring and mod_auth_openidc take
#   `sub`. `aud` is not looked at unless an audience is configured.
# Seen:  request.user is None, not AnonymousUser, and IsAuthenticated refuses the active token with 403. With
#   `username` a user of this name is created and the request passes. The answer is then kept in the
#   database until `exp`: a token that has become inactive still passes, and is not asked for again.
#   An `aud` that is no URL of the request (RFC 8707) is 401.
# Here:  introspection returns the userId as `username` too. Such a backend sees the end of a session when
#   the access token expires, and needs RESOURCE_SERVER_TOKEN_RESOURCE_VALIDATOR if tokens.audience is a name.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check Django==5.2.19 django-oauth-toolkit==3.4.1 djangorestframework==3.18.3
cat > run.py <<'PY'
import http.server, json, logging, threading, time

active = {"active": True, "sub": "0190a0f0", "client_id": "wx1", "token_type": "Bearer", "exp": int(time.time()) + 900}
asked = []

class Introspection(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked.append(self.rfile.read(int(self.headers["content-length"])))
        body = json.dumps(active).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Introspection)
threading.Thread(target=server.serve_forever, daemon=True).start()

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="not secret, but as long as Django wants it to be", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "oauth2_provider"],
    OAUTH2_PROVIDER={
        "RESOURCE_SERVER_INTROSPECTION_URL": f"http://127.0.0.1:{server.server_address[1]}/introspect",
        "RESOURCE_SERVER_INTROSPECTION_CREDENTIALS": ("orders", "an API key")},
    REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": ["oauth2_provider.contrib.rest_framework.OAuth2Authentication"]})
django.setup()
logging.disable()

from django.core.management import call_command
from django.test import Client
from django.urls import path
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

@api_view()
@permission_classes([])
def who(request):
    return Response(repr(request.user))

@api_view()
@permission_classes([IsAuthenticated])
def orders(request):
    return Response(str(request.user))

urlpatterns = [path("who", who), path("orders", orders)]
call_command("migrate", verbosity=0)

def ask(place, token):
    answer = Client().get(place, headers={"authorization": f"Bearer {token}"})
    return answer.status_code, answer.json()

print("without:", ask("/who", "t1"), ask("/orders", "t1"))
active["username"] = active["sub"]
print("with:", ask("/who", "t2"), ask("/orders", "t2"))
for audience in ("orders", "http://testserver"):
    active["aud"] = audience
    print(f"for {audience}:", ask("/orders", audience))
active["active"] = False
print("inactive:", ask("/orders", "t2"), "asked", len(asked), "times")
PY
venv/bin/python run.py | tee seen
diff seen - <<'TEXT'
without: (200, 'None') (403, {'detail': 'You do not have permission to perform this action.'})
with: (200, '<User: 0190a0f0>') (200, '0190a0f0')
for orders: (401, {'detail': 'Authentication credentials were not provided.'})
for http://testserver: (200, '0190a0f0')
inactive: (200, '0190a0f0') asked 4 times
TEXT
