"""One case for each row of the endpoint table."""

from tests.wecom.conformance.cases import people, rest, sending

CASES = (*people.CASES, *sending.CASES, *rest.CASES)
