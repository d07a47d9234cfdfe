"""Passwords that are guessed first: length and a list decide, as NIST SP 800-63B advises."""

from itertools import pairwise

MIN_LENGTH = 8
MAX_LENGTH = 128

# The most common ones of at least eight characters in public breach statistics, in lower case.
_WORDS = """
    password password1 password12 password123 password1234 password! password1! password123!
    passw0rd p@ssw0rd p@ssword pa$$word pa55word passwort passwords mypassword thepassword
    changeme changeme1 changeme123 letmein1 letmein123 letmeinnow welcome1 welcome12 welcome123
    welcome1! welcome@123 admin123 admin1234 admin12345 admin@123 administrator adminadmin
    rootroot root1234 toortoor test1234 testtest testing123 test12345 guest123 guestguest
    default1 default123 secret123 secretsecret supersecret master123 superman superman1 batman123
    iloveyou iloveyou1 iloveyou2 ilovegod princess princess1 sunshine sunshine1 football football1
    baseball baseball1 basketball starwars starwars1 dragon123 monkey123 shadow123 michael1
    jennifer jessica1 charlie1 jordan23 whatever whatever1 trustno1 computer computer1 internet
    corvette mercedes maverick midnight mountain liverpool liverpool1 chelsea1 arsenal1 barcelona
    juventus samantha alexander victoria patricia elizabeth christian benjamin jonathan anthony1
    nicholas danielle stephanie michelle christina veronica isabella mohammed cristina fernando
    chocolate butterfly blink182 pokemon1 pokemon123 minecraft naruto123 superstar rockstar
    hello123 hello1234 helloworld hellohello goodluck november december september february
    january1 summer2024 summer2025 winter2024 winter2025 spring2024 spring2025 autumn2024
    qwertyuiop qwertyui qwerty12 qwerty123 qwerty1234 qwerty12345 qwertyqwerty qwerty123456
    qwerty1! qazwsxedc qazwsx123 1qaz2wsx 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y zaq12wsx !qaz2wsx
    zxcvbnm1 zxcvbnm123 asdfghjkl asdfghjk asdfasdf asdf1234 asdfghjkl1 abcd1234 abc12345 abc123456
    abcdef123 a1b2c3d4 a1234567 a12345678 a123456789 aa123456 aa12345678 q1w2e3r4 q1w2e3r4t5
    123456789a 123456789q 12345678a 1234567a 12345qwert 123qweasd 123qwe123 1qazxsw2 123abc123
    123123123 147258369 147852369 987654321 963852741 741852963 159357456 159753456 123654789
    12341234 11223344 1122334455 102030405060 10203040 01234567 0123456789 1234567890- 31415926
    314159265 19871987 12312312 21212121 11112222 password2 password01 password99 login123
    monitoring uptime123 alertifypro alertify123 pass1234 pass12345 passpass user1234 useruser
    access14 freedom1 ninja123 azerty123 azertyuiop motdepasse contrasena tequiero teamomucho
    iloveyou123 loveyou1 lovelove babygirl babygirl1 lollipop cookie123 cheese123 flower123
    hunter12 soccer12 soccer123 killer123 ranger123 harley123 tigger123 ginger123 pepper123
"""
_COMMON = frozenset(_WORDS.split())


def is_common(password: str, *own: str) -> bool:
    """Say whether a password is on the list, a pattern, or one of the person's own words."""
    folded = password.casefold()
    return (
        folded in _COMMON
        or folded in {word.casefold() for word in own if word}
        or _is_repeated(folded)
        or _is_sequence(folded)
    )


def _is_repeated(text: str) -> bool:
    """Say whether text is one unit of at most four characters over and over."""
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, 5))


def _is_sequence(text: str) -> bool:
    """Say whether every character is the next (or the previous) of the one before it."""
    steps = {ord(right) - ord(left) for left, right in pairwise(text)}
    return steps <= {1, -9} or steps <= {-1, 9}
