"""Dialogues: what a conversation is outside the database, how files of it are read, and how it becomes tokens.

`Renderer` is the only place that renders, for training, scoring, rollouts and serving alike. No torch here: the worker
and the server's front may import it.
"""

import gzip
import hashlib
import json
import re
import sys
import unicodedata
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from models.run import BadInput

DEFAULT_SYSTEM = "You are a helpful assistant. You answer honestly and avoid harm."
"""Sent with every request and stored in every manifest: without it SmolLM2's own template would name its maker."""

HELPFULNESS = "helpfulness"
"""The task of comparisons that do not say theirs."""

RED_TEAM = "red-team"
"""The task whose comparisons are about harm; all others are about helpfulness."""


class Message(NamedTuple):
    role: str  # system | user | assistant
    content: str


@dataclass(frozen=True)
class Candidate:
    id: str
    text: str
    finish: str | None = None


@dataclass(frozen=True)
class Turn:
    human: str
    candidates: tuple[Candidate, ...]
    chosen: int | None = None
    rejected: int | None = None
    strength: int | None = None
    """1 weakest … 4 strongest; None is unknown, which is never weakest."""
    trunk: int | None = None
    """The candidate from which the conversation went on."""
    kind: str | None = None
    """The tranche kind of the comparison, to slice evaluations by."""

    @property
    def compared(self) -> bool:
        return self.chosen is not None and self.rejected is not None


@dataclass(frozen=True)
class Conversation:
    id: str
    family: str
    task: str
    system: str
    split: str
    turns: tuple[Turn, ...]


class Reading(NamedTuple):
    """What a file held, and the rows that are well formed but no usable comparison, by line and reason."""

    conversations: list[Conversation]
    set_aside: list[tuple[int, str]]
    names_tasks: bool = False
    """Whether any row says its task; those that do not are taken for helpfulness."""


def family_of(text: str) -> str:
    """The dialogue family of a conversation that opens with `text`: near-identical openers are one family."""
    normal = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return hashlib.sha256(normal.encode(errors="surrogatepass")).hexdigest()


def split_of(family: str) -> str:
    """`train` or `test`: a pure function, so that a family never changes side between weeks or imports."""
    return "test" if int(family, 16) % 100 < 5 else "train"


# Files ----------------------------------------------------------------------------------------------------------


