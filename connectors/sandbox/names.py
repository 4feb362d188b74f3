"""The names that people in the invented company have, with the spelling their mailbox uses."""

import unicodedata


def words(text: str) -> tuple[str, ...]:
    """The words of a text: how long lists are written here."""
    return tuple(text.split())


# Names as their owners write them. Several hold letters that a careless reader of CSV, SQL or JSON will trip over.
GIVEN = words(
    "Amélie Anaïs Anders Aoife Aylin Beatriz Björn Bronisława Carmen Chidi Chloé Dagný Dalibor Diego Dóra Eero "
    "Eilidh Elif Émile Esra Fatima Félix Fiadh Giulia Goran Håkan Hanna Hélène Ifeoma Ilse Imani Íñigo Jakub Jelena "
    "João Jörg José Jun Kaan Katarína Kwame Lærke Laszlo Leïla Linh Lucía Maeve Magnus Małgorzata Mateo Mei Mirela "
    "Nadia Ngozi Niamh Nikola Noor Olga Óscar Oyelaran Petra Priya Quentin Rashid Renée Ricardo Rosalía Saoirse "
    "Sean Siân Søren Sunniva Tadeusz Tariq Þóra Tomáš Ülkü Umberto Valérie Viktor Wiktoria Xavier Yannick Yuki "
    "Zeynep Zoë"
)
FAMILY = words(
    "Abara Åkesson Almeida Andersson Baptiste Bergström Bjarnason Brânză Carvalho Černý Costa D'Amico Dąbrowski "
    "Delgado Doğan Dvořák Eklund Eriksen Fernández Ferreira Fitzgerald Gallagher García Gómez Grönholm Guðmundsson "
    "Hájek Haugen Hernández Holmqvist Ibáñez Ivanova Jansen Jiménez Jóhannsdóttir Kaplan Kovačević Kowalczyk "
    "Kristiansen Kılıç Lefèvre Lindqvist López MacDonald Mbeki Muñoz Nakamura Nguyễn Novák Núñez O'Brien O'Connor "
    "Okafor Olsen Østergaard Öztürk Papadopoulos Peña Pérez Petrović Quintero Råberg Rodríguez Rossi Şahin Sánchez "
    "Schäfer Şimşek Sørensen Strömberg Suárez Szabó Takahashi Tóth Ueda Vallejo Vargas Vieira Virtanen Wiśniewski "
    "Ximénez Yıldız Zając Žukauskas"
)

SHORT = ("", "Ng")  # one word is a whole name
# Sixty letters, as long as a column for names is wide somewhere.
LONG = ("Wolfeschlegelsteinhausenberger", "Wijayasekaramudiyanselageratne")
RIGHT_TO_LEFT = ("ليلى", "الهاشمي")  # Layla al-Hashimi
RIGHT_TO_LEFT_MAILBOX = "layla.alhashimi"

_SPELLED = str.maketrans(
    {
        "ł": "l",
        "Ł": "L",
        "ø": "o",
        "Ø": "O",
        "æ": "ae",
        "Æ": "Ae",
        "ð": "d",
        "Þ": "Th",
        "þ": "th",
        "ı": "i",
        "đ": "d",
        "'": "",
    }
)


def mailbox(given: str, family: str) -> str:
    """The part before the @: lower-case ASCII, `given.family`."""
    if (given, family) == RIGHT_TO_LEFT:
        return RIGHT_TO_LEFT_MAILBOX
    plain = unicodedata.normalize("NFKD", f"{given}.{family}".translate(_SPELLED))
    return plain.encode("ascii", "ignore").decode().lower().strip(".")
