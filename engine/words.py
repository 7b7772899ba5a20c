"""What a network is told: words, as a text encoder reads them."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

_CACHED = 32  # pairs of texts


@dataclass(frozen=True, eq=False)
class Conditioning:
    """Words, or an example, as the network reads them.

    Attributes:
        both: (2, L, D): negative prompt, prompt; or no example, the example.
        prompt: (1, L, D): the prompt or the example alone, a view.
        truncated: the prompt or the negative prompt was longer than the model reads.
    """

    both: Tensor
    prompt: Tensor
    truncated: bool = False


class WordReader:
    """A CLIP text encoder with its tokenizer."""

    def __init__(self, encoder: nn.Module, tokenizer: Any) -> None:
        self.encoder, self.tokenizer = encoder, tokenizer
        self._read: OrderedDict[tuple[str, str], Conditioning] = OrderedDict()

    @property
    def length(self) -> int:
        """Tokens that the model reads, start and end included."""
        config: Any = self.encoder.config
        return min(int(config.max_position_embeddings), int(self.tokenizer.model_max_length))

    @property
    def width(self) -> int:
        """D, the cross_attention_dim of the networks that can read it."""
        config: Any = self.encoder.config
        return int(config.hidden_size)

    def read(self, prompt: str, negative: str) -> Conditioning:
        """The words as the network reads them; the last few dozen pairs are remembered."""
        key = (prompt, negative)
        if key not in self._read:
            self._read[key] = self._read_anew(prompt, negative)
            if len(self._read) > _CACHED:
                self._read.popitem(last=False)
        self._read.move_to_end(key)
        return self._read[key]

    def _read_anew(self, prompt: str, negative: str) -> Conditioning:
        texts, device = [negative, prompt], next(self.encoder.parameters()).device
        inputs = self.tokenizer(
            texts, padding="max_length", max_length=self.length, truncation=True, return_tensors="pt"
        )
        truncated = any(len(self.tokenizer(text, verbose=False)["input_ids"]) > self.length for text in texts)
        masked = getattr(self.encoder.config, "use_attention_mask", False)
        mask = inputs["attention_mask"].to(device) if masked else None
        both: Tensor = self.encoder(inputs["input_ids"].to(device), attention_mask=mask)[0]
        return Conditioning(both, both[1:], truncated)
