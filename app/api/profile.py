"""/profile: the person who is calling."""

from typing import Any
from uuid import UUID

from app.api.auth import refuse_common_password, session_in
from app.api.http import Blueprint, invalid
from app.api.notification_channels import TEST_SECONDS
from app.api.polling import wait_for
from app.operations.accounts import contact_methods, invitations, profile, sessions
from app.operations.notifications import message_tests
from app.platform.cooperative import offload
from app.platform.crypto import hash_password, verify_password
from app.platform.errors import Fault, InvalidCode
from app.schemas.invitations import AcceptedSchema, OwnInvitationSchema
from app.schemas.notification_channels import TestOutcomeSchema
from app.schemas.profile import (
    ContactTestSchema,
    OwnOrganizationSchema,
    PasswordChangeSchema,
    ProfileChangeSchema,
    ProfileSchema,
    SessionInListSchema,
)
from app.security.access import budget, client_address, principal, requires
from app.security.limits import Guard

bp = Blueprint("profile", __name__, url_prefix="/profile", description="Who is calling.")
_GUARD = Guard("present password")  # a stolen token must not find out the password


def _here() -> dict[str, Any]:
    return {"organization_id": principal().organization_id, "role": principal().role.value}


@bp.get("")
@requires("profile:read")
@bp.returns(ProfileSchema)
def read() -> dict[str, Any]:
    """Read the profile"""
    return profile.read(principal().user_id) | _here()


@bp.route("", methods=["PUT", "PATCH"])
@requires("profile:write")
@bp.accepts(ProfileChangeSchema)
@bp.returns(ProfileSchema)
def change(changes: dict[str, Any]) -> dict[str, Any]:
    """Change the profile

    Changes the given fields. Tokens stay valid. `contact_methods` are replaced as a whole; a secret
    sent back as it was shown keeps the stored one.
    """
    return profile.change(principal().user_id, principal().organization_id, changes) | _here()


@bp.put("/password")
@requires("profile:write")
@bp.accepts(PasswordChangeSchema)
@bp.returns(None, 204)
def change_password(changes: dict[str, Any]) -> None:
    """Change the password

    Ends every token of the caller at once, the one of this request too.
    """
    user_id, email = principal().user_id, principal().email
    old_hash = profile.password_hash(user_id)
    _GUARD.take(email, client_address())
    if not offload(verify_password, old_hash, changes["current_password"]):
        raise invalid(
            {
                "current_password": [
                    Fault(InvalidCode.WRONG_CREDENTIAL, "This is not the present password.")
                ]
            }
        )
    _GUARD.give_back(email, client_address())
    refuse_common_password("new_password", changes["new_password"], email, email.partition("@")[0])
    new_hash = offload(hash_password, changes["new_password"])
    profile.set_password(user_id, principal().organization_id, old_hash, new_hash)


@bp.post("/contact-methods/test")
@requires("profile:write")
@bp.accepts(ContactTestSchema)
@bp.returns(TestOutcomeSchema)
@budget("test messages", 20)
def test_contact_method(data: dict[str, Any]) -> dict[str, Any]:
    """Send a test message to oneself

    Sends one now, once, to one of the `contact_methods` that are saved, and waits for the outcome,
    at most 35 seconds; 503 means that no worker answered.
    """
    who = principal()
    notification_id = contact_methods.send_test(who.organization_id, who.user_id, data["place"])
    return wait_for(lambda: message_tests.outcome(notification_id), TEST_SECONDS)


@bp.get("/organizations")
@requires("profile:read")
@bp.returns(OwnOrganizationSchema(many=True))
def organizations() -> list[dict[str, Any]]:
    """List the organizations of the caller

    In alphabetical order; `POST /auth/switch` or `?org=<slug>` chooses one of them.
    """
    return profile.organizations(principal().user_id)


@bp.get("/invitations")
@requires("profile:read")
@bp.returns(OwnInvitationSchema(many=True))
def own_invitations() -> list[dict[str, Any]]:
    """List the invitations to oneself

    Newest first; each is one to accept or to decline.
    """
    return invitations.of_person(principal().user_id)


@bp.post("/invitations/<uuid:invitation_id>/accept")
@requires("session:write")
@bp.returns(AcceptedSchema)
def accept_invitation(invitation_id: UUID) -> dict[str, Any]:
    """Accept an invitation to oneself

    Returns a token for the organization that was joined.
    """
    organization_id = invitations.accept_own(principal().user_id, invitation_id)
    return session_in(principal().user_id, organization_id)


@bp.delete("/invitations/<uuid:invitation_id>")
@requires("session:write")
@bp.returns(None, 204)
def decline_invitation(invitation_id: UUID) -> None:
    """Decline an invitation to oneself"""
    invitations.decline(principal().user_id, invitation_id)


@bp.get("/sessions")
@requires("session:read")
@bp.returns(SessionInListSchema(many=True))
def own_sessions() -> list[dict[str, Any]]:
    """List one's own sessions

    Where the caller is signed in, by browser or by `POST /auth/login`: the session of this request
    first, then those that were used last, a hundred at most. A session is seen when it is used,
    once a minute at most.
    """
    return sessions.listed(principal().user_id, principal().token_id)


@bp.delete("/sessions/<uuid:session_id>")
@requires("session:write")
@bp.returns(None, 204)
def end_session(session_id: UUID) -> None:
    """End one of one's own sessions

    Its token is dead at once, and its live connections are closed.
    """
    sessions.end(principal().user_id, session_id)


@bp.delete("/sessions")
@requires("session:write")
@bp.returns(None, 204)
def end_other_sessions() -> None:
    """End all other sessions of oneself

    Every session but that of this request is dead at once; `POST /auth/logout-all` ends that too.
    """
    sessions.end_others(principal().user_id, principal().token_id)
