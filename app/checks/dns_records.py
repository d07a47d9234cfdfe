"""Records of a DNS answer against what the config expects of them."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from app.checks.base import CheckFailed
from app.domain.checks.assertions import shown
from app.domain.messages.text import clean
from app.domain.types import FailureKind

RECORD_TYPES = (
    *("A", "AAAA", "CNAME", "MX", "TXT", "NS", "PTR", "SOA", "SRV", "CAA"),
    *("HTTPS", "SVCB", "TLSA", "DS"),
)
MAX_TTL = 2**31 - 1
_NAMED_BY_HOST = ("MX", "SRV")  # may be expected by their host alone, without their figures


def records_of(answer: dns.message.Message, record_type: str, endpoint: str) -> dns.rrset.RRset:
    """Return the records that answer a question, through aliases. Raises CheckFailed."""
    code = answer.rcode()
    if code not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        sentence = f"the name server answered {dns.rcode.to_text(code)}{_reason(answer)}"
        raise CheckFailed(sentence, kind=FailureKind.RESOLVER_FAILED)
    wanted = dns.rdatatype.from_text(record_type)
    # Records of names that nobody asked for may be anybody's (RFC 5452 6).
    name, passed = answer.question[0].name, set[dns.name.Name]()
    while (result := _rrset(answer, name, wanted)) is None:
        alias = _rrset(answer, name, dns.rdatatype.CNAME)
        if alias is None:
            break
        passed.add(name)
        name = alias[0].target
        if name in passed:
            raise CheckFailed(f"{endpoint} is an alias (CNAME) of itself, through {_shown(name)}")
    if code == dns.rcode.NXDOMAIN:  # of the last name of the chain (RFC 2308 2.1)
        through = f"is an alias of {_shown(name)}, which " if passed else ""
        sentence = f"{endpoint} {through}does not exist (NXDOMAIN)"
        raise CheckFailed(sentence, kind=FailureKind.NO_SUCH_HOST)
    if result is None:
        through = f"; it is an alias of {_shown(name)}" if passed else ""
        raise CheckFailed(f"{endpoint} has no {record_type} record{through}")
    return result


def _rrset(
    answer: dns.message.Message, name: dns.name.Name, kind: dns.rdatatype.RdataType
) -> dns.rrset.RRset | None:
    """Return the records of one name and type, None without any."""
    return answer.get_rrset(answer.answer, name, dns.rdataclass.IN, kind)


def _reason(answer: dns.message.Message) -> str:
    """Return what a name server says of its refusal (RFC 8914), such as a bogus signature."""
    said = [
        error.code.name.lower().replace("_", " ") + (f" ({error.text})" if error.text else "")
        for error in answer.extended_errors()
    ]
    return f": {clean(', '.join(said), 200)}" if said else ""


def _shown(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True)


def evaluate(records: dns.rrset.RRset, record_type: str, config: Mapping[str, Any]) -> None:
    """Hold an answer against `expected_value`, `exactly`, `contains` and the times to live.

    Raises CheckFailed with what was found.
    """
    found = sorted(map(written, records))
    got = ", ".join(found)
    for expected in _listed(config.get("expected_value")):
        if not any(_equal(expected, record, record_type) for record in records):
            raise CheckFailed(f"expected {shown(expected)}, got {got}")
    for part in _listed(config.get("contains")):
        if not any(part.casefold() in text.casefold() for text in found):
            raise CheckFailed(f"no answer contains {shown(part)}, got {got}")
    _evaluate_exactly(records, record_type, _listed(config.get("exactly")), got)
    if records.ttl < config.get("min_ttl", 0):
        raise CheckFailed(f"the time to live is {records.ttl} s, below {config['min_ttl']} s")
    if records.ttl > config.get("max_ttl", MAX_TTL):
        raise CheckFailed(f"the time to live is {records.ttl} s, above {config['max_ttl']} s")


def written(record: dns.rdata.Rdata) -> str:
    """Return a record as people write it; the strings of a TXT record joined (RFC 7208 3.3)."""
    strings = getattr(record, "strings", None)
    if strings is not None:
        return b"".join(strings).decode("utf-8", "replace")
    return record.to_text()


def _evaluate_exactly(
    records: dns.rrset.RRset, record_type: str, exactly: Sequence[str], got: str
) -> None:
    if not exactly:
        return
    for expected in exactly:
        if not any(_equal(expected, record, record_type) for record in records):
            raise CheckFailed(f"expected {shown(expected)}, got {got}")
    for record in records:
        if not any(_equal(expected, record, record_type) for expected in exactly):
            text = written(record)
            raise CheckFailed(f"{shown(text)} is not expected among the answers: got {got}")


def _listed(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else value or []


def _equal(expected: str, record: dns.rdata.Rdata, record_type: str) -> bool:
    found = written(record)
    if expected == found:
        return True
    if record_type != "TXT":  # texts, unlike names and figures, have a case
        wanted, name = expected.strip().rstrip(".").lower(), found.rstrip(".").lower()
        if wanted == name:
            return True
        if record_type in _NAMED_BY_HOST and wanted == name.rpartition(" ")[2]:
            return True
    elif not expected.startswith('"'):
        return False
    return _parsed(expected, record_type) == _comparable(record)


def _parsed(text: str, record_type: str) -> object:
    """Return a record written in the form of a zone file, comparable; None for another text."""
    if record_type in ("A", "AAAA"):  # in any of its spellings
        try:
            return ipaddress.ip_address(text.strip()).compressed
        except ValueError:
            return None
    try:
        kind = dns.rdatatype.from_text(record_type)
        return _comparable(
            dns.rdata.from_text(
                dns.rdataclass.IN, kind, text, origin=dns.name.root, relativize=False
            )
        )
    except (dns.exception.DNSException, ValueError):
        return None


def _comparable(record: dns.rdata.Rdata) -> object:
    if record.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
        return ipaddress.ip_address(record.to_text()).compressed
    return written(record) if record.rdtype == dns.rdatatype.TXT else record
