"""A website with passkeys, made of FastAPI and py_webauthn, to be tested and loaded.

``uvicorn passkey_site:app --port 8000`` serves it at http://localhost:8000. It keeps everything in memory.
"""

import os
import secrets
from typing import Any, TypedDict

from fastapi import Cookie, FastAPI, HTTPException, Request, Response
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    PublicKeyCredentialCreationOptions,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRequestOptions,
)

ORIGIN = os.environ.get("ORIGIN", "http://localhost:8000")
RP_ID = "localhost"


class Account(TypedDict):
    """The credential of an account."""

    id: bytes
    public_key: bytes
    sign_count: int


class Session(TypedDict):
    """What was asked."""

    username: str
    challenge: bytes


app = FastAPI()
accounts: dict[str, Account] = {}
# A challenge is good for one answer.
sessions: dict[str, Session] = {}


def begin(username: str, options: PublicKeyCredentialCreationOptions | PublicKeyCredentialRequestOptions) -> Response:
    session = secrets.token_urlsafe()
    sessions[session] = {"username": username, "challenge": options.challenge}
    answer = Response(options_to_json(options), media_type="application/json")
    answer.set_cookie("session", session, httponly=True, samesite="strict")
    return answer


def asked(session: str | None) -> tuple[str, bytes]:
    known = sessions.pop(session, None) if session else None
    if known is None:
        raise HTTPException(400, "nothing was asked")
    return known["username"], known["challenge"]


@app.post("/register/options")
async def register_options(request: Request) -> Response:
    username = (await request.json())["username"]
    if username in accounts:
        raise HTTPException(409, "there is such an account")
    options = generate_registration_options(rp_id=RP_ID, rp_name="Example", user_name=username)
    return begin(username, options)


@app.post("/register/verify")
async def register_verify(request: Request, session: str | None = Cookie(None)) -> dict[str, Any]:
    username, challenge = asked(session)
    try:
        verified = verify_registration_response(
            credential=await request.json(),
            expected_challenge=challenge,
            expected_rp_id=RP_ID,
            expected_origin=ORIGIN,
        )
    except WebAuthnException as error:
        raise HTTPException(400, str(error)) from error
    accounts[username] = {
        "id": verified.credential_id,
        "public_key": verified.credential_public_key,
        "sign_count": verified.sign_count,
    }
    return {"verified": True}


@app.post("/login/options")
async def login_options(request: Request) -> Response:
    username = (await request.json())["username"]
    if username not in accounts:
        raise HTTPException(404, "there is no such account")
    allowed = [PublicKeyCredentialDescriptor(id=accounts[username]["id"])]
    return begin(username, generate_authentication_options(rp_id=RP_ID, allow_credentials=allowed))


@app.post("/login/verify")
async def login_verify(request: Request, session: str | None = Cookie(None)) -> dict[str, Any]:
    username, challenge = asked(session)
    account = accounts[username]
    try:
        verified = verify_authentication_response(
            credential=await request.json(),
            expected_challenge=challenge,
            expected_rp_id=RP_ID,
            expected_origin=ORIGIN,
            credential_public_key=account["public_key"],
            credential_current_sign_count=account["sign_count"],
        )
    except WebAuthnException as error:
        raise HTTPException(401, str(error)) from error
    account["sign_count"] = verified.new_sign_count
    return {"username": username}
