"""The words that the synthesiser knows, as names of its models and numbers.

A key may be several words; the longest that fits is taken. Words are compared by their stems.
"""

from engine.text.words import stem, words

Phrase = tuple[str, ...]


def _table(**groups: str) -> dict[Phrase, str]:
    """Return names by phrase, from phrases by name that are separated by commas."""
    return {phrase_of(phrase): name for name, text in groups.items() for phrase in text.split(",")}


def _numbers(groups: dict[float, str]) -> dict[Phrase, float]:
    return {
        phrase_of(phrase): number for number, text in groups.items() for phrase in text.split(",")
    }


def phrase_of(text: str) -> Phrase:
    """Return the stems of a text, compounds in parts."""
    return tuple(stem(part) for word in words(text) for part in word.split("-"))


def _phrases(text: str) -> dict[Phrase, str]:
    """Return phrases as they are spelled, by their stems."""
    return {phrase_of(phrase): phrase for phrase in text.split(",")}


SOURCES = _table(
    footsteps="footstep,footfall,step,walk,run,jog,sprint,march,stroll,tiptoe,pace,stride,limp,"
    "stomp,shuffle,trudge,creep,sneak,trample,patrol,hike",
    rain="rain,rainfall,drizzle,downpour,shower,rainstorm,raindrops",
    wind="wind,breeze,gale,gust,draught,blizzard,windy,howl",
    thunder="thunder,thunderclap,lightning,thunderstorm",
    fire="fire,campfire,fireplace,bonfire,flame,blaze,burn,crackle,hearth,torch",
    water="running water,stream,river,brook,creek,waterfall,water,drip,dripping,drop of water,"
    "water drop,running tap,tap water,faucet,sink,splash,wave,ocean,sea,surf,shore,bubble,pour,"
    "fountain,puddle,pond,lake,pool",
    engine="engine,motor,car,truck,motorcycle,motorbike,generator,tractor,idle,rev,lawnmower,"
    "helicopter,propeller,chainsaw",
    click="click,ui,clock,button,interface,menu,beep,notification,confirm,error,hover,tick,toggle,blip,"
    "select,cursor,keyboard,typing,switch",
    door="door,gate,hinge,creak,knock",
    bell="bell,handbell,alarm,chime,wind chime,gong,doorbell,church bell,ding,toll,glockenspiel,"
    "phone,telephone,ringtone",
    whoosh="whoosh,swoosh,swish,swing,slash,sweep,sword,blade,pass by,flyby,fly,swipe,arrow,whip,"
    "whip crack,unsheathe",
    impact="impact,hit,bang,thud,crash,smash,punch,slam,drop,fall,collision,collide,bump,clang,"
    "clank,clash,clatter,rattle,explosion,explode,boom,gunshot,gunfire,cannon,shatter,break,strike,"
    "thump,crack,tap,bash,chop,bounce,snap,slap,clap,stab,parry,hammer,combat,throw,thrown",
)
"""Models by phrase."""

WEAK = _phrases(
    "step,drop,fall,hit,run,pace,break,crack,tap,wave,water,burn,select,switch,swing,puddle,"
    "crackle,howl,creak,slam,strike,sea,click,crash,bang,shower,pour,creep,shuffle,"
    "idle,rev,tick,thud,stomp,thump,sweep,pond,lake,pool,sink,snap,slap,clap,chop,bounce,rattle,"
    "clatter,hammer,fly,throw,thrown,bash,parry,combat,slash,phone,clash,bump,collide,stab"
)
"""Phrases of `SOURCES` that name a model only if no other phrase does, mostly verbs."""

THINGS = _phrases("sword,blade,arrow,whip,torch,car,truck,pass by,flyby")
"""Phrases that name a model only if no word says what is done: a sword that hits does not swing."""

POOLS = _phrases("water,pond,lake,pool,sea,ocean,river,puddle,sink")
"""Water that something hits or falls into."""

SURFACES = _table(
    concrete="concrete,pavement,asphalt,cement,street,sidewalk,road,stone,cobblestone,brick,"
    "parking,tarmac,garage,alley",
    wood="wood,wooden,parquet,floorboards,hardwood,plank,boards,laminate,attic,stairs,bamboo",
    marble="marble,tile,tiled,granite,ceramic,terrazzo,lobby,glass floor,ice",
    gravel="gravel,pebble,shingle,rubble,cinder,scree",
    dirt="dirt,earth,soil,ground,trail,clay,grass,lawn,carpet,moss",
    metal="metal,steel,iron,grate,grating,catwalk,tin,ladder",
    deck="deck,wooden deck,wood deck,wooden pier,wooden dock,wooden porch,wooden bridge,"
    "pier,jetty,dock,porch,boardwalk,bridge",
    leaves="leaf,leaves,foliage,forest floor,twigs,straw,undergrowth,autumn",
    snow="snow,snowy,frost,slush",
    water="water,puddle,shallow,stream,flooded,wading",
    mud="mud,muddy,swamp,marsh,bog",
    sand="sand,sandy,beach,dune,desert",
)
"""Surfaces by phrase."""

SPELLINGS = _phrases(
    "ice,glass floor,grass,lawn,moss,carpet,slush,straw,clay,bamboo,laminate,asphalt,brick"
)
"""Surfaces without a model of their own, which sound like the nearest, by phrase."""

SUBSTITUTES = {phrase: SURFACES[phrase] for phrase in SPELLINGS}
"""The surfaces that stand for them."""

