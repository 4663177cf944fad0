"""Logs in with the client that openapi-python-client makes."""

import json
import os

from wxlogin_client import AuthenticatedClient, Client
from wxlogin_client.api.user import login, show_me
from wxlogin_client.models import LoginBody

service = os.environ["SERVICE"]
with Client(base_url=service) as client:
    answer = login.sync(client=client, body=LoginBody(plat_code=os.environ["CODE"])).data
    refused = login.sync(client=client, body=LoginBody(plat_code="spent"))
with AuthenticatedClient(base_url=service, token=answer.token) as client:
    me = show_me.sync(client=client).data
print(json.dumps({"userId": str(answer.user_id), "me": str(me.user_id), "refused": refused.error}))
