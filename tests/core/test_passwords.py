"""Strength of passwords, the cost of checking it, and the priority of the hashing threads."""

import os
import shutil
import subprocess
import sys
import time
from asyncio import gather
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from app.core.migrations import ROOT
from app.core.passwords import MAX_PASSWORD_LENGTH, HashSlot, PasswordHasher

EMAIL = "ada-lovelace@example.com"
NAME = "Ada King, Countess of Lovelace"
LONG_EMAIL = f"{'a1l7i|' * 10}@{'example.' * 23}com"
LONG_NAME = f"Ada {'augusta ' * 24}king"
FULLWIDTH_NAME = "".join(chr(ord(letter) + 0xFEE0) for letter in "CountessOfLovelace")
PASSPHRASE = "correct horse battery staple"
PRIORITIES = """
import asyncio, os, threading
from app.core.migrations import ROOT
from app.core.passwords import PasswordHasher

async def main():
    hasher = PasswordHasher(memory_kib=8, rounds=1, min_length=1)
    async with hasher.slot() as slot:
        await slot.hash("x")
        for thread in threading.enumerate():
            if thread is threading.main_thread() or thread.name.startswith("hash"):
                print(os.getpriority(os.PRIO_PROCESS, thread.native_id))

asyncio.run(main())
"""
EACH_L33T_SYMBOL = "4@8({[</369&#!1/|0$5+7%2/"


@pytest.fixture
async def slot() -> AsyncIterator[HashSlot]:
    hasher = PasswordHasher(memory_kib=19_456, rounds=2, min_length=1)
    async with hasher.slot() as slot:
        yield slot
    hasher.close()


@pytest.fixture
def frequent_thread_switches() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.parametrize(
    "password",
    [
        "password", "passwordpassword", "Password12345678", "drowssapdrowssap", "qwertyuiopasdfgh",
        "1qaz2wsx3edc4rfv", "1234567890123456", "abcdefghijklmnop", "aaaaaaaaaaaaaaaaaaaa",
        "letmeinletmeinletmein", "iloveyouiloveyou", "19841984198419841984", "eagle" * 25,
        "letmein" * 18, "my" + "baseball" * 12, "qwertyuiop123456" * 7 + "qwerty",
        "\N{GRINNING FACE}" * MAX_PASSWORD_LENGTH,
    ],
)  # fmt: skip
async def test_a_common_password_is_weak(slot: HashSlot, password: str) -> None:
    assert await slot.weakness(password, [EMAIL, NAME])


@pytest.mark.parametrize(
    "password",
    [
        "p4ssw0rd", "P@$$w0rdP@$$w0rd", "p@s5w0rdp@s5w0rd", "|3tm31n13tm3!n", "8@7m4n8@7m4n",
        "qwer7y1!@#$%", "p@55w0rd{}|!$", "1|0v3y0u1|0v3y0u",
    ],
)  # fmt: skip
async def test_a_common_password_with_substitutions_is_weak(slot: HashSlot, password: str) -> None:
    assert await slot.weakness(password, [EMAIL, NAME])


@pytest.mark.parametrize("password", [EMAIL, EMAIL.upper(), NAME, NAME[::-1], "4d4-10v31@c3"])
async def test_a_password_made_of_the_users_own_data_is_weak(slot: HashSlot, password: str) -> None:
    assert await slot.weakness(password, [EMAIL, NAME, "ada-lovelace"])


@pytest.mark.parametrize("personal", [LONG_EMAIL, LONG_NAME, FULLWIDTH_NAME])
async def test_a_password_made_of_long_or_full_width_user_data_is_weak(
    slot: HashSlot, personal: str
) -> None:
    assert await slot.weakness(personal[:MAX_PASSWORD_LENGTH], [personal])


@pytest.mark.parametrize(
    "password",
    [
        PASSPHRASE, "imaginative shoulder dishes", "kX9#vQ2!mZ7$wL4@", EACH_L33T_SYMBOL,
        "悲しい駱駝が月で歌っている", PASSPHRASE.ljust(MAX_PASSWORD_LENGTH, "a"),
    ],
)  # fmt: skip
async def test_a_long_or_random_password_is_strong(slot: HashSlot, password: str) -> None:
    assert await slot.weakness(password, [EMAIL, NAME]) is None


@pytest.mark.parametrize(
    "password",
    [
        EACH_L33T_SYMBOL * 6, "1|7" * 50,
        "o$wspr$wsprin67otslotssotsl07s|0+5107510+l4075ll4075lotslot19850llisten",
        "k3y@712@44+|$$@qwertyuqw3r7yuqw3s7yuqw3rtynu000000000000000000000s000000",
        "200" + "i" * 60 + "7" + "i" * 8, "in" * 30 + "7inininin", "0123456789" * 13,
        "qwertyuiop" * 13, "thequickbrownfox" * 8, "a" * 128,
        "".join(chr(0x1F600 + number % 80) for number in range(128)), "\ufdfa" * 128,
    ],
)  # fmt: skip
async def test_checking_the_most_expensive_password_takes_at_most_four_registrations(
    slot: HashSlot, password: str
) -> None:
    async def register() -> None:
        await slot.weakness(PASSPHRASE, [EMAIL, NAME])
        await slot.hash(PASSPHRASE)

    async def check() -> None:
        await slot.weakness(password[:MAX_PASSWORD_LENGTH], [LONG_EMAIL, LONG_NAME])

    await register()  # loads the dictionaries
    assert await _seconds(check) <= 4 * await _seconds(register)


async def _seconds(work: Callable[[], Awaitable[None]]) -> float:
    """Return the least processor time of three runs."""
    durations = []
    for _ in range(3):
        start = time.process_time()
        await work()
        durations.append(time.process_time() - start)
    return min(durations)


@pytest.mark.usefixtures("frequent_thread_switches")
async def test_concurrent_password_checks_each_use_the_data_of_their_own_user() -> None:
    hasher = PasswordHasher(memory_kib=8, rounds=1, min_length=1, slots=2)
    names = [f"vxqz{number}kjwb gfhtp" for number in range(40)]

    async def check(name: str) -> str | None:
        async with hasher.slot() as slot:
            return await slot.weakness(name, [name])

    weaknesses = await gather(*map(check, names))

    hasher.close()
    assert None not in weaknesses


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities of threads")
class TestPriority:
    @pytest.mark.skipif(shutil.which("nice") is None, reason="needs the command nice")
    def test_a_hashing_thread_never_has_a_higher_priority_than_its_process(self) -> None:
        niceness = 15 - os.getpriority(os.PRIO_PROCESS, 0)
        if niceness < 0:
            pytest.skip("the tests already run at a lower priority")
        command = ["nice", "-n", str(niceness), *without_privileges()]

        result = subprocess.run(
            [*command, sys.executable, "-W", "ignore", "-c", PRIORITIES],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
        )

        assert [int(line) for line in result.stdout.split()] == [15, 19]

    async def test_passwords_are_hashed_if_the_priority_cannot_be_set(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: int) -> int:
            raise PermissionError

        monkeypatch.setattr(os, "nice", fail)
        monkeypatch.setattr(os, "setpriority", fail)
        hasher = PasswordHasher(memory_kib=8, rounds=1, min_length=1)

        async with hasher.slot() as slot:
            assert await slot.verify("x", await slot.hash("x"))

        hasher.close()


def without_privileges() -> list[str]:
    """Return the prefix of a command that runs it without the capabilities of root."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("needs the command setpriv, because root may raise any priority")
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
