"""Multiple choice A to D from the same facts; wrong options are of the same kind."""

from collections.abc import Iterator
from random import Random

from stages.study.tasks.facts import called, cities, countries, elements
from stages.study.tasks.item import Item, Task, ask, draws, lettered

# Countries that geographers count to two continents.
SPANNING = {
    "Armenia", "Azerbaijan", "Cyprus", "East Timor", "Egypt", "Georgia", "Indonesia", "Kazakhstan",
    "Russia", "Turkey",
}  # fmt: skip


def question(random: Random) -> tuple[str, str, list[str]]:
    """A question, its right answer, and answers of the same kind that are wrong."""
    kind = random.choice(["city", "capital", "of", "continent", "symbol", "number"])
    if kind == "city":
        city = random.choice(cities())
        wrong = [c.name for c in countries() if c.name != city.country]
        return f"In which country is the city of {city.name}?", city.country, wrong
    if kind in ("symbol", "number"):
        element = random.choice(elements())
        if kind == "symbol":
            wrong = [e.symbol for e in elements() if e != element]
            return f"What is the symbol of the element {element.name}?", element.symbol, wrong
        wrong = [e.name for e in elements() if e != element]
        return f"Which element has the atomic number {element.number}?", element.name, wrong
    if kind == "continent":
        country = random.choice([c for c in countries() if c.name not in SPANNING])
        wrong = sorted({c.continent for c in countries()} - {country.continent})
        return f"On which continent is {called(country.name)}?", country.continent, wrong
    country = random.choice(countries())
    if kind == "capital":
        wrong = [c.capital for c in countries() if c.capital != country.capital]
        return f"What is the capital of {called(country.name)}?", country.capital, wrong
    wrong = [c.name for c in countries() if c.capital != country.capital]
    return f"Which country has the capital {country.capital}?", country.name, wrong


def _make(random: Random) -> Item:
    asked, right, wrong = question(random)
    options = random.sample(wrong, 3)
    options.insert(random.randrange(4), right)
    return Item(f"{asked}\n{lettered(tuple(options))}", tuple(options))


def _candidates(seed: int) -> Iterator[Item]:
    return draws(seed, "facts_choice", _make)


FACTS_CHOICE = (
    Task(
        "facts_choice", "multiple_choice", _candidates,
        lambda item: ask(f"{item.text}\nAnswer with the letter only.", "Letter:"),
    ),
)  # fmt: skip
