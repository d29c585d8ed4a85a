import asyncio

import pytest

from integrations.slack.gate import Gate


async def test_some_run_some_wait_and_the_rest_are_turned_away() -> None:
    gate, release, running = Gate(running=2, waiting=3), asyncio.Event(), []

    async def visit(number: int) -> bool:
        async with gate.enter() as has_room:
            if has_room:
                running.append(number)
                await release.wait()
            return has_room

    visits = [asyncio.create_task(visit(number)) for number in range(8)]
    for visit_ in visits[5:]:
        assert not await visit_
    assert running == [0, 1]
    assert gate.inside == 5
    assert gate.is_full
    release.set()
    assert await asyncio.gather(*visits[:5]) == [True] * 5
    assert gate.inside == 0


async def test_one_that_fails_or_is_cancelled_leaves_its_place() -> None:
    gate, entered = Gate(running=1, waiting=0), asyncio.Event()

    async def stay() -> None:
        async with gate.enter():
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(stay())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ValueError, match="bad"):
        async with gate.enter():
            raise ValueError("bad")
    assert gate.inside == 0
