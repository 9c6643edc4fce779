"""Passwords that guessers try first.

Nobody's breach list is copied here. A long common password is a common word with
something put before or behind it, two of them, a repetition or a walk over the
keyboard; those are recognised by rule, from words that we wrote down ourselves.
"""

import re
import unicodedata

_TEXT = """
    password passwort passphrase motdepasse contrasena secret secrets welcome bienvenue
    bonjour bonsoir hello salut admin administrator administrateur root user utilisateur
    login letmein entrer ouvretoi sesame changeme changezmoi default defaut master
    maitre system systeme server serveur test testing essai demo guest invite access
    acces monday tuesday wednesday thursday friday saturday sunday lundi mardi mercredi
    jeudi vendredi samedi dimanche january february march april may june july august
    september october november december janvier fevrier mars avril mai juin juillet
    aout septembre octobre novembre decembre spring summer autumn winter printemps ete
    automne hiver iloveyou jetaime jtaime mylove monamour amour loveyou love princess
    princesse prince dragon monkey singe football basketball baseball soccer rugby
    tennis hockey sunshine soleil shadow ombre superman batman spiderman starwars
    pokemon mickey donald michael jennifer jessica thomas nicolas camille marie julien
    charlotte antoine caroline daniel robert william charles george joshua ashley
    andrew matthew alexandre alexandra sophie isabelle stephanie sebastien chocolate
    chocolat cookie cheese fromage banana banane orange pizza coffee cafe boulangerie
    bakery restaurant boutique magasin shop store loyalty fidelite palier carte card
    cards points company entreprise office bureau business france paris marseille lyon
    toulouse bordeaux quebec montreal canada london londres england america american
    africa europe computer ordinateur internet windows google facebook instagram
    youtube apple iphone android samsung qwerty azerty qwertz diamond diamant freedom
    liberte whatever trustno trustnoone nothing rien family famille friends amis
    mother father maman papa brother sister baby bebe angel ange heaven flower fleur
    tiger tigre lion eagle aigle panda rabbit lapin chat chien doudou loulou coucou
    azertyuiop qwertyuiop asdfghjkl qsdfghjklm zxcvbnm wxcvbn abcdef abcdefgh
    correct horse battery staple my mon ma the le la les notre our new nouveau nouvelle
    super best good big petit grand king queen roi reine star etoile forever toujours
"""
WORDS = frozenset(_TEXT.split())
"""Common words, in lower case and without accents."""

_ROWS = (
    "qwertyuiopasdfghjklzxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "1q2w3e4r5t6y7u8i9o0p",
    "1a2z3e4r5t6y7u8i9o0p",
    "qazwsxedcrfvtgbyhnujmikolp",
)
_LOOKALIKES = str.maketrans("0134578@$!€|", "oieastbasiel")
_LETTERS = re.compile(r"[^a-z]+")
# Of a good password at least so much is none of the above: a letter counts whole, a
# digit or sign half, what parts words not at all.
_OWN = 5
_PARTING = " -_."
_WALK = 4


def contain(password: str, about: tuple[str, ...] = ()) -> bool:
    """Tell whether *password* is common, or made of what others know (*about*)."""
    plain = _plain(password)
    known = WORDS | {part for told in about for part in _parts(told)}
    if len(set(plain)) < _OWN or _repeats(plain):
        return True
    spellings = {plain, plain.translate(_LOOKALIKES)}
    return any(_own(spelling, known) < _OWN for spelling in spellings)


def _plain(text: str) -> str:
    """Lower case, without accents."""
    parted = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in parted if not unicodedata.combining(c))


def _parts(told: str) -> list[str]:
    shortest = 3
    return [part for part in _LETTERS.split(_plain(told)) if len(part) >= shortest]


def _repeats(text: str) -> bool:
    """Tell whether a piece of the text, said again and again, is all of it."""
    return text in (text + text)[1:-1]


def _own(text: str, known: frozenset[str]) -> float:
    """Weigh what is left when known words and walks are taken out."""
    longest = max(len(word) for word in known)
    own = 0.0
    at = 0
    while at < len(text):
        step = _word(text, at, known, longest) or _walk(text, at)
        if not step:
            own += _weight(text[at])
        at += step or 1
    return own


def _weight(character: str) -> float:
    if character in _PARTING:
        return 0
    return 1 if character.isalpha() else 0.5


def _word(text: str, at: int, known: frozenset[str], longest: int) -> int:
    for length in range(min(longest, len(text) - at), 1, -1):
        if text[at : at + length] in known:
            return length
    return 0


def _walk(text: str, at: int) -> int:
    """Return how many characters from *at* lie side by side on a keyboard."""
    best = 0
    for row in (*_ROWS, *(row[::-1] for row in _ROWS)):
        length = _WALK
        while at + length <= len(text) and text[at : at + length] in row:
            best = max(best, length)
            length += 1
    return best
