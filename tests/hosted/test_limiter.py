"""How many requests are in flight: doubled until one is refused, lowered by nothing else."""

import asyncio

from stages.models.hosted.limiter import START, Limiter


def run(job):
    return asyncio.run(job)


async def a_round(limiter: Limiter, count: int | None = None, **how: bool) -> None:
    """As many requests at once as are allowed, or `count` one after the other."""
    if count is not None:
        for _ in range(count):
            limiter.give(await limiter.take(), **how)
        return
    taken = [await limiter.take() for _ in range(limiter.limit)]
    for one in taken:
        limiter.give(one, **how)


def test_it_doubles_each_clean_round_and_grows_by_one_after_a_refusal():
    async def job():
        limiter, seen = Limiter(pause=0), []
        for _ in range(3):
            await a_round(limiter, answered=True)
            seen.append(limiter.limit)
        await a_round(limiter, refused=True)
        seen.append(limiter.limit)
        await a_round(limiter, answered=True)
        return [*seen, limiter.limit]

    assert run(job()) == [2 * START, 4 * START, 8 * START, 128, 129]


def test_of_a_round_of_refusals_one_counts():
    async def job():
        limiter = Limiter(pause=0)
        await a_round(limiter, refused=True)
        return limiter.limit

    assert run(job()) == 16


def test_it_grows_only_where_all_places_were_taken():
    async def job():
        limiter = Limiter()
        await a_round(limiter, 5 * START, answered=True)
        return limiter.limit

    assert run(job()) == START


def test_a_server_in_trouble_lowers_nothing():
    async def job():
        limiter = Limiter()
        await a_round(limiter)
        return limiter.limit

    assert run(job()) == START


def test_who_waits_goes_on_in_turn_after_the_pause_and_a_cancelled_one_takes_no_place():
    async def job():
        limiter, order = Limiter(1, pause=0.01), []

        async def one(number: int) -> None:
            taken = await limiter.take()
            order.append(number)
            limiter.give(taken, refused=number == 0, answered=number > 0)

        held = await limiter.take()
        tasks = [asyncio.create_task(one(n)) for n in range(4)]
        await asyncio.sleep(0)
        tasks[2].cancel()
        limiter.give(held)
        await asyncio.gather(*tasks, return_exceptions=True)
        return order, limiter.in_flight, len(limiter.waiting)

    assert run(job()) == ([0, 1, 3], 0, 0)
