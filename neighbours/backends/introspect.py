"""Sends tokens to a Django backend with the settings of docs/backends.md.

Reads {settings, tokens} and writes {version, answers}: the status and the user for each token.
"""

import importlib.metadata
import json
import logging
import sys

import django
from django.conf import settings

given = json.load(sys.stdin)
block = {}
exec(given["settings"], block)
settings.configure(
    SECRET_KEY="not secret, but as long as Django wants it to be", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "oauth2_provider"],
    **{name: value for name, value in block.items() if name.isupper()})
django.setup()
logging.disable()

from django.core.management import call_command
from django.test import Client
from django.urls import path
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response


@api_view()
@permission_classes([IsAuthenticated])
def orders(request):
    return Response(request.user.username)


urlpatterns = [path("orders", orders)]
call_command("migrate", verbosity=0)
answers = {}
for name, token in given["tokens"].items():
    answer = Client().get("/orders", headers={"authorization": f"Bearer {token}"})
    answers[name] = [answer.status_code, answer.json() if answer.status_code == 200 else None]
print(json.dumps({"version": importlib.metadata.version("django-oauth-toolkit"), "answers": answers}))
