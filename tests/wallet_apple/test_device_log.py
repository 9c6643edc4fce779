"""What devices say: sorted, without secrets, and never too much."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.makers import NOON
from wallet_apple import device_log
from wallet_apple.device_log import Kind
from wallet_apple.tables import DeviceLog


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Register task … encountered error: Authentication failure", "authentication"),
        (
            "Unregister task … encountered error: Authentication failure",
            "authentication",
        ),
        ("Server response is missing a Last-Modified header", "last_modified_missing"),
        ("response had no 'Last-Modified' header", "last_modified_missing"),
        (
            (
                "Server ignored the 'if-modified-since' header (x) and returned the "
                "full unchanged pass data for serial number 'abc'."
            ),
            "modified_since_ignored",
        ),
        (
            (
                "Server requested update to serial number 'abc', but the pass was "
                "unchanged."
            ),
            "unchanged_listed",
        ),
        (
            "Server requested update to unregistered serial number 'abc'",
            "not_registered",
        ),
        (
            (
                "Response to 'What changed?' request included 1 serial numbers but the "
                "lastUpdated tag (5) remained the same."
            ),
            "tag_missing",
        ),
        ("Received invalid pass data", "pass_invalid"),
        ("The pass cannot be read because it isn’t valid.", "pass_invalid"),
        ("The request timed out.", "unreachable"),
        ("An SSL error has occurred", "unreachable"),
        ("Unexpected response code 500", "unexpected_answer"),
        ("something that nobody has ever seen", "other"),
    ],
)
def test_a_line_is_sorted_by_what_it_is_about(line: str, kind: str) -> None:
    assert device_log.classify(line) == Kind(kind)


def test_the_pass_is_found_that_a_line_names() -> None:
    serial = "0123456789abcdefghjkmnpqrs"
    [said] = device_log.read([f"(pass type x, serial number {serial}, y)"], NOON)
    assert said.serial_number == serial


@pytest.mark.parametrize("scheme", ["ApplePass", "AndroidPass", "WalletUnionPass"])
def test_a_secret_does_not_stay(scheme: str) -> None:
    [said] = device_log.read([f"sent Authorization: {scheme} s3cr3t to y"], NOON)
    assert "s3cr3t" not in said.line


def test_control_characters_do_not_stay() -> None:
    [said] = device_log.read(["one\r\n2026 ERROR two\x1b[31m\u2028\ud800\x00"], NOON)
    assert said.line.isprintable()


def test_a_message_is_cut_to_its_lines_and_each_line_to_its_length() -> None:
    said = device_log.read({"logs": ["x" * 5000] * 100}, NOON)
    assert len(said) == device_log.MAX_LINES
    assert {len(one.line) for one in said} == {device_log.MAX_LENGTH}


@pytest.mark.parametrize("said", [None, 5, "text", {}, {"logs": "text"}, [1, {}, ""]])
def test_what_holds_no_line_gives_none(said: object) -> None:
    assert device_log.read(said, NOON) == []


def test_only_the_newest_are_kept(session: Session) -> None:
    for first in range(0, device_log.MAX_ROWS + 500, 500):
        lines = [str(number) for number in range(first, first + 500)]
        said = [device_log.Complaint(Kind.OTHER, None, line, NOON) for line in lines]
        device_log.write(session, said, NOON)
    count = session.scalar(select(func.count()).select_from(DeviceLog))
    assert count == device_log.MAX_ROWS
    oldest = session.scalar(select(DeviceLog.line).order_by(DeviceLog.id).limit(1))
    assert oldest == "500"


def test_what_is_old_goes(session: Session) -> None:
    device_log.write(session, device_log.read(["old"], NOON), NOON)
    later = NOON + device_log.KEPT_FOR + timedelta(days=1)
    device_log.write(session, device_log.read(["new"], later), later)
    assert list(session.scalars(select(DeviceLog.line))) == ["new"]
