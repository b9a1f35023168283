"""Openings of encyclopedic paragraphs, cut off in the middle, made from real facts.

Asked for are 10 to 50 more words ("long"), or the next word.
"""

from collections.abc import Iterator
from random import Random

from stages.study.facts import called, cities, countries, elements
from stages.study.item import Item, Task, draws, own, user_prompt

CITY = (
    "{name} is a city in {country} with about {people} people. The city is best known for",
    "{name}, one of the larger cities of {country} with some {people} people, was founded",
    "With a population of about {people}, {name} is one of the places in {country} that",
    "{name} is a city in {country} where some {people} people live. Its economy depends mostly on",
    "Visitors from other parts of {country} come to {name}, a city of {people}, mainly because",
    "The history of {name}, a city of about {people} people in {country}, goes back to",
    "In the city of {name}, {country}, where about {people} people live, the climate is",
    "{name} is a city in {country}. Most of its {people} people have their homes in",
    "Public transport in {name}, a city of some {people} people in {country}, relies on",
    "The name of {name}, a city in {country} that counts about {people} people, comes from",
)
COUNTRY = (
    "{name} is a country in {continent} whose capital is {capital}. Most of its people",
    "{name} covers an area of {area} square kilometers in {continent}, much of which",
    "The currency of {name}, a country in {continent}, is the {currency}, and its main exports are",
    "{capital}, the capital of {name}, a country in {continent}, is home to",
    "The national dish of {name}, a country in {continent} with the capital {capital}, is",
    "In {name}, a country of {area} square kilometers, most of the land is used for",
    "Schools in {name}, a country in {continent} whose capital is {capital}, teach children",
    "The highest mountain of {name}, a country of {area} square kilometers in {continent}, rises",
    "Music in {name}, both in the countryside and in the capital, {capital}, has been shaped by",
    "Travelers who come to {capital}, the capital of {name}, pay with the {currency} and",
)
ELEMENT = (
    "{name} is a chemical element with the symbol {symbol} and the number {number}. It was named",
    "{name}, which stands at number {number} in the periodic table, is known for",
    "With an atomic mass of about {mass:.0f}, the chemical element {name} is",
    "At room temperature the element {name}, whose symbol is {symbol}, is",
    "The name of the element {name}, written {symbol} for short, comes from",
    "Research on {name}, the element with {number} protons in its nucleus, has",
    "In the periodic table {name} stands between {before} and {after}. Like its neighbors, it",
    "{name} has {number} protons in its nucleus, one more than {before}, which makes it",
    "Chemists who study {name}, the element that comes right before {after}, need to",
)
NAMES = ("encyclopedia_long", "encyclopedia")


def _make(random: Random) -> Item:
    kind = random.choice("ccne")
    if kind == "c":
        city = random.choice(cities())
        text = random.choice(CITY).format(
            name=city.name,
            country=called(city.country),
            people=f"{round(city.population, -4):,}",
        )
    elif kind == "n":
        country = random.choice([c for c in countries() if c.name != c.capital])
        text = random.choice(COUNTRY).format(
            name=called(country.name),
            capital=country.capital,
            continent=country.continent,
            currency=country.currency,
            area=f"{country.area_km2:,}",
        )
    else:
        at = random.randrange(1, len(elements()) - 1)
        before, element, after = elements()[at - 1 : at + 2]
        text = random.choice(ELEMENT).format(
            name=element.name,
            symbol=element.symbol,
            number=element.number,
            mass=element.mass,
            before=before.name,
            after=after.name,
        )
    return Item(text[0].upper() + text[1:])


def _task(name: str, wording: str) -> Task:
    def candidates(seed: int) -> Iterator[Item]:
        return own(draws(seed, name, _make), name, NAMES)

    return Task(name, "continuation", candidates, lambda item: user_prompt(wording, item.text))


ENCYCLOPEDIA = (
    _task(NAMES[0], "Continue this paragraph with 10 to 50 words."),
    _task(NAMES[1], "Continue this paragraph with its next word only."),
)
