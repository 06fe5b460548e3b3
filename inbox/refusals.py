"""A refusal is an answer, not an accident: what, why, and the way out."""

from __future__ import annotations


class Refused(Exception):
    """The inbox will not do this.

    :param code: stable word for programs, for example ``window_closed``.
    :param sentence: what and why, for people.
    :param next_step: the way out, for people; may be empty.
    """

    def __init__(self, code: str, sentence: str, next_step: str = "") -> None:
        self.code = code
        self.sentence = str(sentence)
        self.next_step = str(next_step)
        super().__init__(" ".join(filter(None, [self.sentence, self.next_step])))
