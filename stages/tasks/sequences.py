"""Lists to go on with: countries, colors, animals, rare words; the next five are asked for
("long"), or the next one.

The list is an answer begun for the model: small models go on with a list far more variously
than they answer a question about it.
"""

from collections.abc import Iterator
from random import Random

from stages.study.item import Item, Task, draws, own, user_prompt

COUNTRIES = """
Albania; Algeria; Angola; Argentina; Armenia; Australia; Austria; Bangladesh; Belgium; Belize;
Benin; Bhutan; Bolivia; Botswana; Brazil; Bulgaria; Cambodia; Cameroon; Canada; Chad; Chile;
China; Colombia; Croatia; Cuba; Cyprus; Denmark; Ecuador; Egypt; Estonia; Ethiopia; Fiji;
Finland; France; Gabon; Georgia; Germany; Ghana; Greece; Guatemala; Guinea; Haiti; Honduras;
Hungary; Iceland; India; Indonesia; Iran; Iraq; Ireland; Israel; Italy; Jamaica; Japan; Jordan;
Kazakhstan; Kenya; Kuwait; Laos; Latvia; Lebanon; Libya; Lithuania; Madagascar; Malawi; Malaysia;
Mali; Malta; Mexico; Moldova; Mongolia; Morocco; Mozambique; Namibia; Nepal; Netherlands;
Nicaragua; Niger; Nigeria; Norway; Oman; Pakistan; Panama; Paraguay; Peru; Philippines; Poland;
Portugal; Qatar; Romania; Russia; Rwanda; Senegal; Serbia; Singapore; Slovakia; Slovenia;
Somalia; Spain; Sudan; Sweden; Switzerland; Syria; Tanzania; Thailand; Togo; Tunisia; Turkey;
Uganda; Ukraine; Uruguay; Uzbekistan; Venezuela; Vietnam; Yemen; Zambia; Zimbabwe
"""
COLORS = """
amber; aqua; azure; beige; black; blue; bronze; brown; burgundy; charcoal; copper; coral; cream;
crimson; cyan; emerald; fuchsia; gold; gray; green; indigo; ivory; jade; khaki; lavender; lemon;
lilac; lime; magenta; mahogany; maroon; mauve; mint; mustard; navy; ochre; olive; orange; orchid;
peach; pink; plum; purple; red; rose; ruby; rust; salmon; sapphire; scarlet; silver; tan; teal;
turquoise; ultramarine; vermilion; violet; white; yellow
"""
ANIMALS = """
Ant; Antelope; Badger; Bat; Bear; Beaver; Bee; Bison; Camel; Cat; Cheetah; Chicken; Cow; Crab;
Crow; Deer; Dog; Dolphin; Donkey; Duck; Eagle; Elephant; Falcon; Ferret; Fish; Fox; Frog; Giraffe;
Goat; Goose; Gorilla; Hamster; Hawk; Hedgehog; Heron; Horse; Hyena; Jaguar; Kangaroo; Koala;
Lemur; Leopard; Lion; Lizard; Llama; Lobster; Lynx; Mole; Monkey; Moose; Mouse; Octopus; Ostrich;
Otter; Owl; Panda; Parrot; Penguin; Pig; Pigeon; Rabbit; Raccoon; Rat; Raven; Salmon; Seal; Shark;
Sheep; Skunk; Snail; Snake; Sparrow; Spider; Squid; Squirrel; Swan; Tiger; Toad; Turkey; Turtle;
Walrus; Weasel; Whale; Wolf; Wombat; Yak; Zebra
"""
WORDS = """
abacus; acumen; adage; alcove; aloof; ambush; anvil; apiary; ardent; arsenal; artisan; ballast;
balmy; banter; barnacle; bassoon; bauble; beacon; bellow; bequest; bistro; blithe; bramble;
brevity; brisket; burlap; cadence; cajole; candor; canopy; caravan; caulk; chalice; chasm; cinder;
citadel; clamor; cobbler; coerce; copious; cordial; cravat; crevice; cygnet; dapple; dawdle;
deft; deluge; demure; dirge; docile; dormant; dredge; drivel; ebony; effigy; elixir; ember;
enamel; enigma; envoy; epoch; ermine; esplanade; facet; falter; fathom; feral; fervor; filigree;
flagon; flotsam; fodder; forage; fresco; furrow; gable; gallant; gambit; garnish; gauntlet;
girder; gossamer; gristle; grotto; gusto; hamlet; harbinger; havoc; hearth; hinder; hoax; hovel;
husk; idyll; impish; inkling; jargon; jaunt; jovial; jubilee; kindle; kiosk; knoll; lacquer;
lagoon; larder; lattice; lichen; lilt; linger; lucid; lullaby; mallet; mantle; marrow; meander;
mirth; molten; mosaic; muffle; nectar; nimble; nomad; notch; nugget; oasis; oblique; obsidian;
omen; opaque; orchard; ordeal; otter; paddock; palette; parable; parapet; pewter; pinnacle;
plinth; plume; ponder; quagmire; quaint; quarry; quell; quiver; rampart; ravine; relic; reverie;
rudder; russet; saffron; sapling; satchel; scoff; scythe; serene; shard; sinew; skein; sleet;
solace; spindle; squall; stoic; sundry; swathe; talon; tangent; tapestry; tepid; thicket; thimble;
tinder; torrent; trellis; trinket; tumult; turret; umber; upheaval; valor; velvet; vestige;
vortex; waft; warble; wharf; whim; wicker; wistful; wreath; yonder; zealous; zenith
"""


def _sequences(
    name: str, one: str, many: str, words: str, lengths: tuple[int, int], mark: str
) -> tuple[Task, Task]:
    """The long task and the task of one more item. No list is in both."""
    vocabulary = [word.strip() for word in words.replace("\n", " ").split(";")]

    def make(random: Random) -> Item:
        drawn = random.sample(vocabulary, random.randint(*lengths))
        return Item(" ".join(f"{word}{mark}" for word in drawn))

    def task(task: str, more: str) -> Task:
        def candidates(seed: int) -> Iterator[Item]:
            return own(draws(seed, task, make), task, names)

        return Task(
            task,
            "sequence",
            candidates,
            lambda item: user_prompt(f"Continue this list with {more}.", item.text),
        )

    names = (f"{name}_long", name)
    return task(names[0], f"5 more {many}"), task(names[1], f"1 more {one}")


# The separators are those under which both default models' answers vary most, measured on 32
# train inputs: after "," and ";" Gemma ends a list ("and the United States.").
SEQUENCES = (
    *_sequences("countries", "country", "countries", COUNTRIES, (3, 6), " -"),
    *_sequences("colors", "color", "colors", COLORS, (5, 5), "/"),
    *_sequences("animals", "animal", "animals", ANIMALS, (7, 10), ";"),
    *_sequences("english_words", "word", "words", WORDS, (5, 5), " /"),
)