OUTDOORS = _phrases(
    "pavement,asphalt,street,sidewalk,road,cobblestone,tarmac,alley,parking,roof,rooftop"
)
"""Surfaces that are outdoors, unless a room is named."""

WETNESS = _numbers({
    0.0: "dry",
    0.4: "damp,moist,dewy,misty",
    0.8: "wet,rainy,soaked,drenched,sodden,soggy,slippery,squelch,squelching",
})  # fmt: skip
"""Water on a ground by phrase, 0 (dry) to 1 (under water)."""

SHOES = _table(
    boots="boot,heavy boots,work boots,combat boots",
    heels="heel,high heels,stiletto,pumps",
    barefoot="barefoot,bare feet,bare foot,socks,stockinged",
    sneakers="sneaker,trainer,running shoes,rubber soles,sandal,slipper,flip flops",
    dress_shoes="dress shoes,leather shoes,loafer,brogue,oxfords,formal shoes,leather soles",
)
"""Shoes by phrase."""

PACES = _numbers(
    {
        55: "tiptoe,sneak,creep,very slow",
        76: "slow,leisurely,limp,trudge,stroll,shuffle,wander,hesitant",
        116: "march,steady",
        128: "brisk,quick,fast,hurry,hurried,rush",
        152: "jog,trot",
        172: "run,running",
        192: "sprint,very fast",
    }
)
"""Steps a minute by phrase."""

WALK = 106.0
"""Steps a minute without a word for the pace."""

WEIGHTS = _numbers(
    {0.9: "heavy,stomp,giant,armoured,huge", 0.2: "light,delicate,child,soft,tiptoe,sneak,gentle"}
)
"""Weight by phrase, 0 (light) to 1 (heavy)."""

SIZES = _numbers(
    {
        0.0: "tiny,miniature",
        0.2: "small,little,hand,handbell,bicycle,doorbell,short,light",
        0.8: "large,big,heavy,church,truck,deep,long",
        1.0: "huge,giant,massive,enormous,cathedral",
    }
)
"""Size of what sounds by phrase, 0 (tiny) to 1 (huge)."""

INTENSITIES = _numbers(
    {
        0.15: "faint,very soft,drizzle,barely",
        0.3: "quiet,soft,gentle,light,calm,breeze,subtle,slow,trickle,brook",
        0.75: "strong,loud,hard,heavy,intense,rapid,fast,gust",
        0.95: "violent,downpour,gale,storm,blizzard,torrential,roaring,howl,powerful,furious,"
        "waterfall,thunderstorm,explosion",
    }
)
"""Intensity by phrase, 0 to 1."""

DISTANCES = _numbers({0.0: "close,near,close up", 0.6: "distant,far,away", 0.9: "far away"})
"""Distance by phrase, 0 to 1."""

ROOMS = _table(
    outdoors="outdoors,outside,forest,street,field,beach,garden,dry,close mic,anechoic",
    small="small room,bathroom,closet,cabin,elevator,car interior",
    room="room,indoors,inside,kitchen,office,corridor,house",
    hall="hall,hallway,lobby,large room,museum,warehouse,gym,reverb,reverberant,echo,echoing,"
    "echoey,stairwell,staircase,garage",
    tunnel="tunnel,cave,sewer,underpass",
    cathedral="cathedral,church,temple,huge hall,dungeon",
)
"""Rooms by phrase."""

MOTIONS = _table(
    approaching="approach,come closer,coming,nearing",
    leaving="leaving,recede,walk away,walking away,fade away,departing",
    passing="pass,pass by,passing,left to right,flyby",
)
"""Motion by phrase."""

MATERIALS = _table(
    metal="metal,steel,iron,tin,copper,brass,metallic,sword,blade,armour,armor,shield,helmet,chain,"
    "coin,nail,"
    "clang,clank,pipe,can,anvil",
    glass="glass,window,bottle,crystal",
    ceramic="ceramic,porcelain,plate,cup,pot,mug",
    stone="stone,rock,concrete,marble,brick",
    wood="wood,wooden,plank,log,crate,tree",
    plastic="plastic,umbrella,tent,tarp,bucket",
)
"""Materials of what is struck by phrase."""

MANNERS = _table(
    drip="drip,dripping,leaking tap,drop,drops,water drop,drop of water",
    splash="splash,plunge,dive",
    waves="wave,ocean,sea,surf,shore",
    slam="slam,bang",
    knock="knock,knocking,rap",
    creak="creak,creaky,squeak,rusty,old",
    rev="rev,revving,accelerate,speeding up,acceleration",
    chop="helicopter,propeller,rotor",
    chime="chime,doorbell,ding dong,glockenspiel",
    alarm="alarm,phone,telephone,ringtone,school bell",
    beep="beep,blip,notification,tone",
    confirm="confirm,success,accept,positive,confirmation",
    error="error,fail,deny,denied,negative,cancel,invalid",
    tick="tick,clock,ticking",
    typing="typing,keyboard,type",
    explosion="explosion,explode,boom,blast,gunshot,gunfire,cannon",
    shatter="shatter,breaking,break,smash",
    soft="thud,thump,punch,pillow,body",
)
"""Variants of a model by phrase."""

COUNTS = _numbers(
    {1: "single,one,once", 2: "two,twice,double", 3: "three,triple,few", 4: "four", 5: "five",
     6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten", 12: "twelve"}
)  # fmt: skip
"""Number of events by phrase."""
