"""The objects and columns this org has, and what may be done with each: describe and every query are answered from here.

Read from `tables`. The relationship of `ManagerId` is `Manager`.
"""

from dataclasses import dataclass, field
from typing import Literal

from connectors.sandbox.salesforce import flags
from connectors.sandbox.salesforce.tables import CHILDREN, TABLES

Api = Literal["data", "tooling"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `to` is the object it points to; `Name` stands for any object that has a name.

    `lookup`: records can be addressed by it. `single`: only an answer of a single row may show it.
    """

    name: str
    type: str
    to: str | None
    updateable: bool
    filterable: bool
    lookup: bool = False
    single: bool = False

    @property
    def relationship(self) -> str | None:
        """The name by which SOQL walks along this reference."""
        if self.to is None:
            return None
        return self.name[:-2] if self.name.endswith("Id") else None


@dataclass(frozen=True, slots=True)
class Entity:
    """One object. `needs`: any one of these permissions (`every`: all of them) makes it visible.

    `own`: without them only one's own rows are. `read`: it takes a right on the object itself, or one on all data.
    """

    name: str
    prefix: str
    api: Api
    verbs: str
    needs: tuple[str, ...]
    own: bool
    columns: dict[str, Column]
    every: bool = False
    read: bool = False
    children: dict[str, tuple[str, str, str]] = field(
        default_factory=dict
    )  # lower case -> relationship, object, column

    def column(self, name: str) -> Column | None:
        """A column by its name, whatever the case."""
        return self.columns.get(name.lower())

    def owner_column(self) -> str:
        """The column that says whose row it is."""
        return "Id" if self.name == "User" else "UserId"


def _column(word: str) -> Column:
    marks = word[len(word.rstrip("!-^1")) :]
    word = word[: len(word) - len(marks)]
    name, _, to = word.partition(">")
    name, _, kind = name.partition(":")
    kind = "reference" if to else kind or "string"
    return Column(name, kind, to or None, "!" in marks, "-" not in marks, "^" in marks, "1" in marks)


def _entity(head: str, body: list[str]) -> Entity:
    name, prefix, api, verbs, needs = head.split()
    words = [
        w
        for word in ("Id:id", *body)
        for w in ([f"{c}:boolean!" for c in flags.COLUMNS] if word == "FLAGS" else [word])
    ]
    columns = {c.name.lower(): c for c in map(_column, words)}
    every = "&" in needs
    wanted = tuple(needs.removeprefix("own:").removeprefix("read:").replace("&", "|").split("|"))
    return Entity(
        name,
        prefix,
        "tooling" if api == "tooling" else "data",
        verbs,
        tuple(need for need in wanted if need not in {"-", ""}),
        needs.startswith("own:"),
        columns,
        every,
        needs.startswith("read:"),
    )


def _read(text: str) -> dict[str, Entity]:
    entities: dict[str, Entity] = {}
    head, body = "", list[str]()
    for line in [*text.strip().splitlines(), "end"]:
        if line.startswith(" "):
            body += line.split()
            continue
        if head:
            entity = _entity(head, body)
            entities[entity.name.lower()] = entity
        head, body = line, []
    return entities


def _with_children(entities: dict[str, Entity]) -> dict[str, Entity]:
    for line in CHILDREN.splitlines():
        if line:
            parent, relationship, below = line.split()
            child, column = below.split(".")
            entities[parent.lower()].children[relationship.lower()] = (relationship, child, column)
    return entities


ENTITIES = _with_children(_read(TABLES))
# What a reference to "any object with a name" can be asked for.
NAME = Entity(
    "Name",
    "",
    "data",
    "",
    (),
    False,
    {c.lower(): Column(c, t, None, False, True) for c, t in (("Id", "id"), ("Name", "string"), ("Type", "string"))},
)
NAMED = (
    *("User", "UserRole", "Group", "Profile", "UserLicense", "ConnectedApplication", "PermissionSet"),
    *("Account", "Contact", "Lead", "Opportunity"),
)
EXPIRIES = """CREATE INDEX "expiries" ON "PermissionSetAssignment" ("ExpirationDate")
    WHERE "ExpirationDate" IS NOT NULL AND "IsActive" = 1"""
# Page, and where the rows silently end.
CEILINGS = dict.fromkeys(("OauthToken", "TwoFactorMethodsInfo", "ThirdPartyAccountLink"), (500, 2500))
# Objects that come with a feature, and are not there without it.
FEATURES = {
    "territories": ("Territory2Model", "Territory2", "UserTerritory2Association"),
    "agents": ("BotDefinition",),
    "shield": ("TenantSecret",),
    "external_client_apps": (
        "ExternalClientApplication",
        "ExtlClntAppOauthSettings",
        "ExtlClntAppOauthPlcyCnfg",
        "ExtlClntAppPlcyCnfg",
        "ExtlClntAppOauthConsumer",
    ),
}


def entity(name: str) -> Entity | None:
    """An object by its name, whatever the case."""
    return ENTITIES.get(name.lower())


def children(entity: Entity) -> list[tuple[str, str, str]]:
    """What hangs below an object: the relationship's name, the object, and the reference that leads up."""
    return list(entity.children.values())


def target(column: Column) -> Entity:
    """The object a reference points to."""
    found = None if column.to is None else entity(column.to)
    return found or NAME


def create_statements() -> list[str]:
    """The tables, indexes and the view of names, as SQL."""
    made = []
    for item in ENTITIES.values():
        columns = ", ".join(f'"{c.name}" {_sql_type(c)}' for c in item.columns.values() if c.name != "Id")
        made.append(f'CREATE TABLE "{item.name}" ("Id" TEXT PRIMARY KEY, {columns})')
        made += [
            f'CREATE INDEX "{item.name}_{c.name}" ON "{item.name}" ("{c.name}")'
            for c in item.columns.values()
            if c.name
            in {
                "UserId",
                "UsersId",
                "AssigneeId",
                "PermissionSetId",
                "GroupId",
                "UserOrGroupId",
                "LoginTime",
                "ProfileId",
                "ParentId",
            }
        ]
    union = " UNION ALL ".join(f"""SELECT "Id", "Name", '{name}' AS "Type" FROM "{name}" """ for name in NAMED)
    return [*made, f'CREATE VIEW "Name" AS {union}', EXPIRIES, 'CREATE TABLE "_gone" (id TEXT PRIMARY KEY, at TEXT)']


def _sql_type(column: Column) -> str:
    return {
        "boolean": "INTEGER",
        "int": "INTEGER",
        "double": "REAL",
        "id": "TEXT",
        "reference": "TEXT",
        "datetime": "TEXT",
    }.get(column.type, "TEXT COLLATE NOCASE")
