"""Categories of concrete images, by the stems of the words that name them.

The list is short and in English: it measures the spread of a prompt's images, not their quality.
"""

from functools import lru_cache

from engine.text.words import stem

CATEGORIES = {
    "light": (
        "light sun sunlight moon moonlight lamp lantern candle neon glow ray beam gleam shine "
        "shadow shade dark darkness flame fire ember spark lightning halo silhouette flare "
        "glint shimmer radiance star starlight aurora twilight lit backlit reflection bulb "
        "torch"
    ),
    "colour": (
        "red orange yellow green blue violet purple indigo pink crimson scarlet amber gold "
        "golden silver copper bronze teal turquoise cobalt azure emerald ochre ivory white "
        "black grey gray brown magenta lavender coral rust palette hue tone pastel saffron "
        "vermilion pearl rose plum maroon navy cyan mauve umber sepia ultramarine charcoal "
        "slate lilac"
    ),
    "sky": (
        "sky cloud storm rain mist fog wind breeze snow frost ice horizon rainbow thunder haze "
        "air heaven hail dew blizzard drizzle smoke steam gale"
    ),
    "water": (
        "water sea ocean river lake wave tide shore coast beach waterfall stream pond puddle "
        "harbour harbor foam ripple current spray bay island reef canal fountain swell lagoon "
        "well"
    ),
    "land": (
        "mountain hill valley desert dune field meadow cliff canyon plain rock stone sand soil "
        "earth path road track trail ridge cave island volcano tundra prairie steppe gorge "
        "crater mud"
    ),
    "plants": (
        "tree forest wood flower petal leaf branch root grass moss vine garden orchard blossom "
        "wheat reed fern oak pine willow birch cedar poppy lily lotus thorn seed bud pollen "
        "barley bamboo ivy palm cherry rose tulip sunflower hedge bark"
    ),
    "animals": (
        "bird swallow crow owl gull heron crane swan moth butterfly horse wolf fox deer fish "
        "whale cat dog lion tiger bee insect firefly dragonfly feather wing flock herd hawk "
        "eagle raven sparrow koi jellyfish spider stag hare bear elephant snake dove"
    ),
    "people": (
        "man woman child girl boy figure dancer crowd stranger traveller traveler hand face eye "
        "hair finger shoulder body lover sailor fisherman mother father king queen monk soldier "
        "musician acrobat person people couple friend runner skater cyclist baker painter "
        "sister brother grandmother keeper shepherd courier swimmer"
    ),
    "places": (
        "house city street tower bridge room window door roof wall church cathedral temple "
        "castle station market square alley lighthouse stair staircase corridor hall theatre "
        "theater library cafe village town skyscraper ruin balcony courtyard arch factory "
        "greenhouse pier warehouse chapel attic kitchen ballroom tunnel arcade carousel plaza "
        "observatory workshop"
    ),
    "things": (
        "boat ship train car bicycle book letter mirror clock chair table cup bottle kite "
        "umbrella dress coat hat scarf ribbon curtain flag bell coin key glass bowl rope sail "
        "wheel balloon paper piano violin drum photograph suitcase ladder lens mask crown sword "
        "string gear compass telescope teacup tram ferry bus motorcycle engine rail cart basket"
    ),
    "materials": (
        "velvet silk satin linen wool marble metal steel iron brass crystal porcelain clay "
        "concrete leather lace wax ink dust texture grain glassy rough smooth polished cracked "
        "woven granite plaster timber chrome lacquer parchment ceramic gauze fur mosaic brick"
    ),
    "motion": (
        "drift float rush race run fly soar dance spin whirl swirl fall rise climb leap glide "
        "sway tremble burst surge scatter tumble flow sweep pulse ripple cascade spiral unfurl "
        "unfold flicker flutter collide dart gallop hurtle plunge linger ascend descend circle"
    ),
    "time": (
        "dawn dusk night morning evening noon midnight day winter summer spring autumn season "
        "hour sunset sunrise afternoon century moment yesterday year"
    ),
}
"""Words of each category."""


@lru_cache(maxsize=1)
def categories_by_stem() -> dict[str, str]:
    """Return the category of each stem; the first, if there are two."""
    found: dict[str, str] = {}
    for category, listed in CATEGORIES.items():
        for word in listed.split():
            found.setdefault(stem(word), category)
    return found
