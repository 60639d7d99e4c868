"""Words and lines that scripts/check_text.py checks: American spelling in every text file; in Markdown also the terms of
the glossary in docs/architecture.md and lines of at most 100 columns. Words are whole words: identifiers such as
loss_color and options such as --lambda-colour are not words."""
import re
import unicodedata

COLUMNS = 100

# British stems and their American forms. A stem also matches with any ending, so "behaviour" covers "behaviours".
SPELLING = {
    "colour": "color", "favour": "favor", "honour": "honor", "behaviour": "behavior", "neighbour": "neighbor",
    "centre": "center", "centring": "centering", "grey": "gray", "licence": "license", "catalogue": "catalog",
    "artefact": "artifact", "judgement": "judgment", "programme(?!d|r)": "program", "chequer": "checker",
    "learnt": "learned", "spelt": "spelled", "spoilt": "spoiled", "burnt": "burned", "whilst": "while",
    "labell(?=ed|ing)": "label", "modell(?=ed|ing)": "model", "travell(?=ed|ing)": "travel",
    "cancell(?=ed|ing)": "cancel", "analys(?=e\\b|ed|ing)": "analyz", "fibre": "fiber", "defence": "defense",
    **{f"{stem}is(?=e|ing|ation)": f"{stem}iz" for stem in (
        "optim", "normal", "initial", "vector", "synchron", "stabil", "minim", "maxim", "penal", "recogn", "organ",
        "memor", "styl", "general", "special", "summar", "quant", "random", "standard", "equal", "linear", "serial",
        "parametr", "parameter", "util", "visual", "token", "material", "symmetr", "harmon", "emphas", "real", "digit", "local", "categor", "regular", "discret", "character", "priorit")},
}
STEMS = [(re.compile(rf"(?<![\w-])(?:un|non|de|re|over)?(?:{stem})\w*", re.I), american)
         for stem, american in SPELLING.items()]
QUICK = re.compile("|".join(SPELLING), re.I)
NOT_WORDS = re.compile(r"[\w/-]*grey\.\w+|pack/grey|Licence:", re.I)  # names of files, a tag in a format

# The project's former vocabulary: a pattern, and what to write. In all Markdown.
WORDS = [
    (r"pictures?", "image"),
    (r"drawn (?:images?|from (?:noise|\d+))|(?:real|given|wanted) (?:and|or) drawn", "generated"),
    (r"recipe", "default, preset or published setting"),
    (r"rungs?", "variant"),
    (r"peers?", "baseline"),
    (r"source texts?|the texts'", "course notes"),
    (r"by heart", "overfit"),
    (r"well-known", "the name of the thing"),
    (r"(?:own|'s) way up", "upsampling"),
    (r"joined pass(?:es)?", "batched forward"),
    (r"anew", "again"),
    (r"shall", "must, or the present tense"),
    (r"(?:has|have) not (?:an?|any|one)", "does not have"),
    (r"numbers of \d+ bits", "N-bit integers"),
    (r"to the bit", "bit-exactly"),
    (r"running averages? of (?:the )?(?:weights|g)", "EMA of the weights"),
]
# Also outside of docs/learn, whose voice is freer.
REFERENCE_WORDS = [
    (r"rooms?(?! for)", "directory or module"),
    (r"nobody|whoever", "a subject"),
    (r"(?<!there )is no(?! (?:longer|more|worse|better)\b)", "is not a"),
    (r"(?<!there )(?:is|are) none", "there is no"),
    (r"is told|are told|being told", "is conditioned on, is notified"),
    (r"turns of shared memory", "wavefronts"),
]
# Words that a page may use all the same.
ALLOWED = {"README.md": {"pictures?"}, "docs/recipes.md": {"recipe"}}
OPENERS = ("What ", "Whether ", "Who ", "Whoever ", "Whatever ")


def compiled(words):
    return [(pattern, re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])", re.I), better) for pattern, better in words]


WORDS, REFERENCE_WORDS = compiled(WORDS), compiled(REFERENCE_WORDS)


def spelling(line):
    """(found, American) of every British word in a line."""
    if not QUICK.search(line):
        return []
    line = NOT_WORDS.sub("", line)
    return [(match[0], american) for stem, american in STEMS for match in stem.finditer(line)]


def vocabulary(name, line):
    """(found, better) of every discouraged word in a line of prose."""
    reference = [] if name.startswith("docs/learn/") else REFERENCE_WORDS
    return [(match[0], better) for pattern, words, better in [*WORDS, *reference]
            if pattern not in ALLOWED.get(name, ()) for match in words.finditer(line)]


def width(line):
    """Columns on a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def prose(text):
    """(number, line, kind) of Markdown outside of code; kind is "text" or "table". Code in backquotes, targets of links and
    addresses are left out of `line`, whose columns are those of the file in `text`."""
    fenced, before = False, ""
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith("<!--") and not (line.startswith("    ") and not before.strip()):
            yield number, line, "table" if line.startswith("|") else "text"
        if not (line.startswith("    ") and not before.strip()):
            before = line


def without_code(lines):
    """The lines without code, targets of links and addresses, which may run over an end of line."""
    text = "\n".join(lines)
    for pattern in (r"`[^`]*`", r"\]\([^)]*\)", r"https?://\S+"):
        text = re.sub(pattern, lambda match: "x" + "\n" * match[0].count("\n"), text)
    return text.split("\n")


def sentences(lines):
    """The sentences of consecutive lines of text, with the number of the line they end in or near."""
    found, words, first = [], "", None
    for number, line in [*lines, (None, "")]:
        stripped = line.strip()
        if not stripped or re.match(r"([-*+#>|]|\d+\.)\s", stripped):
            found += [(first, s) for s in re.split(r"(?<=[.!?])\s+", words.strip()) if s]
            words, first = re.sub(r"^([-*+#>|]|\d+\.)\s+", "", stripped) + " ", number
        else:
            words, first = words + stripped + " ", first or number
    return found


def markdown(name, text):
    """Problems of wording of a Markdown file."""
    problems, lines = [], list(prose(text))
    bare = without_code([line for _, line, _ in lines])
    for (number, line, kind), words in zip(lines, bare):
        where = f"{name}:{number}"
        if kind == "text" and width(line) > COLUMNS and len(line.split()) > 1 and not line.startswith("!["):
            problems.append(f"{where}: {width(line)} columns, at most {COLUMNS}")
        problems += [f"{where}: `{found}`: write {better}" for found, better in vocabulary(name, words)]
    if not name.startswith("docs/learn/"):
        texts = [(number, words) for (number, _, kind), words in zip(lines, bare) if kind == "text"]
        problems += [f"{name}:{number}: `{s[:40]}...`: start with the noun" for number, s in sentences(texts)
                     if s.startswith(OPENERS) and not s.endswith("?")]
    return problems
