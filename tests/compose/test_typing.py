"""What a type checker says of calls, by running one."""

import sys
from pathlib import Path

import pytest

api = pytest.importorskip("mypy.api")

HEAD = (
    "from octopush_django.campaigns import preview_campaign, send_campaign\n"
    "from octopush_django.sms import send_sms, send_sms_now\n"
)
RIGHT = [
    'send_campaign(text="Hello", purpose="alert", recipients=["0612345678"])',
    'send_campaign(text="Hello", purpose="wholesale", contact_lists=["Nantes"], channel="rcs")',
    'preview_campaign(text="Hello", purpose="wholesale", sms_type="sms_low_cost")',
    'send_sms("0612345678", "Hello", key="order-418", sender="Shop")',
    'send_sms_now("0612345678", "Hello", purpose="alert", deadline=5.0)',
]
WRONG = [
    ('send_campaign(text="Hello", purpose="marketing")', "purpose"),
    ('send_campaign(text="Hello", purpose="alert", channel="sms_premium")', "channel"),
    ('send_campaign(text="Hello", purpose="alert", to="0612345678")', "to"),
    ('send_campaign(text="Hello")', "purpose"),
    ('send_sms("0612345678", "Hello", purpose="marketing")', "purpose"),
    ('send_sms("0612345678", "Hello", recipients=["0612345679"])', "recipients"),
    ('send_sms_now("0612345678", "Hello", colour="red")', "colour"),
]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The complaints about all calls, one call a line, from line 3 on."""
    folder: Path = tmp_path_factory.mktemp("typing")
    program = folder / "calls.py"
    program.write_text(HEAD + "\n".join([*RIGHT, *(call for call, _ in WRONG)]) + "\n")
    out, err, _ = api.run(
        [str(program), "--config-file=", "--ignore-missing-imports", "--follow-imports=silent",
         f"--python-executable={sys.executable}", f"--cache-dir={folder / 'cache'}"]
    )  # fmt: skip
    assert not err
    return [line for line in out.splitlines() if "calls.py:" in line]


@pytest.mark.slow
def test_right_calls_are_not_complained_about(said: list[str]) -> None:
    last = 2 + len(RIGHT)
    assert not [line for line in said if int(line.split(":")[1]) <= last]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(WRONG)))
def test_a_wrong_argument_is_named(said: list[str], number: int) -> None:
    line = 3 + len(RIGHT) + number
    call, argument = WRONG[number]
    found = [text for text in said if text.split(":")[1] == str(line)]
    assert any(f'"{argument}"' in text for text in found), (call, said)
