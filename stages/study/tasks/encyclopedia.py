"""Openings of encyclopedic sentences, cut off in the middle, made from real facts."""

from collections.abc import Iterator
from random import Random

from stages.study.tasks.facts import called, cities, countries, elements
from stages.study.tasks.item import Item, Task, ask, draws

CITY = (
    "{name} is a city in {country} with about {people} people. The city is best known for",
    "{name}, one of the larger cities of {country}, was founded",
    "With a population of some {people}, {name} is a center of {country} for",
    "{name} is a city in {country}. Its economy depends mostly on",
    "Visitors come to {name}, a city in {country}, mainly because",
    "The history of {name} in {country} goes back to",
    "In the city of {name}, {country}, the climate is",
    "{name} lies in {country}, and the nearest",
)
COUNTRY = (
    "{name} is a country in {continent} whose capital is {capital}. Its people",
    "{name} covers an area of {area} square kilometers, much of which",
    "The currency of {name} is the {currency}, and its main exports are",
    "{capital}, the capital of {name}, is home to",
    "The national dish of {name}, a country in {continent}, is",
    "In {name} most of the land is used for",
    "Schools in {name}, a country in {continent}, teach",
    "The longest river of {name} flows",
)
ELEMENT = (
    "{name} is a chemical element with the symbol {symbol}. It was discovered",
    "{name}, element number {number}, is used for",
    "With an atomic mass of {mass:.0f}, {name} is",
    "At room temperature the element {name} is",
    "The name of the element {name} comes from",
    "Compounds of {name} are often",
)


def _make(random: Random) -> Item:
    kind = random.choice("ccne")
    if kind == "c":
        city = random.choice(cities())
        people = f"{round(city.population, -4):,}"
        text = random.choice(CITY).format(
            name=city.name, country=called(city.country), people=people
        )
        return Item(text)
    if kind == "n":
        country = random.choice(countries())
        text = random.choice(COUNTRY).format(
            name=called(country.name), capital=country.capital, continent=country.continent,
            currency=country.currency, area=f"{country.area_km2:,}",
        )  # fmt: skip
        return Item(text[0].upper() + text[1:])
    element = random.choice(elements())
    text = random.choice(ELEMENT).format(
        name=element.name, symbol=element.symbol, number=element.number, mass=element.mass
    )
    return Item(text[0].upper() + text[1:])


def _candidates(seed: int) -> Iterator[Item]:
    return draws(seed, "encyclopedia_long", _make)


ENCYCLOPEDIA = Task(
    "encyclopedia_long", "continuation", _candidates,
    lambda item: ask("Continue this paragraph with 10 to 50 words.", item.text),
)  # fmt: skip
