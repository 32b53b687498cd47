"""One case for each row of the endpoint table."""

from tests.wecom.conformance.cases import groups, messages, moments, people, rest, sending

CASES = (*people.CASES, *groups.CASES, *sending.CASES, *moments.CASES, *messages.CASES, *rest.CASES)
