"""Verifies tokens offline with the libraries of Python, each as a backend would set it up.

Reads {issuer, jwksUri, audience, algorithm, tokens} and writes {library: {version, answers}}.
"""

import importlib.metadata
import json
import sys
import urllib.request
import warnings

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# joserfc 1.8 prefers the name Ed25519 (RFC 9864) to EdDSA, and takes both.
warnings.filterwarnings("ignore", "EdDSA is deprecated")
given = json.load(sys.stdin)
ISSUER, JWKS, AUDIENCE, ALGORITHM = (given[name] for name in ("issuer", "jwksUri", "audience", "algorithm"))


def key_set() -> dict:
    with urllib.request.urlopen(JWKS) as answer:
        return json.load(answer)


def pyjwt():
    keys = jwt.PyJWKClient(JWKS)

    def verify(token):
        key = keys.get_signing_key_from_jwt(token)
        return jwt.decode(token, key, algorithms=[ALGORITHM], issuer=ISSUER, audience=AUDIENCE)["sub"]

    return verify


def joserfc():
    from joserfc import jwt as rfc
    from joserfc.jwk import KeySet

    keys = KeySet.import_key_set(key_set())
    claims = rfc.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": AUDIENCE},
        sub={"essential": True}, exp={"essential": True})

    def verify(token):
        opened = rfc.decode(token, keys, algorithms=[ALGORITHM])
        claims.validate(opened.claims)
        return opened.claims["sub"]

    return verify


def python_jose():
    from jose import jwt as jose

    keys = {key["kid"]: key for key in key_set()["keys"]}

    def verify(token):
        key = keys[jose.get_unverified_header(token)["kid"]]
        return jose.decode(token, key, algorithms=[ALGORITHM], issuer=ISSUER, audience=AUDIENCE)["sub"]

    return verify


def flask_jwt_extended():
    import flask
    from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

    app = flask.Flask("backend")
    app.config.update(JWT_ALGORITHM=ALGORITHM, JWT_DECODE_ISSUER=ISSUER, JWT_DECODE_AUDIENCE=AUDIENCE,
                      JWT_PUBLIC_KEY="of the key set, below")
    manager = JWTManager(app)
    keys = jwt.PyJWKClient(JWKS)

    @manager.decode_key_loader
    def of_key_set(header, _claims):
        try:
            public = keys.get_signing_key(header["kid"]).key
        except jwt.PyJWKClientError as error:
            # What Flask-JWT-Extended answers with 422; any other error is a 500.
            raise jwt.InvalidTokenError("no such key") from error
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @app.get("/")
    @jwt_required()
    def me():
        return get_jwt_identity()

    def verify(token):
        answer = app.test_client().get("/", headers={"Authorization": f"Bearer {token}"})
        if answer.status_code != 200:
            raise ValueError(f"status {answer.status_code} {answer.text.strip()}")
        return answer.text

    return verify


def simplejwt():
    import django
    from django.conf import settings

    settings.configure(SECRET_KEY="not used", INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"], SIMPLE_JWT={
        "ALGORITHM": ALGORITHM, "JWK_URL": JWKS, "ISSUER": ISSUER, "AUDIENCE": AUDIENCE,
        "USER_ID_CLAIM": "sub", "TOKEN_TYPE_CLAIM": None})
    django.setup()
    from rest_framework.response import Response
    from rest_framework.test import APIRequestFactory
    from rest_framework.views import APIView
    from rest_framework_simplejwt.authentication import JWTStatelessUserAuthentication

    class Me(APIView):
        authentication_classes = [JWTStatelessUserAuthentication]

        def get(self, request):
            return Response(request.user.id)

    def verify(token):
        answer = Me.as_view()(APIRequestFactory().get("/", HTTP_AUTHORIZATION=f"Bearer {token}"))
        if answer.status_code != 200:
            raise ValueError(f"status {answer.status_code} {answer.data}")
        return str(answer.data)

    return verify


LIBRARIES = {"PyJWT": (pyjwt, "pyjwt"), "joserfc": (joserfc, "joserfc"), "python-jose": (python_jose, "python-jose"),
             "flask-jwt-extended": (flask_jwt_extended, "flask-jwt-extended"),
             "simplejwt": (simplejwt, "djangorestframework-simplejwt")}


def answers(make) -> dict:
    found, verify = {}, None
    for kind, token in given["tokens"].items():
        try:
            verify = verify or make()
            found[kind] = verify(token)
        except Exception as error:  # each library has errors of its own
            found[kind] = f"refused: {type(error).__name__} {error}"
    return found


print(json.dumps({name: {"version": importlib.metadata.version(package), "answers": answers(make)}
                  for name, (make, package) in LIBRARIES.items()}))
