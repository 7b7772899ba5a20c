"""The tokenizer of the bundled model: CLIP's byte-pair encoding, learned from the world's own captions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

START, END = "<|startoftext|>", "<|endoftext|>"
_WORDS = r"""'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""


def learn_tokenizer(captions: Iterable[str], folder: Path, tokens: int, vocabulary: int = 1200) -> CLIPTokenizer:
    """Learn a vocabulary, write it to a folder and return the stock tokenizer that reads it.

    Args:
        tokens: longest text, in tokens, start and end included.
        vocabulary: most tokens to learn; every byte is in, so any text can be written with it.
    """
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>", fuse_unk=False))
    learner.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(alphabet) - 2,
        initial_alphabet=alphabet,
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    learner.train_from_iterator(captions, trainer)
    learned = json.loads(learner.to_str())["model"]
    # A byte may end a word that no caption holds, and CLIP keeps its two marks last.
    names = dict.fromkeys([*alphabet, *(f"{byte}</w>" for byte in alphabet), *learned["vocab"], START, END])
    names = dict.fromkeys([*(name for name in names if name not in (START, END)), START, END])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(
        json.dumps({name: i for i, name in enumerate(names)}, ensure_ascii=False), encoding="utf-8"
    )
    pairs = [pair if isinstance(pair, str) else " ".join(pair) for pair in learned["merges"]]
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *pairs]) + "\n", encoding="utf-8")
    tokenizer = CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=tokens)
    tokenizer.save_pretrained(str(folder))
    return tokenizer