def rows_of(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """`file:line` and object of each line of a .jsonl or .jsonl.gz file; BadInput names the line that is none."""
    try:
        if path.exists() and not path.is_file():
            raise BadInput(f"{path} is no regular file: it could not be read again, as some commands do.")
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                where = f"{path}:{number}"
                try:
                    row = json.loads(line)
                    # JSON can carry half a surrogate pair, which no tokenizer can; that is a ValueError too.
                    json.dumps(row, ensure_ascii=False).encode()
                except (ValueError, RecursionError) as error:  # covers bytes that are not UTF-8
                    raise BadInput(f"{where} is not valid JSON: {error}.") from None
                if not isinstance(row, dict):
                    raise BadInput(f"{where} is not a JSON object.")
                yield where, row
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise BadInput(f"{path} is not a complete gzip file: {error}.") from None
    except (FileNotFoundError, PermissionError) as error:
        raise BadInput(f"Cannot read {path}: {error.strerror}.") from None


def read_conversations(path: Path, system: str = "") -> Reading:
    """All conversations of a file whose lines are conversations (docs/seams.md §3), HH rows (`chosen` and `rejected`
    transcripts) or rows with `prompt`, `chosen` and `rejected`.

    A malformed line is BadInput. A well-formed row that is no usable comparison is set aside with its reason."""
    reading = Reading([], [])
    for where, row in rows_of(path):
        if row.get("task"):
            reading = reading._replace(names_tasks=True)
        if "turns" in row:
            reading.conversations.append(_conversation(row, where, system))
            continue
        pair = read_pair(row, where)
        unusable = pair.unusable()
        if unusable:
            reading.set_aside.append((int(where.rpartition(":")[2]), unusable))
        else:
            reading.conversations.append(pair.conversation(id_of(row, where), _task(row, where), system))
    return reading


def id_of(row: Mapping[str, Any], where: str) -> str:
    """A row's own id, else the number of its line."""
    return str(where.rpartition(":")[2] if row.get("id") is None else row["id"])


def id_among(paths: Sequence[Path], path: Path, id: str) -> str:
    """An id of one file among those of several. By the path as given: names repeat (`harmless-base/test.jsonl.gz`,
    `helpful-base/test.jsonl.gz`)."""
    return f"{path}:{id}" if len(paths) > 1 else id


class Pair(NamedTuple):
    """Two whole dialogues, each ending with the assistant's response if all is well; usually they differ only there."""

    chosen: list[Message]
    rejected: list[Message]

    def unusable(self) -> str | None:
        """Why this row is no comparison within one conversation, or None."""
        prompt = [message for message in self.chosen[:-1] if message.role != "system"]
        if self.chosen == self.rejected:
            return "identical"
        if self.chosen[-1].role != "assistant" or self.rejected[-1].role != "assistant":
            return "a dialogue does not end with a response"
        if self.chosen[:-1] != self.rejected[:-1]:
            return "the dialogues differ before the last response"
        if [m.role for m in prompt] != ["user", "assistant"] * (len(prompt) // 2) + ["user"]:
            return "the speakers do not alternate"
        if not all(m.content.strip() for m in [*self.chosen, *self.rejected]):
            return "empty text"
        return None

    def conversation(self, id: str, task: str, system: str) -> Conversation:
        said = self.chosen[:-1]
        if said[0].role == "system":
            system, said = said[0].content, said[1:]
        turns = [
            Turn(human.content, (Candidate(f"{id}/{i}", assistant.content),), trunk=0)
            for i, (human, assistant) in enumerate(zip(said[:-1:2], said[1::2], strict=True))
        ]
        two = (
            Candidate(f"{id}/chosen", self.chosen[-1].content),
            Candidate(f"{id}/rejected", self.rejected[-1].content),
        )
        turns.append(Turn(said[-1].content, two, chosen=0, rejected=1, trunk=0))
        family = family_of(said[0].content)
        return Conversation(id, family, task, system or DEFAULT_SYSTEM, split_of(family), tuple(turns))


def read_pair(row: Mapping[str, Any], where: str) -> Pair:
    """An HH row, or a row with `prompt`, `chosen` and `rejected`."""
    chosen, rejected = (_text(row, name, where) for name in ("chosen", "rejected"))
    if "prompt" in row:
        prompt = read_messages(row["prompt"], where)
        return Pair([*prompt, Message("assistant", chosen)], [*prompt, Message("assistant", rejected)])
    return Pair(read_transcript(chosen, f"{where}: chosen"), read_transcript(rejected, f"{where}: rejected"))


def read_transcript(text: str, where: str) -> list[Message]:
    """The messages of an HH transcript (`\\n\\nHuman: …\\n\\nAssistant: …`)."""
    head, *parts = re.split(r"\n\n(Human|Assistant):", text)
    if head.strip() or not parts:
        raise BadInput(f"{where} is not a transcript that begins with '\\n\\nHuman:'.")
    roles = {"Human": "user", "Assistant": "assistant"}
    return [Message(roles[who], said.strip()) for who, said in zip(parts[::2], parts[1::2], strict=True)]


def read_messages(value: object, where: str) -> list[Message]:
    """A prompt: the text of one human message, or messages ({role, content}) that end with a human one."""
    if isinstance(value, str):
        value = [{"role": "user", "content": value}]
    if not isinstance(value, list) or not value:
        raise BadInput(f"{where}: prompt must be a text or a list of messages.")
    messages = []
    for i, item in enumerate(value):
        if not isinstance(item, dict) or not isinstance(item.get("content"), str):
            raise BadInput(f"{where}: prompt[{i}] must be an object with role and content.")
        if item.get("role") not in ("system", "user", "assistant") or (item["role"] == "system" and i):
            raise BadInput(
                f"{where}: prompt[{i}].role is {item.get('role')!r}; system comes first, then user and assistant."
            )
        messages.append(Message(item["role"], item["content"]))
    if messages[-1].role != "user":
        raise BadInput(f"{where}: prompt must end with a user message.")
    return messages


class Prompt(NamedTuple):
    """A dialogue that ends with a human message, and where it comes from."""

    messages: list[Message]
    """Beginning with a system message."""
    task: str = HELPFULNESS
    generated_by: str | None = None
    """The policy that wrote it (models/generate_prompts.py); None: a person."""

    @property
    def family(self) -> str:
        return family_of(next(message.content for message in self.messages if message.role == "user"))


def read_prompts(path: Path, system: str = "") -> list[Prompt]:
    """The prompts of a file of `{"prompt": text or messages, "system"?, "task"?, "generated_by"?}`."""
    prompts = []
    for where, row in rows_of(path):
        if "prompt" not in row:
            raise BadInput(f"{where}: prompt is missing.")
        own = _text(row, "system", where) if row.get("system") else ""
        messages = with_system(read_messages(row["prompt"], where), own or system)
        generated_by = _text(row, "generated_by", where) if row.get("generated_by") else None
        prompts.append(Prompt(messages, _task(row, where), generated_by))
    return prompts


def with_system(messages: Sequence[Message], system: str = "") -> list[Message]:
    """The same messages, beginning with a system message: their own, else `system`, else the default one."""
    if messages and messages[0].role == "system":
        return list(messages)
    return [Message("system", system or DEFAULT_SYSTEM), *messages]


def _text(row: Mapping[str, Any], name: str, where: str) -> str:
    if not isinstance(row.get(name), str):
        raise BadInput(f"{where}: {name} is missing." if name not in row else f"{where}: {name} must be a text.")
    return row[name]


def _conversation(row: Mapping[str, Any], where: str, system: str) -> Conversation:
    if not isinstance(row["turns"], list) or not row["turns"]:
        raise BadInput(f"{where}: turns must be a list of at least one turn.")
    turns = tuple(_turn(turn, f"{where}: turns[{i}]") for i, turn in enumerate(row["turns"]))
    for i, turn in enumerate(turns[:-1]):
        if turn.trunk is None:
            raise BadInput(f"{where}: turns[{i}].trunk is missing, but the conversation goes on.")
    family = _text(row, "family", where) if row.get("family") else family_of(turns[0].human)
    try:
        split = row.get("split") or split_of(family)
    except ValueError:
        raise BadInput(f"{where}: family is {family!r}; one that is no hash does not tell its split.") from None
    if split not in ("train", "test"):
        raise BadInput(f"{where}: split is {split!r}, but must be train or test.")
    own = _text(row, "system", where) if row.get("system") else ""
    id, task = _text(row, "id", where), _task(row, where)
    return Conversation(id, family, task, own or system or DEFAULT_SYSTEM, split, turns)


def _task(row: Mapping[str, Any], where: str) -> str:
    return _text(row, "task", where) if row.get("task") else HELPFULNESS


def _turn(row: object, where: str) -> Turn:
    if not isinstance(row, dict):
        raise BadInput(f"{where} must be an object.")
    if not isinstance(row.get("candidates"), list) or not row["candidates"]:
        raise BadInput(f"{where}.candidates must be a list of at least one candidate.")
    candidates = []
    for i, item in enumerate(row["candidates"]):
        if not isinstance(item, dict):
            raise BadInput(f"{where}.candidates[{i}] must be an object.")
        text = _text(item, "text", f"{where}.candidates[{i}]")
        candidates.append(Candidate(str(item.get("id", i)), text, item.get("finish")))
    index = {
        name: _index(row.get(name), len(candidates), f"{where}.{name}") for name in ("chosen", "rejected", "trunk")
    }
    if (index["chosen"] is None) != (index["rejected"] is None):
        raise BadInput(f"{where}: chosen and rejected must both be given, or neither.")
    if index["chosen"] is not None and index["chosen"] == index["rejected"]:
        raise BadInput(f"{where}: chosen and rejected are the same candidate.")
    strength = row.get("strength")
    if strength is not None and (type(strength) is not int or strength not in (1, 2, 3, 4)):
        raise BadInput(f"{where}.strength is {strength!r}, but must be 1, 2, 3, 4 or null.")
    kind = _text(row, "kind", where) if row.get("kind") is not None else None
    return Turn(_text(row, "human", where), tuple(candidates), strength=strength, kind=kind, **index)


def _index(value: object, count: int, where: str) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 <= value < count:
        raise BadInput(f"{where} is {value!r}, but must be a candidate's index below {count}, or null.")
    return value


# Tokens ---------------------------------------------------------------------------------------------------------


class Tokenizer(Protocol):
    """What the renderer needs of a transformers tokenizer."""

    chat_template: Any
    eos_token_id: Any
    name_or_path: str

    def __call__(self, text: str, **options: Any) -> Any: ...
    def apply_chat_template(self, messages: list[dict[str, str]], **options: Any) -> Any: ...
    def decode(self, ids: list[int], **options: Any) -> Any: ...


class Scaffold(NamedTuple):
    """Token ids that stand between the contents of a dialogue."""

    before_system: list[int]
    system_to_human: list[int]
    human_to_assistant: list[int]
    assistant_to_human: list[int]  # without the end-of-turn token, which belongs to the response


class Renderer:
    """Turns messages into token ids, piece by piece, so that the ids of a prompt are a prefix of the ids of everything
    that continues it: dialogue trees rest on that.

    Contents are tokenised as plain text: a crowdworker who types `<|im_end|>` does not end a turn."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._trims = self._spaced = False
        if tokenizer.chat_template:
            self.end_of_turn, self._scaffold = self._scaffold_of_template()
        else:
            self.end_of_turn, self._scaffold = self._scaffold_of_transcript()

    def prompt_ids(self, messages: Sequence[Message]) -> list[int]:
        """Ids of a dialogue up to where the assistant's next response begins; starts with the system message."""
        system, *said = with_system(messages)
        ids = self._scaffold.before_system + self._content(system.content)
        between = {
            ("system", "user"): self._scaffold.system_to_human,
            ("user", "assistant"): self._scaffold.human_to_assistant,
            ("assistant", "user"): [self.end_of_turn, *self._scaffold.assistant_to_human],
            # Dialogues that do not alternate can be scored too: an empty message stands where one is missing.
            ("user", "user"): [
                *self._scaffold.human_to_assistant, self.end_of_turn, *self._scaffold.assistant_to_human,
            ],
            ("assistant", "assistant"): [
                self.end_of_turn, *self._scaffold.assistant_to_human, *self._scaffold.human_to_assistant,
            ],
            ("system", "assistant"): [*self._scaffold.system_to_human, *self._scaffold.human_to_assistant],
        }  # fmt: skip
        speaker = "system"
        for message in said:
            ids += between[speaker, message.role] + self._content(message.content)
            speaker = message.role
        return ids + between[speaker, "assistant"]

    def opening_ids(self, system: str, human: str) -> list[int]:
        """The prompt of a conversation's first response."""
        return self.prompt_ids([Message("system", system), Message("user", human)])

    def human_ids(self, system: str, said: Sequence[str]) -> list[int]:
        """Ids up to where another human message begins, behind these ones, each of which ends as a response does: for
        a policy that is to write one."""
        ids = self._scaffold.before_system + self._content(system) + self._scaffold.system_to_human
        for text in said:
            ids += [*self._content(text), self.end_of_turn, *self._scaffold.assistant_to_human]
        return ids

    def response_ids(self, text: str) -> list[int]:
        """A response and its end-of-turn token; the PM reads that token also after text that was cut by length."""
        return [*self._content(text), self.end_of_turn]

    @property
    def response_begins(self) -> list[int]:
        """What stands between a human message and the first token of the response to it."""
        return self._scaffold.human_to_assistant

    def next_ids(self, human: str) -> list[int]:
        """What stands between a response's end-of-turn token and the first token of the next response."""
        scaffold = self._scaffold
        return scaffold.assistant_to_human + self._content(human) + scaffold.human_to_assistant

    def chat_template(self, system: str) -> str:
        """A chat template, for other tools, that renders whole dialogues as this does: `system` where they bring none,
        and nothing behind the end-of-turn token of the last response. Other tools read marks inside of contents as
        marks, though."""

        def literal(ids: list[int]) -> str:
            text = self._tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
            return json.dumps(text, ensure_ascii=False)

        content = "(m['content'] | trim)" if self._trims else "m['content']"
        if self._spaced:  # as _content does
            content = f"('' if not {content} or {content}[0] == ' ' else ' ') + {content}"
        before_system, system_to_human, human_to_assistant, assistant_to_human = map(literal, self._scaffold)
        pieces = {
            "system": f"{before_system} + {content}",
            "user": f"({system_to_human} if loop.index == 2 else {assistant_to_human}) + {content}",
            "assistant": f"{human_to_assistant} + {content} + {literal([self.end_of_turn])}",
        }
        own = json.dumps(system, ensure_ascii=False)
        return (
            "{%- if messages[0]['role'] != 'system' -%}"
            "{%- set messages = [{'role': 'system', 'content': " + own + "}] + messages -%}{%- endif -%}"
            "{%- for m in messages -%}"
            "{%- if m['role'] == 'system' -%}{{ " + pieces["system"] + " }}"
            "{%- elif m['role'] == 'user' -%}{{ " + pieces["user"] + " }}"
            "{%- else -%}{{ " + pieces["assistant"] + " }}{%- endif -%}"
            "{%- endfor -%}"
            "{%- if add_generation_prompt -%}{{ " + human_to_assistant + " }}{%- endif -%}"
        )

    def _content(self, text: str) -> list[int]:
        if self._trims:
            text = text.strip()
        if self._spaced and not text.startswith(" "):
            text = " " + text
        return self._ids(text, split_special_tokens=True) if text else []

    def _ids(self, text: str, *, split_special_tokens: bool = False) -> list[int]:
        ids = self._tokenizer(text, add_special_tokens=False, split_special_tokens=split_special_tokens)["input_ids"]
        return list(ids)

    def _template(self, contents: Sequence[str]) -> str:
        roles = ["system", *(["user", "assistant"] * len(contents))][: len(contents)]
        messages = [{"role": r, "content": c} for r, c in zip(roles, contents, strict=True)]
        try:
            text: str = self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        except Exception as error:  # templates raise whatever their author wrote
            raise BadInput(f"The chat template of {self._tokenizer.name_or_path} cannot render: {error}.") from None
        return text

    def _scaffold_of_template(self) -> tuple[int, Scaffold]:
        """Render marked contents once and keep what stands around them, then check it on other dialogues."""
        name = self._tokenizer.name_or_path
        unfit = BadInput(f"The chat template of {name} does not render a dialogue turn by turn, so it cannot be used.")
        marks = ["⟪system⟫", "⟪human⟫", "⟪assistant⟫", "⟪next⟫"]
        pieces = re.split("|".join(marks), self._template(marks))
        self._trims = " ⟪human⟫ " not in self._template([marks[0], " ⟪human⟫ "])
        if len(pieces) != 5:
            raise unfit
        end_of_turn, *assistant_to_human = self._ids(pieces[3])
        scaffold = Scaffold(self._ids(pieces[0]), self._ids(pieces[1]), self._ids(pieces[2]), assistant_to_human)
        self.end_of_turn, self._scaffold = end_of_turn, scaffold
        probe = ["Be brief.", "What is 2 + 2?", "It is 4.\n\nAnything else?", "No!", "Goodbye.", "Bye"]
        for length in (2, 4, 6):
            said = [Message("system", probe[0]), *map(Message, ["user", "assistant"] * 3, probe[1:length])]
            if self.prompt_ids(said) != self._ids(self._template(probe[:length])):
                raise unfit
        return end_of_turn, scaffold

    def _scaffold_of_transcript(self) -> tuple[int, Scaffold]:
        """For bases without a chat template: the transcripts of the HH data, with eos as end of turn."""
        name = self._tokenizer.name_or_path
        if self._tokenizer.eos_token_id is None:
            raise BadInput(f"The tokenizer of {name} has neither a chat template nor an end-of-sequence token.")
        print(
            f"{name} has no chat template: dialogues are rendered as '\\n\\nHuman:' and '\\n\\nAssistant:'.",
            file=sys.stderr,
        )
        self._spaced = True
        human, assistant = self._ids("\n\nHuman:"), self._ids("\n\nAssistant:")
        return int(self._tokenizer.eos_token_id), Scaffold([], human, assistant, human)
