"""Questions of reasoning_choice about numbers, amounts and time.

Each function draws a question and gives it with its right answer and wrong answers of the same
kind, at least three: mostly what a slip would lead to.
"""

from random import Random

Question = tuple[str, str, list[str]]

PEOPLE = (
    "Aisha",
    "Boris",
    "Clara",
    "Daniel",
    "Elena",
    "Farid",
    "Greta",
    "Hugo",
    "Irene",
    "Jonas",
    "Kenji",
    "Lucia",
    "Mehmet",
    "Nadia",
    "Oscar",
    "Priya",
    "Rosa",
    "Stefan",
    "Tariq",
    "Wendy",
)
GOODS = ("pencils", "lemons", "stamps", "buttons", "candles", "eggs", "shells", "tiles", "cards")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
UNITS = (
    ("minutes", "hours", 60),
    ("seconds", "minutes", 60),
    ("centimeters", "meters", 100),
    ("meters", "kilometers", 1000),
    ("grams", "kilograms", 1000),
    ("days", "weeks", 7),
    ("hours", "days", 24),
    ("millimeters", "centimeters", 10),
)


def near(right: int, slips: list[int]) -> list[str]:
    """Wrong whole numbers: the slips that are positive and not right, and near ones if too few."""
    wrong = dict.fromkeys(n for n in slips if n > 0 and n != right)
    for step in (1, 2, 10, 3):
        if len(wrong) < 3:
            wrong[right + step] = None
    return [str(n) for n in wrong]


def shopping(random: Random) -> Question:
    who, what = random.choice(PEOPLE), random.choice(GOODS)
    count, price = random.randint(3, 12), random.randint(4, 25)
    asked = f"{who} buys {count} {what} for {price} cents each. How many cents is that in all?"
    right = count * price
    slips = [count + price, right + price, right - price, right + 10, right - count]
    return asked, str(right), near(right, slips)


def box(random: Random) -> Question:
    who, what = random.choice(PEOPLE), random.choice(GOODS)
    first, out, added = random.randint(20, 90), random.randint(3, 19), random.randint(3, 19)
    asked = (
        f"{who} has {first} {what} in a box, takes {out} out and puts {added} in. "
        "How many are in the box now?"
    )
    right = first - out + added
    slips = [first + out + added, first - out - added, first + out - added, right + 10, right - 1]
    return asked, str(right), near(right, slips)


def sharing(random: Random) -> Question:
    who, what = random.choice(PEOPLE), random.choice(GOODS)
    each, count = random.randint(3, 15), random.randint(3, 9)
    asked = (
        f"{who} shares {each * count} {what} equally among {count} friends. "
        "How many does each friend get?"
    )
    slips = [each + 1, each - 1, each + count, each * count - count, each * 2]
    return asked, str(each), near(each, slips)


def distance(random: Random) -> Question:
    speed, hours = random.randint(4, 30) * 3, random.randint(2, 6)
    what = "train" if speed > 50 else "ferry" if speed > 25 else "cyclist"
    asked = (
        f"A {what} covers {speed} kilometers an hour. How many kilometers is that in {hours} hours?"
    )
    right = speed * hours
    return asked, str(right), near(right, [speed + hours, right + speed, right - speed, right + 5])


def fence(random: Random) -> Question:
    long = random.randint(6, 30)
    wide = random.randint(2, long - 1)
    asked = (
        f"A garden is {long} meters long and {wide} meters wide. "
        "How many meters of fence go all the way around it?"
    )
    right = 2 * (long + wide)
    return asked, str(right), near(right, [long + wide, long * wide, right + 2, right - 4])


def compare(random: Random) -> Question:
    """The same four digits in four orders."""
    which = random.choice(["largest", "smallest"])
    digits = random.sample("123456789", 4)
    numbers: set[int] = set()
    while len(numbers) < 4:
        numbers.add(int("".join(random.sample(digits, 4))))
    order = sorted(numbers, reverse=which == "largest")
    right, *wrong = [f"{n:,}" for n in order]
    return f"Which of these numbers is the {which}?", right, wrong


def fractions(random: Random) -> Question:
    which = random.choice(["largest", "smallest"])
    by_size = {round(a / b, 6): f"{a}/{b}" for b in range(9, 1, -1) for a in range(1, b)}
    order = sorted(random.sample(sorted(by_size), 4), reverse=which == "largest")
    right, *wrong = [by_size[size] for size in order]
    return f"Which of these fractions is the {which}?", right, wrong


def steps(random: Random) -> Question:
    start, step = random.randint(1, 40), random.randint(2, 12)
    terms = [start + n * step for n in range(5)]
    if random.random() < 0.5:
        terms.reverse()
    return _next_in(terms[:4], terms[4], [terms[3] + 1, terms[4] + 1, 2 * terms[4] - terms[3]])


def doubles(random: Random) -> Question:
    start, factor = random.randint(1, 15), random.choice([2, 3])
    terms = [start * factor**n for n in range(5)]
    last = terms[3]
    return _next_in(terms[:4], terms[4], [last + terms[2], last + factor, terms[4] + start])


def growing(random: Random) -> Question:
    """The steps between the numbers grow by one each."""
    start, step = random.randint(1, 40), random.randint(1, 9)
    terms = [start + sum(range(step, step + n)) for n in range(5)]
    return _next_in(terms[:4], terms[4], [terms[4] - 1, terms[4] + 1, terms[4] + 2])


def _next_in(shown: list[int], right: int, slips: list[int]) -> Question:
    listed = ", ".join(map(str, shown))
    return f"Which number comes next: {listed}, ...?", str(right), near(right, slips)


def units(random: Random) -> Question:
    small, large, factor = random.choice(UNITS)
    count, rest = random.randint(2, 12), random.randint(2, min(factor - 1, 50))
    asked = f"How many {small} are {count} {large} and {rest} {small}?"
    right = count * factor + rest
    slips = [count * 10 + rest, count * 100 + rest, count + rest, right + factor, count * factor]
    return asked, str(right), near(right, slips)


def clock(random: Random) -> Question:
    start, minutes = random.randint(6 * 12, 19 * 12) * 5, random.randint(5, 35) * 5
    what = random.choice(["train ride", "lesson", "concert", "meeting", "walk", "film"])
    asked = f"A {what} begins at {_time(start)} and takes {minutes} minutes. When does it end?"
    end = start + minutes
    wrong = [_time(end + slip) for slip in (-60, 60, 10, -5)]
    return asked, _time(end), wrong


def _time(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def weekday(random: Random) -> Question:
    today, ahead = random.randrange(7), random.choice([n for n in range(3, 40) if n % 7])
    direction = random.choice([1, -1])
    right = DAYS[(today + direction * ahead) % 7]
    when = f"will it be in {ahead} days" if direction == 1 else f"was it {ahead} days ago"
    wrong = [day for day in DAYS if day not in (right, DAYS[today])]
    return f"Today is {DAYS[today]}. Which day {when}?", right, wrong


def month(random: Random) -> Question:
    now, apart = random.randrange(12), random.randint(2, 11)
    direction = random.choice([1, -1])
    right = (now + direction * apart) % 12
    word = "after" if direction == 1 else "before"
    wrong = [MONTHS[(right + slip) % 12] for slip in (-2, -1, 1, 2)]
    return f"Which month is {apart} months {word} {MONTHS[now]}?", MONTHS[right], wrong


NUMBER_KINDS = (
    shopping,
    box,
    sharing,
    distance,
    fence,
    compare,
    fractions,
    steps,
    doubles,
    growing,
    units,
    clock,
    weekday,
    month,
)
