"""/ssl-certificates: the certificates seen by SSL checks and by every check over TLS."""

from typing import Any
from uuid import UUID

from app.api.http import Blueprint
from app.operations.checks import certificates
from app.schemas.ssl_certificates import SslCertificateSchema
from app.security.access import principal, requires

bp = Blueprint(
    "ssl_certificates",
    __name__,
    url_prefix="/ssl-certificates",
    description="The certificates seen by SSL checks and by every check over TLS.",
)


@bp.get("")
@requires("services:read")
@bp.returns(SslCertificateSchema(many=True))
def index() -> list[dict[str, Any]]:
    """List certificates

    The first to expire first.
    """
    return certificates.listed(principal().organization_id)


@bp.get("/<uuid:service_id>")
@requires("services:read")
@bp.returns(SslCertificateSchema)
def read(service_id: UUID) -> dict[str, Any]:
    """Read the certificate of a service"""
    return certificates.read(principal().organization_id, service_id)
