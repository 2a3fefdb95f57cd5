"""Passwords that are tried first: house-made from what published statistics agree on, German ones included."""

from __future__ import annotations

__all__ = ("COMMON",)

COMMON: frozenset[str] = frozenset(
    """
    123456 1234567 12345678 123456789 1234567890 0123456789 987654321 9876543210 0987654321 1122334455 11223344
    123123123 123321123 147258369 159753456 741852963 789456123 password passwort passw0rd p@ssw0rd p@ssword
    pa$$word password1 password12 password123 passwort1 passwort123 geheim geheim123 geheimnis schatz schatzi
    hallo hallo123 hallohallo hallowelt welcome welcome1 willkommen willkommen1 qwerty qwerty123 qwertyui qwertyuiop
    qwertz qwertz123 qwertzui qwertzuiop asdfgh asdfghjk asdfghjkl yxcvbnm zxcvbnm zxcvbnm1 qazwsx qazwsxedc 1qaz2wsx
    1q2w3e4r 1q2w3e4r5t q1w2e3r4 q1w2e3r4t5 zaq12wsx abc12345 abcd1234 abcdefgh a1b2c3d4 aa123456 iloveyou ichliebedich
    sunshine sonnenschein princess prinzessin football fussball baseball basketball superman batman starwars pokemon
    dragon monkey master shadow michael michelle jennifer jessica charlie daniel thomas andreas alexander
    administrator admin admin123 administrator1 root toor letmein letmein1 trustno1 changeme changeme1 default
    computer internet samsung google facebook whatsapp minecraft freedom whatever
    secret secret123 test1234 testtest test12345 tester123 guest guest123 demo demodemo demo1234 login login123
    summer sommer winter herbst fruehling spring sommer2024 sommer2025 sommer2026 winter2025 winter2026
    bayern schalke04 borussia hamburg berlin muenchen frankfurt deutschland liverpool arsenal chelsea london
    mercedes porsche ferrari corvette mustang harley killer ninja hunter ranger cookie flower butterfly
    telefon telephone voicebot prepaid guthaben customer kunde reseller
    """.split()  # noqa: SIM905 - two hundred quoted words are no better to read
)
"""Case-folded. A number or punctuation at the end of one of them does not make it better."""
